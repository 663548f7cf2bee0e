"""Sends, waits, retries and respects limits, for all connectors."""

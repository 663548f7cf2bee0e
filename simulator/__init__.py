"""Simulated versions of what is outside the project: exchanges and AWS."""

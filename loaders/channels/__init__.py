"""What sends, waits, retries and keeps to limits, for every connector."""

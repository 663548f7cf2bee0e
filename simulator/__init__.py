"""Fake exchanges on loopback: real HTTP, the venues' wire formats, one deterministic market."""

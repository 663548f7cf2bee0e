"""Protect pyiceberg from the user's own settings, and from files that would crash it."""

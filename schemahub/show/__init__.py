"""Data to what a person sees."""

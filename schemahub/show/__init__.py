"""Turns data into the lines, tables and progress that a person sees. Nothing is run here."""

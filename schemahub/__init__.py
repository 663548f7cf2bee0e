"""Coordinates loaders, generator and dbt, and offers the command line."""

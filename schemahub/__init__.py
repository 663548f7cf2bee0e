"""Coordinate loaders, generator and dbt; the command line."""

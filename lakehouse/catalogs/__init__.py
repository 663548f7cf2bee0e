"""Iceberg catalogs whose commits are in order of time and, for a lake in a folder, durable."""

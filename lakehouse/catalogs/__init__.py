"""Iceberg catalogs whose commits are in order and, in a folder, durable."""

"""Iceberg catalogs that commit in order and, in a folder, durably; the loaders and DuckDB's side write through them."""

from .pyiceberg_settings import leave_aside_settings_of_others

leave_aside_settings_of_others()

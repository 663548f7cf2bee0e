"""Iceberg catalogs that commit in order and, in a folder, durably; the loaders and DuckDB's side write through them."""

from .pyiceberg_here import leave_aside_settings_of_others, read_avro_within_bounds

leave_aside_settings_of_others()
read_avro_within_bounds()

"""Turn the mapping registry (`config/`) into dbt models and macros. Pure: it writes nothing but files."""

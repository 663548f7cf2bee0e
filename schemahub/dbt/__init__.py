"""Runs dbt: its command line, its statements on Athena, its seeds."""

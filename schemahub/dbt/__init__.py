"""Runs dbt, and handles its statements on Athena and its seeds."""

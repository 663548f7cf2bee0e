"""Turns pages of rows into one commit to a raw table, without knowing what the rows mean."""

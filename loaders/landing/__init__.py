"""Pages of rows in, one commit to a raw table out; it does not know what the rows mean."""

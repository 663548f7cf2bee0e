"""Pages of rows in, one commit to a raw table out; knows no exchange."""

"""One writer at a time: by a lock file on one machine, by a lease in S3 across machines."""

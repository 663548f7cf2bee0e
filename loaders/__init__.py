"""Land raw trades of exchanges in Iceberg tables, exactly as sent: nothing is lost and nothing is duplicated."""

import lakehouse  # noqa: F401 # before pyiceberg, which reads the user's settings when it is imported

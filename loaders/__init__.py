"""Land raw trades of exchanges in Iceberg tables, exactly as sent: nothing is lost and nothing is duplicated."""

import lakehouse  # noqa: F401 # guards pyiceberg, which is set up when it is imported

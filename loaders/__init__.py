"""Land raw exchange trades in Iceberg tables: in the exchange's own words, nothing lost, nothing twice."""

import lakehouse  # noqa: F401 # before pyiceberg, which reads the user's settings when it is imported

"""Land raw exchange trades in Iceberg tables: in the exchange's own words, nothing lost, nothing twice."""

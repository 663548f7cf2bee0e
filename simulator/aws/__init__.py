"""A local Athena: Glue and S3 by moto, SQL by a real Trino, and in front of them checks as strict as Athena's."""

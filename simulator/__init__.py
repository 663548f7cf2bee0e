"""Everything that is fake and outside of the project: exchanges and AWS."""

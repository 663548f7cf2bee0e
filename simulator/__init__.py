"""All that is fake and outside: exchanges, and AWS."""

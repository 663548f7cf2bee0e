"""What a person sees: data to lines, tables and progress. Nothing is run here."""

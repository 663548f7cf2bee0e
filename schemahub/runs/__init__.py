"""What a command does, without a word printed: each run returns what came of it, or raises."""

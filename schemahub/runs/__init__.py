"""What a command does: each run returns what came of it, or raises, and prints nothing."""

"""What commands do: each run returns its result or raises, and prints nothing."""

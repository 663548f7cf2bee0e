"""Find what a crash of the machine left of a lake in a folder, and make it whole again."""

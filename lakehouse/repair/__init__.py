"""Find what a crash of the machine damaged in a lake in a folder, and repair it."""

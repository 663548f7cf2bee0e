"""`python -m schemahub`: the command line."""

from .cli import main

main()

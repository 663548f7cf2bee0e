"""`python -m schemahub.cli`: the command line."""

from . import main

main()

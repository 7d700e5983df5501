"""What the commands of the Makefile are made of, apart from the tests: ``python -m tools.<name>``."""

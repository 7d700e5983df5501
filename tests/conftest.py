"""One Hypothesis profile for all: the same examples in every run, and no clock."""

from hypothesis import settings

settings.register_profile("book", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("book")

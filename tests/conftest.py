"""One Hypothesis profile for all: the same examples in every run, and no clock."""

import sys
from pathlib import Path

from hypothesis import settings

settings.register_profile("book", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("book")

# The extensions of the book are tested as Sphinx imports them.
sys.path.insert(0, str(Path(__file__).parents[1] / "book" / "_ext"))

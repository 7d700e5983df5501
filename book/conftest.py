"""What this machine has set for matplotlib matters to no
notebook test, nor that its fonts are still to be listed."""

import os

# The list is made here: a kernel would say so in an output.
import matplotlib.font_manager

assert matplotlib.font_manager.fontManager

os.environ.pop("MPLBACKEND", None)

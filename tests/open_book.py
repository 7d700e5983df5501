"""Say where the built book is, and open it where there is a desktop: ``python -m tests.open_book index.html``."""

import os
import sys
import webbrowser
from pathlib import Path

if __name__ == "__main__":
    page = Path(sys.argv[1]).resolve().as_uri()
    print(f"\nThe book is built. Open {page}")
    desktop = sys.platform in ("darwin", "win32") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if desktop and not os.environ.get("CI"):
        webbrowser.open(page)

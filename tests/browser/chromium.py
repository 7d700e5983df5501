"""Find a Chromium for the browser tests, or get one: ``python -m tests.browser.chromium``.

In this order: the one that ``CHROMIUM`` names, one on the path, one that Playwright has; else Playwright installs its own; else, as root
on Debian, apt does.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
# Nothing of the browser's own may reach for the network.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def found():
    """Return the path of a Chromium outside Playwright, or None (Playwright then starts its own)."""
    for candidate in (os.environ.get("CHROMIUM"), *map(shutil.which, NAMES), MAC):
        if candidate and Path(candidate).exists():
            return candidate
    return None


def playwrights_own():
    """Return the path of the Chromium that Playwright has installed, or None."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else None


def install():
    """Try to install one, and say what to do if that fails."""
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and getattr(os, "geteuid", lambda: 1)() == 0:
        attempts += [["apt-get", "update", "-qq"], ["apt-get", "install", "-y", "-qq", "chromium"]]
    for attempt in attempts:
        print("+", " ".join(attempt), flush=True)
        subprocess.run(attempt, check=False)
        if found() or playwrights_own():
            return
    sys.exit(
        "The browser tests need a Chromium and none could be installed. Install Chromium or Google Chrome by hand, "
        "or set CHROMIUM to the path of one, and run `make test` again."
    )


if __name__ == "__main__":
    if not (found() or playwrights_own()):
        install()
    print("Browser:", found() or playwrights_own())

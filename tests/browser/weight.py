"""How much each page loads for its first view: ``python -m tests.browser.weight`` prints it for all pages, heaviest first.

Text counts as a host sends it, compressed by gzip; pictures and fonts are compressed already.
"""

import gzip
from urllib.parse import urlparse

from playwright.sync_api import sync_playwright

from tests.browser.chromium import QUIET, found
from tests.browser.conftest import SITE, pages, serve

TEXT = (".html", ".css", ".js", ".json", ".svg")


def first_view(browser, address):
    """Return the compressed bytes of every file that the page at `address` loads by itself, by path."""
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        page = context.new_page()
        answers = []
        page.on("response", lambda answer: answers.append(answer))
        page.goto(address, wait_until="networkidle")
        bodies = {
            urlparse(answer.url).path: answer.body()
            for answer in answers
            if answer.ok and not answer.url.startswith(("data:", "blob:"))
        }
    return {path: len(gzip.compress(body, 6) if path.endswith(TEXT) else body) for path, body in bodies.items()}


if __name__ == "__main__":
    if not SITE.exists():
        raise SystemExit("The book is not built yet. Run `make book` first.")
    with serve() as site, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found(), args=QUIET)
        weights = {page: first_view(browser, f"{site}/{page}.html") for page in pages()}
        browser.close()
    for page, files in sorted(weights.items(), key=lambda item: -sum(item[1].values())):
        heaviest = max(files, key=files.get)
        print(f"{sum(files.values()) / 1e3:7.0f} kB  {page:36s} heaviest: {heaviest} ({files[heaviest] / 1e3:.0f} kB)")

"""The built book in a real browser, with every other host out of reach."""

import functools
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlparse

import pytest
import yaml
from playwright.sync_api import sync_playwright

from tests.browser.chromium import QUIET, found

ROOT = Path(__file__).parents[2]
SITE = ROOT / "_build" / "html"


def pages():
    """Return the pages of the book, as ``_toc.yml`` lists them."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


def kinds():
    """Return one page, or two, of each kind of page: what depends on the kind is tested on these, so that all of it takes minutes."""
    named = [
        "book/intro",
        "book/paper/linear_a",
        "book/paper/fermi_gas",
        "book/appendices/signs",
        "book/reference/api/questions",
    ]
    named += [f"book/reference/{name}" for name in ("concordance", "notation", "glossary")]
    assert set(named) <= set(pages())
    return named


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


@contextmanager
def serve(folder=SITE):
    """Serve the built book (or a copy in `folder`) on this machine and give its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def site():
    """Return the address of the built book."""
    with serve() as address:
        yield address


@pytest.fixture(scope="session")
def browser():
    """Return the running browser."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found(), args=QUIET)
        yield running
        running.close()


class Visit:
    """A page that is open, and all that went wrong on it."""

    def __init__(self, page):
        self.page, self.problems = page, []
        page.on("console", lambda message: self._note(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._note(str(error)))
        page.on("requestfailed", lambda request: self._note(f"failed: {request.url}"))
        page.route("**/*", self._only_this_machine)

    def _note(self, text):
        self.problems.append(text)

    def _only_this_machine(self, route):
        address = urlparse(route.request.url)
        if address.scheme in ("file", "data", "blob") or address.hostname == "127.0.0.1":
            route.continue_()
        else:
            self._note(f"request to another host: {route.request.url}")
            route.abort()

    def open(self, address):
        """Open `address` and wait until the widgets stand."""
        self.page.goto(address)
        self.page.wait_for_function(
            "() => document.querySelectorAll('.tb-widget').length == "
            "document.querySelectorAll('script[type=\"application/vnd.jupyter.widget-view+json\"]').length"
        )
        return self.page


@pytest.fixture
def visit(browser):
    """Return a function that opens an address in a fresh window."""
    contexts = []

    def opened(address, **options):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **options})
        contexts.append(context)
        current = Visit(context.new_page())
        current.open(address)
        return current

    yield opened
    for context in contexts:
        context.close()

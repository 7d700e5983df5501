"""How many bytes the first page of the book needs for its widget, and how soon the widget answers.

The page ``book/intro.html`` as ``make book`` built it is compared with the same page with stock Jupyter widgets. The
stock page is built here from the same notebook and the same configuration, with two differences: the cell that shows
the book's widget shows two ``FloatSlider`` and an ``HTML``, joined by ``jslink``; and the JavaScript is what MyST-NB
loads by default, require.js 2.3.4 (minified) and @jupyter-widgets/html-manager 1.0.6, from npm and served from the same
server instead of a CDN. The stock widget does less: it only repeats the value of the slider. Without a kernel, stock
widgets can be linked but cannot compute. So its bytes and its time are a lower bound.

Counted are

- the bytes of the widget: its scripts, the widget state in the page and the view data;
- all bytes of the page;
- the time from the start of navigation until the widget has answered: as soon as there is a slider, a script moves it,
  again and again, until the answer in the page changes.

Both are served over http.server on this machine, text compressed by gzip as most hosts do, first with no distance and
then through a line of 10 Mbit/s and 40 ms that the browser imitates. Runs alternate, each with an empty cache.

Run: ``make bench``, or ``python benchmarks/page_weight.py`` after ``make book``. It needs node and npm.
"""

import functools
import gzip
import io
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import nbformat
import yaml
from playwright.sync_api import TimeoutError as Stalled
from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.browser import chromium

ROOT = Path(__file__).resolve().parent.parent
PAGE = "book/intro.html"
RUNS = 5
LINES = {
    "no distance": None,
    "line of 10 Mbit/s, 40 ms": {
        "offline": False,
        "latency": 40,
        "downloadThroughput": 10e6 / 8,
        "uploadThroughput": 1e6,
    },
}
ONLY_HERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
NPM = ("@jupyter-widgets/html-manager@1.0.6", "requirejs@2.3.4")
STOCK_CELL = """
from ipywidgets import HTML, FloatSlider, VBox, jslink

left = FloatSlider(description="left bath", value=4.0, min=0.1, max=5.0)
right = FloatSlider(description="right bath", value=1.0, min=0.1, max=5.0)
answer = HTML(value="4.0")
jslink((left, "value"), (answer, "value"))
VBox([left, right, answer])
"""
TEXT = {".html", ".css", ".js", ".json", ".svg"}
WIDGET_DATA = re.compile(
    r'<script type="application/vnd\.jupyter\.widget-(?:state|view)\+json">.*?</script>', re.DOTALL
)
STILL = re.compile(r'<figure class="tb-still-place".*?</figure>', re.DOTALL)

# Each kind of page: its widget's own scripts, where its slider and its answer are, and how to move the slider.
OURS = {
    "scripts": "_static/widgets/",
    "slider": ".tb-widget input[type=range]",
    "answer": ".tb-words",
    # Always to the same end: back and forth between two frames would leave nothing to draw.
    "move": "target ??= Number(slider.value) > Number(slider.min) ? slider.min : slider.max; slider.value = target;"
    "slider.dispatchEvent(new Event('input', { bubbles: true }));",
}
STOCK = {
    "scripts": "stock-widgets/",
    "slider": ".jupyter-widgets .noUi-handle",
    "answer": ".widget-html-content",
    "move": "slider.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }));",
}
WATCH = """
(() => {
  let before, target;
  const timer = setInterval(() => {
    const slider = document.querySelector("%(slider)s");
    const answer = document.querySelector("%(answer)s")?.textContent;
    if (!slider || !answer) return;
    before ??= answer;
    if (answer !== before) {
      window.answeredAfter = performance.now();
      clearInterval(timer);
    } else {
      %(move)s
    }
  }, 4);
})();
"""


def build_stock(folder):
    """Build the stock page in `folder` and return the folder of its pages."""
    shutil.copytree(ROOT / "book", folder / "book", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    scripts = fetch_scripts(folder / "npm", folder / "book" / "_static" / "stock-widgets")
    (folder / "_config.yml").write_text(yaml.safe_dump(stock_configuration(scripts), sort_keys=False))
    (folder / "_toc.yml").write_text((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    put_stock_widget(folder / "book" / "intro.ipynb")
    build = [Path(sys.executable).with_name("jupyter-book"), "build", folder, "-q"]
    done = subprocess.run(build, capture_output=True, text=True)
    pages = folder / "_build" / "html"
    if not (pages / PAGE).exists():
        sys.exit(f"The stock page could not be built.\n{done.stdout}\n{done.stderr}")
    return pages


def fetch_scripts(packages, static):
    """Get the scripts of stock widgets from npm into `static`, and return their paths from the static folder."""
    packages.mkdir()
    static.mkdir()
    subprocess.run(["npm", "pack", "--silent", *NPM], cwd=packages, check=True, capture_output=True)
    for archive in packages.glob("*.tgz"):
        shutil.unpack_archive(archive, packages / archive.name.split("-")[0], filter="data")
    manager, require = packages / "jupyter" / "package" / "dist", packages / "requirejs" / "package"
    for script in manager.glob("*embed*.js"):
        shutil.copy(script, static)
    # The CDN has it minified, npm does not; its own tool minifies it.
    shutil.copy(require / "require.js", require / "loader.js")
    minify = ["node", "bin/r.js", "-o", "baseUrl=.", "name=loader", "skipModuleInsertion=true"]
    subprocess.run([*minify, f"out={static / 'require.min.js'}"], cwd=require, check=True, capture_output=True)
    return [f"{static.name}/require.min.js", f"{static.name}/embed-amd.js"]


def stock_configuration(scripts):
    """Return the book's configuration with stock widgets instead of its own."""
    configuration = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    settings = configuration["sphinx"]["config"]
    settings["extensions"].remove("book_widgets")
    settings["nb_ipywidgets_js"] = {script: {} for script in scripts}
    return configuration


def put_stock_widget(path):
    """Replace the cell that shows the book's widget."""
    notebook = nbformat.read(path, as_version=4)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code" and "twobox.widgets" in cell.source]
    if len(cells) != 1:
        sys.exit(f"Expected one cell with a widget in {path.name}, found {len(cells)}")
    cells[0].source = STOCK_CELL.strip()
    nbformat.write(notebook, path)


class Host(SimpleHTTPRequestHandler):
    """Send files as most hosts do: text compressed, many files through one connection."""

    protocol_version = "HTTP/1.1"

    def send_head(self):
        path = Path(self.translate_path(self.path))
        if path.suffix not in TEXT or not path.is_file():
            return super().send_head()
        body = compressed_file(path)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(path))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)

    def log_message(self, *arguments):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, *arguments):
        """Say nothing: a page that is closed drops its connections."""


@functools.cache
def compressed_file(path):
    return compressed(path.read_bytes())


def compressed(body):
    return gzip.compress(body, 6) if body else b""


@contextmanager
def served(folder):
    """Serve `folder` on this machine and give its address."""
    server = Server(("127.0.0.1", 0), functools.partial(Host, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def visit(browser, address, kind, line):
    """Load the page with an empty cache; return the milliseconds until the widget answered, and the files by path."""
    with browser.new_context() as context:
        page = context.new_page()
        responses = []
        page.on("response", lambda response: responses.append(response))
        if line:
            session = context.new_cdp_session(page)
            session.send("Network.enable")
            session.send("Network.emulateNetworkConditions", line)
        page.add_init_script(WATCH % kind)
        page.goto(f"{address}/{PAGE}", wait_until="load")
        page.wait_for_function("window.answeredAfter")
        page.wait_for_load_state("networkidle")
        files = {r.url.removeprefix(address): r.body() for r in responses if r.url.startswith(address) and r.ok}
        return page.evaluate("window.answeredAfter"), files


def visit_patiently(*arguments):
    """Visit once more, and say so, if nothing arrives: once in a hundred visits the imitated line stops for good."""
    try:
        return visit(*arguments)
    except Stalled:
        print("A visit stalled and was repeated.")
        return visit(*arguments)


def weigh(files, kind):
    """Return what the page consists of: name of the part -> list of byte strings, one a file."""
    page = files[f"/{PAGE}"].decode()
    own = {path: body for path, body in files.items() if kind["scripts"] in path}
    return {
        "widget: scripts": list(own.values()),
        "widget: state and view data in the page": ["".join(WIDGET_DATA.findall(page)).encode()],
        "still picture for readers without JavaScript": ["".join(STILL.findall(page)).encode()],
        "all of the page": list(files.values()),
    }


def sizes(parts, measure):
    """Return the bytes of each part, and of the widget as a whole."""
    found = {name: sum(map(measure, bodies)) for name, bodies in parts.items()}
    scripts, data = (found.pop(name) for name in list(found)[:2])
    return {
        "widget: scripts": scripts,
        "widget: state and view data in the page": data,
        "widget": scripts + data,
        **found,
    }


def print_bytes(ours, stock):
    for title, measure in (("Bytes", len), ("Bytes, compressed", lambda body: len(compressed(body)))):
        print(f"\n{title:45s} {'this book':>12s} {'stock':>12s} {'ratio':>8s}")
        for (name, mine), theirs in zip(sizes(ours, measure).items(), sizes(stock, measure).values()):
            print(f"{name:45s} {mine:12,} {theirs:12,} {f'{mine / theirs:.4f}' if theirs else '':>8s}")


def print_times(line, ours, stock):
    ratios = [mine / theirs for mine, theirs in zip(ours, stock)]
    print(f"\nUntil the widget answers, {line}: medians of {RUNS} runs each")
    for name, times in (("this book", ours), ("stock", stock)):
        print(f"    {name:10s} {statistics.median(times):7.0f} ms   (from {min(times):.0f} to {max(times):.0f})")
    print(
        f"    {'ratio':10s} {statistics.median(ratios):7.2f}      (from {min(ratios):.2f} to {max(ratios):.2f}, run by run)"
    )


def compare(browser, ours, stock):
    """Visit both pages in turn and print what was found."""
    for line, conditions in LINES.items():
        runs = []
        for _ in range(RUNS + 1):
            mine, my_files = visit_patiently(browser, ours, OURS, conditions)
            theirs, their_files = visit_patiently(browser, stock, STOCK, conditions)
            runs.append((mine, theirs))
        if conditions is None:
            print_bytes(weigh(my_files, OURS), weigh(their_files, STOCK))
        # The first visit to each only warms up the browser and the disk.
        print_times(line, *zip(*runs[1:]))


def main():
    pages = ROOT / "_build" / "html"
    if not (pages / PAGE).exists():
        sys.exit("The book is not built yet. Run `make book` first.")
    if not (shutil.which("node") and shutil.which("npm")):
        sys.exit("node and npm are needed to get the scripts of stock widgets.")
    executable = chromium.found() or sys.exit("No Chromium found; `python -m tests.browser.chromium` gets one.")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        print(f"{PAGE} against the same page with stock Jupyter widgets", flush=True)
        stock_pages = build_stock(Path(folder))
        browser = playwright.chromium.launch(executable_path=executable, args=[*chromium.QUIET, ONLY_HERE])
        with served(pages) as ours, served(stock_pages) as stock:
            compare(browser, ours, stock)
        browser.close()


if __name__ == "__main__":
    main()

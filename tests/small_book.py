"""A book of a few pages, built as the whole one is: to see what its extensions do with a page that is made for the purpose."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import yaml
from bs4 import BeautifulSoup

from tests.normalise import METADATA

ROOT = Path(__file__).parents[1]


def notebook(*cells):
    """Return a notebook; a text is a cell of Markdown, a tuple one of code and its tags."""
    made = [
        nbformat.v4.new_markdown_cell(cell)
        if isinstance(cell, str)
        else nbformat.v4.new_code_cell(cell[0], metadata={"tags": list(cell[1:])})
        for cell in cells
    ]
    return nbformat.writes(nbformat.v4.new_notebook(cells=made, metadata=METADATA))


class Built:
    """What came out: success, what the terminal said, and the pages."""

    def __init__(self, folder, ended):
        self.succeeded = ended.returncode == 0
        self.said = re.sub(r"\x1b\[[\d;]*m", "", ended.stdout + ended.stderr)
        self.site = folder / "_build" / "html"

    def page(self, name):
        return BeautifulSoup((self.site / f"{name}.html").read_text(encoding="utf-8"), "html.parser")


# They know pages of the whole book by heart (the paper's equations, the glossary), which a small book does not have.
WHOLE_BOOK_ONLY = {"paper", "terms", "previews"}


def build(folder, pages, address=""):
    """Build `pages` (path with suffix -> text; the first is the root) in `folder`, with warnings as errors."""
    settings = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    settings["sphinx"]["config"]["html_theme_options"]["repository_url"] = address
    extensions = settings["sphinx"]["config"]["extensions"]
    settings["sphinx"]["config"]["extensions"] = [name for name in extensions if name not in WHOLE_BOOK_ONLY]
    (folder / "_config.yml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    shutil.copytree(ROOT / "book" / "_ext", folder / "book" / "_ext", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "book" / "_static", folder / "book" / "_static")
    shutil.copy(ROOT / "book" / "references.bib", folder / "book")
    shutil.copy(ROOT / "CITATION.cff", folder)
    for path, text in pages.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    names = [path.rpartition(".")[0] for path in pages]
    contents = {"format": "jb-book", "root": names[0], "chapters": [{"file": name} for name in names[1:]]}
    (folder / "_toc.yml").write_text(yaml.safe_dump(contents), encoding="utf-8")
    ended = subprocess.run(
        [Path(sys.executable).with_name("jupyter-book"), "build", folder, "-n", "-W", "--keep-going"],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    return Built(folder, ended)

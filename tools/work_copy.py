"""Copy the chapters to ``work``, for JupyterLab: ``python -m tools.work_copy``.

Edits belong to the reader there: a file that exists is never written again (delete it to get the book's), and git does not see the
folder. The copies say what JupyterLab can show: solutions with code are closed, what the page folds is folded, links lead to
notebooks, and references to other chapters, which JupyterLab cannot number, become links.
"""

import os
import re

import nbformat

from tests.normalise import METADATA
from tools.sources import ROOT, gates, pages

WORK = ROOT / "work"
START = "START.ipynb"
ROLE = re.compile(r"\{(?P<role>[\w:]+)\}`(?P<text>[^`]+)`")
LINK = re.compile(r"(?<=\])\((?P<target>[^)\s#:]*)(?P<anchor>#[^)\s]*)?\)")
LABEL = re.compile(
    r"^:(?:label|name): *(\S+)|^\((\S+)\)=$|^\$\$ *\(([^)]+)\) *$|\$\$ *\(([^)]+)\)$|\{#([\w-]+)", re.MULTILINE
)


def text_of(path):
    """Return all text of a page, and the names of its figures."""
    if path.suffix == ".md":
        return path.read_text(encoding="utf-8"), []
    notebook = nbformat.read(path, as_version=4)
    figures = [cell.metadata.get("mystnb", {}).get("figure", {}).get("name") for cell in notebook.cells]
    return "\n\n".join(c.source for c in notebook.cells if c.cell_type == "markdown"), figures


class Book:
    """Where labels stand and what pages are called."""

    def __init__(self, root=ROOT):
        self.root, self.labels, self.titles, self.figures = root, {}, {}, set()
        for path in pages(root):
            text, figures = text_of(path)
            self.titles[path] = re.search(r"^# (.+)$", text, re.MULTILINE)[1]
            self.figures |= set(filter(None, figures))
            for found in LABEL.finditer(text):
                self.labels.setdefault(next(filter(None, found.groups())), path)
        bibliography = (root / "book" / "references.bib").read_text(encoding="utf-8")
        self.references = {}
        for key, entry in re.findall(r"@\w+\{([^,]+),(.*?)\n\}", bibliography, re.DOTALL):
            author = re.search(r"author\s*=\s*[{\"](.+?)[,}\"]", entry)
            year = re.search(r"year\s*=\s*[{\"]?(\d{4})", entry)
            self.references[key] = " ".join(found[1] for found in (author, year) if found)

    def adapt(self, text, page):
        """Return `text` of `page` with links that work in JupyterLab."""
        return LINK.sub(lambda found: self._link(found, page), ROLE.sub(lambda found: self._role(found, page), text))

    def _to(self, target, page):
        return os.path.relpath(target, page.parent).replace(os.sep, "/")

    def _link(self, found, page):
        target, anchor = found["target"], found["anchor"] or ""
        if not target:
            there = self.labels.get(anchor[1:], page)
            return found[0] if there == page else f"({self._to(there, page)})"
        for suffix in (".ipynb", ".md", ""):
            if (there := page.parent / f"{target}{suffix}").is_file():
                return f"({self._to(there, page)}{anchor})"
        return found[0]

    def _role(self, found, page):
        role, text = found["role"], found["text"]
        explicit = re.fullmatch(r"(.*?) *<([^>]*)>", text, re.DOTALL)
        said, target = explicit.groups() if explicit else (None, text)
        if role.startswith("py:"):
            return f"`{said or target.lstrip('~').rpartition('.')[2]}`"
        if role.startswith("cite"):
            there = self.root / "book" / "reference" / "bibliography.md"
            names = "; ".join(self.references.get(key.strip(), key.strip()) for key in target.split(","))
            return f"[{names}]({self._to(there, page)})"
        if target in self.figures:
            return said or "the figure"
        there = self.labels.get(target, page)
        if there == page:
            return found[0]
        return f"[{said or f'(there, in “{self.titles[there]}”)'}]({self._to(there, page)})"


def for_lab(notebook, book, page):
    """Return a copy of `notebook` as JupyterLab should show it."""
    kept = []
    for cell, inside, pieces in gates(nbformat.from_dict(notebook)):
        if cell.cell_type == "code":
            hidden = {"source_hidden": True, "outputs_hidden": True} if inside else {}
            if {"hide-input", "remove-input"} & set(cell.metadata.get("tags", [])):
                hidden = {"source_hidden": True}
            if hidden:
                cell.metadata["jupyter"] = hidden
            kept.append(cell)
            continue
        text = []
        for name, argument, lines, _ in pieces:
            if name == "solution-start":
                fence = re.match("`+|:+", lines[0])[0]
                lines = [f"{fence}{{solution}} {argument}", ":class: dropdown", "", "In the cells that follow.", fence]
            if name != "solution-end":
                text += lines
        cell.source = book.adapt("\n".join(text).strip(), page)
        if cell.source:
            kept.append(cell)
    return nbformat.from_dict({**notebook, "cells": kept})


def start_page(book):
    """Return the notebook that JupyterLab opens on."""
    lines = [
        "# Two boxes between two baths",
        "",
        "These are your copies of the chapters. Change what you like: the book stays as it is. To get a chapter back, close it, delete",
        "it in the list of files on the left, and run `make lab` again.",
        "",
        "Run a chapter with *Run → Run All Cells*; then its widgets are alive, and Python can set them.",
        "",
    ]
    for path in pages(book.root):
        place = path.relative_to(book.root / "book").as_posix()
        if "/api/" not in place:
            lines.append(f"- [{book.titles[path]}]({place})")
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("\n".join(lines), id="start")], metadata=METADATA
    )


def copy(book, work):
    """Write what is not yet in `work`; return the numbers of files written and of files left alone."""
    written = left = 0
    for path in pages(book.root):
        there = work / path.relative_to(book.root / "book")
        if there.exists():
            left += 1
            continue
        there.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix == ".ipynb":
            nbformat.write(for_lab(nbformat.read(path, as_version=4), book, path), there)
        else:
            there.write_text(book.adapt(path.read_text(encoding="utf-8"), path), encoding="utf-8")
        written += 1
    if not (work / START).exists():
        nbformat.write(start_page(book), work / START)
    return written, left


def main():
    WORK.mkdir(exist_ok=True)
    written, left = copy(Book(), WORK)
    print(f"{WORK}: {written} pages written, {left} that were there left as they are.")


if __name__ == "__main__":
    main()

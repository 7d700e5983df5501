"""Read and change the sources of chapters: pages, labels, and what belongs to a solution."""

import re
from pathlib import Path

import nbformat
import yaml

ROOT = Path(__file__).parents[1]
FENCE = re.compile(r"^(?P<fence>`{3,}|:{3,})\{(?P<name>[\w:-]+)\} *(?P<argument>[^\n]*)$")


def pages(root=ROOT):
    """Return the files of all pages that have a source in ``book``, in the order of the contents."""
    toc = yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))
    names = [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]
    found = [root / f"{name}{suffix}" for name in names for suffix in (".ipynb", ".md")]
    return [path for path in found if path.exists() and path.is_relative_to(root / "book")]


def blocks(text):
    """Split `text` into pieces ``(directive, argument, lines)``; for text outside of directives the first two are None."""
    pieces, plain, lines = [], [], iter(text.split("\n"))
    for line in lines:
        found = FENCE.match(line)
        if not found:
            plain.append(line)
            continue
        if plain:
            pieces.append((None, None, plain))
            plain = []
        block = [line]
        for inner in lines:
            block.append(inner)
            if re.fullmatch(rf"{found['fence'][0]}{{{len(found['fence'])},}} *", inner):
                break
        pieces.append((found["name"], found["argument"].strip(), block))
    if plain:
        pieces.append((None, None, plain))
    return pieces


def gates(notebook):
    """Yield ``(cell, inside, pieces)``: whether a cell lies inside a solution, and the pieces of its text that do not.

    A piece is as in `blocks`, with a fourth entry that says whether it belongs to a solution.
    """
    solving = False
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            yield cell, solving, []
            continue
        pieces = []
        for name, argument, lines in blocks(cell.source):
            solving = solving or name == "solution-start"
            pieces.append((name, argument, lines, solving or name == "solution"))
            solving = solving and name != "solution-end"
        yield cell, all(inside for *_, inside in pieces), pieces


def without_solutions(notebook):
    """Return a copy of `notebook` without its solutions: their texts, and the cells of code between start and end."""
    kept = []
    for cell, inside, pieces in gates(nbformat.from_dict(notebook)):
        if inside:
            continue
        if pieces:
            text = "\n".join(line for *_, lines, solved in pieces if not solved for line in lines)
            cell.source = re.sub(r"\n{3,}", "\n\n", text).strip()
            if not cell.source:
                continue
        kept.append(cell)
    result = nbformat.from_dict({**notebook, "cells": kept})
    for number, cell in enumerate((cell for cell in kept if cell.cell_type == "code"), start=1):
        cell.execution_count = number
        for output in cell.outputs:
            if "execution_count" in output:
                output.execution_count = number
    return result

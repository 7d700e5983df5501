"""Build the book and its notebooks without solutions: ``python -m tools.student``.

The solutions are taken out of the sources, not hidden in the pages: a page of a notebook offers its source, too. (The option
`hide_solutions` of sphinx-exercise does not do here: it drops the start of a solution that has code in it, but not its end, and fails
on that; and it would leave the code.)
"""

import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from tools.sources import ROOT, pages, without_solutions

PLACE = ROOT / "_build" / "student"


def write_sources(place):
    """Write what the book is built of into `place`, without solutions."""
    ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    shutil.copytree(ROOT / "book", place / "book", ignore=ignored)
    for name in ("_config.yml", "_toc.yml", "CITATION.cff", "genindex.md"):
        shutil.copy(ROOT / name, place)
    for path in pages(place):
        if path.suffix == ".ipynb":
            nbformat.write(without_solutions(nbformat.read(path, as_version=4)), path)


def main():
    shutil.rmtree(PLACE, ignore_errors=True)
    source = PLACE / "source"
    write_sources(source)
    build = [Path(sys.executable).with_name("jupyter-book"), "build", source, "-n", "-W", "--keep-going"]
    ended = subprocess.run(build, check=False)
    if ended.returncode:
        sys.exit(ended.returncode)
    (source / "_build" / "html").rename(PLACE / "html")
    for path in pages(source):
        if path.suffix == ".ipynb":
            there = PLACE / "notebooks" / path.relative_to(source / "book")
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, there)
    shutil.rmtree(source)
    print(f"\nWithout solutions: {(PLACE / 'html' / 'index.html').as_uri()}, notebooks in {PLACE / 'notebooks'}")


if __name__ == "__main__":
    main()

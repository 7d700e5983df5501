"""The form in which a notebook is committed, and the command that brings it there.

``python -m tests.normalise book`` runs every notebook below ``book`` from a fresh kernel and stores its text outputs, which nbval
compares. Pictures and widget views are left out (nbval does not compare them, the build makes them anew), and so is all that
changes from run to run.
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

DROPPED = ("image/png", "image/jpeg", "image/svg+xml", "application/vnd.jupyter.widget-view+json")
METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def normal_form(notebook):
    """Return a copy of `notebook` in normal form; its outputs are kept, not made."""
    notebook = nbformat.from_dict(notebook)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.source = cell.source.rstrip()
        cell.metadata = nbformat.from_dict(
            {key: cell.metadata[key] for key in ("mystnb", "tags") if cell.metadata.get(key)}
        )
        cell.pop("attachments", None)
        if cell.cell_type == "code":
            cell.outputs = merged(cell.outputs)
        for output in cell.get("outputs", []):
            if "data" in output:
                output.data = {kind: value for kind, value in output.data.items() if kind not in DROPPED}
                output.metadata = nbformat.from_dict({})
    return notebook


def merged(outputs):
    """Return `outputs` with the pieces of one stream joined: where it was cut is a matter of timing."""
    joined = []
    for output in outputs:
        last = joined[-1] if joined else None
        if last is not None and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def run(path):
    """Execute the notebook at `path` and store it in normal form."""
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=180, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    nbformat.write(normal_form(notebook), path)


if __name__ == "__main__":
    places = [Path(argument) for argument in sys.argv[1:]]
    for path in sorted(found for place in places for found in ([place] if place.is_file() else place.rglob("*.ipynb"))):
        if ".ipynb_checkpoints" not in path.parts:
            run(path)
            print(path)

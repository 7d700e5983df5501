"""Sphinx extension: figures stand in the page as SVG, in the colours of the page.

The chapters draw with ``twobox.figures``, which hands over SVG when this build asks for it. Here each figure gets its name (the alt text
of its cell), ids that no other figure of the page has, and panels that the page can put one below the other.
"""

import html
import itertools
import os
import re
from pathlib import Path

import matplotlib.font_manager  # noqa: F401  # makes the font cache, so that no notebook has to (and says so in its output)
from docutils import nodes
from sphinx.util import logging

_PIXELS = 96 / 72  # in a point


def in_page(svg, alt, prefix):
    """Return the SVG of `twobox.figures.as_svg` as HTML: one picture for all who hear it, its ids beginning with `prefix`."""
    panels = []
    for number, panel in enumerate(re.findall(r"<svg x=.*?</svg>", svg, flags=re.DOTALL)):
        own = f"{prefix}-{number}-"
        panel = re.sub(r' id="', f' id="{own}', panel)
        panel = re.sub(r'(href="#|url\(#)', rf"\g<1>{own}", panel)
        width, height = (float(n) * _PIXELS for n in re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', panel).groups())
        panel = re.sub(r'<svg x="[\d.-]+"', "<svg", panel)
        panel = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', f'width="{width:.0f}" height="{height:.0f}"', panel)
        panels.append(panel)
    name = html.escape(alt, quote=True)
    return f'<div class="tb-figure" role="img" aria-label="{name}">' + "\n".join(panels) + "</div>"


def _put_in_page(app, doctree, docname):
    if app.builder.format != "html":
        return
    numbers = itertools.count(1)
    for image in list(doctree.findall(nodes.image)):
        path = Path(app.srcdir, image["uri"])
        if path.suffix != ".svg" or "currentColor" not in (svg := path.read_text(encoding="utf-8")):
            continue
        if not image.get("alt"):
            logging.getLogger(__name__).warning("a figure has no alt text in its cell's metadata", location=image)
        text = in_page(svg, image.get("alt", ""), f"fig{next(numbers)}")
        image.replace_self(nodes.raw("", text, format="html"))


def setup(app):
    os.environ["TWOBOX_FIGURES"] = "svg"  # the kernels inherit it
    os.environ.pop("MPLBACKEND", None)  # what the machine has set must not matter
    app.connect("doctree-resolved", _put_in_page)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""A widget outside Jupyter: its scripts as files of a site, and one file that has everything.

A classic script, not a module: a page that is opened from disk may not import modules, and a strict content policy allows scripts of
the site but none that a script makes.
"""

import html
import json
import re
from pathlib import Path

_HERE = Path(__file__).parent
_EXPORT = "export default { render };"


def text(name):
    """Return a file of this folder."""
    return (_HERE / name).read_text(encoding="utf-8")


def as_function(module):
    """Return a front-end module as a JavaScript function that returns what the module exports."""
    if module.count(_EXPORT) != 1:
        raise ValueError(f"a widget's module must end with {_EXPORT!r}")
    return "function () {\n" + module.replace(_EXPORT, "return { render };") + "}"


def host():
    """Return the function of ``host.js``."""
    source = text("host.js")
    return source[source.index("function host(") :].rstrip()


def site_scripts(kinds):
    """Return the scripts of a site, name -> text: one for each kind of widget, and the host with what a saved file needs."""
    begin = "window.twobox ??= { kinds: {} };\n"
    scripts = {
        f"{kind.__name__}.js": f"{begin}window.twobox.kinds[{kind.__name__!r}] = {as_function(kind._esm)};\nwindow.twobox.begin?.();\n"
        for kind in kinds
    }
    kit = json.dumps({"css": kinds[0]._css, "template": text("file.html")}, ensure_ascii=False)
    return {**scripts, "host.js": f"{begin}({host()})({kit});\n"}


def traits_of(state):
    """Return, of a widget's state, what its script reads."""
    return {name: value for name, value in state.items() if not name.startswith("_") and name not in _JUPYTERS}


# What every ipywidget has; no script of ours reads it.
_JUPYTERS = ("layout", "tabbable", "tooltip")


def data(value):
    """Return JSON that can stand in a ``<script>``."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")


def still(picture, words):
    """Return the HTML of a still picture (PNG, base64) and its words, which stand until the widget does."""
    alt = html.escape(words, quote=True)
    return (
        f'<figure class="tb-still-place"><img class="tb-still" alt="{alt}" src="data:image/png;base64,{picture}">'
        f'<figcaption aria-hidden="true">{html.escape(words)}</figcaption></figure>'
    )


def one_file(widget, picture, *, title, description):
    """Return a page that has a widget and all it needs."""
    kind = type(widget).__name__
    parts = {
        "kind": kind,
        "title": html.escape(title),
        "description": html.escape(description),
        "css": widget._css,
        "state": data(traits_of(widget.get_state())),
        "module": as_function(widget._esm),
        "host": host(),
        "still": still(picture, widget.describe()),
    }
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], text("file.html"))

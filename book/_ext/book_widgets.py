"""Sphinx extension: the widgets of ``twobox.widgets`` in the pages of the book.

What MyST-NB makes of a widget is a script with its view and, once a page, one with the state of all. Here each view gets a place with a
name of its own (a link can point to it), the still picture and its words, which stand until the widget does; the state loses the front-end
modules, which are files of the site; and a widget that is dead without a kernel is a warning.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from sphinx.util import logging

import twobox.widgets
from twobox.widgets import _file

_LOG = logging.getLogger(__name__)
_VIEW = re.compile(
    r'<script type="application/vnd\.jupyter\.widget-view\+json">(.*?)</script>',
    re.DOTALL,
)
_KINDS = [
    getattr(twobox.widgets, name)
    for name in twobox.widgets.__all__
]


def _kind(state):
    """Return the name of the class of a widget."""
    return state.get("_anywidget_id", "").rpartition(".")[2]


def _is_ours(state):
    return state.get("_anywidget_id", "").startswith(
        "twobox.widgets."
    )


def _say_dead(one, states, place):
    """Warn of an ipywidget that needs a kernel, by its name and those of its children."""

    def name(state):
        return state.get(
            "_model_name", "widget"
        ).removesuffix("Model")

    children = [
        states.get(child.removeprefix("IPY_MODEL_"), {})
        for child in one.get("children", ())
    ]
    what = (
        f"{name(one)} of {', '.join(map(name, children))}"
        if children
        else name(one)
    )
    if "widget-interact" in one.get("_dom_classes", ()):
        what = f"interact ({what})"
    _LOG.warning(
        "%s is dead in a page without a kernel, and is not shown: use or make a widget of twobox.widgets",
        what,
        location=place,
    )


def _place(name, kind, view):
    """Return the HTML of a widget's place."""
    still, words = (
        view.pop("still", None),
        view.pop("description", ""),
    )
    script = f'<script type="application/vnd.jupyter.widget-view+json">{_file.data(view)}</script>'
    picture = (
        "" if still is None else _file.still(still, words)
    )
    return f'<div class="tb-place" id="{name}" data-widget="{kind}">{script}{picture}</div>'


def _settle(app, doctree):
    env = app.env
    files = (
        getattr(env, "nb_metadata", {})
        .get(env.docname, {})
        .get("js_files", {})
    )
    if "ipywidgets_state" not in files:
        return
    path, attributes = files["ipywidgets_state"]
    bundle = json.loads(attributes["body"])
    states = {
        identity: model["state"]
        for identity, model in bundle["state"].items()
    }
    shown, seen = {}, {}
    for node in doctree.findall(nodes.raw):
        for found in _VIEW.findall(node.astext()):
            view = json.loads(found)
            one = states.get(view["model_id"], {})
            if "_esm" not in one:
                _say_dead(one, states, node)
                continue
            kind = _kind(one)
            seen[kind] = seen.get(kind, 0) + 1
            name = (
                kind
                if seen[kind] == 1
                else f"{kind}-{seen[kind]}"
            )
            node.children = [
                nodes.Text(_place(name, kind, view))
            ]
            shown[view["model_id"]] = one
    env.metadata[env.docname]["twobox_widgets"] = sorted(
        {
            _kind(one)
            for one in shown.values()
            if _is_ours(one)
        }
    )
    bundle["state"] = {
        identity: {
            "state": _file.traits_of(one)
            if _is_ours(one)
            else one
        }
        for identity, one in shown.items()
    }
    files["ipywidgets_state"] = (
        path,
        {**attributes, "body": _file.data(bundle)},
    )


def _write_scripts(app):
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "widgets"
    folder.mkdir(parents=True, exist_ok=True)
    for name, script in _file.site_scripts(_KINDS).items():
        (folder / name).write_text(script, encoding="utf-8")
    (folder / "style.css").write_text(
        _file.text("style.css"), encoding="utf-8"
    )


def _link_scripts(app, page, template, context, doctree):
    kinds = app.env.metadata.get(page, {}).get(
        "twobox_widgets"
    )
    if kinds is None or app.builder.format != "html":
        return
    app.add_css_file("widgets/style.css")
    for name in [*kinds, "host"]:
        app.add_js_file(
            f"widgets/{name}.js", loading_method="async"
        )


def setup(app):
    app.connect("builder-inited", _write_scripts)
    app.connect("doctree-read", _settle)
    app.connect("html-page-context", _link_scripts)
    return {
        "version": "1",
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }

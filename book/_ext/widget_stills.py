"""Sphinx extension: give each widget its still picture for readers without JavaScript.

A widget of the book carries the picture and its description in the view data (see ``twobox.widgets._base``). Here they move out of
the data into a ``<noscript>`` beside it.
"""

import html
import json
import re

from docutils import nodes

_VIEW = re.compile(r'(<script type="application/vnd.jupyter.widget-view\+json">)(.*?)(</script>)', re.DOTALL)


def _move_still(match):
    view = json.loads(match[2])
    still, description = view.pop("still", None), view.pop("description", "")
    rest = match[1] + json.dumps(view) + match[3]
    if still is None:
        return rest
    alt = html.escape(description, quote=True)
    return f'{rest}<noscript><img class="tb-still" alt="{alt}" src="data:image/png;base64,{still}"></noscript>'


def _on_doctree_read(app, doctree):
    for node in doctree.findall(nodes.raw):
        if "jupyter.widget-view+json" in node.rawsource or "jupyter.widget-view+json" in node.astext():
            node.children = [nodes.Text(_VIEW.sub(_move_still, node.astext()))]


def setup(app):
    app.connect("doctree-read", _on_doctree_read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

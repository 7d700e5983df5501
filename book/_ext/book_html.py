"""Sphinx extension: three corrections to the HTML of the book.

A widget gets its still picture for readers without JavaScript: the picture and its description come with the view data (see
``twobox.widgets._base``), and move from there into a ``<noscript>`` beside it. And docutils calls the bibliography a list whose
children are no list items, which confuses screen readers. And the first page, which has the book's title, stands in the menu under what
it is.
"""

import html
import json
import re

from docutils import nodes

_VIEW = re.compile(
    r'(<script type="application/vnd.jupyter.widget-view\+json">)(.*?)(</script>)',
    re.DOTALL,
)


def _move_still(match):
    view = json.loads(match[2])
    still, description = view.pop("still", None), view.pop("description", "")
    rest = match[1] + json.dumps(view) + match[3]
    if still is None:
        return rest
    alt = html.escape(description, quote=True)
    return f'{rest}<noscript><img class="tb-still" alt="{alt}" src="data:image/png;base64,{still}"></noscript>'


def _give_stills(app, doctree):
    for node in doctree.findall(nodes.raw):
        if "jupyter.widget-view+json" in node.astext():
            node.children = [nodes.Text(_VIEW.sub(_move_still, node.astext()))]


def _mend_bibliography(app, page, template, context, doctree):
    if "body" in context:
        context["body"] = context["body"].replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )


def _name_the_first_page(app, page, template, context, doctree):
    context["root_title"] = "Introduction"


def setup(app):
    app.connect("doctree-read", _give_stills)
    app.connect("html-page-context", _mend_bibliography)
    # After the theme.
    app.connect("html-page-context", _name_the_first_page, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""Sphinx extension: a correction to the HTML of the book.

Docutils calls the bibliography a list whose children are no list items, which confuses screen readers.
"""


def _mend_bibliography(app, page, template, context, doctree):
    if "body" in context:
        context["body"] = context["body"].replace('<div role="list" class="citation-list">', '<div class="citation-list">')


def setup(app):
    app.connect("html-page-context", _mend_bibliography)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

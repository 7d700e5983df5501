"""Sphinx extension: two corrections to the HTML of the book.

Docutils calls the bibliography a list whose children are no list items, which confuses screen readers. And the first page, which has
the book's title, stands in the menu under what it is.
"""


def _mend_bibliography(app, page, template, context, doctree):
    if "body" in context:
        context["body"] = context["body"].replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )


def _name_the_first_page(app, page, template, context, doctree):
    context["root_title"] = "Introduction"


def setup(app):
    app.connect("html-page-context", _mend_bibliography)
    # After the theme.
    app.connect("html-page-context", _name_the_first_page, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

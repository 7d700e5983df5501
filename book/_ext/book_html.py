"""Sphinx extension: corrections to the HTML of the book.

Docutils calls the bibliography a list whose children are no list items, which confuses screen readers. And the first page, which has
the book's title, stands in the menu under what it is.
"""

import re


def _mend_bibliography(app, page, template, context, doctree):
    if "body" in context:
        context["body"] = context["body"].replace(
            '<div role="list" class="citation-list">', '<div class="citation-list">'
        )


def _name_the_first_page(app, page, template, context, doctree):
    context["root_title"] = "Introduction"


_SYMBOL_LINK = re.compile(r'(<a class="reference internal" href="[^"]*#symbol-\d+")(>.*?<math[^>]*>(.*?)</math>)', re.DOTALL)


def _name_links_of_symbols(app, page, template, context, doctree):
    """A link that is a formula is called by its signs: not every screen reader takes a name from MathML."""
    if "body" in context:
        context["body"] = _SYMBOL_LINK.sub(
            lambda m: f'{m[1]} aria-label="{"".join(re.sub("<[^>]*>", "", m[3]).split())}"{m[2]}', context["body"]
        )


def setup(app):
    app.connect("html-page-context", _mend_bibliography)
    app.connect("html-page-context", _name_links_of_symbols)
    # After the theme.
    app.connect("html-page-context", _name_the_first_page, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

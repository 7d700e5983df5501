"""Sphinx extension: what a link of the book leads to can be looked at where one stands.

An equation, a figure's caption, a theorem, a term, a symbol, or the paragraph where the paper's number is explained, is written once more at
the end of each page that links to it, in a ``<template>``: it costs nothing until a reader points at the link, focuses it or taps it,
and it is there from disk and without a network. ``previews.js`` shows it.
"""

import re

from docutils import nodes
from paper import EQUATIONS
from sphinx import addnodes

THE_PAPERS = {label: number for number, label in EQUATIONS.items()}
# The paper's number beside a displayed formula: the preview says it in words.
_BESIDE = re.compile(r"(?:\\q?quad|&&|\\[,;! ]|\s)*\\(?:text|tag)\*?\{[^{}]*paper['’]s[^{}]*\}")


class preview(nodes.comment):
    """What one link of the page leads to. To all but the HTML writer it is a comment."""


def _visit(self, node):
    self.body.append(f'<template class="preview" data-for="{self.attval(node["link"])}">')


def _depart(self, node):
    self.body.append("</template>\n")


def _skip(self, node):
    raise nodes.SkipNode


def _page(app, name):
    """Return the things on the page `name` that have an id."""
    pages = app.env.temp_data.setdefault("preview pages", {})
    if name not in pages:
        tree = app.env.get_doctree(name)
        pages[name] = {at: node for node in tree.findall(nodes.Element) for at in node.get("ids", ())}
        for target in tree.findall(nodes.target):
            # A label before a thing is a name of the thing.
            if target.get("refid") in pages[name]:
                pages[name].setdefault(target["refid"], pages[name][target["refid"]])
    return pages[name]


def _copy(app, node, page):
    """Return a copy of `node` without links, ids and labels, for a preview on `page`."""
    node = node.deepcopy()
    for link in list(node.findall(addnodes.pending_xref)):
        domain = app.env.domains.get(link.get("refdomain"))
        words = nodes.inline("", link.astext())
        found = domain and domain.resolve_xref(
            app.env, page, app.builder, link["reftype"], link["reftarget"], link, words
        )
        if link.parent is not None:
            link.parent.replace(link, nodes.inline("", (found or words).astext()))
    for inner in node.findall(nodes.Element):
        inner["ids"] = []
    for gone in [*node.findall(addnodes.index), *node.findall(nodes.target)]:
        gone.parent.remove(gone)
    for equation in node.findall(nodes.math_block):
        equation["number"] = equation["label"] = None
        tex = re.sub(r"[\s.,;:]+$", "", _BESIDE.sub("", equation.astext()))
        equation.children = [nodes.Text(tex)]
    return node


def _number(app, node):
    """Return a line that says which equation of ours, and of the paper, `node` is."""
    page = app.env.get_domain("math").equations[node["label"]][0]
    number = app.env.toc_fignumbers[page]["displaymath"][node["ids"][0]]
    line = f"({'.'.join(map(str, number))}) in: {app.env.titles[page].astext()}"
    if node["label"] in THE_PAPERS:
        line += f". The paper's eq. ({THE_PAPERS[node['label']]})"
    return nodes.paragraph("", line, classes=["preview-number"])


def _content(app, node, page):
    """Return what the preview of `node` holds, or None where there is nothing short to show."""
    kind = type(node).__name__
    if isinstance(node, nodes.math_block):
        return [_number(app, node), _copy(app, node, page)] if node["label"] else None
    if isinstance(node, nodes.figure):
        return [nodes.paragraph("", "", *_copy(app, caption, page).children) for caption in node.findall(nodes.caption)]
    if isinstance(node, nodes.paragraph):
        return [_copy(app, node, page)]
    if isinstance(node, nodes.term):
        told = node.parent.next_node(nodes.definition)
        return [nodes.paragraph("", "", nodes.strong("", node.astext())), *_copy(app, told, page).children]
    if isinstance(node, nodes.row):
        symbol, *told = [[child for p in _copy(app, entry, page) for child in p.children] for entry in node.children]
        line = nodes.paragraph("", "", *symbol, nodes.Text(": "), *told[0])
        unit = told[1] if len(told) > 1 else []
        if unit and unit[0].astext() != "1":
            line += [nodes.Text("; unit: "), *unit]
        return [line]
    if kind in ("theorem_node", "lemma_node", "corollary_node"):
        said = next(iter(node.findall(nodes.section)), None)
        return _copy(app, said, page).children if said is not None else None
    return None


def _write(app, doctree, page):
    known = {app.builder.get_relative_uri(page, other): other for other in app.env.found_docs}
    known[""] = page
    links = {
        link.get("refuri") or f"#{link['refid']}"
        for link in doctree.findall(nodes.reference)
        if link.get("internal") and (link.get("refid") or "#" in link.get("refuri", ""))
    }
    for link in sorted(links):
        there, _, at = link.partition("#")
        if there not in known:
            continue
        things = _page(app, known[there])
        also = things[at].get("also", []) if at in things else []
        shown = [part for name in (at, *also) if name in things for part in _content(app, things[name], page) or ()]
        if shown:
            doctree += preview("", "", *shown, link=link)


def setup(app):
    app.add_node(
        preview, html=(_visit, _depart), **{other: (_skip, None) for other in ("latex", "text", "man", "texinfo")}
    )
    # After all links are made.
    app.connect("doctree-resolved", _write, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

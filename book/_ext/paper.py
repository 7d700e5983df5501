"""Sphinx extension: the paper's numbers in the text are links to where the book has what they number.

Writers write "eq. (4)", "(A.7)", "fig. 2", "section 6" or "appendix B" as they would anywhere; the table below says where each leads.
The paper's equations have a number without a dot, or an A; the book's own have the chapter before the dot, also in the
introduction, which has no chapter number and gets 0.
"""

import re

from docutils import nodes
from folds import fold_title
from sphinx import addnodes
from sphinx.util import logging
from sphinx.util.nodes import make_refnode

CHAPTERS = {
    "1": "book/intro",
    "2": "book/paper/model",
    "3": "book/paper/steady_state",
    "4": "book/paper/linear_a",
    "5": "book/paper/fermi_gas",
    "6": "book/paper/bound",
    "A": "book/appendices/blackbody",
    "B": "book/appendices/bound_derivation",
}
FIGURES = {"1": "fig-model-chain", "2": "fig-linear-rod"}
EQUATIONS = {
    "1": "eq-intro-zero",
    "2": "eq-model-conservation",
    "3": "eq-model-current",
    "4": "eq-model-fdr",
    "5": "eq-steady-mean",
    "6": "eq-steady-linear",
    "7": "eq-steady-lyapunov",
    "8": "eq-linear-a",
    "9": "eq-linear-c",
    "10": "eq-linear-ssep",
    "11": "eq-fermi-rule",
    "12": "eq-fermi-a",
    "13": "eq-fermi-b13",
    "14": "eq-fermi-c12",
    "15": "thm-bound-paper",
    "A.1": "eq-bb-h",
    "A.2": "eq-bb-coupling",
    "A.3": "eq-bb-element",
    "A.4": "eq-bb-w",
    "A.5": "eq-bb-a",
    "A.6": "eq-bb-b6",
}
# What the book has in a line of the text only: the paragraph that speaks of it first.
IN_THE_TEXT = {"A.7": CHAPTERS["A"], "A.8": CHAPTERS["A"]}

_EQUATION = r"(?P<eq>A\.[1-8]|1[0-5]|[1-9])"
NUMBER = re.compile(
    rf"(?<![\w)\]])(?:(?i:eqs?\.|equations?)\s+)?\({_EQUATION}\)"
    rf"|\b(?i:eq)\.\s+{_EQUATION.replace('eq', 'bare')}(?![\w.]\d|\d)"
    r"|\b(?i:figure|fig\.)\s+(?P<fig>[12])(?![\w.]\d|\d)"
    r"|\b(?i:section|sect\.)\s+(?P<sect>[1-6])(?![\w.]\d|\d)"
    r"|\b(?i:appendix|app\.)\s+(?P<app>[AB])\b"
)
# In these a number is no prose, or a link would be inside a link or a control.
_KEPT = (nodes.title, nodes.rubric, nodes.reference, nodes.literal, nodes.literal_block, nodes.math, nodes.math_block)
_KEPT += (nodes.raw, fold_title, addnodes.pending_xref, nodes.Invisible, nodes.FixedTextElement)

logger = logging.getLogger(__name__)


def is_prose(text):
    """Return whether the text node `text` is prose that may carry links."""
    node = text.parent
    while node is not None:
        if isinstance(node, _KEPT) or node.get("no_links"):
            return False
        node = node.parent
    return text.parent is not None


def cut(text, matches, made):
    """Replace each match in the text node `text` by the node that `made` returns for it (None: leave it)."""
    whole, pieces, end = str(text), [], 0
    for match in matches:
        new = made(match)
        if new is not None:
            pieces += [nodes.Text(whole[end : match.start()]), new]
            end = match.end()
    if pieces:
        pieces.append(nodes.Text(whole[end:]))
        text.parent.replace(text, [piece for piece in pieces if not isinstance(piece, nodes.Text) or piece])


def place(env, match):
    """Return the page and the id to which the paper's number that `match` has found leads."""
    number = match["eq"] or match["bare"]
    if match["fig"]:
        return env.get_domain("std").labels[FIGURES[match["fig"]]][:2]
    if match["sect"] or match["app"]:
        return CHAPTERS[match["sect"] or match["app"]], ""
    if number in IN_THE_TEXT:
        return IN_THE_TEXT[number], _in_text_id(number)
    label = EQUATIONS[number]
    equations = env.get_domain("math").equations
    if label in equations:
        return equations[label][0], f"equation-{label}"
    proof = env.proof_list[label]
    return proof["docname"], label


def _in_text_id(number):
    return f"paper-{number.lower().replace('.', '-')}"


def _mark_places_in_the_text(app, doctree):
    for number, page in IN_THE_TEXT.items():
        if app.env.docname == page:
            first = next((p for p in doctree.findall(nodes.paragraph) if f"({number})" in p.astext()), None)
            if first is None:
                logger.warning("the paper's (%s) is not in the text", number, location=page)
            else:
                first["ids"].append(_in_text_id(number))


def _link(app, doctree, page):
    def made(match):
        try:
            to, at = place(app.env, match)
        except KeyError as missing:
            logger.warning("the paper's %s has no place in the book: %s", match[0], missing, location=page)
            return None
        if to == page and not at:
            return None
        return make_refnode(app.builder, page, to, at or None, nodes.inline("", match[0], classes=["paper"]))

    for text in list(doctree.findall(nodes.Text)):
        if is_prose(text):
            cut(text, NUMBER.finditer(text), made)


def _number_the_introduction(app, env, *changes):
    """A page without a chapter number has its equations and figures numbered 0.1, 0.2, …: a number of our own has a dot."""
    for kinds in env.toc_fignumbers.values():
        for kind in ("displaymath", "figure"):
            for at, number in kinds.get(kind, {}).items():
                if len(number) == 1:
                    kinds[kind][at] = (0, *number)
    return []


def setup(app):
    app.connect("doctree-read", _mark_places_in_the_text)
    # After Sphinx itself has numbered them.
    app.connect("env-get-updated", _number_the_introduction, priority=900)
    app.connect("doctree-resolved", _link)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""Sphinx extension: everything that folds is one control, and exercises carry a difficulty.

A solution, an admonition with ``:class: dropdown``, a ``{dropdown}`` of sphinx-design and a code cell with a hiding tag all become
``<details class="fold"><summary>…</summary><div class="fold-body">…</div></details>``: it works without scripts, opens by a tap
anywhere on its title, and browsers and screen readers know it. What no browser does by itself is in ``folds.js``.

``:class: difficulty-1`` (to ``-3``) on an exercise puts a mark after its title, said in words for screen readers.
"""

import re

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.locale import admonitionlabels
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx_design.dropdown import dropdown_main
from sphinx_exercise.nodes import is_exercise_node, is_solution_node

logger = logging.getLogger(__name__)

HARDEST = 3


class fold(nodes.General, nodes.Element):
    """A title and a body that it shows and hides."""


class fold_title(nodes.TextElement):
    """What can be tapped."""


class fold_body(nodes.General, nodes.Element):
    """What is shown and hidden."""


def _unlink(title):
    """Take the links out of `title`: they would take the tap that is meant to open the fold. What leads to them still arrives."""
    for link in list(title.findall(nodes.reference)):
        link.parent.replace(link, nodes.inline("", "", *link.children, ids=link["ids"], classes=link["classes"]))
    return title.children


def _folded(kind, title, body, ids=(), is_open=False):
    body = [
        part
        for child in body
        for part in (child.children if isinstance(child, nodes.section) else [child])
    ]
    return fold(
        "",
        fold_title("", "", *title),
        fold_body("", *body),
        classes=["fold", f"fold-{kind}"],
        ids=list(ids),
        is_open=is_open,
    )


def _back_link(solution):
    """Return a line that leads from a solution to its exercise, or nothing."""
    for link in solution[0].findall(nodes.reference):
        there = link.deepcopy()
        there.children = [nodes.Text("to the exercise")]
        return [nodes.paragraph("", "", there, classes=["fold-back"])]
    return []


class Fold(SphinxPostTransform):
    """Turn what folds into folds, once titles and links are known."""

    default_priority = 250
    formats = ("html",)

    def run(self, **options):
        for node in list(
            self.document.findall(lambda node: isinstance(node, nodes.Element))
        ):
            if is_solution_node(node):
                back = _back_link(node)
                new = _folded(
                    "solution", _unlink(node[0]), [*back, *node[1:]], node["ids"]
                )
            elif isinstance(node, HideCodeCellNode):
                labels = [
                    nodes.inline("", node["prompt_show"], classes=["fold-when-shut"]),
                    nodes.inline("", node["prompt_hide"], classes=["fold-when-open"]),
                ]
                new = _folded("code", labels, node.children)
            elif isinstance(node, dropdown_main):
                text = node[0].next_node(
                    lambda part: "sd-summary-text" in part.get("classes", []),
                    descend=True,
                )
                new = _folded(
                    "more",
                    _unlink(text),
                    node[1].children,
                    node["ids"],
                    node["opened"],
                )
            elif isinstance(node, nodes.Admonition) and "dropdown" in node["classes"]:
                if isinstance(node[0], nodes.title):
                    title, body = _unlink(node[0]), node[1:]
                elif node.tagname in admonitionlabels:
                    title, body = (
                        [nodes.Text(admonitionlabels[node.tagname])],
                        node.children,
                    )
                else:
                    logger.warning(
                        "this kind of box cannot be folded by `:class: dropdown`",
                        location=node,
                    )
                    continue
                kind = "hint" if "hint" in (node.tagname, *node["classes"]) else "more"
                new = _folded(kind, title, body, node["ids"])
            else:
                continue
            node.parent.replace(node, new)


def _unlink_late(app, document, page):
    """Links that other extensions put into the text when all else is done are taken out of titles again."""
    for title in document.findall(fold_title):
        _unlink(title)
        if "fold-solution" in title.parent["classes"]:
            # The title is that of the exercise, once more: its places have their names there.
            for part in title.findall(nodes.inline):
                part["ids"] = []


class SingleIdentifiers(SphinxPostTransform):
    """Take away the identifiers that sphinx-exercise and sphinx-proof give to every box alike."""

    default_priority = 230
    formats = ("html",)

    def run(self, **options):
        for box in self.document.findall(nodes.Admonition):
            box["ids"] = [name for name in box["ids"] if name != "proof"]
            for content in box.children:
                if isinstance(content, nodes.section):
                    content["ids"] = []


class MarkDifficulty(SphinxPostTransform):
    """Show the difficulty of an exercise after its title."""

    default_priority = 240
    formats = ("html",)

    def run(self, **options):
        for exercise in self.document.findall(is_exercise_node):
            if level := difficulty(exercise):
                exercise[0] += nodes.Text(" ")
                exercise[0] += nodes.raw("", mark(level), format="html")


def difficulty(exercise):
    """Return the difficulty that the classes of `exercise` name, or None; refuse what is no difficulty."""
    named = [re.fullmatch(r"difficulty-(.*)", name) for name in exercise["classes"]]
    levels = [found[1] for found in named if found]
    if not levels:
        return None
    if len(levels) > 1 or levels[0] not in map(str, range(1, HARDEST + 1)):
        logger.warning(
            f"an exercise has one difficulty from 1 to {HARDEST}, not {', '.join(levels)}",
            location=exercise,
        )
        return None
    return int(levels[0])


def mark(level):
    """Return the HTML of a difficulty: signs for the eye, words for screen readers."""
    words = f"difficulty {level} of {HARDEST}"
    return f'<span class="difficulty" role="img" aria-label="{words}" title="{words}">{"◆" * level}{"◇" * (HARDEST - level)}</span>'


def _visit_fold(self, node):
    self.body.append(
        self.starttag(node, "details", **({"open": "open"} if node["is_open"] else {}))
    )


def _visit_title(self, node):
    self.body.append('<summary><span class="fold-title">')


def _visit_body(self, node):
    self.body.append('<div class="fold-body">\n')


def _close(tags):
    return lambda self, node: self.body.append(tags)


def _offer_print_without_solutions(app, page, template, context, doctree):
    """In the menu of downloads, say "print", and offer to print a page without its solutions."""
    has_solutions = doctree is not None and any(
        "fold-solution" in node["classes"] for node in doctree.findall(fold)
    )
    for menu in context.get("header_buttons", []):
        for entry in list(menu.get("buttons", [])):
            if entry.get("label") == "download-pdf-button":
                entry |= {
                    "text": "Print or PDF",
                    "tooltip": "Print this page, or save it as PDF",
                }
                if has_solutions:
                    menu["buttons"].append(
                        entry
                        | {
                            "javascript": "printWithoutSolutions()",
                            "text": "Print without solutions",
                            "tooltip": "Print this page without its solutions",
                            "label": "print-without-solutions-button",
                        }
                    )


def setup(app):
    app.add_node(fold, html=(_visit_fold, _close("</details>\n")))
    app.add_node(fold_title, html=(_visit_title, _close("</span></summary>\n")))
    app.add_node(fold_body, html=(_visit_body, _close("</div>\n")))
    app.add_post_transform(SingleIdentifiers)
    app.add_post_transform(MarkDifficulty)
    app.add_post_transform(Fold)
    app.add_css_file("folds.css")
    app.add_js_file("folds.js", defer="defer")
    app.connect("doctree-resolved", _unlink_late, priority=900)
    # The theme fills the menu at 501.
    app.connect("html-page-context", _offer_print_without_solutions, priority=510)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

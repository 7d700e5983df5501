"""Sphinx extension: questions that answer back.

``{choice}`` has a list of answers, of which ``:right:`` says the number; under each answer, indented, stands why it is right or wrong.
``{number}`` asks for a number. ``:answer:`` is an expression of Python, in which all names of `twobox` and ``np`` are known and
``:given:`` a statement may come before; so no number is typed in. A list holds wrong values that readers come to, as expressions in
code, each with the reason; a paragraph after the list says why the answer is right. ``{guess}`` is a choice without reasons, which the
page remembers, and ``{guessed}`` comes back to it.

In HTML: radio buttons, whose answers style sheets alone show, and a field for the number, beside a folded answer. On paper, in LaTeX
and in an e-book: the question, the answers, then the right one. In a notebook it reads as a list.
"""

import html
from typing import ClassVar

import numpy as np
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

import twobox

TOLERANCE = 0.02


class question(nodes.General, nodes.Element):
    """The whole: what is asked, then its `answer` nodes."""


class answer(nodes.Part, nodes.Element):
    """One answer, right or wrong: what it says (not in a `number`), and why."""


class guessed(nodes.General, nodes.Element):
    """Where a guess is answered."""


def names():
    """Return what an expression of a question may use."""
    return {"np": np, "twobox": twobox, **{name: getattr(twobox, name) for name in dir(twobox) if name[0] != "_"}}


def numbers(expressions, given=""):
    """Return the values of `expressions`, after the statements `given`."""
    known = names()
    exec(given, known)
    return [float(eval(expression, known)) for expression in expressions]


def is_near(value, wanted, tolerance):
    """Return whether `value` counts as the number that is wanted. `selftest.js` does the same."""
    return abs(value - wanted) <= tolerance * abs(wanted)


def _tolerance(text):
    value = float(text.removesuffix("%").strip()) / (100 if text.endswith("%") else 1)
    if not 0 < value < 0.5:
        raise ValueError(f"a relative tolerance between 0 and 50 %, got {text}")
    return value


class _Question(SphinxDirective):
    has_content = True

    def parse(self):
        """Return the question, the items of the list, and what follows it."""
        self.assert_has_content()
        box = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, box)
        lists = [
            k for k, node in enumerate(box.children) if isinstance(node, nodes.bullet_list | nodes.enumerated_list)
        ]
        if len(lists) != 1 or lists[0] == 0:
            raise self.error("a question and one list are needed")
        before, items, after = box.children[: lists[0]], box.children[lists[0]].children, box.children[lists[0] + 1 :]
        return before, [item.children for item in items], after

    def node(self, kind, before, **attributes):
        name = self.options.get("label") or f"selftest-{self.env.new_serialno('selftest') + 1}"
        made = question(
            "",
            nodes.container("", *before, classes=["selftest-question"]),
            kind=kind,
            ids=[name],
            no_terms=True,
            **attributes,
        )
        self.set_source_info(made)
        return made


class Choice(_Question):
    """``{choice}``: one of the answers is right."""

    option_spec: ClassVar = {"right": directives.positive_int, "label": directives.unchanged_required}
    kind = "choice"

    def run(self):
        """Return the question."""
        before, items, after = self.parse()
        right = self.options.get("right", 0)
        if after or not 1 <= right <= len(items):
            raise self.error("the list ends the question, and :right: is the number of one of its answers")
        made = self.node(self.kind, before)
        for k, (said, *why) in enumerate(items, start=1):
            if bool(why) != (self.kind == "choice"):
                raise self.error(
                    "under each answer of a choice stands why it is right or wrong, and none under a guess"
                )
            words = nodes.inline("", "", *said.children, no_links=True)
            made += answer("", words, nodes.container("", *why), right=k == right)
        return [made]


class Guess(Choice):
    """``{guess}``: a choice before the answer is known."""

    kind = "guess"


class Number(_Question):
    """``{number}``: a number to type."""

    option_spec: ClassVar = {
        "answer": directives.unchanged_required,
        "given": directives.unchanged_required,
        "tolerance": _tolerance,
        "form": directives.unchanged_required,
        "label": directives.unchanged_required,
    }

    def run(self):
        """Return the question."""
        before, items, after = self.parse()
        tolerance = self.options.get("tolerance", TOLERANCE)
        codes = [next(iter(said.findall(nodes.literal)), None) for said, *_ in items]
        if None in codes or not after or "answer" not in self.options:
            raise self.error("a number needs :answer:, wrong values in code, and after them why the answer is right")
        try:
            right, *wrong = numbers(
                [self.options["answer"], *(code.astext() for code in codes)], self.options.get("given", "")
            )
        except Exception as error:
            raise self.error(f"{self.options['answer']}: {error}") from error
        values = [right, *wrong]
        if not np.isfinite(values).all() or any(
            is_near(one, other, 2 * tolerance) for k, one in enumerate(values) for other in values[:k]
        ):
            raise self.error(f"the answer and the wrong values must differ by more than the tolerance: {values}")
        made = self.node("number", before, tolerance=tolerance)
        for value, code, (said, *why) in zip(wrong, codes, items, strict=True):
            said.remove(code)
            if isinstance(said.children[0], nodes.Text):
                said.replace(said.children[0], nodes.Text(said.children[0].lstrip(": ")))
            made += answer("", nodes.container("", said, *why), value=value, right=False)
        form = self.options.get("form", ".3g")
        made += answer(
            "", nodes.container("", *after), value=right, shown=format(right, form).replace("-", "−"), right=True
        )
        return [made]


class Guessed(SphinxDirective):
    """``{guessed} label``: the answer to a guess."""

    has_content, required_arguments = True, 1

    def run(self):
        """Return the answer."""
        box = guessed(guess=self.arguments[0])
        self.state.nested_parse(self.content, self.content_offset, box)
        return [box]


def _visit(self, node):
    name, kind = node["ids"][0], node["kind"]
    data = f' data-tolerance="{node["tolerance"]!r}"' if kind == "number" else ""
    role = "group" if kind == "number" else "radiogroup"
    self.body.append(
        f'<div class="selftest selftest-{kind}" id="{name}" role="{role}" aria-labelledby="{name}-asked"{data}>'
    )
    self.body.append(f'<div id="{name}-asked">')
    node.children[0].walkabout(self)
    self.body.append("</div>")
    if kind == "number":
        self.body.append(
            f'<div class="selftest-try" hidden><label for="{name}-typed">Your answer</label> '
            f'<input id="{name}-typed" type="text" autocomplete="off" autocapitalize="off" spellcheck="false" size="10"> '
            '<button type="button" class="btn btn-sm">Check</button></div><div class="selftest-said" role="status"></div>'
        )
    for k, one in enumerate(node.children[1:], start=1):
        (_write_value if kind == "number" else _write_choice)(self, one, f"{name}-{k}", name)
    right = next((k for k, one in enumerate(node.children[1:], start=1) if one["right"]), None)
    if kind == "choice":
        self.body.append(f'<div class="selftest-paper"><strong>Answer: {right}.</strong>')
        node.children[right].children[1].walkabout(self)
        self.body.append("</div>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


def _write_choice(self, one, at, name):
    right = " data-right" if one["right"] else ""
    self.body.append(
        f'<div class="selftest-option"><input type="radio" name="{name}" id="{at}"{right}><label for="{at}">'
    )
    one.children[0].walkabout(self)
    self.body.append("</label>")
    if one.children[1].children:
        mark = "Right." if one["right"] else "Not quite."
        self.body.append(f'<div class="selftest-feedback"><strong class="selftest-mark">{mark}</strong>')
        one.children[1].walkabout(self)
        self.body.append("</div>")
    self.body.append("</div>")


def _write_value(self, one, at, name):
    if not one["right"]:
        self.body.append(
            f'<div class="selftest-value" data-value="{one["value"]!r}" hidden><strong class="selftest-mark">Not quite.</strong>'
        )
        one.children[0].walkabout(self)
        self.body.append("</div>")
        return
    self.body.append(
        f'<details class="fold fold-answer selftest-answer" data-value="{one["value"]!r}"><summary><span class="fold-title">Answer'
        f'</span></summary><div class="fold-body"><p><strong>{html.escape(one["shown"])}</strong></p>'
    )
    one.children[0].walkabout(self)
    self.body.append("</div></details>")


def _visit_guessed(self, node):
    self.body.append(
        f'<div class="admonition guessed" data-guess="{node["guess"]}"><p class="admonition-title">Your guess</p>'
        '<p class="guessed-said" hidden></p>'
    )


def _depart_guessed(self, node):
    self.body.append(f'<p><a class="reference internal" href="#{node["guess"]}">Back to the question</a></p></div>\n')


def plain(node):
    """Return the question in nodes that every writer knows: what is asked, the answers, then the right one and why."""
    asked, *answers = node.children
    parts = [*asked.children]
    if node["kind"] != "number":
        parts.append(
            nodes.enumerated_list(
                "", *(nodes.list_item("", nodes.paragraph("", "", *one.children[0].children)) for one in answers)
            )
        )
    for k, one in enumerate(answers, start=1):
        if one["right"] and node["kind"] != "guess":
            parts += [
                nodes.paragraph("", "", nodes.strong("", f"Answer: {one.get('shown', k)}")),
                *one.children[-1].children,
            ]
    return parts


def _make_plain(app, doctree, page):
    if app.builder.format == "html" and app.builder.name != "epub":
        return
    for node in list(doctree.findall(question)):
        node.parent.replace(node, plain(node))
    for node in list(doctree.findall(guessed)):
        node.parent.replace(node, node.children)


def setup(app):
    app.add_node(question, html=(_visit, None))
    # Its question writes it.
    app.add_node(answer)
    app.add_node(guessed, html=(_visit_guessed, _depart_guessed))
    for name, directive in (("choice", Choice), ("number", Number), ("guess", Guess), ("guessed", Guessed)):
        app.add_directive(name, directive)
    app.connect("doctree-resolved", _make_plain, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

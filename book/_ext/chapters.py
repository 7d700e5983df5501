"""Sphinx extension: what a chapter asks of its reader, counted when the book is built.

An admonition with ``:class: reading-time`` gets the reading time for its title; its text says what may be skipped. The directive
``{chapter-table}`` lists all chapters with words, reading time and exercises; each line of its content is the path of a chapter, a
colon and what it builds on.
"""

from docutils import nodes
from folds import difficulty, mark
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode
from sphinx_exercise.nodes import is_exercise_node, is_solution_node

logger = logging.getLogger(__name__)

WORDS_A_MINUTE = 150
# To read a formula on a line of its own, or a cell of code, takes as many minutes.
FORMULA = CODE = 1.0


class chapter_table(nodes.General, nodes.Element):
    """Stands for the table until all chapters are counted."""


def _is_cell(node, element="cell_code"):
    return isinstance(node, nodes.container) and node.get("nb_element") == element


def _is_extra(node):
    """Say whether a first reading leaves `node` out: exercises, what folds, code and its results."""
    return (
        is_exercise_node(node)
        or is_solution_node(node)
        or _is_cell(node)
        or node.get("design_component") == "dropdown"
        or "dropdown" in node.get("classes", [])
        or isinstance(
            node,
            (
                nodes.literal_block,
                nodes.math,
                nodes.math_block,
                nodes.raw,
                nodes.comment,
            ),
        )
    )


def _main_text(node):
    """Yield `node` and all that a first reading takes in below it."""
    yield node
    for child in node.children:
        if isinstance(child, nodes.Text):
            yield child
        elif not _is_extra(child) or isinstance(child, nodes.math_block):
            yield from _main_text(child)


def count(document):
    """Return what `document` asks of its reader."""
    read = list(_main_text(document))
    words = sum(len(node.split()) for node in read if isinstance(node, nodes.Text))
    formulas = sum(isinstance(node, nodes.math_block) for node in read)
    shown = [
        cell
        for cell in document.findall(_is_cell)
        if not cell.get("hide_mode")
        and any(_is_cell(part, "cell_code_source") for part in cell.children)
    ]
    code = sum(not _inside_solution(cell) for cell in shown)
    minutes = words / WORDS_A_MINUTE + formulas * FORMULA + code * CODE
    return {
        "words": words,
        "formulas": formulas,
        "code": code,
        "minutes": max(5, 5 * round(minutes / 5)),
        "exercises": [
            difficulty(exercise) for exercise in document.findall(is_exercise_node)
        ],
    }


def _inside_solution(node):
    while node is not None and not is_solution_node(node):
        node = node.parent
    return node is not None


def _count_chapter(app, document):
    env = app.env
    if not hasattr(env, "chapter_facts"):
        env.chapter_facts = {}
    if not env.doc2path(env.docname).endswith(".ipynb"):
        return
    facts = env.chapter_facts[env.docname] = count(document)
    for box in document.findall(
        lambda node: (
            "reading-time" in getattr(node, "attributes", {}).get("classes", [])
        )
    ):
        if not isinstance(box[0], nodes.title):
            logger.warning(
                "`:class: reading-time` belongs to an {admonition} with a title",
                location=box,
            )
            continue
        box[0].children = []
        box[0] += nodes.Text(f"Reading time: about {facts['minutes']} minutes")


class ChapterTable(SphinxDirective):
    """The table of chapters; its content says what each builds on."""

    has_content = True

    def run(self):
        table = chapter_table()
        self.env.chapter_tables = getattr(self.env, "chapter_tables", set()) | {
            self.env.docname
        }
        self.set_source_info(table)
        for number, line in enumerate(self.content):
            page, colon, _ = line.partition(":")
            if not colon:
                logger.warning(f"not `path: what it builds on`: {line}", location=table)
                continue
            text, messages = self.state.inline_text(
                line[len(page) + 1 :].strip(), self.content_offset + number
            )
            # As a child its links are resolved with all others.
            table += nodes.paragraph("", "", *text, *messages, page=page.strip())
        return [table]


def _exercises(levels):
    """Return how many exercises there are, and how many of each difficulty."""
    parts = [nodes.Text(f"{len(levels)} exercise{'s' * (len(levels) != 1)}")]
    for level in sorted(set(filter(None, levels))):
        parts += [nodes.Text(f", {levels.count(level)}\u00a0"), nodes.raw("", mark(level), format="html")]
    return parts


def _fill_tables(app, document, page):
    facts = getattr(app.env, "chapter_facts", {})
    for place in list(document.findall(chapter_table)):
        builds_on = {paragraph["page"]: paragraph for paragraph in place.children}
        chapters = [name for name in _in_order(app.env) if name in facts]
        for name in sorted(set(builds_on) ^ set(chapters)):
            logger.warning(
                f"the table of chapters must say what each chapter builds on: {name}",
                location=place,
            )
        rows = [
            nodes.row(
                "", *map(_entry, ("Chapter", "Time", "Words", "Exercises", "Builds on"))
            )
        ]
        for name in chapters:
            title = app.env.titles[name].astext()
            link = make_refnode(app.builder, page, name, None, nodes.Text(title))
            fact = facts[name]
            before = builds_on[name].children if name in builds_on else []
            cells = [
                [link],
                f"{fact['minutes']} min",
                f"{fact['words']} words",
                _exercises(fact["exercises"]),
                before,
            ]
            rows.append(nodes.row("", *map(_entry, cells)))
        columns = [nodes.colspec(colwidth=width) for width in (30, 10, 12, 22, 26)]
        group = nodes.tgroup(
            "",
            *columns,
            nodes.thead("", rows[0]),
            nodes.tbody("", *rows[1:]),
            cols=len(columns),
        )
        place.parent.replace(
            place,
            nodes.container(
                "", nodes.table("", group), classes=["cards", "chapter-table"]
            ),
        )


def _entry(content):
    content = [nodes.Text(content)] if isinstance(content, str) else content
    return nodes.entry("", nodes.paragraph("", "", *content))


def _in_order(env):
    """Return the pages in the order of the contents."""
    found, waiting = [], [env.config.root_doc]
    while waiting:
        page = waiting.pop(0)
        if page not in found:
            found.append(page)
            waiting = env.toctree_includes.get(page, []) + waiting
    return found


def _forget(app, env, page):
    getattr(env, "chapter_facts", {}).pop(page, None)
    getattr(env, "chapter_tables", set()).discard(page)


def _merge(app, env, pages, other):
    env.chapter_facts = {
        **getattr(env, "chapter_facts", {}),
        **getattr(other, "chapter_facts", {}),
    }
    env.chapter_tables = getattr(env, "chapter_tables", set()) | getattr(
        other, "chapter_tables", set()
    )


def _write_tables_again(app, env):
    """Whatever was read, the tables of all chapters may have changed."""
    return sorted(getattr(env, "chapter_tables", ()))


def setup(app):
    app.add_node(chapter_table)
    app.add_directive("chapter-table", ChapterTable)
    app.connect("doctree-read", _count_chapter, priority=900)
    app.connect("env-purge-doc", _forget)
    app.connect("env-merge-info", _merge)
    app.connect("env-updated", _write_tables_again)
    app.connect("doctree-resolved", _fill_tables)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

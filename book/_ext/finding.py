"""Sphinx extension: Sphinx's own search, taught numbers and passages.

A number with a decimal point or a stroke is one word, and so is the number of an equation, (4), however it is typed: eq. (4), eq 4,
equation 4. The index for that is Sphinx's. For the excerpts, a script beside it holds the text of all pages, cut into passages (sections,
figures, theorems, exercises, solutions, functions), with formulas in plain signs: so they need no second look at the pages, which a
browser would refuse from disk. ``search-page.js`` shows them, ``found.js`` finds the place on the page.
"""

import json
import re
from pathlib import Path

from docutils import nodes
from pylatexenc.latex2text import LatexNodes2Text
from selftest import question
from sphinx import addnodes
from sphinx.search import SearchEnglish

_EQUATION = r"((?:A\.)?\d+(?:\.\d+)?)"
# One pattern for both languages; %s is a letter, a digit or an underscore.
_WORD = rf"(?:eqs?\.?|equations?)\s*\(?{_EQUATION}\)?(?!%s)|\({_EQUATION}\)|\d+[./]\d+|%s+"
_WORDS = re.compile(_WORD.replace("%s", r"\w"), re.IGNORECASE)
_SPLIT_QUERY = """
var splitQuery = (query) =>
  [...query.matchAll(/%s/giu)].map(([word, typed, written]) => (typed ?? written ? `(${typed ?? written})` : word));
""" % _WORD.replace("%s", r"[\p{L}\p{N}_]").replace("/", r"\/")


class English(SearchEnglish):
    """English, with numbers."""

    js_splitter_code = _SPLIT_QUERY

    def split(self, text):
        """Return the words of `text`."""
        return [f"({m[1] or m[2]})" if m[1] or m[2] else m[0] for m in _WORDS.finditer(text)]


_TEX = LatexNodes2Text(math_mode="text", keep_comments=False)
_FRACTION = re.compile(r"\\[td]?frac\s*(\d)\s*(\d)")


def plain_formula(tex):
    """Return the formula `tex` in plain signs, on one line."""
    tex = _FRACTION.sub(r"\\frac{\1}{\2}", re.sub(r"\\[td]frac", r"\\frac", tex))
    return re.sub(r"\s+", " ", _TEX.latex_to_text(re.sub(r"\\operatorname\{(\w+)\}|&", r"\1", tex))).strip()


_PASSAGE = (nodes.section, nodes.figure, nodes.Admonition, question)
_BLOCK = (nodes.TextElement, nodes.Structural, nodes.Body, nodes.Part)


def passages(doctree):
    """Return the passages of a page: where each begins (an id), the title that it stands under, and its text."""
    found = []

    def begin(at, title):
        found.append([at, title, []])

    def walk(node, title):
        # Code that is folded draws or checks; what a reader looks for stands around it. A section's title is told apart.
        if isinstance(node, nodes.comment | addnodes.index) or "fold-code" in getattr(node, "attributes", {}).get(
            "classes", ()
        ):
            return
        if isinstance(node, nodes.title) and isinstance(node.parent, nodes.section):
            return
        block = isinstance(node, _BLOCK) and not isinstance(node, nodes.Inline)
        if block:
            found[-1][2].append(" ")
        if isinstance(node, nodes.Text):
            found[-1][2].append(str(node))
        elif isinstance(node, nodes.math | nodes.math_block):
            found[-1][2].append(plain_formula(node.astext()))
        elif isinstance(node, nodes.raw):
            text = re.sub(r"<(style|script|noscript).*?</\1>", " ", node.astext(), flags=re.DOTALL)
            found[-1][2].append(re.sub(r"<[^>]*>", " ", text))
        else:
            headed = isinstance(node, nodes.section) and isinstance(node.children[0], nodes.title)
            if headed:
                title = node.children[0].astext()
            elif isinstance(node, nodes.section):
                # The inside of a theorem.
                node = nodes.container("", *(child.deepcopy() for child in node.children))
            mark = node.children[0] if isinstance(node, addnodes.desc) else node
            here = found[-1][:2]
            if isinstance(node, (*_PASSAGE, addnodes.desc)) and mark.get("ids"):
                begin(mark["ids"][0], title)
            for child in node.children:
                walk(child, title)
            if found[-1][:2] != here and not headed:
                begin(*here)
            if block:
                found[-1][2].append(" ")

    begin("", "")
    walk(doctree, "")
    return [[at, title, text] for at, title, parts in found if (text := re.sub(r"\s+", " ", "".join(parts)).strip())]


def _take(app, page, template, context, doctree):
    if page == "search":
        app.add_js_file("search-texts.js")
        app.add_js_file("search-page.js")
    if doctree is not None:
        if not hasattr(app.env, "search_texts"):
            app.env.search_texts = {}
        app.env.search_texts[page] = passages(doctree)


def _write(app, error):
    if error is None and app.builder.format == "html":
        texts = {page: text for page, text in app.env.search_texts.items() if page in app.env.found_docs}
        script = f"const SEARCH_TEXTS = {json.dumps(texts, ensure_ascii=False, separators=(',', ':'))};\n"
        Path(app.outdir, "_static", "search-texts.js").write_text(script, encoding="utf-8")


def setup(app):
    app.add_search_language(English)
    app.connect("html-page-context", _take)
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": False}

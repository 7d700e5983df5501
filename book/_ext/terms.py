"""Sphinx extension: terms of the glossary and symbols of the notation page, where the chapters speak of them.

The first mention of a term or symbol on a page becomes a link to its entry. The glossary leads back to the chapter that explains the
term: the first in the book's order that sets it in bold or italics, else the first that uses it. That place, theorems that have a
name, and a few more named concepts stand in the general index.
"""

import re

from docutils import nodes
from paper import cut, is_prose
from sphinx.util.nodes import make_refnode

GLOSSARY, NOTATION = "book/reference/glossary", "book/reference/notation"
# Where the word alone would find something else, or the chapters say it in another way.
WORDING = {
    "Bath": r"(?:heat )?baths?",
    "Box": r"box(?:es)?(?! like)",
    "Degenerate": r"degenerate",
    "Exclusion process": r"exclusion process|SSEP",
    "Itô and Stratonovich": r"Itô|Stratonovich",
    "Mode": r"(?:two|slow|fast|relaxing) modes?",
    "Share": r"shares of the three bonds|share of each bond|bond shares?|its share",
    "Source": r"sources?(?= (?:compares|do|vanishes))",
    "Transmission": r"transmission",
}
# Where the rule below would find a passing mention.
HOME = {
    "Linear A model": "book/paper/linear_a",
    "Relaxation time": "book/paper/steady_state",
    "Share": "book/paper/linear_a",
    "Steady state": "book/paper/steady_state",
    "Weak contact": "book/intro",
    "convexity of the noise": "book/paper/linear_a",
}
# Letters that mean different things in different places: a link would lead to the wrong one.
LOCAL = set("adkpqSxG")
# In the general index only.
CONCEPTS = {
    "convexity of the noise": r"convex(?:ity)?",
    "cumulant": r"cumulants?",
    "Euler–Maruyama method": r"Euler[–-]Maruyama method",
    "Fourier's law": r"Fourier['’]s law",
    "gauge transformation": r"gauge transform(?:ation)?",
    "Green–Kubo formula": r"Green[–-]Kubo formula",
    "heat kernel": r"heat kernel",
    "Kipnis–Marchioro–Presutti model": r"Kipnis, Marchioro and Presutti|pool their energies",
    "master equation": r"master equation",
    "negative heat capacity": r"negative heat capacity",
    "radiation": r"radiation",
    "units": r"temperature in units of energy|kelvin",
    "white noise": r"white noise",
}


def _pattern(name):
    words = (
        CONCEPTS.get(name) or WORDING.get(name) or re.escape(name).replace(r"\-", "-").replace("–", "[–-]") + "(?:e?s)?"
    )
    return re.compile(rf"(?<![\w-])(?:{words})(?![\w-])", re.IGNORECASE)


def _chapters(env):
    """Return the pages of the book that tell, in its order."""
    root = env.config.root_doc
    return [page for page in (root, *env.toctree_includes[root]) if not page.startswith("book/reference/")]


def _terms(env):
    """Return the terms of the glossary, each with its id."""
    return {
        name: at
        for _, name, kind, page, at, _ in env.get_domain("std").get_objects()
        if kind == "term" and page == GLOSSARY
    }


def _emphasised(text):
    return isinstance(text.parent, nodes.strong | nodes.emphasis)


def _tells(node):
    """Return whether `node` is prose of the chapter itself: a question may have a term first, but explains none."""
    asked = node.parent
    while asked is not None and not asked.get("no_terms"):
        asked = asked.parent
    return asked is None and is_prose(node)


def _mentions(doctree, names):
    """Return for each of `names` that the prose of `doctree` has: the text node, the match, and whether it is emphasised.

    It is the first mention that is emphasised, else the first. Longer names come first, and no two matches overlap.
    """
    prose = [text for text in doctree.findall(nodes.Text) if _tells(text)]
    taken, found = {}, {}
    for name in sorted(names, key=len, reverse=True):
        matches = [
            (text, match, _emphasised(text))
            for text in prose
            for match in _pattern(name).finditer(str(text))
            if not any(match.start() < end and start < match.end() for start, end in taken.get(id(text), ()))
        ]
        if matches:
            best = next((one for one in matches if one[2]), matches[0])
            taken.setdefault(id(best[0]), []).append(best[1].span())
            found[name] = best
    return found


def _at(name):
    return "said-" + re.sub(r"\W+", "-", name.lower()).strip("-")


def _place(app, env, *changes):
    """Find where each term is explained, and put those places into the general index."""
    index, old = env.get_domain("index").entries, getattr(env, "book_index", {})
    for page, entries in old.items():
        index[page] = [entry for entry in index.get(page, []) if entry not in entries]
    names, places, new = {*_terms(env), *CONCEPTS}, {}, {}
    for page in _chapters(env):
        doctree = env.get_doctree(page)
        for name, (_, _, emphasised) in _mentions(doctree, names).items():
            places.setdefault(name, []).append((not emphasised, page))
        for node in doctree.findall(nodes.Admonition):
            if node.get("realtype") in ("theorem", "lemma", "corollary") and node.get("title"):
                title = re.sub(r"^\((.*)\)$", r"\1", node["title"].strip())
                new.setdefault(page, []).append(
                    ("single", f"{node['realtype']}; {title}", node["ids"][0], "main", None)
                )
    env.book_places = {}
    for name, found in places.items():
        page = HOME.get(name) or min(found, key=lambda place: place[0])[1]
        # A chapter that has the term in its title alone is meant as a whole.
        at = _at(name) if page in [there for _, there in found] else ""
        env.book_places[name] = page, at
        new.setdefault(page, []).append(("single", name, at, "main", None))
    for page, entries in new.items():
        index.setdefault(page, []).extend(entries)
    env.book_index = new


def _keys(cell):
    """Return patterns for the symbols that the first cell of a row of the notation shows."""
    for math in cell.findall(nodes.math):
        for part in re.split(r",\\? |\\dots", math.astext()):
            tex = re.sub(r"\\,|\s", "", part.split(" = ")[0].split("=")[0])
            if tex and tex not in LOCAL:
                yield (
                    re.escape(tex)
                    .replace("_i", r"_\d")
                    .replace(r"_\{ij\}", r"_\{\d\d\}")
                    .replace("_b", "_(?:b|\\{\\d\\d\\})")
                )


def _mark_symbols(app, doctree):
    if app.env.docname != NOTATION:
        return
    rows, app.env.book_symbols = {}, {}
    for row in doctree.findall(nodes.row):
        if not isinstance(row.parent, nodes.tbody):
            continue
        for key in _keys(row.children[0]):
            at = f"symbol-{len(rows)}"
            rows[at] = row
            row["ids"].append(at)
            app.env.book_symbols.setdefault(key, []).append(at)
    # A letter with two meanings: a preview of one shows the other too.
    for same in app.env.book_symbols.values():
        for at in same:
            rows[at]["also"] = [other for other in same if rows[other] is not rows[at]]


def _link(app, doctree, page):
    env = app.env
    if page == GLOSSARY:
        _lead_back(app, doctree)
    if page not in _chapters(env):
        return
    terms = _terms(env)
    mentions = _mentions(doctree, {*terms, *CONCEPTS})
    texts = {}
    for name, (text, match, _) in mentions.items():
        texts.setdefault(id(text), (text, {}))[1][match.start()] = (name, match)
    for text, here in texts.values():

        def made(match, here=here):
            name, _ = here[match.start()]
            words = nodes.inline("", match[0], classes=["term"] if name in terms else [])
            words = make_refnode(app.builder, page, GLOSSARY, terms[name], words) if name in terms else words
            words["ids"].append(_at(name))
            return words

        cut(text, [here[start][1] for start in sorted(here)], made)
    seen = set()
    for math in list(doctree.findall(nodes.math)):
        key = next((key for key in env.book_symbols if re.fullmatch(key, re.sub(r"\\,|\s", "", math.astext()))), None)
        if key and math.astext() not in seen and _tells(math):
            seen.add(math.astext())
            words = nodes.inline("", "", math.deepcopy(), classes=["symbol"])
            link = make_refnode(app.builder, page, NOTATION, env.book_symbols[key][0], words)
            math.parent.replace(math, link)


def _lead_back(app, doctree):
    for term in doctree.findall(nodes.term):
        if term.astext() not in app.env.book_places:
            continue
        page, at = app.env.book_places[term.astext()]
        title = nodes.inline("", app.env.titles[page].astext())
        link = make_refnode(app.builder, GLOSSARY, page, at or None, title)
        term.parent.next_node(nodes.definition).append(
            nodes.paragraph("", "", nodes.Text("Explained in: "), link, classes=["explained"])
        )


def setup(app):
    app.connect("doctree-read", _mark_symbols)
    app.connect("env-updated", _place)
    app.connect("doctree-resolved", _link, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

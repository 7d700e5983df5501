"""Sphinx extension: pages carry no more than they show, and text comes before scripts.

The theme loads a script and fonts with thousands of icons (1.7 MB) for the two dozen that it shows. Here its own fonts are cut down
to the icons that the built pages, scripts and style sheets name, and stand inside the style sheet: so they also work when a page is
opened from disk, where some browsers load no fonts from other folders. An icon that the fonts do not have is a warning.

Scripts and the state of the widgets move from the head of a page to its end.
"""

import base64
import logging as python_logging
import re
from io import BytesIO
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont
from sphinx.util import logging

logger = logging.getLogger(__name__)

FONTS = {
    "Font Awesome 6 Free": "fa-solid-900.ttf",
    "Font Awesome 6 Brands": "fa-brands-400.ttf",
}
# The licence of the fonts keeps their name for the whole ones.
RENAMED = {
    "Font Awesome 6 Free": "Book icons",
    "Font Awesome 6 Brands": "Book brand icons",
}
SIZES = re.compile(
    r"fa-(?:solid|brands|regular|lg|sm|xs|xl|2xs|2xl|fw|ul|li|spin|inverse|\d+x)$"
)
RULE = re.compile(r'((?:\.fa-[\w-]+:before,?)+)\{content:"\\([0-9a-f]+) ?"\}')
FACE = re.compile(r"@font-face\{[^}]*Font Awesome[^}]*\}")
PRIVATE = re.compile("[\ue000-\uf8ff]")
HEAD_SCRIPT = re.compile(
    r"[ \t]*<script(?![^>]*data-cfasync)[^>]*>.*?</script>\n?", re.DOTALL
)


def icons_named_in(text):
    """Return the names of the icons that a page or a script asks for."""
    return {
        name for name in re.findall(r"\bfa-[a-z0-9-]+", text) if not SIZES.match(name)
    }


def cut_font(path, wanted, family):
    """Return the font at `path` with the code points `wanted` alone, as bytes of WOFF."""
    font = TTFont(path)
    options = subset.Options(
        flavor="woff", name_IDs=["*"], layout_features=[], notdef_outline=True
    )
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=wanted)
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in (1, 3, 4, 6, 16):
            record.string = family.replace(" ", "") if record.nameID == 6 else family
    font.flavor = "woff"
    data = BytesIO()
    font.save(data)
    return data.getvalue()


def cut_icons(static, pages):
    """Cut the icon fonts in the folder `static` down to what `pages` and all scripts and style sheets of the folder show."""
    sheet = static / "styles" / "pydata-sphinx-theme.css"
    css = sheet.read_text(encoding="utf-8")
    fonts = static / "vendor" / "fontawesome" / "webfonts"
    if not fonts.is_dir():  # already done, and the theme was not copied again
        return
    for drawing in (static / "scripts").glob("fontawesome.js*"):
        drawing.unlink()
    codes = {
        name: int(code, 16)
        for names, code in RULE.findall(css)
        for name in re.findall(r"fa-[\w-]+", names)
    }

    named = set().union(*map(icons_named_in, pages))
    for script in static.rglob("*.js"):
        named |= icons_named_in(script.read_text(encoding="utf-8"))
    for name in sorted(named - set(codes)):
        logger.warning(f"no icon is called {name}")
    css = RULE.sub(
        lambda rule: rule[0] if named & set(re.findall(r"fa-[\w-]+", rule[1])) else "",
        css,
    )
    wanted = {codes[name] for name in named & set(codes)}
    for other in static.rglob("*.css"):
        text = css if other == sheet else other.read_text(encoding="utf-8")
        wanted |= {
            int(code, 16) for code in re.findall(r'"\\([ef][0-9a-f]{3}) ?"', text)
        }
        wanted |= set(map(ord, PRIVATE.findall(text)))

    faces, missing = [], set(wanted)
    for family, file in FONTS.items():
        held = wanted & set(TTFont(fonts / file).getBestCmap())
        missing -= held
        data = base64.b64encode(cut_font(fonts / file, held, RENAMED[family])).decode()
        weight = 900 if "solid" in file else 400
        faces.append(
            f'@font-face{{font-family:"{RENAMED[family]}";font-style:normal;font-weight:{weight};font-display:block;'
            f'src:url("data:font/woff;base64,{data}") format("woff")}}'
        )
    for code in sorted(missing):
        logger.warning(f"the icon fonts have no glyph {code:x}")

    css = "".join(faces) + FACE.sub("", css)
    for family, name in RENAMED.items():
        css = css.replace(f'"{family}"', f'"{name}"').replace(
            family.replace(" 6", r"\ 6"), f'"{name}"'
        )
    sheet.write_text(css, encoding="utf-8")
    for leftover in fonts.iterdir():
        leftover.unlink()
    fonts.rmdir()
    fonts.parent.rmdir()


def text_first(page):
    """Return the HTML `page` with its scripts at the end, in their order, and without the one that draws icons."""
    head, divider, body = page.partition("</head>")
    head = re.sub(r"[ \t]*<!-- So that users can add custom icons -->\n", "", head)
    head = re.sub(r"[ \t]*<script[^>]*fontawesome\.js[^>]*></script>\n?", "", head)
    scripts = HEAD_SCRIPT.findall(head)
    before, end, after = body.rpartition("</body>")
    if not end:
        return page
    return HEAD_SCRIPT.sub("", head) + divider + before + "".join(scripts) + end + after


def _finish(app, problem):
    if problem or app.builder.name != "html":
        return
    site = Path(app.outdir)
    pages = {}
    for file in site.rglob("*.html"):
        if "_static" not in file.parts:
            pages[file] = file.read_text(encoding="utf-8")
    for file, text in pages.items():
        if (first := text_first(text)) != text:
            file.write_text(first, encoding="utf-8")
    cut_icons(site / "_static", pages.values())


def setup(app):
    # It tells every table that it cuts.
    python_logging.getLogger("fontTools").setLevel(python_logging.WARNING)
    app.connect("build-finished", _finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

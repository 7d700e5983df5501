"""Sphinx extension: what a docstring of `twobox` writes in single backticks, on the pages of the API reference.

In a docstring `Chain` is a thing of the package and `rate` an argument of the function at hand. The first becomes a link, by
whatever name a reader can import it; the second is set as code; anything else is a warning, so that a misspelt name fails the
build.
"""

import importlib
import inspect
import pkgutil
import re
import types

from docutils import nodes
from numpydoc.xref import DEFAULT_LINKS
from sphinx import addnodes

import twobox


def _rooms():
    for found in pkgutil.walk_packages(twobox.__path__, "twobox."):
        if "._" not in found.name:
            yield importlib.import_module(found.name)


def _name_types(app, config):
    """Types in a docstring's lists link to the classes of the package; the rest are words (there is no network to link to)."""
    ours = {
        name: f"{thing.__module__}.{name}"
        for room in _rooms()
        for name, thing in vars(room).items()
        if inspect.isclass(thing)
        and thing.__module__.startswith("twobox.")
        and not name.startswith("_")
    }
    config.numpydoc_xref_aliases = {**{word: word for word in DEFAULT_LINKS}, **ours}
    config.numpydoc_xref_ignore = "all"


_SIGN = re.compile(
    r"(?P<kept>^(?P<indent> *)\.\. math::.*(?:\n(?:(?P=indent) +\S.*| *$))*|^ *(?:>>>|\.\.\. ).*|``.*?``|`[^`]*`)"
    r"|\||\*(?=[\w.]+[,)])",
    re.MULTILINE,
)


def _mean_signs(app, what, name, thing, options, lines):
    """Outside of formulas and code, a bar is an absolute value and a star before a name in a list is that of Python."""
    lines[:] = _SIGN.sub(
        lambda found: found["kept"] or "\\" + found[0], "\n".join(lines)
    ).split("\n")


def _follow(start, path):
    """Return what the dotted `path` leads to from `start`, and its full name; None if it leads nowhere."""
    here, name = start, getattr(start, "__name__", "")
    for step in path.split("."):
        if not hasattr(here, step):
            return None
        here = getattr(here, step)
        if isinstance(here, types.ModuleType):
            name = here.__name__
        elif inspect.isclass(here) or inspect.isfunction(here):
            name = f"{here.__module__}.{here.__qualname__}"
        else:
            name = f"{name}.{step}"
    return name


def _around(node, kind):
    while node is not None:
        if isinstance(node, addnodes.desc) and kind in (None, node["objtype"]):
            yield node[0]
        node = node.parent


def _arguments(node):
    """Return the names of the arguments that the docstring around `node` explains."""
    arguments = (
        found
        for head in _around(node, None)
        for found in head.findall(addnodes.desc_parameter)
    )
    return {re.match(r"\**(\w*)", argument.astext())[1] for argument in arguments}


def _said_by_the_room(node):
    """Return the names that the room of the docstring around `node` has but does not describe apart: a reader finds them there."""
    room = (
        importlib.import_module(node["py:module"]) if node.get("py:module") else twobox
    )
    owners = [
        getattr(importlib.import_module(head["module"]), head["fullname"])
        for head in _around(node, "class")
    ]
    names = {*vars(room), *(name for owner in owners for name in dir(owner))}
    names.update(
        name
        for owner in owners
        for name in vars(importlib.import_module(owner.__module__))
    )
    if not any(_around(node, None)):
        # The room as a whole speaks of the arguments that its functions have in common.
        functions = (
            thing for thing in vars(room).values() if inspect.isfunction(thing)
        )
        names.update(
            name
            for function in functions
            for name in inspect.signature(function).parameters
        )
    return names


def _resolve(app, env, node, contnode):
    if node.get("refdomain") != "py":
        return None
    target, objects = node["reftarget"], env.get_domain("py").objects
    if target in _arguments(node):
        return contnode
    starts = [twobox]
    if node.get("py:module"):
        here = importlib.import_module(node["py:module"])
        starts = [
            getattr(here, node["py:class"], here) if node.get("py:class") else here,
            here,
            twobox,
        ]
    names = [_follow(start, target.removeprefix("twobox.")) for start in starts]
    names = [name for name in names if name in objects]
    alike = [name for name in objects if name.endswith(f".{target}")]
    if names or len(alike) == 1:
        return _link(app, node, contnode, objects[(names or alike)[0]])
    return contnode if target in _said_by_the_room(node) else None


def _link(app, node, contnode, found):
    link = nodes.reference("", "", contnode, internal=True)
    page = app.builder.get_relative_uri(node.get("refdoc", ""), found.docname)
    link["refuri"] = f"{page}#{found.node_id}"
    return link


def _plain_signature(app, what, name, thing, options, signature, returned):
    """Defaults are shown as a reader would write them, not as Python prints them."""
    if hasattr(thing, "class_traits"):
        return "(**traits)", returned
    if signature:
        signature = re.sub(
            r"IntensiveVariable\(name='(\w+)'.*?closed=\w+\)",
            lambda m: m[1].upper(),
            signature,
        )
    return signature, returned


_LINES = re.compile(r'<dl>\s*(<dd><em class="sig-param">.*?</dd>)\s*</dl>', re.DOTALL)


def _mend_signatures(app, page, template, context, doctree):
    """Sphinx calls the arguments of a long signature a list of descriptions of nothing, which confuses screen readers."""
    if "body" in context:
        context["body"] = _LINES.sub(
            lambda found: re.sub(
                "<(/?)dd>",
                lambda m: "</span>" if m[1] else '<span class="sig-line">',
                found[1],
            ),
            context["body"],
        )


def setup(app):
    app.connect("config-inited", _name_types, priority=100)
    app.connect("autodoc-process-docstring", _mean_signs, priority=100)
    app.connect("autodoc-process-signature", _plain_signature)
    app.connect("missing-reference", _resolve)
    app.connect("html-page-context", _mend_signatures)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

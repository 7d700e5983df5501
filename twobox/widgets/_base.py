"""What all widgets of the book share."""

import base64
import io
import re
from pathlib import Path
from typing import Any

import anywidget
import matplotlib.pyplot as plt
import numpy as np
import traitlets

from twobox import _checks
from twobox.figures import COLOURS, style
from twobox.widgets import _file


class BookWidget(anywidget.AnyWidget):
    """A widget that lives in Jupyter and, unchanged, in a static page.

    A subclass sets ``_esm = front_end("its_name")``, declares its traits, and gives `describe` (the picture in words) and
    `draw_still` (the picture for print). The view data carry the still picture, so that a page without JavaScript shows it.

    Raises
    ------
    TypeError
        For a keyword that is not a trait.
    traitlets.TraitError
        For a value that a trait does not take, at once and by name.
    """

    _css = _file.text("style.css")
    colours = traitlets.Dict(COLOURS, read_only=True).tag(sync=True)

    def __init__(self, **values):
        # HasTraits lets a misspelt keyword pass, and the widget would show its default.
        if unknown := set(values) - set(self.trait_names()):
            own = (
                name
                for name, trait in self.traits(sync=True).items()
                if trait.this_class.__module__.startswith("twobox")
            )
            takes = (name for name in own if not (name.startswith("_") or self.traits()[name].read_only))
            raise TypeError(f"{type(self).__name__} has no {min(unknown)!r}; it takes {', '.join(sorted(takes))}")
        super().__init__(**values)

    def describe(self):
        """Return in words what the widget shows now."""
        raise NotImplementedError

    def draw_still(self):
        """Draw and return the still picture, a matplotlib figure."""
        raise NotImplementedError

    def save(self, path, *, title=None, description=None):
        """Write one file, a page of its own that shows the widget as it is now: for slides, a learning system, a lecture without a network.

        Parameters
        ----------
        path : str or path
            Where to write it, such as ``"rod.html"``. A file that is there is written over.
        title, description : str
            A heading, and a text below it (default: the widget's name, and what it shows, in words).

        Raises
        ------
        ValueError
            If `path` does not end with ``.html``.
        """
        path = Path(path)
        if path.suffix != ".html":
            raise ValueError(f"path must end with .html, got {str(path)!r}")
        name = re.sub("(?<=[a-z])(?=[A-Z])", " ", type(self).__name__).capitalize()
        page = _file.one_file(self, self._still(), title=title or name, description=description or self.describe())
        path.write_text(page, encoding="utf-8")

    def _still(self):
        """Return the still picture as PNG, in base64."""
        with style():
            figure = self.draw_still()
            buffer = io.BytesIO()
            figure.savefig(buffer, format="png", dpi=80, metadata={"Software": None})
            plt.close(figure)
        return base64.b64encode(buffer.getvalue()).decode()

    def __repr__(self):
        return f"{type(self).__name__}: {self.describe()}"

    def _repr_mimebundle_(self, **options):
        data, metadata = super()._repr_mimebundle_(**options)
        still = self._still()
        view = data["application/vnd.jupyter.widget-view+json"]
        view["still"], view["description"] = still, self.describe()
        return {**data, "text/plain": repr(self), "image/png": still}, metadata


def front_end(name):
    """Return the JavaScript module of a widget: the shared helpers and its own file."""
    return _file.text("common.js") + _file.text(f"{name}.js")


class Numbers(traitlets.Tuple):
    """Trait: as many floats as the default has. A tuple, so that no single one is changed behind the validator's back."""

    # The page sends an array, which arrives as a list.
    _cast_types: Any = (list, np.ndarray)

    def __init__(self, *default):
        super().__init__(*(traitlets.Float() for _ in default), default_value=default)


def in_range(name, value, **limits):
    """Return `value` as a float or a tuple of floats inside the limits of `_checks.real`, or raise a TraitError that names it."""
    try:
        number = _checks.real(name, value, **limits)
    except ValueError as error:
        raise traitlets.TraitError(str(error)) from None
    return tuple(number.tolist()) if number.ndim else float(number)


def checked(*names, **limits):
    """Return a validator for the traits `names`: floats inside the limits of `_checks.real`."""

    @traitlets.validate(*names)
    def validate(self, proposal):
        return in_range(proposal.trait.name, proposal.value, **limits)

    return validate


def by_hand(*names, **limits):
    """Return a validator like `checked`, for traits that count only when ``system`` is "by hand" and are refused otherwise."""

    @traitlets.validate(*names)
    def validate(self, proposal):
        if self.system != "by hand":
            raise traitlets.TraitError(f"{proposal.trait.name} is set when system is 'by hand', not {self.system!r}")
        return in_range(proposal.trait.name, proposal.value, **limits)

    return validate

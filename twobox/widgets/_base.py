"""What all widgets of the book share."""

import base64
import io
from pathlib import Path

import anywidget
import matplotlib.pyplot as plt
import traitlets

from twobox import _checks
from twobox.figures import COLOURS, use_style

_HERE = Path(__file__).parent


class BookWidget(anywidget.AnyWidget):
    """A widget that lives in Jupyter and, unchanged, in a static page.

    A subclass sets ``_esm = front_end("its_name")``, declares its traits, and gives `describe` (the picture in words) and
    `draw_still` (the picture for print). The view data carry the still picture, so that a page without JavaScript shows it.
    """

    _css = (_HERE / "style.css").read_text(encoding="utf-8")
    colours = traitlets.Dict(COLOURS).tag(sync=True)

    def describe(self):
        """Return in words what the widget shows now."""
        raise NotImplementedError

    def draw_still(self):
        """Draw and return the still picture, a matplotlib figure."""
        raise NotImplementedError

    def __repr__(self):
        return f"{type(self).__name__}: {self.describe()}"

    def _repr_mimebundle_(self, **options):
        data, metadata = super()._repr_mimebundle_(**options)
        with plt.rc_context():
            use_style()
            figure = self.draw_still()
            buffer = io.BytesIO()
            figure.savefig(buffer, format="png", dpi=80, metadata={"Software": None})
            plt.close(figure)
        still = base64.b64encode(buffer.getvalue()).decode()
        view = data["application/vnd.jupyter.widget-view+json"]
        view["still"], view["description"] = still, self.describe()
        return {**data, "text/plain": repr(self), "image/png": still}, metadata


def front_end(name):
    """Return the JavaScript module of a widget: the shared helpers and its own file."""
    return (_HERE / "common.js").read_text(encoding="utf-8") + (_HERE / f"{name}.js").read_text(encoding="utf-8")


def checked(*names, **limits):
    """Return a validator for the traits `names`: floats inside the limits of `_checks.real`, or a TraitError that says so."""

    @traitlets.validate(*names)
    def validate(self, proposal):
        try:
            return _checks.real(proposal.trait.name, proposal.value, **limits).tolist()
        except ValueError as error:
            raise traitlets.TraitError(str(error)) from None

    return validate

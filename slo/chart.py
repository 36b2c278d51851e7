"""One look for all pictures, and how they are saved."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

from slo.errors import SloError

GOOD, BAD, WARN, INK, QUIET = "#3b8ea5", "#d1495b", "#edae49", "#2b2d42", "#8d99ae"
COLOURS = ("#d1495b", "#edae49", "#3b8ea5", "#30638e", "#6a4c93", "#588157", "#8d99ae")
DPI = 120
SUFFIXES = (".png", ".svg")
_STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "svg.hashsalt": "slo",
}


@contextmanager
def style() -> Iterator[None]:
    """The look, for as long as something is drawn."""
    with mpl.rc_context(_STYLE):
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a PNG or an SVG, by the name's end; a SloError for another, or where it cannot be written."""
    if path.suffix not in SUFFIXES:
        raise SloError(f"{path}: expected a picture's name that ends in {' or '.join(SUFFIXES)}")
    try:
        with style():
            figure.savefig(path, dpi=DPI, metadata={"Date": None} if path.suffix == ".svg" else None)
    except OSError as error:
        raise SloError(f"{path}: {error.strerror}; expected a picture that can be written") from error


def svg(figure: Figure) -> str:
    """The picture as an SVG element for an HTML page."""
    text = io.StringIO()
    with style():
        figure.savefig(text, format="svg", metadata={"Date": None})
    document = text.getvalue()
    return document[document.index("<svg") :]

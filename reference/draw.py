"""Pictures of training runs as SVG text, from plain sequences of numbers; the same numbers give the same bytes.

Lines and letters take the colour of the page's text: one picture for light pages and dark ones. Without matplotlib
(`pip install '.[pictures]'`) these functions raise ImportError, which the command line says in one sentence.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray

INK, PAPER = "#1f2328", "#ffffff"  # what a light page has
DARK_INK, DARK_PAPER = "#e6edf3", "#0d1117"  # and a dark one
#: Seen on both papers: at least three times as bright as one, and as dark as the other (WCAG 2.1, 1.4.11).
COLOURS = ("#0b7fc4", "#d1600a", "#0f8f5f", "#b5569b", "#8a7a00", "#7a6fd0")
MARKS = "osD^vX"
STYLE = (
    f"<style>svg{{color:{INK};background:{PAPER}}}"
    f"@media(prefers-color-scheme:dark){{svg{{color:{DARK_INK};background:{DARK_PAPER}}}}}</style>"
)
SETTINGS = {
    "svg.hashsalt": "tensorflow-reference",  # else every picture has ids of its own
    "svg.fonttype": "none",
    "text.parse_math": False,  # a dollar in a name is a dollar
    "font.family": "sans-serif",
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.2,
    "legend.frameon": False,
    **dict.fromkeys(
        ("text.color", "axes.edgecolor", "axes.labelcolor", "xtick.color", "ytick.color", "grid.color"), INK
    ),
}
MOST_POINTS = 600  # of a cloud; more are no clearer


class Line(NamedTuple):
    """A named sequence of points; `dots` draws marks alone, as for the lines that a log prints."""

    name: str
    x: Sequence[float]
    y: Sequence[float]
    dots: bool = False


def losses(lines: Sequence[Line], title: str, unit: str = "step") -> str:
    """Loss curves over the steps, the loss on a logarithmic axis; what is not finite or not positive is left out."""
    with drawing(title) as (figure, axes):
        for k, line in enumerate(lines):
            x, y = cleaned(line, positive=True)
            axes.plot(x, y, **looks(k, line), label=line.name)
        axes.set(yscale="log", xlabel=unit, ylabel="loss")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.legend()
        return written(figure)


def paths(
    loss: Callable[[Array, Array], Array],
    lines: Sequence[Line],
    title: str,
    names: tuple[str, str] = ("w", "b"),
    minimum: tuple[float, float] | None = None,
) -> str:
    """Paths in the plane of two parameters over the contours of the loss, which takes arrays of both."""
    with drawing(title) as (figure, axes):
        points = [cleaned(line) for line in lines]
        ends = [np.concatenate(part) for part in zip(*points, strict=True)]
        if minimum is not None:
            ends = [np.append(part, value) for part, value in zip(ends, minimum, strict=True)]
        contours(axes, loss, *map(window, ends))
        for k, (line, (x, y)) in enumerate(zip(lines, points, strict=True)):
            axes.plot(x, y, **looks(k, line._replace(dots=False)), label=line.name, marker=".", markersize=4)
            start = {"marker": "o", "markersize": 8, "fillstyle": "none", "linestyle": ""}
            axes.plot(x[:1], y[:1], color=INK, **start, label=None if k else "start")
        if minimum is not None:
            axes.plot(*minimum, color=INK, marker="+", markersize=12, linestyle="", label="minimum")
        axes.set(xlabel=names[0], ylabel=names[1])
        axes.legend()
        return written(figure)


def cloud(
    pairs: Array,
    mean: tuple[float, float],
    covariance: Array,
    marked: Mapping[str, tuple[float, float]],
    title: str,
    names: tuple[str, str] = ("W", "B"),
) -> str:
    """Ends of random runs, an array (count, 2), with ellipses of 1, 2 and 3 standard deviations and marked pairs."""
    with drawing(title) as (figure, axes):
        axes.plot(*np.asarray(pairs)[:MOST_POINTS].T, ".", color=COLOURS[0], alpha=0.4, label="runs")
        turn = np.linspace(0, 2 * np.pi, 181)
        ring = np.linalg.cholesky(covariance) @ np.stack([np.cos(turn), np.sin(turn)])
        for size in (1, 2, 3):
            label = "1, 2, 3 standard deviations" if size == 1 else None
            axes.plot(*(np.array(mean)[:, None] + size * ring), color=INK, linewidth=0.8, label=label)
        for k, (name, pair) in enumerate(marked.items(), 1):
            axes.plot(*pair, color=COLOURS[k % len(COLOURS)], marker=MARKS[k % len(MARKS)], linestyle="", label=name)
        axes.set(xlabel=names[0], ylabel=names[1])
        axes.legend()
        return written(figure)


# -- parts -----------------------------------------------------------------------------------------------------


@contextmanager
def drawing(title: str) -> Iterator[tuple[Any, Any]]:
    """An empty figure with one pair of axes, and the settings under which it has to be drawn and written."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(SETTINGS):
        figure = Figure(figsize=(7.2, 4.5), layout="constrained")
        axes = figure.add_subplot()
        axes.set_title(title)
        yield figure, axes


def looks(k: int, line: Line) -> dict[str, Any]:
    """How the k-th line is drawn: by colour, and its dots by their form too."""
    colour = COLOURS[k % len(COLOURS)]
    if line.dots:
        return {"color": colour, "linestyle": "", "marker": MARKS[k % len(MARKS)], "markersize": 5, "fillstyle": "none"}
    return {"color": colour, "linewidth": 1.6}


def cleaned(line: Line, positive: bool = False) -> tuple[Array, Array]:
    """The points that can be drawn; ValueError where there is none."""
    x, y = np.asarray(line.x, dtype=float), np.asarray(line.y, dtype=float)
    if x.shape != y.shape or x.ndim != 1:
        raise ValueError(f"{line.name!r} has {x.size} numbers for one axis and {y.size} for the other")
    shown = np.isfinite(x) & np.isfinite(y) & ((y > 0) | (not positive))
    if not shown.any():
        raise ValueError(f"{line.name!r} has no point that can be drawn")
    return x[shown], y[shown]


def window(values: Array) -> tuple[float, float]:
    """The part of an axis that is drawn: all values, with a margin."""
    low, high = float(values.min()), float(values.max())
    margin = 0.12 * (high - low) or max(abs(low), 1.0) * 0.1
    return low - margin, high + margin


def contours(
    axes: Any, loss: Callable[[Array, Array], Array], across: tuple[float, float], up: tuple[float, float]
) -> None:
    """Lines of equal loss, at levels that are even on a logarithmic scale above the least loss in the window."""
    w, b = np.meshgrid(np.linspace(*across, 121), np.linspace(*up, 121))
    heights = np.asarray(loss(w, b), dtype=float)
    finite = heights[np.isfinite(heights)]
    least, most = float(finite.min()), float(finite.max())
    levels = least + (most - least) * np.logspace(-4, 0, 13)[:-1]
    if most > least:
        axes.contour(w, b, heights, levels=levels, colors=INK, linewidths=0.7, alpha=0.45)
    axes.set(xlim=across, ylim=up)


def written(figure: Any) -> str:
    """The figure as SVG: no date, no program's name, ink that follows the page."""
    text = io.StringIO()
    nothing = {"Date": None, "Creator": None, "Format": None, "Type": None}
    figure.savefig(text, format="svg", transparent=True, metadata=nothing)
    head, body = text.getvalue().replace(INK, "currentColor").split("<defs>", 1)
    return f"{head}{STYLE}\n <defs>{body}"

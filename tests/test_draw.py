"""Pictures: the same numbers give the same bytes, every line is there, and both papers show it."""

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest

from reference import draw
from reference.draw import Line, cloud, losses, paths

ROOT = Path(__file__).resolve().parents[1]
SVG = "{http://www.w3.org/2000/svg}"
FALLING = Line("descent", range(40), [2209 * 0.64**t for t in range(40)])
PRINTED = Line("printed", [0, 10, 20], [2209, 25.5, 0.29], dots=True)
TRAIL = Line("rate 0.1", [5 - 2 * (1 - 0.8**t) for t in range(30)], [10 - 8 * (1 - 0.8**t) for t in range(30)])
COVARIANCE = np.array([[0.0013, 0.00009], [0.00009, 0.001]])


def bowl(w: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A loss with its minimum 1 at (3, 2)."""
    return 1 + (w - 3) ** 2 + 0.5 * (w - 3) * (b - 2) + (b - 2) ** 2


def curves() -> str:
    return losses([FALLING, PRINTED], "(x − 50)² from 3")


def trails() -> str:
    return paths(bowl, [TRAIL, TRAIL._replace(name="again")], "Two paths", minimum=(3, 2))


def ends() -> str:
    pairs = np.random.default_rng(0).multivariate_normal([3, 2], COVARIANCE, 50)
    return cloud(pairs, (3.0, 2.0), COVARIANCE, {"document 003": (3.018173, 2.17251)}, "Ends")


PICTURES = {"curves": curves, "trails": trails, "ends": ends}


def words(picture: str) -> list[str]:
    """What is written in a picture."""
    return ["".join(node.itertext()).strip() for node in ET.fromstring(picture).iter(f"{SVG}text")]


def strokes(picture: str, colour: str) -> list[ET.Element]:
    """The paths that are drawn in a colour."""
    return [node for node in ET.fromstring(picture).iter(f"{SVG}path") if f"stroke: {colour}" in node.get("style", "")]


def test_the_same_numbers_give_the_same_bytes() -> None:
    """Another process draws the very same text, which names no date and no program."""
    code = (
        "import json; from tests.test_draw import PICTURES; print(json.dumps([draw() for draw in PICTURES.values()]))"
    )
    other = json.loads(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True).stdout)
    assert other == [draw() for draw in PICTURES.values()]
    assert not any(word in text for text in other for word in ("<metadata", "dc:date", "Matplotlib", "matplotlib.org"))


@pytest.mark.parametrize(
    "name, said",
    [
        ("curves", ["(x − 50)² from 3", "step", "loss", "descent", "printed"]),
        ("trails", ["Two paths", "w", "b", "rate 0.1", "again", "start", "minimum"]),
        ("ends", ["Ends", "W", "B", "runs", "document 003", "1, 2, 3 standard deviations"]),
    ],
)
def test_axes_and_lines_are_named(name: str, said: list[str]) -> None:
    """The title, both axes and every line of the legend are text, and nothing is left of another way of writing."""
    found = words(PICTURES[name]())
    assert set(said) <= set(found)
    assert not any("$" in word or "\\" in word for word in found)


def test_every_point_is_drawn() -> None:
    """A curve of 40 numbers is a path of 40 points; a log's printed lines are as many marks."""
    picture = curves()
    (line,) = [p for p in strokes(picture, draw.COLOURS[0]) if p.get("d", "").count("L") > 5]
    assert line.get("d", "").count("L") + line.get("d", "").count("M") == 40
    uses = [u for u in ET.fromstring(picture).iter(f"{SVG}use") if f"stroke: {draw.COLOURS[1]}" in u.get("style", "")]
    assert len(uses) == 3 + 1  # and one in the legend


def test_a_logarithmic_axis_has_plain_numbers() -> None:
    """Powers of ten are written as numbers that a reader knows."""
    assert {"1000", "0.001"} <= set(words(curves()))


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.1)."""
    parts = [int(colour[k : k + 2], 16) / 255 for k in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colour", draw.COLOURS)
def test_lines_are_seen_on_both_papers(colour: str) -> None:
    """Every colour has a contrast of 3 or more with a light page and with a dark one."""
    assert contrast(colour, draw.PAPER) >= 3 and contrast(colour, draw.DARK_PAPER) >= 3


@pytest.mark.parametrize("name", PICTURES)
def test_ink_follows_the_page(name: str) -> None:
    """Letters, axes and contours have no colour of their own, and the page's colours are said once for each paper."""
    picture = PICTURES[name]()
    head, body = picture.split("</style>", 1)
    assert draw.INK in head and draw.DARK_INK in head and "prefers-color-scheme:dark" in head
    assert draw.INK not in body and "currentColor" in body and "#000000" not in body and "#ffffff" not in body


def test_names_from_outside_are_text() -> None:
    """Mark-up and dollars in a name are letters."""
    name = "<script>alert('$x$')</script> & $\\frac"
    assert name in words(losses([FALLING._replace(name=name)], "$"))


def test_what_cannot_be_drawn_is_left_out_or_said() -> None:
    """A loss that overflows, or is zero at the end, ends its curve; a line without any point is a sentence."""
    picture = losses([Line("diverges", range(5), [1.0, 10.0, float("inf"), float("nan"), 0.0])], "")
    (line, *_) = strokes(picture, draw.COLOURS[0])
    assert line.get("d", "").count("L") == 1
    with pytest.raises(ValueError, match="'nothing' has no point that can be drawn"):
        losses([Line("nothing", [0, 1], [0.0, float("nan")])], "")
    with pytest.raises(ValueError, match="'odd' has 2 numbers for one axis and 3 for the other"):
        losses([Line("odd", [0, 1], [1.0, 2.0, 3.0])], "")


def test_a_path_that_stays_is_drawn() -> None:
    """A single point, and a loss that is the same everywhere, are a picture too."""
    picture = paths(lambda w, b: 0 * w, [Line("stays", [3.0], [2.0])], "Still")
    assert "stays" in words(picture)


def test_without_matplotlib_one_sentence(tmp_path: Path) -> None:
    """The module loads without it; drawing says which package is missing and how it comes."""
    (tmp_path / "matplotlib.py").write_text("raise ImportError('not here', name=__name__)\n")
    code = (
        "from types import SimpleNamespace\n"
        "from reference import __main__ as m, draw\n"
        "print(m.guarded(lambda _: len(draw.losses([draw.Line('a', [0], [1])], '')), SimpleNamespace()))"
    )
    env = {"PYTHONPATH": f"{tmp_path}:{ROOT}", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, env=env)
    assert done.stdout == "3\n" and done.stderr == (
        "The package matplotlib is missing or broken (not here): pip install '.[pictures]' brings it.\n"
    )

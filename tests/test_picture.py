"""`log draw`: what is drawn is what ran and what was printed, and what cannot be drawn is one sentence."""

import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from reference.__main__ import main
from reference.ask import Probe
from reference.golden import picture
from reference.golden.models import MODELS, held, quadratic
from reference.golden.running import told
from tests.logs import documented


def drawn(runner: Probe, name: str) -> dict[str, str]:
    """The pictures of a log, by what they show."""
    log = documented(name)
    answer = runner.ask({"id": name, "program": log.program, "setting": told(log)})
    return dict(picture.pictures(log, answer["steps"]))


def words(svg: str) -> str:
    """What is written in a picture."""
    return " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", svg))


@pytest.mark.parametrize(
    "name, pictures, said",
    [
        ("L3", ["loss", "path"], "this run printed"),
        ("L4", ["loss"], "this run as the listing says, exactly printed"),
        ("S2", ["loss"], "this run"),
        ("S1", [], ""),
    ],
)
def test_each_log_has_its_pictures(name: str, pictures: list[str], said: str, runner: Probe) -> None:
    """Curves where there are steps, a path where there are two parameters, the listing where it says otherwise."""
    found = drawn(runner, name)
    assert list(found) == pictures
    assert not pictures or said in words(found["loss"])


def test_the_random_run_is_drawn_among_others(runner: Probe) -> None:
    """Its end is beside the documented one and three hundred seeded ones."""
    found = drawn(runner, "S3")
    assert list(found) == ["loss", "path", "ends"] and "documented this run" in words(found["ends"])


def test_the_curve_is_what_ran(runner: Probe) -> None:
    """Every loss of every step, and every printed one at its own step."""
    log = documented("L2")
    answer = runner.ask({"id": "L2", "program": log.program, "setting": told(log)})
    here, printed = picture.lines(log, answer["steps"])
    assert list(here.x) == list(printed.x) == list(range(11))
    assert all(abs(a - b) <= 5.01e-7 for a, b in zip(here.y, printed.y, strict=True))
    assert printed.y[0] == 4749.362486 and printed.dots and not here.dots


def test_the_minimum_is_where_the_gradient_vanishes() -> None:
    """Solved in rationals: the exact gradient there is that of rounding two numbers to floats."""
    loss = quadratic(MODELS["univariate_numpy"], held(documented("L1")))
    found = picture.minimum(loss)
    assert found is not None
    w, b = found
    assert max(abs(float(g)) for g in loss.gradient([w, b])) < 1e-9
    assert min(abs(float(g)) for g in loss.gradient([w + 1e-3, b])) > 1e-2
    assert abs(picture.heights(loss)(w, b) - float(loss.value([w, b]))) < 1e-9


def test_a_loss_without_a_minimum_has_none() -> None:
    """Where all inputs are equal, a line of parameters is as good as another."""
    flat = quadratic(MODELS["univariate_numpy"], held(documented("L1"))._replace(rows=[[Fraction(2)]] * 16))
    assert picture.minimum(flat) is None


def test_files_are_put_in_place(tmp_path: Path, capsys: Any) -> None:
    """One line for each picture, with its path; nothing else is left in the folder."""
    assert main(["log", "draw", "L6", "--to", str(tmp_path)]) == 0
    assert capsys.readouterr().out.split() == [str(tmp_path / "L6-loss.svg")]
    assert [path.name for path in tmp_path.iterdir()] == ["L6-loss.svg"]


def test_what_cannot_be_drawn_is_said(tmp_path: Path, capsys: Any) -> None:
    """No such folder is a choice that cannot be met; a log without steps is nothing drawn."""
    assert main(["log", "draw", "L6", "--to", str(tmp_path / "none")]) == 2
    assert "There is no folder" in capsys.readouterr().err
    assert main(["log", "draw", "S1", "--to", str(tmp_path)]) == 5
    assert "Nothing to draw" in capsys.readouterr().err
    assert main(["log", "draw", "L6", "L6", "--to", str(tmp_path)]) == 2
    assert "Two logs are called L6" in capsys.readouterr().err

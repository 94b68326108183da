"""The worst points on record: TensorFlow does not move away from exact there, and what does is found."""

import math
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from reference import cache, ratchet, worst
from reference.__main__ import main
from reference.ask import Probe
from reference.catalogue import OPS
from reference.line import floats, places
from reference.points import inside, points, rounded
from reference.ratchet import Asked, Worst
from reference.trial import Trial
from reference.worst import Cell, certified, moved

TABLE = ratchet.read()
ROWS = sorted(TABLE.values(), key=lambda row: row.key)
EXP, SIN = TABLE["exp", "float32", 1], TABLE["sin", "float32", 1]
SAMPLE = ROWS[::29]


def away(row: Worst) -> int:
    """Three ULP, up in magnitude if the recorded answer is too large in magnitude, else down."""
    beyond = float(floats(places([row.got], row.dtype) + 1, row.dtype)[0])
    outwards = (certified(row, beyond) > certified(row, row.got)) == (row.got > 0)
    return 3 if outwards else -3


@pytest.fixture(scope="module")
def nudged() -> Iterator[Trial]:
    """A TensorFlow whose sin and exp have gradients that are less accurate."""
    with Probe(catalogue="tests.nudged", env={"NUDGED_BY": str(away(SIN))}) as probe:
        yield Trial(probe)


# -- the record -----------------------------------------------------------------------------------------------


def test_the_record_holds_what_can_be_asked() -> None:
    """Every cell is an elementwise row, a dtype and an order that exist, at floats of the dtype in the domain."""
    cells = set(worst.cells((), (), ()))
    assert ROWS and len(ROWS) == len(TABLE)
    for row in ROWS:
        assert row.key in cells, f"{row.key} is stale: python -m reference worst --write drops it"
        assert inside(OPS[row.op].domain, row.at) and len(row.at) == OPS[row.op].arity
        assert all(rounded(x, row.dtype) == x for x in (*row.at, row.got, row.cotangent, *row.tangents))
        assert 0 <= row.ulp < math.inf and row.cotangent != 1


def test_writing_what_was_read_changes_nothing(tmp_path: Path) -> None:
    """The file is sorted, has one cell per line, and holds every float exactly."""
    ratchet.written(reversed(ROWS), tmp_path / "worst.json")
    assert (tmp_path / "worst.json").read_bytes() == ratchet.TABLE.read_bytes()
    assert ratchet.read(tmp_path / "worst.json") == TABLE
    assert sum('"op":' in line for line in ratchet.TABLE.read_text("utf-8").splitlines()) == len(ROWS)


@pytest.mark.parametrize("tier", ["quick", "full"])
def test_recorded_points_are_asked_by_every_run(tier: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worst on record are among the deterministic points of their op and dtype, and move no other point."""
    for row in ROWS[::7]:
        with monkeypatch.context() as without:
            without.setattr(ratchet, "points_of", lambda op, dtype: [])
            others = list(zip(*points(OPS[row.op], row.dtype, tier), strict=True))
        asked = list(zip(*points(OPS[row.op], row.dtype, tier), strict=True))
        assert row.at in asked and repr(asked[: len(others) - 2]) == repr(others[:-2]), row.key


def test_the_document_shows_the_record() -> None:
    """The summary is what the table says; `python -m reference worst --write` renews it."""
    text = worst.DOCUMENT.read_text("utf-8")
    assert text.split(worst.MARKS[0])[1].split(worst.MARKS[1])[0].strip() == worst.summary(TABLE)


# -- the ratchet ----------------------------------------------------------------------------------------------


def test_tensorflow_has_not_moved_away_from_exact(trial: Trial) -> None:
    """At every recorded point the same TensorFlow on the same processor is as near to exact as it was."""
    by = ratchet.asked(trial.probe.hello)
    farther = [str(each) for each in moved(trial, ROWS) if each.farther and each.row.by == by]
    assert not farther, "\n".join(farther)


@pytest.mark.parametrize("row", SAMPLE, ids=lambda row: f"{row.op} {row.dtype} {row.order}")
def test_recorded_distances_are_certified(row: Worst) -> None:
    """The distance on record is that of the recorded answer from the enclosure of the exact value."""
    assert worst.six_digits(certified(row, row.got)) == row.ulp


def test_recorded_promises_are_kept(trial: Trial) -> None:
    """The verdict at a recorded point is `right`."""
    by = ratchet.asked(trial.probe.hello)
    for row in (row for row in SAMPLE if row.by == by):
        verdict = trial.verdicts(worst.question_of(row))[row.entry]
        assert verdict.status == "right" and worst.six_digits(verdict.outcomes[0].ulp) == row.ulp


def test_three_ulp_are_found(nudged: Trial) -> None:
    """An answer that a kernel moved by three ULP is farther off; another op's answer is not."""
    (found,) = moved(nudged, [SIN, TABLE["tanh", "float32", 1]])
    assert found.farther and found.row == SIN and found.ulp > SIN.ulp + 1
    assert str(found).startswith("sin float32 order 1 at ") and "--copies 32" in str(found)


def test_a_loss_that_every_contract_allows_is_found(nudged: Trial) -> None:
    """exp(x/4)^4 is the exact derivative and its number is right, but it is farther off than it was."""
    assert {found.status for found in nudged.verdicts(worst.question_of(EXP))[0].outcomes} == {"right"}
    found = list(moved(nudged, [row for row in ROWS if row.op == "exp" and row.dtype in ("float32", "float64")]))
    assert any(each.farther for each in found)


def silent(record: dict[str, Any]) -> Any:
    """A trial that gets this answer."""
    return SimpleNamespace(answer=lambda question: record)


@pytest.mark.parametrize("record", [{"raised": "No."}, {"crashed": "signal 6"}, {"values": [None]}])
def test_no_answer_is_farther_than_any(record: dict[str, Any]) -> None:
    """Where TensorFlow answered once and now raises, dies or says None, that is told."""
    (found,) = moved(silent(record), [EXP])
    assert found.farther and "no number" in str(found)


@pytest.mark.parametrize(
    "change, code, said",
    [
        ({}, 0, "1 recorded points asked again: 0 answers differ, 0 farther"),
        ({"got": EXP.got / 2, "ulp": 0.25}, 1, "1 answers differ, 1 farther"),
        ({"got": EXP.got / 2, "ulp": 2.0**30}, 0, "1 answers differ, 0 farther"),
        (
            {"got": EXP.got / 2, "ulp": 0.25, "by": Asked("1.0", ())},
            0,
            "the record is by TensorFlow 1.0 on a processor with nothing special",
        ),
    ],
    ids=["the same", "farther", "nearer", "another TensorFlow"],
)
def test_check_tells(
    change: dict[str, Any],
    code: int,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    probe: Probe,
    capsys: Any,
) -> None:
    """Farther on the same TensorFlow is a finding; nearer, or by another one, is told."""
    here = EXP._replace(by=ratchet.asked(probe.hello))
    now = worst.answered(Trial(probe), here)
    assert now is not None
    row = here._replace(got=now, ulp=worst.six_digits(certified(here, now)))._replace(**change)
    monkeypatch.setattr(ratchet, "TABLE", tmp_path / "worst.json")
    monkeypatch.setattr(worst, "Probe", lambda **_: nullcontext(probe))
    ratchet.written([row])
    assert main(["worst", "--check"]) == code and said in capsys.readouterr().out


def test_an_empty_record_is_nothing_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probe: Probe) -> None:
    """Green because nothing was asked is its own exit code."""
    monkeypatch.setattr(ratchet, "TABLE", tmp_path / "worst.json")
    monkeypatch.setattr(worst, "Probe", lambda **_: nullcontext(probe))
    assert main(["worst", "--check"]) == 5


# -- the search -----------------------------------------------------------------------------------------------


def landscape(peak: int, width: int) -> Callable[..., np.ndarray]:
    """Distances that grow by fits and starts towards one place of the line, and are next to nothing far from it."""

    def far(trial: Any, question: Any) -> np.ndarray:
        at = places(question.primals[0], question.dtype)
        return 100 / (1 + np.abs(at - peak) / width) + (at % 7) / 100

    return far


def climbed(monkeypatch: pytest.MonkeyPatch, **stands: Any) -> float:
    """How high a search comes on a made-up landscape, where 100 is the peak."""
    peak = int(places([1.234375], "float32")[0])
    monkeypatch.setattr(worst, "screened", landscape(peak, 1000))
    monkeypatch.setattr(worst, "kept", landscape(peak, 1000))
    for name, stand in stands.items():
        monkeypatch.setattr(worst, name, stand)
    found: list[float] = []
    monkeypatch.setattr(worst, "confirmed", lambda trial, cell, pool, whole=False: found.append(float(pool.ulp[0])))
    worst.search(None, Cell("exp", "float32", 1), 60.0)  # type: ignore[arg-type]
    return found[0]


def test_a_search_climbs(monkeypatch: pytest.MonkeyPatch) -> None:
    """From a coarse block it comes to a peak of a thousand floats among four thousand million."""
    assert climbed(monkeypatch) > 99


def test_a_search_that_stands_still_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the neighbours the peak is missed."""
    assert climbed(monkeypatch, neighbours=lambda pool, *_: pool.at) < 90


def test_a_search_is_the_same_twice(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the time decides where it stops: the first steps are the same on every machine."""
    monkeypatch.setattr(worst, "GENERATIONS", 4)
    cell = Cell("log", "float32", 1)
    once, again = worst.search(trial, cell, 60.0), worst.search(trial, cell, 60.0)
    assert once is not None and once == again and once.ulp > 0.9


def test_weak_points_do_not_count(trial: Trial) -> None:
    """Where the formula cancels the distance is larger, but nothing was promised."""
    question = Cell("tanh", "float32", 1).question(np.array([[3.0], [4.5], [8.0]]))
    far, promised = worst.screened(trial, question), worst.kept(trial, question)
    assert promised[0] == far[0] > 10 and list(promised[1:]) == [-1, -1]


def test_every_float_of_16_bits_is_asked(trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    """No float16 between the ends of the domain is farther off than the one recorded as the worst."""
    asked: list[np.ndarray] = []

    def far(trial: Any, question: Any) -> np.ndarray:
        asked.append(places(question.primals[0], question.dtype))
        return np.where(asked[-1] == 12345, 7.0, 1.0)

    monkeypatch.setattr(worst, "screened", far)
    monkeypatch.setattr(worst, "kept", far)
    monkeypatch.setattr(worst, "confirmed", lambda trial, cell, pool, whole: (pool.at[0, 0], pool.ulp[0], whole))
    assert worst.search(trial, Cell("sqrt", "float16", 1)) == (12345, 7.0, True)  # type: ignore[comparison-overlap]
    assert set(np.concatenate(asked)) == set(range(-1, 0x7C00))  # -0, and from 0 to the largest finite number


def test_a_search_leaves_nothing_on_disk(trial: Trial, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Points that are met once are not worth a file."""
    monkeypatch.setenv("REFERENCE_CACHE", str(tmp_path))
    monkeypatch.setattr(worst, "GENERATIONS", 2)
    assert worst.search(trial, Cell("neg", "float32", 1)) is not None
    assert not list(tmp_path.rglob("*")) and cache.keeping


def test_cells_on_record_are_passed_over() -> None:
    """An interrupted search goes on with what is missing: no record, another TensorFlow, or not yet every float."""
    cell, by = Cell(*EXP.key), EXP.by
    short = TABLE["exp", "float16", 1]
    assert worst.is_done(cell, EXP, by) and not worst.is_done(cell, None, by)
    assert not worst.is_done(cell, EXP, Asked("9.9", ()))
    assert not worst.is_done(Cell(*short.key), short._replace(whole=False), by)


def test_a_cell_without_a_right_answer_is_said() -> None:
    """Where TensorFlow raises at every point there is no worst one."""
    assert worst.line(Cell("softsign", "float32", 2), None) == "softsign float32 order 2: no answer is right"
    raising = SimpleNamespace(
        answer=lambda question: {"raised": "No."}, verdicts=lambda question: [], forget=lambda: None
    )
    assert worst.search(raising, Cell("softsign", "float32", 2)) is None  # type: ignore[arg-type]


def test_the_command_records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probe: Probe, capsys: Any) -> None:
    """What is found is written as it comes, and stale cells are dropped."""
    monkeypatch.setattr(ratchet, "TABLE", tmp_path / "worst.json")
    monkeypatch.setattr(worst, "DOCUMENT", tmp_path / "WORST.md")
    monkeypatch.setattr(worst, "Probe", lambda **_: nullcontext(probe))
    (tmp_path / "WORST.md").write_text("\n".join(["before", *worst.MARKS, "after"]))
    monkeypatch.setattr(worst, "searched", lambda chosen, seconds, jobs: ((cell, EXP) for cell in chosen))
    ratchet.written([EXP._replace(op="gone")])
    assert main(["worst", "--op", "exp", "--dtype", "float32", "--order", "1", "--write"]) == 0
    assert set(ratchet.read()) == {EXP.key} and " ULP at " in capsys.readouterr().out
    text = (tmp_path / "WORST.md").read_text()
    assert text.startswith("before") and text.endswith("after") and "| exp |" in text


@pytest.mark.deep
def test_a_worker_searches() -> None:
    """A worker has a process and a TensorFlow of its own."""
    cell = Cell("neg", "float32", 1)
    ((found, row),) = worst.searched([cell], 0.0, 1)
    assert found == cell and row is not None and row.ulp == 0


def test_an_interrupted_search_keeps_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probe: Probe, capsys: Any
) -> None:
    """The record and its summary hold what was found before, and the search goes on from there."""
    monkeypatch.setattr(ratchet, "TABLE", tmp_path / "worst.json")
    monkeypatch.setattr(worst, "DOCUMENT", tmp_path / "WORST.md")
    monkeypatch.setattr(worst, "Probe", lambda **_: nullcontext(probe))
    (tmp_path / "WORST.md").write_text("\n".join(worst.MARKS))
    left: list[Cell] = []

    def one(chosen: list[Cell], seconds: float, jobs: int) -> Iterator[tuple[Cell, Worst]]:
        left.extend(chosen)
        yield chosen[0], EXP._replace(order=chosen[0].order, by=ratchet.asked(probe.hello))
        raise KeyboardInterrupt

    monkeypatch.setattr(worst, "searched", one)
    words = ["worst", "--op", "exp", "--dtype", "float32", "--write"]
    assert main(words) == 130 and main(words) == 130
    assert [cell.order for cell in left] == [1, 2, 2] and len(ratchet.read()) == 2
    assert "| exp |" in (tmp_path / "WORST.md").read_text() and "Interrupted." in capsys.readouterr().err

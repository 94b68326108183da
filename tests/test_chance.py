"""The unseeded run of document 003: its pair, and the rerun's, among all runs; a pair that is no draw is refused."""

from pathlib import Path

import pytest

from reference.ask import Probe
from reference.choices import Unusable
from reference.golden import chance
from reference.golden.judged import DRAWN, UNLIKELY
from reference.golden.log import chosen
from reference.golden.running import Run, rerun
from reference.wire import pack
from tests.logs import changed, documented


@pytest.fixture(scope="module")
def again(runner: Probe) -> Run:
    """One rerun, which draws data of its own."""
    return rerun(runner, documented("S3"))


def test_the_documented_pair_is_a_plausible_draw(again: Run) -> None:
    """W and B stand, and the page's claim does not: B is where the mathematics says, and not at 2."""
    assert again.fine and again.counts == {DRAWN: 2} and not again.wrong
    documented_one, here = again.notes[1:]
    assert "W = 3.018173, B = 2.17251 is a plausible draw" in documented_one and here.startswith("Here: W = ")
    assert "But B is 5.5 standard deviations from 2" in documented_one


def test_the_run_is_the_programs_own() -> None:
    """Examples, steps and rate are read off the program and the log."""
    found = chance.run_of(documented("S3"))
    assert (found.examples, found.steps, found.rate, found.start) == (1000, 200, "0.01", (5, 10))


@pytest.mark.parametrize("old, new", [("2.17251", "2.00251"), ("3.018173", "3.218173")])
def test_a_pair_that_is_no_draw_is_refused(old: str, new: str, again: Run, tmp_path: Path) -> None:
    """Two that match the page's claim too well, or a wrong digit that counts."""
    (log,) = chosen(str(changed(tmp_path, "S3", (old, new))))
    records = [{"W": pack([3.0], "float32"), "B": pack([2.125], "float32")}]
    assert {v.because for v in chance.verdicts(log, records)} == {UNLIKELY}


def test_a_rerun_that_is_no_draw_is_refused() -> None:
    """A program that goes to 3 and 2 at once is not gradient descent from 5 and 10."""
    records = [{"W": pack([3.0], "float32"), "B": pack([1.875], "float32")}]
    found = list(chance.verdicts(documented("S3"), records))
    assert {v.because for v in found} == {UNLIKELY} and all("the rerun is no plausible draw" in v.words for v in found)


def test_a_run_that_diverges_is_refused(tmp_path: Path) -> None:
    """A deviation beyond the start's distance makes every pair plausible: one sentence with the log's name instead."""
    (log,) = chosen(str(changed(tmp_path, "S3", ("rate = 0.01", "rate = 1.0"))))
    with pytest.raises(Unusable, match=r"S3: At the rate 1\.0 the run diverges.* so that no pair can be judged\.$"):
        chance.documented(log)


def test_too_many_steps_are_refused(tmp_path: Path) -> None:
    """A sentence in place of NaN."""
    (log,) = chosen(str(changed(tmp_path, "S3", ("iterations = 200", "iterations = 2000"))))
    with pytest.raises(
        Unusable, match=r"S3: Where a random run ends is computed for 1 to 1000 steps, and not for 2000\.$"
    ):
        chance.documented(log)

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


LINES = "  '权重=3.018173...    偏差=2.17251...   与我们设定的3和2基本相符。',"
PATTERN = "  '权重={W}...    偏差={B}...   与我们设定的3和2基本相符。',"


def with_lines(folder: Path, pattern: str, lines: list[str]) -> Path:
    """S3 with other lines."""
    return changed(
        folder, "S3", (LINES, "\n".join(f"  {line!r}," for line in lines)), (f"[\n{PATTERN}\n]", repr(pattern))
    )


def test_every_printed_pair_is_placed_at_its_own_step(tmp_path: Path) -> None:
    """After one step W and B are near 4.96 and 9.84; the pair of the end is no draw of the first step."""
    good, bad = "step 0: W 4.96, B 9.84", "step 0: W 3.02, B 2.17"
    for line, fits in ((good, True), (bad, False)):
        (log,) = chosen(str(with_lines(tmp_path, "step {i}: W {W}, B {B}", [line, "step 199: W 3.018, B 2.172"])))
        records = [{"W": pack([w], "float32"), "B": pack([b], "float32")} for w, b in [(5, 10), (4.9609375, 9.84375)]]
        records += [{"W": pack([3.0], "float32"), "B": pack([2.125], "float32")}] * 199
        first = [v.because for v in chance.verdicts(log, records)][:2]
        assert first == [DRAWN if fits else UNLIKELY] * 2


@pytest.mark.parametrize(
    "pattern, line, why",
    [
        (
            "step {i}: loss {loss}, W {W}, B {B}",
            "step 199: loss 9.5, W 3.0, B 2.17",
            "W and B can be judged, and not loss",
        ),
        ("step {i}: W {W}, B {B}", "step 200: W 3.0, B 2.17", "only numbers behind one of the 200 steps"),
        ("W {W} and B {B}", "W None and B 2.17", "W and B can be judged, and not W"),
        ("step {i}: W {W}", "step 199: W 3.0", "W stands alone"),
    ],
)
def test_what_no_law_is_known_of_is_refused(pattern: str, line: str, why: str, tmp_path: Path) -> None:
    """A loss, a step beyond the last, None, and half a pair."""
    (log,) = chosen(str(with_lines(tmp_path, pattern, [line])))
    with pytest.raises(Unusable, match=why):
        chance.printed(log)


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

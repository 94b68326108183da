"""Every documented log comes out again from the installed TensorFlow, number by number, and no wrong one passes."""

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from reference.__main__ import main
from reference.ask import Probe
from reference.golden import running, versions
from reference.golden.judged import ACCEPTED, IMPOSSIBLE, ORDER, REFUSED, SAME, bounds, judged
from reference.golden.log import Log, chosen, names
from reference.golden.running import Run, rerun
from reference.golden.steps import KINDS
from tests.logs import changed, documented

EXACT = ("L1", "L2", "L4", "L5", "L6", "S1", "S2", "S4a", "S4b", "S4c", "S4d", "S4e", "S4f")


@pytest.fixture(scope="module")
def again(runner: Probe) -> Any:
    """Each log's rerun, once."""
    return cache(lambda name: rerun(runner, documented(name)))


@pytest.mark.parametrize("name", EXACT)
def test_a_log_comes_out_again_digit_for_digit(name: str, again: Any) -> None:
    """The same digits everywhere: in float64, and in the notebook's float32."""
    found: Run = again(name)
    assert found.fine and found.counts == {SAME: len(documented(name).numbers)}, found.counts


def test_the_tensorflow_log_comes_out_but_for_the_order_of_its_sums(again: Any) -> None:
    """L3: w and b digit for digit; where a loss is off, it is by few ULP, and an order of this step's sum gives it."""
    found: Run = again("L3")
    off = [v for v in found.verdicts if v.because != SAME]
    assert found.fine and {v.number.name for v in off} <= {"loss"} and {v.because for v in off} <= {ORDER}
    assert len(off) <= 11 and all(v.ulp is not None and 1 <= v.ulp <= 3 for v in off)


def test_the_minimum_before_and_after_the_last_update(again: Any) -> None:
    """The notebook's two values of y: before the last update by hand, after it by `minimize`; in the graph a third."""
    y = {n: next(v.here for v in again(n).verdicts if v.number.name == "y") for n in ("S4c", "S4d", "S4e")}
    assert {n: f"{value:.9g}" for n, value in y.items()} == {
        "S4c": "0.0183131695",
        "S4d": "0.0175879598",
        "S4e": "0.0175879002",
    }


@pytest.mark.parametrize("name", ["L1", "L2", "L3", "L4", "L5", "L6", "S4c"])
def test_every_step_is_inside_its_bounds(name: str, again: Any) -> None:
    """Gradients of the tape and of NumPy, updates and losses, each held to SymPy's at that step's own floats."""
    found: Run = again(name)
    assert {check.kind for check in found.checks} == set(KINDS) and not found.wrong
    assert max(check.share for check in found.checks) < 1


def test_every_log_is_run() -> None:
    """None is forgotten by `log run --all`."""
    assert {*EXACT, "L3", "S3"} == set(names()) == {log.name for log in running.wanted([], True)}


# -- planted faults -------------------------------------------------------------------------------------------------


def judged_again(again: Any, log: Log) -> list[Any]:
    """The verdicts on a changed log, with the records of the log it was made from."""
    return list(judged(log, again.records, bounds(log, log.effective)))


@pytest.mark.parametrize(
    "name, old, new, because",
    [
        ("L2", "89.157369", "89.157379", REFUSED),
        ("L3", "89.157379", "89.157378", IMPOSSIBLE),
        ("L3", "89.157379", "89.158371", REFUSED),
        ("L3", "w: 0.957988", "w: 0.957998", REFUSED),
        ("S4c", "0.0183131695", "0.0183331687", REFUSED),
        ("S4c", "0.0183131695", "0.0183331695", IMPOSSIBLE),
        ("S1", "tf.Tensor(42.0", "tf.Tensor(43.0", REFUSED),
        ("S4b", "numpy=2.0>, None", "numpy=2.0>, 2.0", "absent"),
    ],
)
def test_a_wrong_digit_is_refused(name: str, old: str, new: str, because: str, runner: Probe, tmp_path: Path) -> None:
    """No rounding explains it, or no float prints so; and only the numbers that were changed are refused."""
    (log,) = chosen(str(changed(tmp_path, name, (old, new))))
    found = rerun(runner, log)
    refused = [v for v in found.verdicts if not v.accepted]
    assert not found.fine and {v.because for v in refused} == {because}
    assert {v.number.text for v in refused} <= {new.split("(")[-1].split(": ")[-1].split(", ")[-1]}


def test_a_wrong_setting_is_refused(runner: Probe, tmp_path: Path) -> None:
    """Another rate, a loss taken at the other time and a gradient not divided by n give other numbers."""
    for old, new in (("0.0001", "0.0002"), ('"before"', '"after"'), ('"mean"', '"sum"')):
        (log,) = chosen(str(changed(tmp_path, "L2", (old, new))))
        found = rerun(runner, log)
        assert not found.fine and not found.wrong  # the program does what it is told; the log is not of that
        assert sum(not v.accepted for v in found.verdicts) >= 9


REASON = "the rerun itself is farther off than rounding can take it"
PLANTS = {
    "forgets_the_mean": "gradient dL_dw of step 0: it is 16 times the exact one, as if it forgot 1/n",
    "means_wrongly": "loss loss of step 0: it is not taken before the update",
}


@pytest.mark.parametrize(
    "plant",
    ["forgets_the_mean", pytest.param("means_wrongly", marks=pytest.mark.deep)],  # the other costs a process
)
def test_a_bent_tensorflow_is_told_by_name(plant: str) -> None:
    """A gradient that forgets 1/n, and a mean that is one in a hundred thousand too large."""
    with Probe(module="reference.programs", plant=f"tests.forgetful:{plant}") as probe:
        found = rerun(probe, documented("L3"))
    assert not found.fine and PLANTS[plant] in found.wrong
    assert sum(not v.accepted for v in found.verdicts) > 10
    assert {v.words for v in found.verdicts if not v.accepted} == {REASON}


class Failing:
    """Stands for a probe whose program fails."""

    hello = {"tensorflow": "9.9"}

    def __init__(self, answer: dict[str, str]) -> None:
        self.answer = answer

    def ask(self, _: Any) -> dict[str, str]:
        """The failure."""
        return self.answer


@pytest.mark.parametrize("answer", [{"raised": "ValueError: no mean today"}, {"crashed": "signal 11"}])
def test_a_program_that_fails_is_a_finding(answer: dict[str, str]) -> None:
    """An error, or a process that dies, is said and not accepted."""
    found = rerun(Failing(answer), documented("L3"))  # type: ignore[arg-type]
    assert not found.fine and found.problem in answer.values() and not found.verdicts
    assert running.closing(found) == f"L3: the program did not run: {found.problem}"


# -- the command ----------------------------------------------------------------------------------------------------


def test_the_command_says_why_each_number_is_accepted_or_not(tmp_path: Path, capsys: Any) -> None:
    """As JSON every number has its reason; exit code 1 for the file with a wrong digit."""
    path = changed(tmp_path, "L2", ("89.157369", "89.157379"))
    assert main(["log", "run", "L3", "S2", str(path), "--json"]) == 1
    first, second, third = json.loads(capsys.readouterr().out)
    assert (first["log"], second["log"]) == ("L3", "S2") and second["numbers"][0]["here"] == (-94.0).hex()
    assert len(first["numbers"]) == 33 and all(n["because"] in ACCEPTED for n in first["numbers"])
    assert first["steps"]["gradient"]["checks"] == 22 and first["steps"]["gradient"]["worst"] < 1
    assert first["accepted"] and not third["accepted"]
    (wrong,) = [n for n in third["numbers"] if not n["accepted"]]
    assert (wrong["line"], wrong["printed"], wrong["because"]) == (4, "89.157379", REFUSED)


def test_the_table_says_the_same(again: Any) -> None:
    """Printed, here, ULP, exact, digits that are true, and the reason."""
    console = Console(width=160)
    with console.capture() as drawn:
        running.draw(console, [again("L3"), again("S4b")])
    screen = " ".join(drawn.get().split())
    assert "loss at 1 89.861855" in screen and "89.861841479 6 of 8" in screen and "33 of 33" in screen
    assert "gradient 22 of 22 inside their bounds" in screen and "None, as printed" in screen


def test_without_a_tensorflow_there_is_a_sentence(tmp_path: Path, capsys: Any) -> None:
    """Exit code 3."""
    assert main(["log", "run", "L3", "--python", str(tmp_path / "python")]) == 3
    assert "The probe cannot be started" in capsys.readouterr().err


# -- other TensorFlows ----------------------------------------------------------------------------------------------


def test_the_table_of_versions_is_what_is_on_file() -> None:
    """LOGS.md is written from the files in tables/, and holds the versions that the documents printed."""
    assert versions.DOCUMENT.read_text("utf-8") == versions.document()
    assert list(versions.kept()) == ["1.15.0", "2.0.0", "2.3.0", "2.21.0"]


def test_all_versions_give_all_logs() -> None:
    """Under 1.15.0, 2.0.0, 2.3.0 and 2.21.0 every number is accepted: L3 in all of them with 30 and 3."""
    for version, found in versions.kept().items():
        assert set(found["logs"]) == {*EXACT, "L3"}, version
        assert not any(each["problem"] or each["wrong"] for each in found["logs"].values())
        counts = {name: each["counts"] for name, each in found["logs"].items()}
        assert counts.pop("L3") == {SAME: 30, ORDER: 3}
        assert all(set(each) == {SAME} for each in counts.values())


def test_what_differs_between_versions_is_named() -> None:
    """Adam's arithmetic changed, and sums of a thousand floats; the univariate log has the same bits in all four."""
    text = versions.document()
    assert "| adam | x | 50.002735" in text and "| eager_by_hand | dW |" in text
    same = text.rpartition("The same bits in all of them: ")[2]
    assert "univariate_tensorflow" in same and "adam" not in same


# -- what a file may leave out, and what its lines must be -----------------------------------------------------------


@pytest.mark.parametrize(
    "name, left_out",
    [
        ("L3", "iterations = 10\n"),
        ("L3", 'loss = "before"\n'),
        ("L1", 'loss = "after"\n'),
        ("L4", 'gradient = "sum"\n'),
    ],
)
def test_what_a_file_leaves_out_is_what_the_program_does(
    name: str, left_out: str, runner: Probe, tmp_path: Path
) -> None:
    """The judge and the program have the same defaults, and every number and step stands."""
    (log,) = chosen(str(changed(tmp_path, name, (left_out, ""))))
    found = rerun(runner, log)
    assert found.fine and all(verdict.accepted for verdict in found.verdicts)


@pytest.mark.parametrize(
    "old, new, why",
    [
        (
            "display = 50",
            "display = 7",
            "there is a line of step 50, and one step in 7 of 501 is printed, from 0 to 497",
        ),
        ("iterations = 500", "iterations = 1000", "the lines end at step 500, and one step in 50 of 1001 is printed"),
        ('  "i: 50, Loss:264.489194",\n', "", "there is a line of step 100"),
    ],
)
def test_lines_that_the_setting_does_not_print_are_told(
    old: str, new: str, why: str, runner: Probe, tmp_path: Path
) -> None:
    """Every printed step is there, in order, and no other."""
    (log,) = chosen(str(changed(tmp_path, "L5", (old, new))))
    found = rerun(runner, log)
    assert not found.fine and found.problem.startswith(why)
    assert any(why in line for line in running.steps(found))


def test_a_log_of_the_start_is_not_held_to_the_end(runner: Probe, tmp_path: Path) -> None:
    """Before the first step there is no envelope and no exact step; the number is the program's or refused."""
    for printed, fine in (("-0.013377", True), ("0.957985", False)):
        path = tmp_path / "start.toml"
        path.write_text(
            f'program = "univariate_numpy"\ndtype = "float64"\nseed = 612\nprints = "fixed"\nat = "start"\n'
            f'pattern = "w: {{w}}"\nlines = ["w: {printed}"]\n[listing]\nrate = 0.0001\niterations = 10\n',
            "utf-8",
        )
        (log,) = chosen(str(path))
        assert bounds(log, log.effective).exact == []
        found = rerun(runner, log)
        here = found.verdicts[0].here
        assert here is not None and (f"{here:.6f}" == printed) == found.fine == fine, here

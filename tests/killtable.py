"""What each planted fault is: killed by this suite? noticed by `tf.test.compute_gradient`? As tables.

python -m tests.killtable            print them
python -m tests.killtable --write    and put them between the marks in README.md and tests/README.md
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from reference.ask import Probe
from reference.judge import Verdict
from reference.modes import MODES
from reference.op import Op
from reference.outcome import FAILING
from reference.trial import Trial, questions
from tests.faults import BLIND, FAULTS, KINDS, Fault
from tests.planting import HONEST, OPS

ROOT = Path(__file__).resolve().parents[1]
SUMMARY, WHOLE = ROOT / "README.md", ROOT / "tests" / "README.md"
MARKS = ("<!-- kill-table -->", "<!-- /kill-table -->")
WORDS = ("noticed", "missed", "accuses both")  # of a fault; the last: of the honest function as well
KILLERS = ("shape", "formula", "value", "missing", "raised", "crashed")  # which question a fault fails first


# -- this suite ---------------------------------------------------------------------------------------------


class Court(NamedTuple):
    """Two TensorFlows on trial: one as it is, and one in whose registries faults are planted."""

    honest: Trial
    planted: Trial

    def verdicts(self, fault: Fault, row: Op | None = None) -> list[Verdict]:
        """The verdicts on a fault's row, or another, in the questions in which the fault has to show."""
        trial = self.planted if fault.planted and row is None else self.honest
        asked = questions(HONEST[fault.op], MODES[fault.asked_in], fault.dtype, fault.order, "quick")
        return [v for q in asked for v in trial.verdicts(q._replace(op=row or OPS[fault.name]))]


@contextmanager
def court() -> Iterator[Court]:
    """A court whose probes end with it."""
    with (
        Probe(catalogue="tests.planting") as honest,
        Probe(catalogue="tests.planting", plant="tests.planting:plant") as planted,
    ):
        yield Court(Trial(honest), Trial(planted))


def killed(verdicts: Iterable[Verdict]) -> str:
    """By which of the judge's questions a fault is found; empty where it is not."""
    failed = {o.question for v in verdicts for o in v.outcomes if o.status in FAILING}
    return next((question for question in KILLERS if question in failed), "")


# -- the tables ---------------------------------------------------------------------------------------------


class Result(NamedTuple):
    """What is said of one fault."""

    fault: Fault
    suite: str  # the question that found it; empty if none
    finite: str  # noticed, missed, or accuses both: the honest function as well


def finite_differences() -> dict[str, str]:
    """What `tf.test.compute_gradient` says of every fault, asked in a process of its own."""
    command = [sys.executable, "-m", "tests.finite_differences"]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def results() -> list[Result]:
    """Every fault, tried by both."""
    said = finite_differences()
    with court() as tried:
        faults = [*FAULTS.values(), *BLIND]
        return [Result(f, killed(tried.verdicts(f)), said[f.name]) for f in faults]


def rows(cells: Iterable[Iterable[object]]) -> str:
    """A table in Markdown; the first row is its head."""
    head, *body = [[str(cell) for cell in line] for line in cells]
    lines = [head, ["---"] * len(head), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def table(found: list[Result]) -> str:
    """The faults of the table by kind, with a total."""
    listed = [r for r in found if r.fault.name in FAULTS]
    said = ("noticed by `tf.test.compute_gradient`", "missed by it", "honest function accused too")
    head = ("planted fault", "faults", "killed by this suite", *said)
    parts = [(kind, [r for r in listed if r.fault.kind == kind]) for kind in KINDS]
    return rows([head, *(counted(*part) for part in parts), counted("**all**", listed)])


def counted(kind: str, found: list[Result]) -> tuple[object, ...]:
    """One line of the table by kind."""
    return (
        kind,
        len(found),
        sum(bool(r.suite) for r in found),
        *(sum(r.finite == w for r in found) for w in WORDS),
    )


def whole(found: list[Result]) -> str:
    """One line per fault, those that the suite is blind to included."""
    head = ("fault", "kind", "op", "dtype", "order", "mode", "planted in", "this suite", "`compute_gradient`")
    return rows([head, *(line(r) for r in found)])


def line(result: Result) -> tuple[object, ...]:
    """One line of the whole table."""
    fault = result.fault
    name = fault.name.replace("|", "\\|")
    where = (fault.op, fault.dtype, fault.order, fault.asked_in, fault.planted or "custom gradient")
    return name, fault.kind, *where, result.suite or "**survives**", result.finite


# -- where they stand ---------------------------------------------------------------------------------------


def standing(path: Path) -> str:
    """The table that stands between the marks of a file."""
    text = path.read_text("utf-8")
    if any(text.count(mark) != 1 for mark in MARKS):
        raise ValueError(f"{path.name} has no {MARKS[0]} … {MARKS[1]}")
    return text.partition(MARKS[0])[2].partition(MARKS[1])[0].strip()


def write(path: Path, block: str) -> None:
    """Put a table between the marks of a file."""
    standing(path)
    before, _, rest = path.read_text("utf-8").partition(MARKS[0])
    after = rest.partition(MARKS[1])[2]
    path.write_text(f"{before}{MARKS[0]}\n{block}\n{MARKS[1]}{after}", "utf-8")


def main(arguments: list[str]) -> int:
    """Try every fault and show the tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.killtable", description=__doc__)
    parser.add_argument("--write", action="store_true", help="put the tables into README.md and tests/README.md")
    wanted = parser.parse_args(arguments)
    found = results()
    for path, block in ((WHOLE, whole(found)), (SUMMARY, table(found))):
        print(block + "\n")
        if wanted.write:
            try:
                write(path, block)
            except (OSError, ValueError) as error:
                print(f"not written: {error}", file=sys.stderr)
    survivors = [r.fault.name for r in found if r.fault.name in FAULTS and not r.suite]
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`log run`: documented programs run again by the installed TensorFlow, each printed number beside its rerun."""

from __future__ import annotations

import argparse
import inspect
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from reference.ask import Probe
from reference.choices import Unusable, listed
from reference.golden import chance
from reference.golden.judged import ACCEPTED, Records, Verdict, bounds, is_random, judged, shown
from reference.golden.log import Log, chosen, names
from reference.golden.models import MODELS, check, is_training
from reference.golden.steps import KINDS, Check, checks
from reference.programs import PROGRAMS
from reference.show import page

PATIENCE = 120.0  # seconds that one program may take
FEW = 3  # logs that nobody waits for
SPARE = 10  # of a random run's steps, on a thousand examples each, one in so many is checked
SHOWN = 6  # wrong numbers of steps that are named


class Run(NamedTuple):
    """One log's rerun: its verdicts; or why there are none."""

    log: Log
    tensorflow: str
    verdicts: list[Verdict]
    checks: list[Check]
    problem: str = ""
    notes: Sequence[str] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many numbers stand or fall because of what."""
        return dict(Counter(verdict.because for verdict in self.verdicts))

    @property
    def fine(self) -> bool:
        """Whether every number is accepted, and every step is right."""
        return not self.problem and not self.wrong and all(verdict.accepted for verdict in self.verdicts)

    @property
    def wrong(self) -> list[str]:
        """What is wrong in the steps."""
        return [check.wrong for check in self.checks if check.wrong]


def run(options: argparse.Namespace) -> int:
    """Run the chosen logs again; 1 where a number is not accepted, 5 where none was judged."""
    logs = wanted(options.name, options.all)
    with Probe(python=options.python or sys.executable, module="reference.programs", timeout=PATIENCE) as probe:
        runs = [rerun(probe, log) for log in told_of(logs)]
    if options.json:
        print(json.dumps([record(each) for each in runs], indent=1, ensure_ascii=False))
    else:
        page(lambda console: draw(console, runs))
    if not all(each.fine for each in runs):
        return 1
    return 0 if any(each.verdicts for each in runs) else 5


def wanted(typed: Sequence[str], everything: bool) -> list[Log]:
    """The logs that are meant."""
    if bool(typed) == everything:
        raise Unusable("Name one log or more, or give --all: `python -m reference log list` shows them.")
    return [log for name in (names() if everything else typed) for log in chosen(name)]


def told_of(logs: Sequence[Log]) -> Iterator[Log]:
    """The logs, each with a line on stderr when its turn comes, where somebody waits."""
    for place, log in enumerate(logs, 1):
        if sys.stderr.isatty() or len(logs) > FEW:
            print(f"[{place}/{len(logs)}] {log.name}: {log.program}", file=sys.stderr, flush=True)
        yield log


def rerun(probe: Probe, log: Log) -> Run:
    """One program run again in the probe's process, and its numbers judged."""
    answer = probe.ask({"id": log.name, "program": log.program, "setting": told(log)})
    version = str(probe.hello["tensorflow"])
    problem = answer.get("raised") or answer.get("crashed")
    if problem:
        return Run(log, version, [], [], str(problem))
    records: Records = answer["steps"]
    if is_random(log):
        return drawn(log, version, records)
    verdicts = judged(log, records, bounds(log, log.effective))
    return Run(log, version, list(verdicts), list(checks(log, records)), misprinted(log, records))


def misprinted(log: Log, records: Records) -> str:
    """In what way the lines are not those that the setting prints; empty where they are."""
    lines = list(dict.fromkeys((n.line, n.step) for n in log.numbers if n.step is not None))
    if not lines or "display" not in log.effective:
        return ""
    due = list(range(0, len(records) - 1, log.effective["display"]))
    found = [step for _, step in lines]
    if found == due:
        return ""
    wrong = next((step for step, other in zip_longest(found, due) if step != other), None)
    where = f"there is a line of step {wrong}" if wrong is not None else f"the lines end at step {found[-1]}"
    return f"{where}, and one step in {log.effective['display']} of {len(records) - 1} is printed, from 0 to {due[-1]}"


def drawn(log: Log, version: str, records: Records) -> Run:
    """A random run: the pairs are placed among all such runs, and every step is checked on the data it drew."""
    found, here = chance.documented(log)[-1], chance.ended(log, records)[-1]
    notes = [f"One step in {SPARE} is checked.", found.sentence, f"Here: {here.sentence}"]
    return Run(log, version, list(chance.verdicts(log, records)), list(checks(log, records, SPARE)), notes=notes)


def told(log: Log) -> dict[str, Any]:
    """What the program is told; what it cannot be told must be what it does."""
    setting, model = log.setting(), MODELS.get(log.program)
    fixed = model.knobs if model is not None else {}
    for field, only in fixed.items():
        if setting.pop(field, only) != only:
            raise Unusable(f"{log.name}: {log.program} has {field} = {only!r} and cannot be told otherwise.")
    takes = list(inspect.signature(PROGRAMS[log.program]).parameters)[1:]
    for field in setting:
        if field not in takes:
            raise Unusable(f"{log.name}: {log.program} cannot be told {field!r}, but {listed(takes or ['nothing'])}.")
    if is_training(log) and {"rate", "iterations"} <= set(setting):
        check(log)
    return setting


# -- on the screen and as JSON -------------------------------------------------------------------------------------


def draw(console: Console, runs: Sequence[Run]) -> None:
    """One table for each log, and one line that counts."""
    for each in runs:
        console.print(heading(each), markup=False)
        if each.verdicts:
            console.print(table(each.verdicts))
        console.print(closing(each), markup=False, style="" if each.fine else "bold red")
        for line in steps(each):
            console.print(line, markup=False)
        console.print()


def heading(each: Run) -> str:
    """Which log of which document, and who ran it."""
    source = each.log.source
    printed = f", printed by TensorFlow {source.tensorflow}" if source.tensorflow else ""
    return f"{each.log.name}: {source.document or 'a log'}{printed}; here TensorFlow {each.tensorflow}"


def table(verdicts: Sequence[Verdict]) -> Table:
    """Number by number: printed, here, ULP, the mathematics, why it is accepted or not."""
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="cyan", pad_edge=False)
    with_exact = any(v.exact is not None for v in verdicts)
    columns = [
        "line",
        "number",
        "printed",
        "here",
        "ULP",
        *(["exact", "true"] if with_exact else []),
        "accepted because",
    ]
    for column in columns:
        made.add_column(column, justify="right" if column in ("line", "printed", "here", "ULP", "exact") else "left")
    for v in verdicts:
        digits = "" if v.digits is None else f"{v.digits[0]} of {v.digits[1]}"
        exact = [shown(v), digits] if with_exact else []
        style = "" if v.accepted else "bold red"
        words = v.words if v.accepted else f"refused: {v.words}"
        made.add_row(str(v.number.line), label(v), v.number.text, digit(v), ulps(v), *exact, words, style=style)
    return made


def label(v: Verdict) -> str:
    """What a number is called, with its step."""
    return v.number.name if v.number.step is None else f"{v.number.name} at {v.number.step}"


def digit(v: Verdict) -> str:
    """The rerun's number with three digits more than are printed."""
    if v.here is None:
        return "None"
    return repr(v.here) if v.number.behind is None else f"{v.here:.{len(v.number.text.partition('.')[2]) + 3}f}"


def ulps(v: Verdict) -> str:
    """The distance in ULP, if there is one."""
    return "—" if v.ulp is None else str(v.ulp)


def closing(each: Run) -> str:
    """How many numbers stand, because of what."""
    if each.problem and not each.verdicts:
        return f"{each.log.name}: the program did not run: {each.problem}"
    good = sum(v.accepted for v in each.verdicts)
    counts = ", ".join(f"{count} {because}" for because, count in each.counts.items())
    return f"{good} of {len(each.verdicts)} numbers accepted: {counts}"


def steps(each: Run) -> Iterator[str]:
    """How many numbers of the steps are inside their bounds, and what is wrong with the others."""
    for kind in KINDS:
        found = [check for check in each.checks if check.kind == kind]
        if found:
            good, worst = sum(not check.wrong for check in found), max(check.share for check in found)
            yield f"{kind:8} {good} of {len(found)} inside their bounds, at {worst:.3g} of a bound or less"
    if each.problem and each.verdicts:
        yield f"the lines are not the setting's: {each.problem}"
    yield from each.notes
    yield from each.wrong[:SHOWN]
    if len(each.wrong) > SHOWN:
        yield f"… and {len(each.wrong) - SHOWN} more"


def record(each: Run) -> dict[str, Any]:
    """The same for machines."""
    return {
        "log": each.log.name,
        "document": each.log.source.document,
        "tensorflow": each.tensorflow,
        "accepted": each.fine,
        "problem": each.problem,
        "counts": {key: each.counts.get(key, 0) for key in (*ACCEPTED, *sorted(set(each.counts) - set(ACCEPTED)))},
        "numbers": [number(v) for v in each.verdicts],
        "steps": {kind: bounded(each, kind) for kind in KINDS},
        "notes": list(each.notes),
        "wrong": each.wrong,
    }


def bounded(each: Run, kind: str) -> dict[str, Any]:
    """How many checks of a kind there were, and how far the worst is, as a share of its bound."""
    found = [check for check in each.checks if check.kind == kind]
    worst = max((check.share for check in found), default=math.inf)
    return {"checks": len(found), "worst": worst if math.isfinite(worst) else None}


def number(v: Verdict) -> dict[str, Any]:
    """One number as JSON."""
    return {
        "line": v.number.line,
        "name": v.number.name,
        "step": v.number.step,
        "printed": v.number.text,
        "here": None if v.here is None else v.here.hex(),
        "ulp": v.ulp,
        "exact": None if v.exact is None else v.exact.str(25, radius=False),
        "true_digits": v.digits,
        "accepted": v.accepted,
        "because": v.because,
        "words": v.words,
    }

"""The known defects as a table: how large the region of each is, and whether another TensorFlow still has it.

`limits` prints the rows of `reference.limits` by symptom; with `--write` they go into LIMITS.md. `limits --python
PATH` asks the TensorFlow of another interpreter for every counterexample; with `--write` its answers are kept in
`tables/` and become a column. With `--scripts` every counterexample is run as a plain program on its own.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from reference import alone, judge
from reference.ask import Probe
from reference.basis import basis
from reference.examples import can_show, kernel_errs, question_of
from reference.figures import in_ulp
from reference.judge import Verdict
from reference.limits import LIMITS, Limit, symptom
from reference.outcome import FAILING
from reference.question import Question
from reference.ratchet import Asked, asked
from reference.regions import PAIRS, Size, ops_of, size
from reference.replay import UnknownKernel
from reference.trial import Trial
from reference.verify import ONE_THREAD

TABLES = Path(__file__).with_name("tables")
DOCUMENT = Path(__file__).with_name("LIMITS.md")
HEAD = """# Known defects of TensorFlow 2.21

Written by `python -m reference limits --write`. A region's size is the number of float32 inputs in it (of pairs: the
share); “about” where the region is not of whole intervals. The last columns say what another TensorFlow answers to the
same counterexample: still there, in the kernel only, gone, differently, or cannot show.
"""
STILL, KERNEL, GONE, OTHERWISE, UNABLE = "still there", "in the kernel only", "gone", "differently", "cannot show"
WORDS = (STILL, KERNEL, GONE, OTHERWISE, UNABLE)
HEADINGS = {
    "digits": "A wrong value, or digits lost",
    "nan": "NaN",
    "infinite": "Infinite",
    "zero": "Zero",
    "none": "None",
    "raised": "Raised",
    "crashed": "Crashed",
}


class State(NamedTuple):
    """What another TensorFlow says to a limit's counterexample: one of five words, and how if differently."""

    now: str
    says: str


class Line(NamedTuple):
    """One limit in the table; `inputs` says how many floats, or pairs, of `counted` lie in its region."""

    limit: Limit
    counted: str
    sizes: dict[str, Size | None]  # by op
    states: dict[str, State]  # by TensorFlow's version


# -- another TensorFlow -----------------------------------------------------------------------------------------


def state(trial: Trial, limit: Limit) -> State:
    """Whether the TensorFlow on trial still has a defect."""
    if not can_show(trial, limit):
        return State(UNABLE, f"the processor has no {limit.needs}")
    question, unknown = question_of(limit), ""
    try:
        verdicts = trial.verdicts(question)
        kernel = kernel_errs(trial, limit, question)
    except UnknownKernel as error:
        verdicts, kernel, unknown = untraced(trial, question), False, f"held to the exact value alone: {error}"
    outcomes = [(v, k, found) for v in verdicts for k, found in enumerate(v.outcomes)]
    if any(found.limit == limit.name for _, _, found in outcomes):
        return State(STILL, unknown)
    failing = sorted({said(v, k) for v, k, found in outcomes if found.status in (*FAILING, "known")})
    if failing:
        return State(OTHERWISE, "; ".join([*failing, unknown] if unknown else failing))
    return State(KERNEL if kernel else GONE, unknown)


def untraced(trial: Trial, question: Question) -> list[Verdict]:
    """The verdicts on a counterexample without a trace, where that holds a kernel that no row knows."""
    return judge.judge(question, trial.answer(question), basis(question, None))


def said(verdict: Verdict, element: int) -> str:
    """How an outcome fails, in a few words."""
    found = verdict.outcomes[element]
    if found.limit:
        return f"as in “{found.limit}”"
    if found.status == "raised":
        return verdict.message
    shows = symptom(found.status, None if verdict.got is None else float(verdict.got[element]))
    return f"{shows}, {in_ulp(found.ulp)} ULP" if shows == "digits" else shows


def states(trial: Trial) -> Iterator[tuple[Limit, State]]:
    """Every limit's state, as the answers come."""
    for limit in LIMITS:
        yield limit, state(trial, limit)
        trial.forget()


def file_of(tensorflow: str) -> Path:
    """Where the states in a version of TensorFlow are kept."""
    return TABLES / f"limits-{tensorflow}.json"


def keep(by: Asked, found: dict[str, State]) -> Path:
    """Write the states in one step, one limit per line."""
    rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(each._asdict())}" for name, each in sorted(found.items()))
    head = json.dumps(by._asdict())
    TABLES.mkdir(exist_ok=True)
    handle, part = tempfile.mkstemp(dir=TABLES, suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f'{{\n"asked": {head},\n"limits": {{\n{rows}\n}}\n}}\n')
    os.chmod(part, 0o644)
    os.replace(part, file_of(by.tensorflow))
    return file_of(by.tensorflow)


def kept() -> dict[str, dict[str, State]]:
    """By version of TensorFlow, the states of all limits that were asked there."""
    found = {}
    for path in sorted(TABLES.glob("limits-*.json")):
        record = json.loads(path.read_text("utf-8"))
        found[record["asked"]["tensorflow"]] = {name: State(**each) for name, each in record["limits"].items()}
    return found


def stale(names: Iterable[str]) -> list[str]:
    """What is wrong with a file of states: limits that it lacks, and such as there are no more."""
    names, wanted = set(names), {limit.name for limit in LIMITS}
    lacks = [f"lacks {name!r}" for name in sorted(wanted - names)]
    return lacks + [f"has {name!r}, which is no limit" for name in sorted(names - wanted)]


# -- the table ----------------------------------------------------------------------------------------------------


def measured(limit: Limit) -> Line:
    """A limit with the size of its region in float32, or else in the first dtype that it speaks of."""
    dtype = "float32" if "float32" in limit.dtypes else limit.dtypes[0]
    sizes = {op.name: size(limit, op, dtype) for op in ops_of(limit)}
    return Line(
        limit, dtype, sizes, {version: each[limit.name] for version, each in kept().items() if limit.name in each}
    )


def inputs(line: Line) -> str:
    """How many inputs, in words; for several ops the fewest and the most."""
    known = [each for each in line.sizes.values() if each is not None]
    if not known:
        return "–"
    fewest, most = min(known, key=lambda s: s.share), max(known, key=lambda s: s.share)
    words = str(most) if str(fewest) == str(most) else f"{fewest} to {most}"
    percent = f" ({most.share:.1%} of all)" if most.of != PAIRS and most.share >= 0.0005 else ""
    return words + percent + ("" if line.counted == "float32" else f" in {line.counted}")


def by_symptom(lines: Iterable[Line]) -> dict[str, list[Line]]:
    """The lines under the symptom that each names first."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        first = next(iter(line.limit.symptoms))
        found.setdefault(HEADINGS.get(first, first), []).append(line)
    return {heading: found[heading] for heading in [*HEADINGS.values(), *found] if heading in found}


def table(lines: Iterable[Line]) -> str:
    """The limits as Markdown tables, one per symptom."""
    versions = sorted(kept())
    heads = ["limit", "ops", "dtypes", "orders", "symptoms", "float32 inputs", "modes", *versions]
    parts = []
    for heading, rows in by_symptom(lines).items():
        ruled = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
        parts.append("\n".join([f"### {heading}\n", *ruled, *(cells(row, versions) for row in rows)]))
    return "\n\n".join(parts)


def detailed(word: str, detail: str) -> str:
    """A symptom in words."""
    more = f"{detail} bits right" if word == "digits" else detail.replace(",", " or ")
    return f"{word} ({more})" if detail else word


def cells(line: Line, versions: Iterable[str]) -> str:
    """One limit as a row of the table."""
    limit = line.limit
    said = [
        limit.name,
        ", ".join(line.sizes),
        "all" if len(limit.dtypes) == 4 else ", ".join(limit.dtypes),
        ", ".join(map(str, limit.orders)),
        ", ".join(detailed(word, detail) for word, detail in limit.symptoms.items()),
        inputs(line),
        ", ".join(limit.modes) or "all",
        *(line.states[v].now if v in line.states else "not asked" for v in versions),
    ]
    return f"| {' | '.join(said)} |"


def record(line: Line) -> dict[str, Any]:
    """One limit as JSON."""
    plain = {name: getattr(line.limit, name) for name in ("name", "who", "symptom", "orders", "dtypes", "modes", "why")}
    sizes = {op: None if each is None else each._asdict() for op, each in line.sizes.items()}
    return {
        **plain,
        "counted": line.counted,
        "sizes": sizes,
        "states": {v: s._asdict() for v, s in line.states.items()},
    }


# -- the command ---------------------------------------------------------------------------------------------------


def run(options: argparse.Namespace) -> int:
    """`limits`: the table; with --python what another TensorFlow says; with --scripts what plain programs print."""
    if options.scripts:
        return scripts(options.python or sys.executable)
    if options.python:
        return elsewhere(options)
    lines = map(measured, LIMITS)
    if options.write:
        DOCUMENT.write_text(f"{HEAD}\n{table(lines)}\n", "utf-8")
        print(f"written: {DOCUMENT}")
        return 0
    if options.json:
        print(json.dumps([record(line) for line in lines], indent=1))
    else:
        print(table(lines))
    return 0


def elsewhere(options: argparse.Namespace) -> int:
    """Ask another interpreter's TensorFlow for every limit, and print each state as it comes."""
    found = {}
    tell = partial(print, flush=True, file=sys.stderr if options.json else sys.stdout)
    with Probe(python=options.python, env=ONE_THREAD) as probe:
        by = asked(probe.hello)
        for limit, each in states(Trial(probe)):
            found[limit.name] = each
            tell(f"{each.now:18} {limit.name}" + (f": {each.says}" if each.says else ""))
    if options.write:
        tell(f"kept in {keep(by, found)}")
    if options.json:
        print(json.dumps({"asked": by._asdict(), "limits": {name: each._asdict() for name, each in found.items()}}))
    counts = {word: sum(each.now == word for each in found.values()) for word in WORDS}
    tell(f"TensorFlow {by.tensorflow}: " + ", ".join(f"{n} {word}" for word, n in counts.items()))
    return 0


def scripts(python: str) -> int:
    """Run every counterexample's plain program on its own; a number that is not the one judged is a finding."""
    with Probe(python=python, env=ONE_THREAD) as probe:
        trial = Trial(probe)
        shown = [limit for limit in LIMITS if can_show(trial, limit)]
        prints = alone.printed([alone.program(limit) for limit in shown], python)
        off = [limit for limit, p in zip(shown, prints, strict=True) if not alone.agrees(p, alone.judged(trial, limit))]
        for limit in off:
            print(f"{limit.name}: {prints[shown.index(limit)]} instead of {alone.judged(trial, limit)}")
        print(f"{len(shown)} plain programs run alone by {probe.hello['tensorflow']}: {len(off)} print another number")
    return 1 if off else 0 if shown else 5

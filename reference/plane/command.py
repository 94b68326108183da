"""Ask the installed TensorFlow for derivatives at complex arguments: `python -m reference complex`.

Exit code 0: nothing wrong · 1: findings · 2: unusable choice · 3: no TensorFlow · 5: nothing was checked.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

from reference.ask import Probe
from reference.catalogue.complexes import COMPLEXES, TABLE
from reference.choices import settle
from reference.modes import MODES
from reference.outcome import FAILING
from reference.plane.judge import Verdict
from reference.plane.trial import Trial, cells, question_of


def chosen(options: argparse.Namespace) -> list[tuple[str, str, str, int]]:
    """The cells that were asked for; all of them by default."""
    wanted = (options.op, options.mode, options.dtype, options.order)
    return [cell for cell in cells() if all(not w or c in w for c, w in zip(cell, wanted, strict=True))]


def run(options: argparse.Namespace) -> int:
    """`complex`: ask, and print a line for each op and each thing that is wrong."""
    settle(options, TABLE, MODES, COMPLEXES)
    asked, started = chosen(options), time.monotonic()
    counts: dict[str, Counter[str]] = {}
    met: Counter[str] = Counter()
    with Probe() as probe:
        trial = Trial(probe)
        for name, mode, dtype, order in asked:
            for verdict in trial.verdicts(question_of(name, mode, dtype, order)):
                counts.setdefault(name, Counter()).update(verdict.counts)
                met.update(o.limit for o in verdict.outcomes if o.limit)
                for line in complaints(verdict):
                    print(line, flush=True)
    total = sum(counts.values(), Counter())
    for name, found in counts.items():
        print(f"{name:20}" + "  ".join(f"{n:,} {status}" for status, n in found.most_common()))
    for name, n in met.most_common():
        print(f"{n:9,} {name}")
    said = ", ".join(f"{n:,} {status}" for status, n in total.most_common())
    print(f"{sum(total.values()):,} complex numbers: {said or 'none'}; {time.monotonic() - started:.0f} s")
    return 5 if not total else int(any(total[status] for status in FAILING))


def complaints(verdict: Verdict) -> list[str]:
    """One line for each sort of failure of an entry, with its first point."""
    first: dict[tuple[str, str, str], list[int]] = {}
    for k, o in enumerate(verdict.outcomes):
        if o.status in FAILING:
            first.setdefault((o.status, o.question, o.kernel), []).append(k)
    question = verdict.question
    return [
        f"{question.op.name} {question.mode.name} {question.dtype} order {question.order} entry {verdict.entry}: "
        f"{len(places)} {' '.join(kind)} at {question.point(places[0])} weight {complex(question.cotangent[places[0]])}"
        f" got {None if verdict.got is None else verdict.got[places[0]]} {verdict.message}"
        f" exact {[side[verdict.entry].str(8, radius=False) for side in question.exact(places[0])]}"
        f" {verdict.outcomes[places[0]].ulp:.3g} ULP"
        for kind, places in first.items()
    ]

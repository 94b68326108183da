"""Ask the installed TensorFlow for derivatives at complex arguments: `python -m reference complex`.

Exit code 0: nothing wrong · 1: findings · 2: unusable choice · 3: no TensorFlow · 5: nothing was checked.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from reference.ask import Probe, ProbeUnavailable
from reference.catalogue.complexes import COMPLEXES, TABLE
from reference.modes import MODES
from reference.outcome import FAILING
from reference.plane.trial import Trial, cells, question_of


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m reference complex", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--op", action="append", choices=TABLE)
    parser.add_argument("--mode", action="append", choices=MODES)
    parser.add_argument("--dtype", action="append", choices=COMPLEXES)
    parser.add_argument("--order", action="append", type=int, choices=(1, 2))
    return parser.parse_args(arguments)


def chosen(given: argparse.Namespace) -> list[tuple[str, str, str, int]]:
    """The cells that were asked for; all of them by default."""
    wanted = (given.op, given.mode, given.dtype, given.order)
    return [cell for cell in cells() if all(w is None or c in w for c, w in zip(cell, wanted, strict=True))]


def main(arguments: list[str]) -> int:
    """Ask, and print a line for each op and each thing that is wrong."""
    asked, started = chosen(options(arguments)), time.monotonic()
    counts: dict[str, Counter[str]] = {}
    met: Counter[str] = Counter()
    try:
        with Probe() as probe:
            trial = Trial(probe)
            for name, mode, dtype, order in asked:
                for verdict in trial.verdicts(question_of(name, mode, dtype, order)):
                    counts.setdefault(name, Counter()).update(verdict.counts)
                    met.update(o.limit for o in verdict.outcomes if o.limit)
                    for line in complaints(verdict):
                        print(line, flush=True)
    except ProbeUnavailable as error:
        print(error, file=sys.stderr)
        return 3
    total = sum(counts.values(), Counter())
    for name, found in counts.items():
        print(f"{name:20}" + "  ".join(f"{n:,} {status}" for status, n in found.most_common()))
    print("\n".join(f"{n:9,} {name}" for name, n in met.most_common()))
    print(f"{sum(total.values()):,} complex numbers, {dict(total)}; {time.monotonic() - started:.0f} s")
    return 5 if not total else int(any(total[status] for status in FAILING))


def complaints(verdict) -> list[str]:  # type: ignore[no-untyped-def]
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


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

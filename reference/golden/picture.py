"""`log draw`: loss curves, paths over the loss's contours, and the ends of random runs, as SVG files."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from flint import ctx, fmpq, fmpq_mat

from reference import wire
from reference.ask import Probe
from reference.choices import Unusable
from reference.draw import Line, cloud, losses, paths
from reference.golden import chance
from reference.golden.judged import Records, is_random
from reference.golden.log import Log
from reference.golden.models import Quadratic, is_training
from reference.golden.running import PATIENCE, told, told_of, wanted
from reference.golden.steps import training
from reference.golden.trajectory import trajectory
from reference.sampling import drawn

Array = np.ndarray
RUNS = 300  # random ends that are drawn


def run(options: argparse.Namespace) -> int:
    """Run the chosen logs again and draw them; 3 where a program does not run, 5 where there was nothing to draw."""
    logs, folder = wanted(options.name, options.all), options.to or Path()
    if not folder.is_dir():
        raise Unusable(f"There is no folder {folder}: make it, or name another with --to.")
    twice = next((name for name, count in Counter(log.name for log in logs).items() if count > 1), "")
    if twice:
        raise Unusable(f"Two logs are called {twice}: their pictures would overwrite each other.")
    made = 0
    with Probe(python=options.python or sys.executable, module="reference.programs", timeout=PATIENCE) as probe:
        for log in told_of(logs):
            answer = probe.ask({"id": log.name, "program": log.program, "setting": told(log)})
            if "steps" not in answer:
                sys.stderr.write(f"{log.name} did not run: {answer.get('raised') or answer.get('crashed')}.\n")
                return 3
            for what, picture in pictures(log, answer["steps"]):
                print(stored(folder / f"{log.name}-{what}.svg", picture))
                made += 1
    if not made:
        print("Nothing to draw: these logs have no steps.", file=sys.stderr)
    return 0 if made else 5


def stored(path: Path, text: str) -> Path:
    """Put a file in place in one step."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, "utf-8")
    os.replace(part, path)
    return path


def pictures(log: Log, records: Records) -> Iterator[tuple[str, str]]:
    """The pictures that a log has: its losses; its path, if it has two parameters; its place among random runs."""
    curves = list(lines(log, records))
    if curves and len(curves[0].x) > 1:
        yield "loss", losses(curves, title(log))
    known = training(log, records)
    if known is not None and len(known.model.names) == 2:
        w, b = (series(records, name) for name in known.model.names)
        here = Line(f"TensorFlow, {log.dtype}" if "numpy" not in log.program else "NumPy", w, b)
        yield "path", paths(heights(known.loss), [here], title(log), known.model.names, minimum(known.loss))
    if is_random(log):
        yield "ends", ends(log, records)


def title(log: Log) -> str:
    """The log and its document."""
    return f"{log.name}, {log.source.document}" if log.source.document else log.name


# -- curves ---------------------------------------------------------------------------------------------------------


def lines(log: Log, records: Records) -> Iterator[Line]:
    """The loss here at every step, by the listing if that says otherwise, and as printed."""
    name = "loss" if "loss" in records[-1] else "y"
    if name in records[-1]:
        here = series(records[1:], name)
        yield Line("this run", range(len(here)), here)
    if is_training(log) and "rate" in log.effective:
        if log.listing != log.effective:
            listed = exactly(log, {**log.effective, **log.listing, "iterations": log.effective["iterations"]})
            yield Line("as the listing says, exactly", range(len(listed)), listed)
        printed = [n for n in log.numbers if n.name == name and n.step is not None]
        if printed:
            yield Line("printed", [n.step or 0 for n in printed], [float(n.text) for n in printed], dots=True)


def exactly(log: Log, setting: dict[str, Any]) -> list[float]:
    """The exact loss of every step that a setting means; what is beyond a float is left out."""
    found = []
    for step in trajectory(log, setting):
        value = float(step.loss)
        found.append(value if math.isfinite(value) else math.nan)
    return found


def series(records: Records, name: str) -> list[float]:
    """One number of every record that has it."""
    tensors = [wire.unpack(record[name])[0] for record in records if record.get(name) is not None]
    return [float(tensor.ravel()[0]) for tensor in tensors if tensor is not None]


# -- paths ----------------------------------------------------------------------------------------------------------


def heights(loss: Quadratic) -> Any:
    """A quadratic of two parameters as a function of arrays."""
    ((aa, ab), (_, bb)), (p, q), d = [[float(x) for x in row] for row in loss.a], map(float, loss.c), float(loss.d)
    return lambda w, b: aa / 2 * w * w + ab * w * b + bb / 2 * b * b + p * w + q * b + d


def minimum(loss: Quadratic) -> tuple[float, float] | None:
    """Where the gradient of a quadratic of two parameters vanishes, solved in rationals; None where no point is."""
    a = fmpq_mat([[fmpq(x.numerator, x.denominator) for x in row] for row in loss.a])
    if not a.det():
        return None
    c = fmpq_mat([[fmpq(-x.numerator, x.denominator)] for x in loss.c])
    solved = a.solve(c)
    return float(solved[0, 0].p) / float(solved[0, 0].q), float(solved[1, 0].p) / float(solved[1, 0].q)


# -- random runs ------------------------------------------------------------------------------------------------------


def ends(log: Log, records: Records) -> str:
    """The documented pair and this run's among seeded ones, with the exact moments."""
    run_of = chance.run_of(log)
    law, found = chance.law(log.name, run_of), chance.printed(log)
    last = found[max(found)]
    marked = {
        "documented": pair(float(last[name].text) for name in chance.PAIR),
        "this run": pair(series(records, name)[-1] for name in chance.PAIR),
        "what the data are made with": pair(map(float, run_of.true)),
    }
    with ctx.workprec(64):
        across, up, both = (float(v) for v in (*law.variance, law.covariance))
        mean = pair(map(float, law.mean))
    return cloud(drawn(RUNS, run_of), mean, np.array([[across, both], [both, up]]), marked, title(log), chance.PAIR)


def pair(values: Any) -> tuple[float, float]:
    """Two numbers, as such."""
    w, b = values
    return w, b

"""`log nist`: NIST's certified regressions, solved exactly and asked of TensorFlow's tape, digit by digit."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import track

from reference.ask import Probe
from reference.strd.digits import Digits
from reference.strd.judge import Judged, Vanishing, judged
from reference.strd.reader import bundled, found, read
from reference.verify import ONE_THREAD

HEADS = """\
                            estimate: digits                standard deviation: digits
             certified      exact   float64     float32     exact  printed  float64     float32     promised
             estimate               JᵀJ  H      JᵀJ  H                      JᵀJ  H      JᵀJ  H      float64  float32"""
LEGEND = """\
digits: -log₁₀ of the relative distance to the certified value, all that are printed where it is within half a unit of
the last one. exact: the minimum, solved with proof. printed: exact arithmetic at the printed estimates. JᵀJ, H: from
TensorFlow's Jacobian and from its second derivatives; an estimate is one Newton step from the floats next to the
certified values. promised: what the kernels' contracts leave of the same matrix's exact deviation, by JᵀJ and by H."""


def run(options: argparse.Namespace) -> int:
    """Judge one set, or all that come with this project."""
    chosen = [options.file] if options.file else bundled()
    datasets = [read(found(name)) for name in chosen]
    waiting = Console(stderr=True, quiet=not options.json or len(datasets) == 1)  # tables are progress enough
    made = []
    with Probe(python=options.python or sys.executable, module="reference.fitting", env=ONE_THREAD) as probe:
        for dataset in track(datasets, "Data sets", console=waiting, transient=True):
            made.append(judged(probe, dataset))
            if not options.json:
                print("\n".join(told(made[-1])), end="\n\n", flush=True)
        version = probe.hello["tensorflow"]
    if options.json:
        print(json.dumps({"tensorflow": version, "sets": list(map(record, made))}, indent=1))
    else:
        print(f"{LEGEND}\n{closing(version, made)}")
    return 1 if any(each.findings for each in made) else 0


def closing(version: str, made: list[Judged]) -> str:
    """What it comes to, in one line."""
    sets = "1 data set" if len(made) == 1 else f"{len(made)} data sets"
    count = sum(len(each.findings) for each in made)
    findings = "1 finding" if count == 1 else f"{count} findings"
    return f"TensorFlow {version}, {sets}, {sum(each.asked for each in made):,} derivatives: {findings}"


def told(made: Judged) -> Iterator[str]:
    """One set as a table, the gradient's line per dtype, and what is worth saying."""
    dataset = made.dataset
    yield f"{dataset.name}: {dataset.formula}"
    unbounded = f", {made.unbounded} of them promised nothing" if made.unbounded else ""
    yield f"  {dataset.size} observations; {made.solution.how or 'not solved'}; {made.asked} numbers judged{unbounded}"
    if made.tape:
        yield HEADS
        for k, p in enumerate(dataset.parameters):
            yield row(p.name, p.estimate.text, made.exact[k], made.printed[k], [made.tape[d][k] for d in made.tape])
    for dtype in made.tape:
        yield f"  {gradient([each for each in made.vanishing if each.dtype == dtype])}"
    for sentence in made.remarks:
        yield f"  {sentence}"
    for sentence in made.findings:
        yield f"  FINDING {sentence}"


def row(name: str, estimate: str, exact: tuple[float, float], printed: float, tape: list[Digits]) -> str:
    """One parameter's line."""
    cells = [f"  {name:4} {estimate:>21}  {figure(exact[0])}  "]
    cells += [pair(digits.estimate) + "  " for digits in tape]
    cells += [f"{figure(exact[1])}   {figure(printed)}   "]
    cells += [pair(digits.deviation) + "  " for digits in tape]
    cells += [f"{pair(digits.promised)}" for digits in tape]
    return " ".join(cells).rstrip()


def pair(digits: tuple[float, ...]) -> str:
    """Digits by JᵀJ and by the Hessian."""
    return f"{figure(digits[0])} {figure(digits[1])}"


def figure(digits: float) -> str:
    """A number of digits."""
    return f"{digits:4.1f}"


def gradient(parts: list[Vanishing]) -> str:
    """The component of the gradient that is nearest to its bound."""
    worst = max(parts, key=lambda each: abs(each.got) / each.allowed if each.allowed else 0.0)
    return (
        f"{worst.dtype}: the gradient at the certified values vanishes within its bound: at most "
        f"|∂/∂{worst.parameter}| = {abs(worst.got):.2g} of {worst.allowed:.2g} allowed (kernels {worst.rounding:.2g}, "
        f"rounded inputs {worst.held:.2g}, unprinted digits {worst.digits:.2g})"
        if abs(worst.got) <= worst.allowed
        else f"{worst.dtype}: the gradient does not vanish: |∂/∂{worst.parameter}| = {abs(worst.got):.2g}"
    )


def record(made: Judged) -> dict[str, Any]:
    """One set as JSON."""
    dataset = made.dataset
    parameters = [
        {
            "name": p.name,
            "estimate": p.estimate.text,
            "deviation": p.deviation.text,
            "exact estimate": made.solution.parameters[k].str(25, radius=False),
            "exact deviation": made.solution.deviations[k].str(25, radius=False),
            "exact deviation by the Hessian": made.solution.bent_deviations[k].str(25, radius=False),
            "exact digits": made.exact[k],
            "digits at the printed estimates": made.printed[k],
            "digits": {dtype: digits[k]._asdict() for dtype, digits in made.tape.items()},
        }
        for k, p in enumerate(dataset.parameters if made.exact else ())
    ]
    return {
        "name": dataset.name,
        "file": shown(dataset.path),
        "model": dataset.formula,
        "observations": dataset.size,
        "solved by": made.solution.how,
        "parameters": parameters,
        "gradient": [{**each._asdict(), "allowed": each.allowed} for each in made.vanishing],
        "asked": made.asked,
        "unbounded": made.unbounded,
        "findings": made.findings,
        "remarks": made.remarks,
    }


def shown(path: Path) -> str:
    """A bundled file by its name alone."""
    return path.name if path.parent == Path(__file__).with_name("data") else str(path)

"""The catalogue as a table: which functions are on trial, their derivatives, their dtypes."""

import argparse
import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

from reference.catalogue import FAMILIES, OPS
from reference.naming import formula, written
from reference.op import FLOATS, Op
from reference.script import call_of, names_of
from reference.show import page

ROOM = 44  # characters for a derivative


def run(options: argparse.Namespace) -> int:
    """Print every row of the catalogue."""
    if options.json:
        sys.stdout.write(json.dumps([record(op) for op in OPS.values()], indent=1) + "\n")
        return 0
    page(screen)
    return 0


def screen(console: Console) -> None:
    """The catalogue and its size."""
    console.print(table())
    console.print(f"{len(OPS)} functions in {len(FAMILIES)} families", style="dim")


def record(op: Op) -> dict[str, Any]:
    """One row as JSON."""
    return {
        "family": op.family,
        "name": op.name,
        "call": call_of(op)[0],
        "derivative": derivative(op),
        "dtypes": list(op.dtypes),
        "domain": [[end.hex() for end in domain] for domain in op.domain],
        "shapes": op.shapes,
        "note": op.note,
    }


def table() -> Table:
    """One line per function."""
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="cyan", pad_edge=False)
    made.add_column("family", style="dim", no_wrap=True)
    made.add_column("function", style="bold", no_wrap=True)
    made.add_column("derivative", no_wrap=True)
    made.add_column("dtypes", no_wrap=True)
    before = ""
    for op in OPS.values():
        made.add_row("" if op.family == before else op.family, op.name, shortened(derivative(op)), dtypes(op))
        before = op.family
    return made


def derivative(op: Op) -> str:
    """The first partials of an elementwise row; the shapes of an array row."""
    names = names_of(op).split(", ")
    if op.shapes is not None:
        return ", ".join(f"{n} {'×'.join(map(str, s))}" for n, s in zip(names, op.shapes, strict=True))
    return ", ".join(written(formula(op, 1, k)) for k in range(op.arity))


def shortened(text: str) -> str:
    """As much of it as a line has room for."""
    return text if len(text) <= ROOM else f"{text[: ROOM - 1]}…"


def dtypes(op: Op) -> str:
    """The dtypes it is asked in, by their sizes."""
    if op.dtypes == FLOATS:
        return "all"
    return " ".join(d.replace("float", "") if d != "bfloat16" else "bf16" for d in op.dtypes)

"""The catalogue as a table: which functions are on trial, their derivatives, their dtypes."""

import argparse
import json
import sys
from typing import Any

import sympy as sp
from rich.console import Console
from rich.table import Table

from reference import derive
from reference.catalogue import FAMILIES, OPS
from reference.op import FLOATS, Op
from reference.script import call_of, names_of
from reference.show import columns


def run(options: argparse.Namespace) -> int:
    """Print every row of the catalogue."""
    if options.json:
        sys.stdout.write(json.dumps([record(op) for op in OPS.values()], indent=1) + "\n")
        return 0
    console = Console(highlight=False, width=None if sys.stdout.isatty() else columns())
    console.print(table())
    console.print(f"{len(OPS)} functions in {len(FAMILIES)} families", style="dim")
    return 0


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
    made.add_column("family", style="dim")
    made.add_column("function", style="bold")
    made.add_column("derivative", no_wrap=True, overflow="ellipsis", ratio=1)
    made.add_column("dtypes", no_wrap=True)
    before = ""
    for op in OPS.values():
        made.add_row("" if op.family == before else op.family, op.name, derivative(op), dtypes(op))
        before = op.family
    return made


def derivative(op: Op) -> str:
    """The first partials of an elementwise row; the shapes of an array row."""
    names = names_of(op).split(", ")
    if op.shapes is not None:
        return ", ".join(f"{n} {'×'.join(map(str, s))}" for n, s in zip(names, op.shapes, strict=True))
    renamed = dict(zip(derive.symbols_of(op), map(sp.Symbol, names), strict=True))
    return ", ".join(sp.sstr(e.xreplace(renamed)) for e in derive.partials(op, 1))


def dtypes(op: Op) -> str:
    """The dtypes it is asked in, by their sizes."""
    if op.dtypes == FLOATS:
        return "all"
    return " ".join(d.replace("float", "") if d != "bfloat16" else "bf16" for d in op.dtypes)

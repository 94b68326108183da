"""`log list`: the documented logs, and where each contradicts the listing beside it."""

from __future__ import annotations

import argparse
import json
from typing import Any

from rich.console import Console
from rich.table import Table

from reference.golden.log import Log, chosen, names
from reference.show import page


def run(options: argparse.Namespace) -> int:
    """Print every documented log."""
    logs = [log for name in names() for log in chosen(name)]
    if getattr(options, "json", False):
        print(json.dumps([record(log) for log in logs], indent=1, ensure_ascii=False))
    else:
        page(lambda console: draw(console, logs))
    return 0


def draw(console: Console, logs: list[Log]) -> None:
    """One line per log, and the contradictions below."""
    made = Table(box=None, padding=(0, 2, 0, 0), header_style="cyan", pad_edge=False)
    for column in ("log", "document", "program", "dtype", "numbers", "contradicts its listing in"):
        made.add_column(column, justify="right" if column == "numbers" else "left")
    for log in logs:
        against = ", ".join(each["field"] for each in log.more["contradictions"])
        made.add_row(log.name, log.source.document[:3], log.program, log.dtype, str(len(log.numbers)), against)
    console.print(made)
    for log in logs:
        for each in log.more["contradictions"]:
            console.print(f"{log.name}: {each['why']}", markup=False, style="dim")


def record(log: Log) -> dict[str, Any]:
    """One log as JSON."""
    plain = {"name": log.name, **log.source._asdict(), "program": log.program, "dtype": log.dtype, "seed": log.seed}
    settings = {"listing": log.listing, "effective": log.effective}
    told = {key: {k: str(v) if k == "rate" else v for k, v in each.items()} for key, each in settings.items()}
    return {**plain, **told, "contradictions": log.more["contradictions"], "lines": list(log.lines)}

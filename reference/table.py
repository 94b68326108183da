"""What `verify` shows a person: a progress bar with the running verdict, and the final table per family."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from reference.outcome import FAILING, PASSING
from reference.record import Tally

COLUMNS = (*PASSING, *FAILING)
COLOUR = {
    "right": "green", "convention": "green", "flushed": "cyan", "weak": "yellow", "lost": "yellow",
    "unbounded": "yellow", "known": "magenta", "wrong": "bold red", "missing": "bold red", "raised": "bold red",
    "crashed": "bold red",
}  # fmt: skip
FINDINGS_SHOWN = 25
WIDTH = 132  # columns where the output is no terminal


class Shown:
    """The progress of a run: a bar on a terminal, a line now and then elsewhere, nothing if not wanted."""

    def __init__(self, bar: Progress | None, total: int, quiet: bool):
        self.bar, self.total, self.quiet = bar, total, quiet
        self.finished = 0
        self.spoken = time.monotonic()
        self.task = bar.add_task("", total=total, verdict="starting TensorFlow", name="") if bar else None

    def advance(self, tally: Tally, name: str) -> None:
        """One task more."""
        self.finished += 1
        verdict = running(tally)
        if self.bar is not None and self.task is not None:
            self.bar.update(self.task, advance=1, verdict=verdict, name=name)
        elif not self.quiet and (time.monotonic() - self.spoken > 10 or self.finished == self.total):
            self.spoken = time.monotonic()
            print(f"[{self.finished}/{self.total}] {name}: {verdict}", file=sys.stderr, flush=True)


@contextmanager
def progress(total: int, options: argparse.Namespace) -> Iterator[Shown]:
    """The progress display of a run."""
    console = Console(stderr=True)
    quiet = bool(getattr(options, "no_progress", False))
    if quiet or not console.is_terminal:
        yield Shown(None, total, quiet)
        return
    columns = (BarColumn(24), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.fields[verdict]}"))
    with Progress(*columns, TextColumn("[dim]{task.fields[name]}"), console=console, transient=True) as bar:
        yield Shown(bar, total, quiet)


def running(tally: Tally) -> str:
    """The verdict so far in a few words."""
    total: Counter[str] = sum(tally.families.values(), Counter())
    bad = sum(total[s] for s in FAILING)
    return f"{tally.points:,} floats, {len(tally.known)} known limits, {bad:,} findings"


class Cost(NamedTuple):
    """What a run took: `seconds` on the clock, in so many `processes`; `tensorflow` seconds were TensorFlow's own."""

    seconds: float
    processes: int
    tensorflow: float

    @property
    def ratio(self) -> float | None:
        """How many times TensorFlow's own time the processes took, judging and waiting included."""
        return self.seconds * self.processes / self.tensorflow if self.tensorflow else None

    def __str__(self) -> str:
        if self.ratio is None:
            return f"{self.seconds:.0f} s"
        return (
            f"{self.seconds:.0f} s in {self.processes} processes, {self.ratio:.2f} times what TensorFlow itself needed"
        )


def summary(tally: Tally, hello: dict[str, Any], cost: Cost, path: Path, options: argparse.Namespace) -> None:
    """The end of a run: table, findings, kernels, time."""
    if getattr(options, "json", False):
        print(json.dumps(as_json(tally, hello, cost, path), indent=2))
        return
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    console.print(families(tally, hello))
    if tally.known:
        console.print(known_limits(tally))
    if tally.kernels:
        console.print(worst_kernels(tally))
    for line in told(tally):
        console.print(line, markup=False, highlight=False)
    console.print(closing(tally, cost, path), highlight=False)


def families(tally: Tally, hello: dict[str, Any]) -> Table:
    """Statuses per family; columns in which nothing stands are left out."""
    total: Counter[str] = sum(tally.families.values(), Counter())
    used = [c for c in COLUMNS if total[c]]
    table = Table(
        title=f"TensorFlow {hello.get('tensorflow', '?')} against the exact derivatives", title_justify="left"
    )
    table.add_column("family")
    for column in used:
        table.add_column(column, justify="right", style=COLOUR[column])
    for family, counts in tally.families.items():
        table.add_row(family, *(f"{counts[c]:,}" if counts[c] else "·" for c in used))
    table.add_section()
    table.add_row("all", *(f"{total[c]:,}" for c in used))
    return table


def known_limits(tally: Tally) -> Table:
    """The limits that were met, and where; their reasons stand in `reference/limits`."""
    table = Table(title="Known limits met", title_justify="left")
    for name in ("limit", "in"):
        table.add_column(name)
    for name, ops in sorted(tally.known.items()):
        table.add_row(name, ", ".join(sorted(ops)))
    return table


def worst_kernels(tally: Tally, count: int = 12) -> Table:
    """The kernels farthest from the exact value at their own inputs."""
    table = Table(title="Kernels at their own inputs: the worst, in ULP", title_justify="left")
    for name in ("kernel", "dtype", "floats", "ULP", "at", "contract"):
        table.add_column(name, justify="right" if name in ("floats", "ULP") else "left")
    ranked = sorted(tally.kernels.values(), key=lambda k: (k["broken"] > 0, k["ulp"] or 0.0), reverse=True)
    for k in ranked[:count]:
        kept = "kept" if not k["broken"] else f"known: {k['limit']}" if k["limit"] else f"broken {k['broken']} times"
        ulp = "—" if k["ulp"] is None else f"{k['ulp']:.3g}"
        table.add_row(
            k["kernel"],
            k["dtype"],
            f"{k['floats']:,}",
            ulp,
            ", ".join(f"{float.fromhex(x):.6g}" for x in k["inputs"]),
            kept,
        )
    return table


def told(tally: Tally) -> Iterator[str]:
    """Every finding with its worst point, the kernels in no limit, and the limits that are no longer true."""
    for found in tally.findings[:FINDINGS_SHOWN]:
        yield finding(found)
    if len(tally.findings) > FINDINGS_SHOWN:
        yield f"… and {len(tally.findings) - FINDINGS_SHOWN} more findings in the file of verdicts"
    for kernel in tally.broken_kernels:
        yield (
            f"kernel {kernel['kernel']} {kernel['dtype']}: outside its contract {kernel['broken']} times, e.g. in "
            f"{kernel['op']} at {', '.join(kernel['inputs'])}: got {kernel['got']}, exact {kernel['exact']}"
        )
    for error in tally.errors:
        yield f"fault of this suite: {error}"
    for name in tally.untrue:
        yield f"limit {name!r} is no longer true here: TensorFlow answers its counterexample rightly (can be deleted)"


def finding(found: dict[str, Any]) -> str:
    """One entry's finding in four lines."""
    head = f"{found['op']}: {found['status']} at {found['counts'][found['status']]} of {found['points']} points"
    where = f"[mode={found['mode']} dtype={found['dtype']} order={found['order']} entry={tuple(found['entry'])}]"
    points = [p for p in found["findings"] if p["status"] == found["status"]]
    if not points:
        return f"{head}   {where}"
    worst = max(points, key=lambda p: float("inf") if p["ulp"] is None else p["ulp"])
    blame = f", kernel {worst['kernel']}" if worst["kernel"] else ""
    lines = [
        f"{head}   {where}",
        f"  primal    {', '.join(f'{float.fromhex(p)!r} ({p})' for p in worst['primals'])}",
        f"  exact     {' or '.join(map(str, worst['exact']))} ({' or '.join(map(str, worst['exact_hex']))})",
        f"  got       {found['message'] or said(worst['got'])}   [{worst['question']}{blame}]",
        f"  again     {again(found, worst)}",
    ]
    return "\n".join(lines)


def again(found: dict[str, Any], point: dict[str, Any]) -> str:
    """The command that shows one point of a finding from end to end."""
    chosen = (("at", point["primals"]), ("cotangent", point["cotangent"]), ("tangent", point["tangents"]))
    numbers = " ".join(f"--{name}={','.join(values)}" for name, values in chosen if values and point["cotangent"])
    setting = f"--mode {found['mode']} --dtype {found['dtype']} --order {found['order']}"
    return " ".join(f"python -m reference show {found['op']} {numbers} {setting}".split())


def said(got: str | None) -> str:
    return "None" if got is None else f"{float.fromhex(got)!r} ({got})"


def closing(tally: Tally, cost: Cost, path: Path) -> str:
    """The last lines: what it cost, where it is, what it means."""
    verdict = {
        0: "[green]clean[/]",
        1: "[bold red]findings[/]",
        3: "[bold red]the suite failed[/]",
        5: "[bold red]nothing was checked[/]",
    }[tally.exit_code]
    return (
        f"{tally.points:,} floats in {tally.entries:,} answers, {len(tally.known)} known limits met, "
        f"{cost}; verdicts in {path}\n{verdict}"
    )


def as_json(tally: Tally, hello: dict[str, Any], cost: Cost, path: Path) -> dict[str, Any]:
    """The same for machines."""
    return {
        "tensorflow": hello,
        "exit_code": tally.exit_code,
        "families": {family: dict(counts) for family, counts in tally.families.items()},
        "known": {name: dict(ops) for name, ops in tally.known.items()},
        "findings": tally.findings,
        "kernels": list(tally.kernels.values()),
        "untrue_limits": tally.untrue,
        "seconds": cost.seconds,
        "processes": cost.processes,
        "tensorflow_seconds": cost.tensorflow,
        "verdicts": str(path),
    }

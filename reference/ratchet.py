"""The worst points on record: where each elementwise row was found farthest from exact, as a table of hex floats.

The table is data that a search writes (`python -m reference worst --write`). Its points are among the deterministic
points of their op and dtype, and `worst --check` asks each of them again: TensorFlow may not move away from exact.
"""

import json
import os
import tempfile
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

TABLE = Path(__file__).with_name("tables") / "worst.json"
Key = tuple[str, str, int]


class Asked(NamedTuple):
    """Who answered: a version, and those abilities of the processor that change what a kernel computes."""

    tensorflow: str
    cpu: tuple[str, ...]

    def __str__(self) -> str:
        return f"TensorFlow {self.tensorflow} on a processor with {', '.join(self.cpu) or 'nothing special'}"


class Worst(NamedTuple):
    """The point at which an op is farthest from exact among those whose promise is kept, and the answer there."""

    op: str
    dtype: str
    order: int
    entry: int  # which partial, in the order of the answer's entries
    at: tuple[float, ...]
    cotangent: float
    tangents: tuple[float, ...]
    got: float
    ulp: float  # six digits of it
    whole: bool  # whether every float of the dtype was asked, so that none is worse
    by: Asked

    @property
    def key(self) -> Key:
        """The cell of the table."""
        return self.op, self.dtype, self.order


def asked(hello: dict[str, Any]) -> Asked:
    """Who answers, from the probe's hello."""
    return Asked(hello["tensorflow"], tuple(hello.get("cpu", {}).get("flags", ())))


def read(path: Path | None = None) -> dict[Key, Worst]:
    """The table, by cell; empty where there is none."""
    path = path or TABLE
    if not path.exists():
        return {}
    record = json.loads(path.read_text("utf-8"))
    known = {name: Asked(who["tensorflow"], tuple(who["cpu"])) for name, who in record["asked"].items()}
    rows = [decoded(cell, known[cell["by"]]) for cell in record["cells"]]
    return {row.key: row for row in rows}


def written(rows: Iterable[Worst], path: Path | None = None) -> None:
    """Write the table in one step, sorted, one cell per line."""
    path = path or TABLE
    ordered = sorted(rows, key=lambda row: row.key)
    who = sorted({row.by for row in ordered})
    asked_by = ",\n".join(f'  "{k}": {json.dumps(by._asdict())}' for k, by in enumerate(who))
    cells = ",\n".join("  " + json.dumps(encoded(row, who.index(row.by))) for row in ordered)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, part = tempfile.mkstemp(dir=path.parent, suffix=".part")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f'{{\n"asked": {{\n{asked_by}\n}},\n"cells": [\n{cells}\n]\n}}\n')
    os.chmod(part, 0o644)
    os.replace(part, path)


def encoded(row: Worst, by: int) -> dict[str, Any]:
    """One cell as JSON, floats in hexadecimal."""
    return {
        "op": row.op,
        "dtype": row.dtype,
        "order": row.order,
        "entry": row.entry,
        "at": [x.hex() for x in row.at],
        "cotangent": row.cotangent.hex(),
        "tangents": [h.hex() for h in row.tangents],
        "got": row.got.hex(),
        "ulp": row.ulp,
        "whole": row.whole,
        "status": "right",
        "by": str(by),
    }


def decoded(cell: dict[str, Any], by: Asked) -> Worst:
    """One cell from JSON."""
    of, weight, got = float.fromhex, float.fromhex(cell["cotangent"]), float.fromhex(cell["got"])
    at, tangents = tuple(map(of, cell["at"])), tuple(map(of, cell["tangents"]))
    where, found = (cell["op"], cell["dtype"], cell["order"], cell["entry"]), (cell["ulp"], cell["whole"])
    return Worst(*where, at, weight, tangents, got, *found, by)


@lru_cache
def _shipped(path: Path) -> dict[Key, Worst]:
    return read(path)


def points_of(op: str, dtype: str) -> list[tuple[float, ...]]:
    """The worst points of an op and dtype, at both orders."""
    rows = _shipped(TABLE)
    return [rows[op, dtype, order].at for order in (1, 2) if (op, dtype, order) in rows]

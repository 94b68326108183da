"""Which derivatives TensorFlow has: for every row, order and direction, and in what way one is missing.

    python -m reference missing [--dtype DTYPE] [--op OP ...]

A derivative may be there, be silently None or zero, be unregistered (LookupError), or end in another error.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from reference.ask import Probe
from reference.catalogue import OPS
from reference.choices import Unusable, settle
from reference.modes import MODES
from reference.op import Op
from reference.points import cases, points
from reference.question import Question
from reference.trial import ask_at
from reference.wire import unpack

#: From good to bad; of an answer's entries the worst counts.
KINDS = ("has", "zero", "None", "unregistered", "error")
MEANS = {
    "has": "a derivative came",
    "zero": "zeros came where the derivative is not zero",
    "None": "None came where the derivative is not zero",
    "unregistered": "LookupError: nobody has registered a gradient",
    "error": "another error, or the process died",
}
WAYS = {
    "reverse": ("tape", 1),
    "forward": ("forward", 1),
    "reverse over reverse": ("nested", 2),
    "forward over reverse": ("forward_over_reverse", 2),
    "reverse over forward": ("reverse_over_forward", 2),
    "forward over forward": ("forward_over_forward", 2),
}
FEW = 6  # points of an elementwise row, in the middle of its domain


class Line(NamedTuple):
    """One row of the catalogue: a kind for each way, and what the errors said."""

    op: str
    kinds: tuple[str, ...]
    said: tuple[str, ...]


def asked(op: Op, way: str, dtype: str) -> Question:
    """The question whose answer shows whether there is a derivative."""
    mode, order = WAYS[way]
    if op.shapes is not None:
        return ask_at(op, MODES[mode], dtype, order, cases(op, dtype, "quick")[0])
    found = np.array(points(op, dtype, "quick"))
    plain = np.isfinite(found).all(axis=0) & (np.abs(found) > 0.1).all(axis=0) & (np.abs(found) < 40).all(axis=0)
    return ask_at(op, MODES[mode], dtype, order, list(found[:, np.flatnonzero(plain)[:FEW]]))


def kind(question: Question, answer: dict[str, Any]) -> str:
    """What came back, in one of the words of `KINDS`."""
    if "raised" in answer:
        return "unregistered" if answer["raised"].startswith("LookupError") else "error"
    if "crashed" in answer:
        return "error"
    entries = zip(question.exact(), answer["values"], strict=True)
    return max((of_entry(exact, record) for exact, record in entries), key=KINDS.index)


def of_entry(exact: list[tuple[Any, ...]], record: dict[str, Any] | None) -> str:
    """What came back for one entry; None and zero are right where the derivative is zero at all points."""
    if all(isinstance(side, arb) and side.is_zero() for sides in exact for side in sides if side is not None):
        return "has"
    if record is None:
        return "None"
    values, _ = unpack(record)
    nonzero = any(not (isinstance(side, arb) and side.contains(0)) for sides in exact for side in sides)
    return "zero" if nonzero and values is not None and not values.any() else "has"


def line(probe: Probe, op: Op, dtype: str) -> Line:
    """All ways of one row."""
    asks = [asked(op, way, dtype) for way in WAYS]
    answers = list(probe.ask_all(q.job(way) for q, way in zip(asks, WAYS, strict=True)))
    said = tuple(str(answer.get("raised", answer.get("crashed", ""))) for answer in answers)
    return Line(op.name, tuple(map(kind, asks, answers)), said)


def lines(probe: Probe, ops: Iterable[Op], dtype: str) -> Iterator[Line]:
    """The whole table."""
    return (line(probe, op, dtype) for op in ops if dtype in op.dtypes)


def written(found: Iterable[Line]) -> str:
    """The rows that lack something, with what was said; then how many rows have all."""
    found = list(found)
    wide = max((len(row.op) for row in found), default=0)
    text = [f"{'':{wide}}  " + "  ".join(WAYS)]
    for row in found:
        if set(row.kinds) != {"has"}:
            cells = (f"{k if k != 'has' else '·':{len(way)}}" for k, way in zip(row.kinds, WAYS, strict=True))
            text.append(f"{row.op:{wide}}  " + "  ".join(cells).rstrip())
            text += [f"{'':{wide}}    {words}" for words in dict.fromkeys(filter(None, row.said))]
    whole = sum(set(row.kinds) == {"has"} for row in found)
    legend = "; ".join(f"{word}: {meaning}" for word, meaning in MEANS.items() if word != "has")
    return "\n".join([*text, f"{whole} of {len(found)} rows have every derivative. {legend}."])


def run(options: argparse.Namespace) -> int:
    """`missing`: print the table, for each dtype that was chosen."""
    settle(options)
    rows = [OPS[name] for name in options.op or OPS]
    with Probe() as probe:
        for dtype in options.dtype or ["float32"]:
            found = list(lines(probe, rows, dtype))
            if not found:
                raise Unusable(f"TensorFlow has none of these functions in {dtype}.")
            print(f"{dtype}\n{written(found)}", flush=True)
    return 0

"""Verdicts as JSON lines: one line per entry of an answer, floats as hex, with the points worth a look."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
from flint import arb

from reference import limits
from reference.basis import Basis
from reference.judge import Verdict
from reference.outcome import FAILING, Outcome
from reference.question import Question, Side
from reference.replay import Audit
from reference.ulp import FORMATS, round_exact

Array = np.ndarray

AUDITED = 200  # points of a block at which every kernel is looked at
SHOWN = 2  # points per kind of finding in one record
TOLD = ("known", *FAILING)


def of_verdict(verdict: Verdict) -> dict[str, Any]:
    """One entry's verdict, with the worst and the simplest point of every kind of finding."""
    question = verdict.question
    return {
        "op": question.op.name,
        "family": question.op.family,
        "mode": question.mode.name,
        "dtype": question.dtype,
        "order": question.order,
        "entry": list(question.entries[verdict.entry]),
        "status": verdict.status,
        "points": len(verdict.outcomes),
        "counts": dict(verdict.counts),
        "trace": verdict.trace,
        "message": verdict.message,
        "worst": worst(verdict),
        "findings": [finding(verdict, k) for k in notable(verdict)],
    }


def worst(verdict: Verdict) -> dict[str, Any] | None:
    """The right outcome farthest from the exact value: the certified worst error where the formula holds."""
    finite = [(o.ulp, k) for k, o in enumerate(verdict.outcomes) if o.status == "right" and math.isfinite(o.ulp)]
    if not finite or verdict.got is None:
        return None
    ulp, k = max(finite)
    return {"ulp": ulp, "primals": primals(verdict.question, k), "got": float(verdict.got[k]).hex()}


def notable(verdict: Verdict) -> list[int]:
    """The elements to show: of every kind of finding the one with the shortest primals, and the worst."""
    kinds: dict[tuple[str, ...], list[int]] = {}
    for k, o in enumerate(verdict.outcomes):
        if o.status in TOLD:
            kinds.setdefault(kind(verdict, k, o), []).append(k)
    shown = []
    for elements in kinds.values():
        simplest = min(elements, key=lambda k: (sum(map(len, primals(verdict.question, k))), k))
        largest = max(elements, key=lambda k: verdict.outcomes[k].ulp)
        shown += list(dict.fromkeys([simplest, largest]))[:SHOWN]
    return shown


def kind(verdict: Verdict, element: int, found: Outcome) -> tuple[str, ...]:
    got = None if verdict.got is None else float(verdict.got[element])
    return found.status, found.question, found.kernel, found.limit, limits.symptom(found.status, got)


def finding(verdict: Verdict, element: int) -> dict[str, Any]:
    """One point of a finding, in full."""
    found = verdict.outcomes[element]
    exact, blocked = verdict.exact[element], verdict.question.block is not None
    return {
        "status": found.status,
        "question": found.question,
        "kernel": found.kernel,
        "limit": found.limit,
        "ulp": found.ulp if math.isfinite(found.ulp) else None,
        "element": element,
        "primals": primals(verdict.question, element),
        "cotangent": [float(verdict.question.cotangent.reshape(-1)[element]).hex()] if blocked else [],
        "tangents": [float(h[element]).hex() for h in verdict.question.tangents] if blocked else [],
        "exact": [decimal(side) for side in exact],
        "exact_hex": [rounded(side, verdict.question.dtype) for side in exact],
        "got": None if verdict.got is None else float(verdict.got[element]).hex(),
    }


def primals(question: Question, element: int) -> list[str]:
    """The primals of one element of a block, as hex; for an array row, every input's first element."""
    flat = [x[element] if question.block is not None else x.flat[0] for x in question.primals]
    return [float(x).hex() for x in flat]


def decimal(side: Side) -> str | None:
    """The exact value in decimals that are certified."""
    if isinstance(side, arb):
        return str(side.str(20, radius=False)) if not side.is_zero() else "0"
    return None if side is None else str(side)


def rounded(side: Side, dtype: str) -> str | None:
    """The exact value rounded once to the dtype."""
    nearest = None if side is None else round_exact(side, dtype)
    return None if nearest is None else float(nearest).hex()


# -- kernels ------------------------------------------------------------------------------------------------


def of_kernels(question: Question, base: Basis) -> list[dict[str, Any]]:
    """Every kernel that ran for a plain mode: how many of its floats, how far off at worst, and where.

    At most `AUDITED` points of a block are looked at, spread over it; failing points were audited when blamed.
    """
    if question.block is not None and question.block > AUDITED:
        chosen = np.linspace(0, question.block - 1, AUDITED).astype(int)
        question, base = question.at(chosen), base.take(chosen)
    return [of_audit(question, audit) for audit in base.audits]


def of_audit(question: Question, audit: Audit) -> dict[str, Any]:
    got, exact, kept = audit.got.reshape(-1), audit.exact.reshape(-1), audit.kept.reshape(-1)
    errors = np.where(audit.bound.reshape(-1), in_ulp(got, exact, question.dtype), np.nan)
    broken = np.flatnonzero(~kept)
    candidates = broken if len(broken) else np.flatnonzero(np.isfinite(errors))
    at = None if not len(candidates) else int(candidates[np.argmax(np.nan_to_num(errors[candidates], nan=np.inf))])
    inputs = [x for x in audit.inputs if np.issubdtype(x.dtype, np.floating)]
    shapes = [np.broadcast_to(x, audit.got.shape).reshape(-1) for x in inputs if x.shape in ((), audit.got.shape)]
    return {
        "kernel": audit.kernel,
        "dtype": question.dtype,
        "op": question.op.name,
        "floats": len(got),
        "broken": len(broken),
        "ulp": None if at is None or not math.isfinite(errors[at]) else float(errors[at]),
        "inputs": [] if at is None else [float(x[at]).hex() for x in shapes],
        "got": None if at is None else float(got[at]).hex(),
        "exact": None if at is None else decimal(exact[at]),
        "limit": kernel_limit(audit.kernel, question.dtype) if len(broken) else "",
    }


def in_ulp(got: Array, exact: Array, dtype: str) -> Array:
    """Distances in ULP of the exact values; NaN where none can be told, below the smallest normal float too."""
    form = FORMATS[dtype]
    middle = np.array([float(e) if e.is_finite() else np.nan for e in exact])
    error = np.array(
        [float(e - arb(g)) if e.is_finite() and math.isfinite(g) else np.nan for e, g in zip(exact, got, strict=True)]
    )
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        _, exponent = np.frexp(middle)
        ulp = np.abs(error) / np.ldexp(1.0, exponent - form.precision)
    ulp[~(np.abs(middle) >= form.smallest_normal)] = np.nan
    return ulp


def kernel_limit(kernel: str, dtype: str) -> str:
    """The limit that names a kernel as defective in a dtype."""
    return next((row.name for row in limits.LIMITS if f"[{kernel}]" in row.who and dtype in row.dtypes), "")


# -- tally --------------------------------------------------------------------------------------------------


class Tally:
    """What has been judged so far: statuses per family, findings, kernels."""

    def __init__(self) -> None:
        self.families: dict[str, Counter[str]] = {}
        self.findings: list[dict[str, Any]] = []
        self.known: dict[str, Counter[str]] = {}
        self.kernels: dict[tuple[str, str], dict[str, Any]] = {}
        self.untrue: list[str] = []
        self.errors: list[str] = []
        self.entries = 0

    def add(self, record: dict[str, Any]) -> None:
        """Count one JSON line, whichever kind it is."""
        if "kernel" in record and "floats" in record:
            self.add_kernel(record)
        elif "untrue" in record:
            self.untrue.append(record["untrue"])
        elif "error" in record:
            self.errors.append(record["error"])
        elif "counts" in record:
            self.entries += 1
            self.families.setdefault(record["family"], Counter()).update(record["counts"])
            if record["status"] in FAILING:
                self.findings.append(record)
            for found in record["findings"]:
                if found["limit"]:
                    self.known.setdefault(found["limit"], Counter())[record["op"]] += 1

    def add_kernel(self, record: dict[str, Any]) -> None:
        key = (record["kernel"], record["dtype"])
        before = self.kernels.get(key)
        if before is None:
            self.kernels[key] = dict(record)
            return
        floats, broken = before["floats"] + record["floats"], before["broken"] + record["broken"]
        badness = lambda r: (r["broken"] > 0, math.inf if r["ulp"] is None else r["ulp"])
        self.kernels[key] = {**max(before, record, key=badness), "floats": floats, "broken": broken}

    @property
    def points(self) -> int:
        """How many floats were judged."""
        return sum(sum(c.values()) for c in self.families.values())

    @property
    def broken_kernels(self) -> list[dict[str, Any]]:
        """Kernels that left their contract and are in no limit."""
        return [k for k in self.kernels.values() if k["broken"] and not k["limit"]]

    @property
    def clean(self) -> bool:
        """Whether the gate is clean: all right, weak for a derived reason, or listed."""
        return not (self.findings or self.untrue)

    @property
    def exit_code(self) -> int:
        """0 all right, 1 findings, 3 a fault of this suite, 5 nothing checked."""
        if self.errors:
            return 3
        return 5 if not self.points else 0 if self.clean else 1

"""`show`: one question from end to end, on a screen, as JSON, or as a plain TensorFlow program."""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp
from rich.console import Console

from reference import words
from reference.ask import Probe
from reference.choices import (
    PLAIN,
    Unusable,
    dtype_named,
    hexed,
    mode_named,
    number,
    numbers,
    op_named,
    shortest,
    tidied,
)
from reference.figures import DIGITS, absent, certified, certified_side, finite, hexes, in_ulp, proven
from reference.judge import Misshapen, Verdict
from reference.look import Shown, look
from reference.naming import element_name, entry_name, formula, partial_names, weighted
from reference.op import Op
from reference.outcome import FAILING
from reference.points import cases, inside
from reference.question import Question, Side
from reference.screen import draw
from reference.script import names_of, script
from reference.steps import Step
from reference.trial import Trial, ask_at
from reference.ulp import FORMATS, round_exact

Array = np.ndarray


def run(options: argparse.Namespace) -> int:
    """Ask, judge, and print; the exit code says whether a gate would let the answer through."""
    question, notes = asked(options)
    try:
        with Probe() as probe:
            shown = look(Trial(probe), question, notes, options.copies, options.all)
    except Misshapen as error:
        sys.stderr.write(f"TensorFlow's answer has the wrong form: {error}.\n")
        return 1
    if options.script:
        sys.stdout.write(program(shown))
    elif options.json:
        sys.stdout.write(json.dumps(record(shown), indent=1, ensure_ascii=False) + "\n")
    else:
        page(lambda console: draw(shown, again(shown), console))
    return int(any(v.status in FAILING for v in shown.verdicts))


def page(draw_on: Callable[[Console], None]) -> None:
    """Draw on a console as wide as the terminal, or a hundred columns where there is none, and print that."""
    told = sys.stdout.isatty() or os.environ.get("COLUMNS")
    console = Console(highlight=False, width=None if told else 100)
    with console.capture() as drawn:
        draw_on(console)
    sys.stdout.write(drawn.get())


def asked(options: argparse.Namespace) -> tuple[Question, list[str]]:
    """The question that the options mean, and what had to be said about them."""
    op = op_named(options.op)
    mode, order, note = mode_named(options.mode or PLAIN[options.order or 1], options.order, op)
    dtype = dtype_named(options.dtype, op)
    notes = [note] if note else []
    question = ask_at(op, mode, dtype, order, primals(op, dtype, options, notes))
    if options.cotangent:
        question = question._replace(cotangent=filled(options.cotangent, question.cotangent, dtype, "cotangent", notes))
    if options.tangent:
        likes = question.tangents
        flat = filled(options.tangent, np.zeros(sum(t.size for t in likes)), dtype, "tangent", notes)
        cuts = np.cumsum([t.size for t in likes])[:-1]
        parts = zip(np.split(flat, cuts), likes, strict=True)
        question = question._replace(tangents=[part.reshape(like.shape) for part, like in parts])
    return question, notes


def primals(op: Op, dtype: str, options: argparse.Namespace, notes: list[str]) -> list[Array]:
    """The point: typed, or for an array row one of its deterministic cases."""
    shapes = op.shapes if op.shapes is not None else ((1,),) * op.arity
    if options.at is None:
        if op.shapes is None:
            raise Unusable(f"{op.name} needs a point: --at {' '.join(names_of(op).upper().split(', '))}.")
        known = cases(op, dtype)
        if not 0 <= options.case < len(known):
            raise Unusable(f"{op.name} has the cases 0 to {len(known) - 1}, and no case {options.case}.")
        return known[options.case]
    if options.case:
        raise Unusable(f"--at and --case name two points for {op.name}: choose one.")
    sizes = [math.prod(shape) for shape in shapes]
    typed = numbers(options.at)
    if len(typed) != sum(sizes):
        raise Unusable(f"{op.name} takes {plural(sum(sizes), 'number')} after --at, not {len(typed)}.")
    values = [rounded(text, dtype, notes) for text in typed]
    parts = np.split(np.array(values), np.cumsum(sizes)[:-1])
    for part, domain, name in zip(parts, op.domain, names_of(op).split(", "), strict=True):
        if not inside([domain] * part.size, part):
            worst = next(v for v in part if not domain.low <= v <= domain.high)
            raise Unusable(
                f"{shortest(worst, dtype)} lies outside the domain of {op.name}, where {name} is in "
                f"[{tidied(str(domain.low))}, {tidied(str(domain.high))}]."
            )
    return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]


def filled(texts: Sequence[str], like: Array, dtype: str, what: str, notes: list[str]) -> Array:
    """Typed weights in the shape that the question wants."""
    values = [rounded(text, dtype, notes) for text in numbers(texts)]
    if len(values) not in (1, like.size):
        raise Unusable(f"The {what} takes {plural(like.size, 'number')}, not {len(values)}.")
    return np.broadcast_to(np.array(values), (like.size,)).reshape(like.shape).copy()


def rounded(text: str, dtype: str, notes: list[str]) -> float:
    value, note = number(text, dtype)
    if note:
        notes.append(note)
    return value


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def again(shown: Shown) -> str:
    """The command that shows this very screen."""
    question = shown.question
    own = ask_at(question.op, question.mode, question.dtype, question.order, question.primals)
    point = 0 if question.block is not None else slice(None)
    parts = [words.again(question, 0)]
    if question.op.shapes is not None and (case := case_of(question)) is not None:
        rest = f"--mode {question.mode.name} --dtype {question.dtype} --order {question.order}"
        parts = [f"python -m reference show {question.op.name} --case {case} {rest}"]
    if not np.array_equal(question.cotangent[point], own.cotangent[point]):
        parts.append(option("cotangent", [question.cotangent[point]]))
    if any(not np.array_equal(h[point], o[point]) for h, o in zip(question.tangents, own.tangents, strict=True)):
        parts.append(option("tangent", [h[point] for h in question.tangents]))
    if shown.copies > 1:
        parts.append(f"--copies {shown.copies}")
    return " ".join(parts)


def case_of(question: Question) -> int | None:
    """Which deterministic case of an array row was asked, if it was one."""
    key = [x.tobytes() for x in question.primals]
    known = [[x.tobytes() for x in case] for case in cases(question.op, question.dtype)]
    return known.index(key) if key in known else None


def option(name: str, values: list[Any]) -> str:
    """An option with numbers, in hexadecimal."""
    return f"--{name}={','.join(hexed(float(v)) for v in np.hstack([np.ravel(v) for v in values]))}"


def program(shown: Shown) -> str:
    """The question as plain TensorFlow, with the exact numbers beside it."""
    dtype, comments = shown.question.dtype, []
    worst, k = shown.worst
    sides = [s for s in shown.base.exact[worst.entry][k] if s is not None]
    name = entry_name(shown.question, worst.entry) + element_name(shown.question, worst.entry, k)
    exact = " or ".join(dict.fromkeys(proven(s, DIGITS[dtype] + 4) for s in sides)) or "undefined"
    nearest = round_exact(sides[0], dtype) if len(sides) == 1 else None
    comments.append(f"exact: {name} = {exact}" + (f", which rounds to {hexed(nearest)}" if nearest is not None else ""))
    comments.append(f"TensorFlow {shown.tensorflow}: {got_text(worst, k)}, {worst.outcomes[k].status}")
    return script(shown.question, comments)


def got_text(verdict: Verdict, k: int) -> str:
    """What came back, for a comment."""
    if verdict.got is None:
        return absent(verdict)
    return f"{hexed(float(verdict.got[k]))}, {in_ulp(verdict.outcomes[k].ulp)} ULP away"


def record(shown: Shown) -> dict[str, Any]:
    """Everything shown, as JSON: floats in hexadecimal, exact values in decimal too."""
    question, dtype = shown.question, shown.question.dtype
    return {
        "op": question.op.name,
        "mode": question.mode.name,
        "dtype": dtype,
        "order": question.order,
        "asks": question.asks,
        "tensorflow": shown.tensorflow,
        "notes": shown.notes,
        "copies": shown.copies,
        "derivatives": derivatives(question),
        "inputs": [{"kind": kind, "name": name, "values": hexes(values)} for name, values, kind in weighted(question)],
        "trace": shown.traced,
        "steps": [step_record(s) for s in shown.told.steps] if shown.told else [],
        "answers": [verdict_record(shown, v) for v in shown.verdicts],
        "again": again(shown),
    }


def derivatives(question: Question) -> dict[str, str]:
    """The exact derivatives of an elementwise row."""
    if question.op.shapes is not None:
        return {}
    names = partial_names(question.op, question.order)
    return {name: sp.sstr(formula(question.op, question.order, k)) for k, name in enumerate(names)}


def step_record(step: Step) -> dict[str, Any]:
    floats = step.dtype in FORMATS
    digits = DIGITS.get(step.dtype, 17) + 6
    return {
        "step": step.text,
        "dtype": step.dtype,
        "got": hexes(step.got) if floats else [bool(v) for v in step.got],
        "exact_for_its_inputs": None if step.own is None else [certified(e, digits) for e in step.own],
        "kernel_ulp": finite(step.own_ulp),
        "kept": step.kept,
        "exact": [certified(e, digits) for e in step.meant],
        "ulp": finite(step.ulp),
    }


def verdict_record(shown: Shown, verdict: Verdict) -> dict[str, Any]:
    dtype = shown.question.dtype
    return {
        "asked": entry_name(shown.question, verdict.entry),
        "entry": list(shown.question.entries[verdict.entry]),
        "exact": [[side_record(s, dtype) for s in sides] for sides in shown.base.exact[verdict.entry]],
        "got": None if verdict.got is None else hexes(verdict.got),
        "ulp": [finite(o.ulp) for o in verdict.outcomes],
        "status": [o.status for o in verdict.outcomes],
        "fails": [o.question for o in verdict.outcomes],
        "message": verdict.message,
    }


def side_record(side: Side, dtype: str) -> dict[str, Any]:
    nearest = None if side is None else round_exact(side, dtype)
    digits = DIGITS[dtype] + 14
    return {
        "decimal": certified_side(side, digits),
        "rounded": None if nearest is None else float(nearest).hex(),
    }

"""One question from end to end: the function, the exact derivative, what TensorFlow ran, and the verdict."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import sympy as sp
from flint import arb
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from reference import derive, replay, words
from reference.ask import Probe
from reference.choices import (
    PLAIN,
    Unusable,
    dtype_named,
    hexed,
    listed,
    mode_named,
    number,
    numbers,
    op_named,
    shortest,
    tidied,
)
from reference.judge import FAILING, SEVERITY, Basis, Verdict, basis
from reference.modes import MODES
from reference.op import Op
from reference.points import cases, cotangents, inside
from reference.question import Question, Side
from reference.script import names_of, script
from reference.steps import Step, Told, told
from reference.trial import Trial, ask_at
from reference.ulp import FORMATS, round_ball, round_exact, spacing

Array = np.ndarray

CROWD = 32  # so many copies of the point fill TensorFlow's vector registers; a single one does not
DIGITS = {"float16": 5, "bfloat16": 4, "float32": 9, "float64": 17}  # enough to tell two floats apart
COLOURS = {
    **dict.fromkeys(("right", "convention"), "green"),
    **dict.fromkeys(("weak", "flushed", "known"), "yellow"),
    **dict.fromkeys(("lost", "unbounded"), "magenta"),
    **dict.fromkeys(FAILING, "bold red"),
}
STATUS = {
    "right": "TensorFlow's number is as good as its formula promises, and the formula is the derivative.",
    "convention": "Several values, or none, are a derivative here; TensorFlow's choice is a convention.",
    "flushed": "A subnormal number was taken as zero.",
    "weak": "TensorFlow keeps its promise, but its formula promises fewer than half of the digits here.",
    "lost": "TensorFlow keeps its promise, but its formula promises no digit here.",
    "unbounded": "The formula promises nothing here: something in it overflows before the result does.",
    "known": "A listed limit of TensorFlow.",
    "missing": "TensorFlow says None where there is a derivative.",
    "raised": "TensorFlow raised an error.",
    "crashed": "TensorFlow did not survive the question.",
}


class Shown(NamedTuple):
    """Everything there is to show about one question, at a block of one point or at one case of arrays."""

    question: Question
    verdicts: list[Verdict]
    base: Basis
    told: Told | None
    traced: str  # whose trace is told; empty without one
    notes: list[str]
    tensorflow: str
    copies: int


# -- from the command line to a question --------------------------------------------------------------------


def run(options: argparse.Namespace) -> int:
    """Ask, judge, and print; the exit code says whether a gate would let the answer through."""
    question, notes = asked(options)
    with Probe() as probe:
        shown = look(Trial(probe), question, notes, options.copies, options.all)
    if options.script:
        sys.stdout.write(program(shown))
    elif options.json:
        sys.stdout.write(json.dumps(record(shown), indent=1, ensure_ascii=False) + "\n")
    else:
        draw(shown, Console(highlight=False, width=None if sys.stdout.isatty() else columns()))
    return int(any(v.status in FAILING for v in shown.verdicts))


def columns() -> int | None:
    """A hundred columns where nobody said how many there are."""
    import os

    return None if os.environ.get("COLUMNS") else 100


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
    sizes = [math.prod(shape) for shape in shapes]
    typed = numbers(options.at)
    if len(typed) != sum(sizes):
        held = "" if op.shapes is None else ", or none for a case of its own" if options.case == 0 else ""
        raise Unusable(f"{op.name} takes {plural(sum(sizes), 'number')}{held}, and {len(typed)} were typed after --at.")
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
        raise Unusable(f"The {what} takes {plural(like.size, 'number')}, and {len(values)} were typed.")
    return np.broadcast_to(np.array(values), (like.size,)).reshape(like.shape).copy()


def rounded(text: str, dtype: str, notes: list[str]) -> float:
    value, note = number(text, dtype)
    if note:
        notes.append(note)
    return value


def plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


# -- from a question to what is shown -----------------------------------------------------------------------


def look(
    trial: Trial, question: Question, notes: Sequence[str] = (), copies: int | None = None, everything: bool = False
) -> Shown:
    """Ask the question and replay what TensorFlow ran.

    TensorFlow computes a long vector with other code than a single number. Unless told how many copies
    of the point to ask, this asks both ways and shows the worse answer, saying so.
    """
    notes = list(notes)
    tried = [copies] if copies else [1] if question.block is None else [1, CROWD]
    results = {n: [first(v) for v in trial.verdicts(repeated(question, n))] for n in tried}
    chosen = max(tried, key=lambda n: gravity(results[n]))
    verdicts = results[chosen]
    if len({heard(v) for v in results.values()}) > 1:
        said = "; ".join(f"{spoken(results[n])} {'alone' if n == 1 else f'as one of {n}'}" for n in tried)
        notes.append(f"TensorFlow's scalar and vector code differ here: {said}. Shown is the worse one.")
    traced = next((v.trace for v in verdicts if v.trace), "")
    asked_again = repeated(question, chosen)
    if not traced:
        return Shown(asked_again, verdicts, bare(question), None, "", notes, version(trial), chosen)
    source = repeated(question._replace(mode=MODES[traced]), chosen)
    answer = trial.answer(source, trace=True)
    base = basis(source, answer["trace"])
    trace = replay.Trace.read(answer["trace"], question.dtype, source.block)
    if question.block is not None and chosen > 1:
        base, trace = base.take(np.array([0])), trace.take(np.array([0]))
    names = sources(answer["trace"], source)
    return Shown(
        asked_again, verdicts, base, told(trace, names, everything), traced, notes, version(trial), chosen
    )


def bare(question: Question) -> Basis:
    """What is known without a trace: the exact answer alone."""
    return basis(question, None)


def version(trial: Trial) -> str:
    return str(trial.probe.hello["tensorflow"])


def repeated(question: Question, copies: int) -> Question:
    """The same point so many times over."""
    return question if copies == 1 else question.at(np.zeros(copies, dtype=int))


def first(verdict: Verdict) -> Verdict:
    """The verdict on the first point of a block, or on whole arrays."""
    return verdict if verdict.question.block is None else verdict.take(np.array([0]))


def gravity(verdicts: list[Verdict]) -> tuple[int, float]:
    """How bad the worst of several verdicts is."""
    return max((SEVERITY[o.status], o.ulp) for v in verdicts for o in v.outcomes)


def heard(verdicts: list[Verdict]) -> tuple[Any, ...]:
    """What was answered, bit by bit."""
    return tuple(None if v.got is None else v.got.tobytes() for v in verdicts)


def spoken(verdicts: list[Verdict]) -> str:
    """What was answered, in a sentence."""
    return listed("None" if v.got is None else hexed(float(v.got[0])) for v in verdicts)


def sources(record: dict[str, Any], question: Question) -> dict[str, str]:
    """The names of the tensors that the question brought along."""
    inputs = names_of(question.op).split(", ")
    named = dict(zip(record["primals"], inputs, strict=True))
    tangents = tangent_names(question)
    for tensor, name in [(record["cotangent"], "c"), *zip(record["tangents"], tangents, strict=True)]:
        if tensor is not None:
            named.setdefault(tensor, name)
    return named


def tangent_names(question: Question) -> list[str]:
    """h, or one h for each of several inputs."""
    inputs = names_of(question.op).split(", ")
    return ["h"] if len(inputs) == 1 else [f"h_{name}" for name in inputs]


# -- numbers as people read them ----------------------------------------------------------------------------


def decimal(value: float, dtype: str) -> str:
    """A float with as many digits as tell it from its neighbours."""
    if not math.isfinite(value):
        return str(value)
    return tidied(f"{value:.{DIGITS.get(dtype, 17)}g}")


def certified(exact: Any, digits: int) -> str:
    """The digits of an exact value that are proven, at most so many."""
    if not isinstance(exact, arb):
        return "undecided" if exact is None else str(exact)
    if exact.is_nan():
        return "undefined"
    if not exact.is_finite():
        return "inf" if exact > 0 else "-inf"
    with replay.working(1000):  # or Arb prints no more digits than it happens to work with
        text = exact.str(digits, radius=False)
    return tidied(text) if exact.is_exact() or "e" in text else text


def both(value: float, dtype: str) -> str:
    return f"{shortest(value, dtype)} ({hexed(value)})"


def in_ulp(distance: float) -> str:
    """A distance in at most six characters or so."""
    if math.isnan(distance):
        return "–"
    if distance == 0 or not math.isfinite(distance):
        return "0" if distance == 0 else "∞"
    if distance < 0.005:
        return "0.00"
    return f"{distance:.2f}" if distance < 10 else f"{distance:.0f}" if distance < 1e5 else f"{distance:.1e}".replace("e+0", "e").replace("e+", "e")


# -- the screen ---------------------------------------------------------------------------------------------


def draw(shown: Shown, console: Console) -> None:
    """The whole screen, from the function to the verdict."""
    question = shown.question
    console.print(title(shown))
    for note in shown.notes:
        console.print(Text(note, style="yellow"))
    console.print()
    console.print(function(question, console.width))
    console.print()
    console.print(inputs(question, shown.copies))
    console.print()
    if shown.told is not None:
        draw_steps(shown, console)
    else:
        console.print(Text("No trace could be had, so the answer is held to the exact value alone.", style="dim"))
    console.print()
    console.print(answers(shown))
    console.print()
    console.print(questions(shown))


def title(shown: Shown) -> Group:
    """What is asked, in one line."""
    question = shown.question
    asks = question.mode.asks[question.order - 1]
    line = Text.assemble(
        (question.op.name, "bold"),
        f"  {question.dtype}  {'first' if question.order == 1 else 'second'} derivative  ",
        (f"mode {question.mode.name}", "bold"),
        f" ({str(asks).replace('_', ' ')})",
        (f"  TensorFlow {shown.tensorflow}", "dim"),
    )
    return Group(line, Text("─" * min(len(line.plain), 78), style="dim"))


def labelled() -> Table:
    """Lines with a label in front."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    return grid


def function(question: Question, width: int) -> Table:
    """The function and its exact derivatives, as SymPy has them."""
    grid = labelled()
    op, named = question.op, names_of(question.op)
    if op.shapes is not None:
        shapes = ", ".join(f"{n} {'×'.join(map(str, s))}" for n, s in zip(named.split(", "), op.shapes, strict=True))
        grid.add_row("f", f"{shapes}: {call(op)}")
        grid.add_row("", Text("L is the sum of c · f; its derivatives come from SymPy, element by element", style="dim"))
    else:
        grid.add_row(f"f({named})", formula_text(op, 0, 0, width))
        for order in range(1, question.order + 1):
            for k, label in enumerate(partial_names(op, order)):
                grid.add_row(label, formula_text(op, order, k, width))
    if op.note:
        grid.add_row("", Text(op.note, style="dim"))
    return grid


def call(op: Op) -> str:
    """The call on trial."""
    from reference.script import call_of

    return call_of(op)[0]


def partial_names(op: Op, order: int) -> list[str]:
    """f′ and f″, or ∂f/∂a and ∂²f/∂a∂b."""
    inputs = names_of(op).split(", ")
    if len(inputs) == 1:
        return [f"f{'′' if order == 1 else '″'}({inputs[0]})"]
    if order == 1:
        return [f"∂f/∂{a}" for a in inputs]
    return [f"∂²f/∂{a}²" if a == b else f"∂²f/∂{a}∂{b}" for a in inputs for b in inputs]


def formula_text(op: Op, order: int, k: int, width: int) -> str:
    """One partial on one line where it fits, else as SymPy lays it out."""
    names = names_of(op).split(", ")
    renamed = dict(zip(derive.symbols_of(op), map(sp.Symbol, names), strict=True))
    expr = derive.partials(op, order)[k].xreplace(renamed)
    if order:
        expr = min((expr, sp.factor_terms(expr)), key=sp.count_ops)
    line = sp.sstr(expr)
    room = width - 16
    if len(line) <= min(room, 72) and not expr.has(sp.Piecewise):
        return line
    laid_out = sp.pretty(expr, use_unicode=True, wrap_line=False)
    return laid_out if max(map(len, laid_out.splitlines())) <= room else line


def inputs(question: Question, copies: int) -> Table:
    """The primals, the cotangent and the tangents, decimal and hexadecimal."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    for name, values, kind in weighted(question):
        for column, row in enumerate(tensor_lines(name, values, question, kind)):
            grid.add_row("" if column else kind, *row)
    if copies > 1:
        grid.add_row("", Text(f"asked {copies} times in one vector", style="dim"))
    return grid


def weighted(question: Question) -> list[tuple[str, Array, str]]:
    """What goes into the question: name, values and kind."""
    used = {"vjp": "c" if question.order == 1 else "ch", "jvp": "h", "jvp_of_jvp": "h"}
    uses = used.get(question.asks, "c" if question.order == 1 else "ch")
    pairs = zip(names_of(question.op).split(", "), question.primals, strict=True)
    found = [(name, x, "primal") for name, x in pairs]
    if "c" in uses:
        found.append(("c", question.cotangent, "cotangent"))
    if "h" in uses:
        tangents = zip(tangent_names(question), question.tangents, strict=True)
        found += [(name, h, "tangent") for name, h in tangents]
    return found


def tensor_lines(name: str, values: Array, question: Question, kind: str) -> list[tuple[str, str]]:
    """A number in decimal and hexadecimal, or an array in decimal."""
    if question.block is not None:
        return [(f"{name} = {shortest(float(values[0]), question.dtype)}", hexed(float(values[0])))]
    lines = [", ".join(shortest(float(v), question.dtype) for v in row) for row in np.atleast_2d(values)]
    return [(f"{name} = " * (not k) + " " * (len(name) + 3) * bool(k) + f"[{line}]", "") for k, line in enumerate(lines)]


def draw_steps(shown: Shown, console: Console) -> None:
    """What TensorFlow ran, kernel by kernel, and where digits go."""
    assert shown.told is not None
    steps, dtype = shown.told.steps, shown.question.dtype
    whose = "" if shown.traced == shown.question.mode.name else f" in mode {shown.traced}, which asks for the same"
    console.print(Text(f"What TensorFlow ran{whose}", style="bold"))
    wide = DIGITS[dtype] + 7
    roomy = console.width >= 4 + max(len(s.text) for s in steps) + 3 * wide + 2 * 8 + 10 if steps else False
    console.print(steps_table(steps, roomy))
    for line in remarks(shown.told):
        console.print(line)


def steps_table(steps: list[Step], roomy: bool) -> Table:
    """One row per kernel."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", style="dim", justify="right")
    table.add_column("kernel", overflow="fold", min_width=14)
    table.add_column("TensorFlow", no_wrap=True)
    if roomy:
        table.add_column("its inputs exactly", no_wrap=True)
    table.add_column("ULP", justify="right", no_wrap=True)
    table.add_column("all exact", no_wrap=True)
    table.add_column("ULP", justify="right", no_wrap=True)
    for k, step in enumerate(steps, 1):
        own = [figure(step.own, step)] if roomy else []
        table.add_row(
            str(k),
            step.text,
            recorded(step),
            *own,
            Text(in_ulp(step.own_ulp), style="" if step.kept else "bold red"),
            figure(step.meant, step),
            Text(in_ulp(step.ulp) + (" ◂" if step.lost else "  "), style="yellow" if step.lost else ""),
        )
    return table


def recorded(step: Step) -> str:
    """TensorFlow's number; of an array the element that is farthest off."""
    value = step.got[step.worst] if len(step.got) else math.nan
    text = decimal(float(value), step.dtype) if step.dtype in FORMATS else str(bool(value))
    return text if len(step.got) == 1 else f"{text} of {len(step.got)}"


def figure(exact: Array | None, step: Step) -> Text:
    """The exact number beside TensorFlow's, with the digits on which they part in colour."""
    if exact is None or not len(exact):
        return Text("–", style="dim")
    text = certified(exact[step.worst], DIGITS.get(step.dtype, 17))
    if step.dtype not in FORMATS:
        return Text(text)
    mine = decimal(float(step.got[step.worst]), step.dtype)
    if exponent(mine) != exponent(text):
        return Text(text, style="yellow" if step.lost else "")
    parted = next((k for k, (a, b) in enumerate(zip(mine, text, strict=False)) if a != b), min(len(mine), len(text)))
    return Text.assemble(text[:parted], (text[parted:], "yellow"))


def exponent(text: str) -> str:
    return text.partition("e")[2] + str(text.partition(".")[0].lstrip("-").__len__())


def remarks(told: Told) -> list[Text]:
    """Where digits go, what was left out, and which literals had to be guessed."""
    lines = []
    for step in sorted((s for s in told.steps if s.lost), key=lambda s: -s.lost)[:2]:
        lost = "every bit" if math.isinf(step.lost) or math.isinf(step.ulp) else f"{step.lost:.0f} bits"
        lines.append(
            Text(
                f"◂ {lost} of accuracy are lost in {step.text}: inputs {in_ulp(step.before)} ULP from exact, "
                f"output {in_ulp(step.ulp)}.",
                style="yellow",
            )
        )
    for step in (s for s in told.steps if not s.kept):
        lines.append(Text(f"{step.text} left its contract: {in_ulp(step.own_ulp)} ULP from its own inputs' exact value.", style="red"))
    for literal in dict.fromkeys(told.literals):
        lines.append(Text(f"The literal {literal} stands for any number that rounds to it.", style="dim"))
    parts = [f"{sum(ops.values())} {why} ({', '.join(ops)})" for why, ops in told.left_out.items()]
    if parts:
        lines.append(Text(f"Left out (--all shows them): {'; '.join(parts)}.", style="dim"))
    return lines


# -- the answer and the three questions ---------------------------------------------------------------------


def answers(shown: Shown) -> Group:
    """Exact and got, entry by entry: one below the other for a single number, else as a table."""
    count = sum(len(v.outcomes) for v in shown.verdicts)
    return Group(single(shown, shown.verdicts[0]) if count == 1 else several(shown))


def single(shown: Shown, verdict: Verdict) -> Table:
    """One exact number and one answer."""
    dtype, sides = shown.question.dtype, shown.base.exact[0][0]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_row("asked", entry_name(shown.question, 0))
    for k, side in enumerate(dict.fromkeys(map(Exact, sides))):
        grid.add_row("exact" if not k else "or", *exact_lines(side.value, dtype))
    grid.add_row("TensorFlow", *got_lines(shown, verdict, 0))
    return grid


class Exact:
    """A side of the exact answer, comparable by what it looks like."""

    def __init__(self, value: Side) -> None:
        self.value, self.text = value, certified_side(value, 40)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exact) and self.text == other.text

    def __hash__(self) -> int:
        return hash(self.text)


def certified_side(side: Side, digits: int) -> str:
    return "undefined" if side is None else str(side) if isinstance(side, float) else certified(side, digits)


def exact_lines(side: Side, dtype: str) -> tuple[str, ...]:
    """The proven digits, and the float they round to."""
    text = certified_side(side, DIGITS[dtype] + 14)
    nearest = None if side is None else round_exact(side, dtype)
    if nearest is None or not isinstance(side, arb):
        return (text,)
    more = "…" if not side.is_exact() else ""
    return f"{text}{more}", f"rounds to {decimal(nearest, dtype)}", hexed(nearest)


def got_lines(shown: Shown, verdict: Verdict, k: int) -> tuple[str, ...]:
    """TensorFlow's number and its distance, or what came instead."""
    if verdict.got is None:
        return (words.got(verdict, k),)
    outcome, got = verdict.outcomes[k], float(verdict.got[k])
    far = "" if math.isnan(outcome.ulp) else f"{in_ulp(outcome.ulp)} ULP from exact"
    return decimal(got, shown.question.dtype), far, hexed(got)


def several(shown: Shown) -> Table:
    """One row per number: at most a dozen, the worst ones first where there are more."""
    dtype = shown.question.dtype
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="cyan", pad_edge=False)
    for heading in ("asked", "exact", "TensorFlow", "in hexadecimal"):
        table.add_column(heading, overflow="fold")
    table.add_column("ULP", justify="right")
    table.add_column("verdict")
    places = [(v, k) for v in shown.verdicts for k in range(len(v.outcomes))]
    if len(places) > 16:
        places = sorted(places, key=lambda p: (-SEVERITY[p[0].outcomes[p[1]].status], -p[0].outcomes[p[1]].ulp))[:12]
    for verdict, k in places:
        outcome = verdict.outcomes[k]
        sides = dict.fromkeys(certified_side(s, DIGITS[dtype]) for s in shown.base.exact[verdict.entry][k])
        got = None if verdict.got is None else float(verdict.got[k])
        table.add_row(
            entry_name(shown.question, verdict.entry) + element_name(shown, verdict.entry, k),
            " or ".join(sides),
            "None" if got is None else decimal(got, dtype),
            "" if got is None else hexed(got),
            in_ulp(outcome.ulp),
            Text(outcome.status, style=COLOURS[outcome.status]),
        )
    return table


def entry_name(question: Question, entry: int) -> str:
    """Which derivative an entry is, with its weight: c · f′(x), or h_a · c · ∂²f/∂a∂b."""
    op = question.op
    if op.shapes is not None:
        return array_entry(question, entry)
    indices = question.entries[entry]
    inputs, h = names_of(op).split(", "), tangent_names(question)
    i, j = (indices * 2)[:2]
    if question.order == 1:
        factors = [h[i]] if question.asks == "jvp" else ["c"]
    else:
        factors = {"jvp_of_vjp": ["c", h[j]], "jvp_of_jvp": [h[i], h[j]]}.get(question.asks, ["c", h[i]])
    partial = partial_names(op, question.order)[entry]
    return " · ".join([*factors, partial if len(inputs) > 1 else partial])


def array_entry(question: Question, entry: int) -> str:
    """Which derivative of L an entry of an array row is."""
    inputs, h = names_of(question.op).split(", "), tangent_names(question)
    i, j = (question.entries[entry] * 2)[:2]
    a, b = inputs[i], inputs[j]
    return {
        ("vjp", 1): f"∂L/∂{a}",
        ("jvp", 1): f"J_{a} {h[i]}",
        ("jacobian", 1): f"∂(c·f)/∂{a}",
        ("vjp", 2): f"∂⟨{h[i]}, ∂L/∂{a}⟩/∂{b}",
        ("jvp_of_vjp", 2): f"∂²L/∂{a}∂{b} {h[j]}",
        ("vjp_of_jvp", 2): f"∂⟨c, J_{a} {h[i]}⟩/∂{b}",
        ("jvp_of_jvp", 2): f"f″[{h[i]}, {h[j]}]",
        ("jacobian", 2): f"∂({h[i]}·∂L/∂{a})/∂{b}",
    }[question.asks, question.order]


def element_name(shown: Shown, entry: int, k: int) -> str:
    """The element's index in an array; empty for a single number."""
    from reference.exact import answer_shapes

    question = shown.question
    if question.op.shapes is None:
        return ""
    shape = answer_shapes(question.op, question.asks, question.order)[entry]
    return f"[{','.join(map(str, np.unravel_index(k, shape)))}]" if shape else ""


def questions(shown: Shown) -> Table:
    """The three questions in words, the verdict, and how to see it again."""
    grid = labelled()
    if shown.told is not None:
        grid.add_row("formula", formula_words(shown))
        grid.add_row("value", value_words(shown))
        grid.add_row("kernel", kernel_words(shown))
    worst = max(shown.verdicts, key=lambda v: gravity([v]))
    outcome = max(worst.outcomes, key=lambda o: (SEVERITY[o.status], o.ulp))
    grid.add_row("verdict", Text.assemble((outcome.status, COLOURS[outcome.status]), f"  {sentence(worst, outcome)}"))
    grid.add_row("again", Text(again(shown), style="dim"))
    return grid


def sentence(verdict: Verdict, outcome: Any) -> str:
    """What the status means here."""
    if outcome.status == "wrong":
        reason = words.MEANING.get(outcome.question, "the number is not the derivative")
        return f"{reason[0].upper()}{reason[1:]}."
    said = STATUS.get(outcome.status, "")
    return f"{said} {verdict.message}".strip() if verdict.message else said


def formula_words(shown: Shown) -> str:
    """Whether what TensorFlow ran means the derivative."""
    wrong = [
        (v.entry, k) for v in shown.verdicts for k, o in enumerate(v.outcomes) if (o.status, o.question) == ("wrong", "formula")
    ]
    if not wrong:
        balls = [b for entry in shown.base.formula if entry for b in entry]
        if any(not b.is_finite() for b in balls):
            return "Computed without rounding, what TensorFlow ran is infinite or undefined here."
        return "Computed without rounding, what TensorFlow ran is the exact derivative."
    entry, k = wrong[0]
    ball = shown.base.formula[entry]
    digits = DIGITS[shown.question.dtype] + 6
    return (
        f"Computed without rounding, what TensorFlow ran is {certified(ball[k], digits) if ball else 'None'}, "
        f"and the derivative is {certified_side(shown.base.exact[entry][k][0], digits)}."
    )


def value_words(shown: Shown) -> str:
    """How many digits the formula promises, and whether TensorFlow keeps the promise."""
    said = [promise(shown, v, k) for v in shown.verdicts for k in range(len(v.outcomes))]
    return said[0][1] if len(said) == 1 else f"{min(said, key=lambda s: s[0])[1]} (the least of {len(said)} numbers)"


def promise(shown: Shown, verdict: Verdict, k: int) -> tuple[float, str]:
    """Bits promised, and the same in words."""
    dtype = shown.question.dtype
    values = shown.base.value[verdict.entry]
    finite = [s for s in shown.base.exact[verdict.entry][k] if isinstance(s, arb)]
    if values is None or not finite:
        return math.inf, "Where the derivative is infinite or undefined there is nothing to promise."
    ball, form = values[k], FORMATS[dtype]
    if not ball.is_finite():
        return -math.inf, "The kernels' contracts allow any number here, so the formula promises nothing."
    width = float(ball.rad() / spacing(finite[0], dtype))
    bits = form.precision if width <= 0.5 else max(form.precision - 1 - math.log2(width), 0.0)
    kept = verdict.got is not None and replay.within(ball, float(verdict.got[k]))
    promised = f"{bits:.0f} of {form.precision} bits here, {bits * math.log10(2):.1f} decimal digits"
    promised = promised if bits >= 1 else f"none of its {form.precision} bits here"
    where = "inside" if kept else "outside"
    return bits, (
        f"The formula promises {promised} (± {in_ulp(width)} ULP); TensorFlow's number lies {where}."
    )


def kernel_words(shown: Shown) -> str:
    """Whether every kernel did what it may be expected to do."""
    assert shown.told is not None
    broken = list(dict.fromkeys(s.kernel for s in shown.told.steps if not s.kept))
    if broken:
        return f"{listed(broken)} left {'its' if len(broken) == 1 else 'their'} contract."
    known = [s for s in shown.told.steps if s.own_ulp == s.own_ulp]
    if not known or not max(s.own_ulp for s in known):
        return "Every kernel is exact for its own inputs."
    worst = max(known, key=lambda s: s.own_ulp)
    return f"Every kernel keeps its contract; the farthest is {worst.kernel}, {in_ulp(worst.own_ulp)} ULP from exact for its own inputs."


def again(shown: Shown) -> str:
    """The command that shows this very screen."""
    question, base = shown.question, words.again(shown.question, 0)
    own = ask_at(question.op, question.mode, question.dtype, question.order, question.primals)
    point = 0 if question.block is not None else slice(None)
    parts = [base]
    if not np.array_equal(question.cotangent[point], own.cotangent[point]):
        parts.append(option("cotangent", [question.cotangent[point]]))
    if any(not np.array_equal(h[point], o[point]) for h, o in zip(question.tangents, own.tangents, strict=True)):
        parts.append(option("tangent", [h[point] for h in question.tangents]))
    if shown.copies > 1:
        parts.append(f"--copies {shown.copies}")
    return " ".join(parts)


def option(name: str, values: list[Any]) -> str:
    """An option with numbers, in hexadecimal."""
    return f"--{name}={','.join(hexed(float(v)) for v in np.hstack([np.ravel(v) for v in values]))}"


# -- other forms --------------------------------------------------------------------------------------------


def program(shown: Shown) -> str:
    """The question as plain TensorFlow, with the exact numbers beside it."""
    dtype, comments = shown.question.dtype, []
    worst = max(shown.verdicts, key=lambda v: gravity([v]))
    k = max(range(len(worst.outcomes)), key=lambda k: (SEVERITY[worst.outcomes[k].status], worst.outcomes[k].ulp))
    sides = [s for s in shown.base.exact[worst.entry][k] if s is not None]
    name = entry_name(shown.question, worst.entry) + element_name(shown, worst.entry, k)
    exact = " or ".join(dict.fromkeys(certified_side(s, DIGITS[dtype] + 4) for s in sides)) or "undefined"
    nearest = round_exact(sides[0], dtype) if len(sides) == 1 else None
    comments.append(f"exact: {name} = {exact}" + (f", which rounds to {hexed(nearest)}" if nearest is not None else ""))
    comments.append(f"TensorFlow {shown.tensorflow}: {got_text(worst, k)}, {worst.outcomes[k].status}")
    return script(shown.question, comments)


def got_text(verdict: Verdict, k: int) -> str:
    """What came back, for a comment."""
    if verdict.got is None:
        return words.got(verdict, k)
    return f"{hexed(float(verdict.got[k]))}, {in_ulp(verdict.outcomes[k].ulp)} ULP away"


def record(shown: Shown) -> dict[str, Any]:
    """Everything shown as JSON: floats in hexadecimal, exact values in decimal and as the float they round to."""
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


def hexes(values: Array) -> list[str]:
    return [float(v).hex() for v in np.ravel(values)]


def derivatives(question: Question) -> dict[str, str]:
    """The exact derivatives of an elementwise row."""
    if question.op.shapes is not None:
        return {}
    names = partial_names(question.op, question.order)
    return {name: sp.sstr(e) for name, e in zip(names, derive.partials(question.op, question.order), strict=True)}


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


def finite(value: float) -> float | str | None:
    """A number as JSON can hold it."""
    return None if math.isnan(value) else value if math.isfinite(value) else "inf"


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
    return {"decimal": certified_side(side, digits), "rounded": None if nearest is None else float(nearest).hex()}

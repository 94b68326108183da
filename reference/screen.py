"""One question as a screen: the function, the exact derivatives, the kernels, the answer, the verdict."""

from __future__ import annotations

import math

import numpy as np
import sympy as sp
from flint import arb
from rich.console import Console, Group
from rich.table import Table
from rich.text import Text

from reference.choices import hexed, shortest
from reference.explain import formula_words, kernel_words, sentence, value_words
from reference.figures import DIGITS, Exact, absent, certified, certified_side, decimal, in_ulp, proven
from reference.judge import Verdict
from reference.look import Shown
from reference.naming import element_name, entry_name, formula, partial_names, weighted, written
from reference.op import Op
from reference.outcome import FAILING, SEVERITY
from reference.question import Question, Side
from reference.script import call_of, names_of
from reference.steps import Step, Told
from reference.ulp import FORMATS, round_exact

Array = np.ndarray

TALLEST = 6  # lines of a formula
COLOURS = {
    **dict.fromkeys(("right", "convention"), "green"),
    **dict.fromkeys(("weak", "flushed", "known"), "yellow"),
    **dict.fromkeys(("lost", "unbounded"), "magenta"),
    **dict.fromkeys(FAILING, "bold red"),
}


def draw(shown: Shown, again: str, console: Console) -> None:
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
    elif all(v.got is None for v in shown.verdicts):
        console.print(Text("TensorFlow gave no number, so there is nothing to replay.", style="dim"))
    else:
        console.print(Text("No trace could be had, so the answer is held to the exact value alone.", style="dim"))
    console.print()
    console.print(answers(shown))
    console.print()
    console.print(questions(shown))
    console.print(Text(f"again    {again}", style="dim"), soft_wrap=True)  # one line, to be copied


def title(shown: Shown) -> Group:
    """What is asked, in one line."""
    question = shown.question
    line = Text.assemble(
        (question.op.name, "bold"),
        f" · {'first' if question.order == 1 else 'second'} derivative · {question.dtype} · ",
        (f"mode {question.mode.name}", "bold"),
        (f" · TensorFlow {shown.tensorflow}", "dim"),
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
        grid.add_row("f", f"{shapes}: {call_of(op)[0]}")
        grid.add_row(
            "",
            Text("L is the sum of c · f; its derivatives come from SymPy, element by element", style="dim"),
        )
    else:
        grid.add_row(f"f({named})", formula_text(op, 0, 0, width))
        for order in range(1, question.order + 1):
            for k, label in enumerate(partial_names(op, order)):
                grid.add_row(label, formula_text(op, order, k, width))
    if op.note:
        grid.add_row("", Text(op.note, style="dim"))
    return grid


def formula_text(op: Op, order: int, k: int, width: int) -> str:
    """One partial on one line where it fits, else as SymPy lays it out."""
    expr = formula(op, order, k)
    line = written(expr)
    room = width - 16
    if len(line) <= min(room, 72) and not expr.has(sp.Piecewise):
        return line
    laid_out = sp.pretty(expr, use_unicode=True, wrap_line=False)
    rows = laid_out.splitlines()
    return laid_out if len(rows) <= TALLEST and max(map(len, rows)) <= room else line


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


def tensor_lines(name: str, values: Array, question: Question, kind: str) -> list[tuple[str, str]]:
    """A number in decimal and hexadecimal, or an array in decimal."""
    if question.block is not None:
        return [(f"{name} = {shortest(float(values[0]), question.dtype)}", hexed(float(values[0])))]
    lines = [", ".join(shortest(float(v), question.dtype) for v in row) for row in np.atleast_2d(values)]
    return [
        (f"{name} = " * (not k) + " " * (len(name) + 3) * bool(k) + f"[{line}]", "") for k, line in enumerate(lines)
    ]


def draw_steps(shown: Shown, console: Console) -> None:
    """What TensorFlow ran, kernel by kernel, and where digits go."""
    assert shown.told is not None
    steps, dtype = shown.told.steps, shown.question.dtype
    if not steps:
        console.print(Text("No kernel that TensorFlow ran has a part in the answer.", style="dim"))
        return
    whose = "" if shown.traced == shown.question.mode.name else f" in mode {shown.traced}, which asks for the same"
    console.print(Text(f"What TensorFlow ran{whose}", style="bold"))
    wide = DIGITS[dtype] + 7
    roomy = console.width >= 4 + max(len(s.text) for s in steps) + 3 * wide + 2 * 8 + 10
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
        table.add_column("for its inputs", no_wrap=True)
    table.add_column("ULP" if roomy else "own ULP", justify="right", no_wrap=True)
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
            Text(far(step) + (" ◂" if step.lost else "  "), style="yellow" if step.lost else ""),
        )
    return table


def far(step: Step) -> str:
    """The distance in ULP; a decision is either the exact one or the other."""
    return in_ulp(step.ulp) if step.dtype in FORMATS or step.ulp == 0 else "≠"


def loss(step: Step) -> str:
    """What happens to the digits in this step."""
    if step.dtype not in FORMATS:
        return f"{step.text} is decided the other way than it would be exactly."
    lost = "all bits" if math.isinf(step.lost) or math.isinf(step.ulp) else f"{step.lost:.0f} bits"
    apart = f"inputs {in_ulp(step.before)} ULP from exact, output {in_ulp(step.ulp)}"
    return f"{lost} of accuracy are lost in {step.text}: {apart}."


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
        lines.append(Text(f"◂ {loss(step)}", style="yellow"))
    for step in (s for s in told.steps if not s.kept):
        lines.append(
            Text(
                f"{step.text} left its contract: {in_ulp(step.own_ulp)} ULP from exact for its inputs.",
                style="red",
            )
        )
    for literal in dict.fromkeys(told.literals):
        lines.append(
            Text(
                f"The literal {literal} is right to within half a unit in the last digit of the question's dtype.",
                style="dim",
            )
        )
    parts = [f"{sum(ops.values())} {why}" for why, ops in told.left_out.items()]
    if parts:
        lines.append(Text(f"Kernels left out (--all shows them): {', '.join(parts)}.", style="dim"))
    return lines


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


def exact_lines(side: Side, dtype: str) -> tuple[str, ...]:
    """The proven digits, and the float they round to."""
    text = proven(side, DIGITS[dtype] + 14)
    nearest = None if side is None else round_exact(side, dtype)
    if nearest is None or not isinstance(side, arb):
        return (text,)
    return text, f"rounds to {decimal(nearest, dtype)}", hexed(nearest)


def got_lines(shown: Shown, verdict: Verdict, k: int) -> tuple[str, ...]:
    """TensorFlow's number and its distance, or what came instead."""
    if verdict.got is None:
        return (absent(verdict),)
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
            entry_name(shown.question, verdict.entry) + element_name(shown.question, verdict.entry, k),
            " or ".join(sides),
            absent(verdict) if got is None else decimal(got, dtype),
            "" if got is None else hexed(got),
            in_ulp(outcome.ulp),
            Text(outcome.status, style=COLOURS[outcome.status]),
        )
    return table


def questions(shown: Shown) -> Table:
    """The three questions in words, the verdict, and how to see it again."""
    grid = labelled()
    if shown.told is not None and shown.told.steps:
        grid.add_row("formula", formula_words(shown))
        grid.add_row("value", value_words(shown))
        grid.add_row("kernel", kernel_words(shown))
    worst, k = shown.worst
    outcome = worst.outcomes[k]
    grid.add_row("verdict", Text.assemble((outcome.status, COLOURS[outcome.status]), f"  {sentence(worst, outcome)}"))
    return grid

"""Bad elements beside good ones: which tensors are asked, and whose answers must not get worse for it.

A block of good points is judged once. Then bad elements are put between them, and every good element's answer is
held to its own verdict: the same bits, or other bits inside the same ball. Of an array, the elements count whose
exact derivative, by SymPy, does not depend on the element that was spoilt.
"""

import math
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cache
from itertools import count, cycle, islice, product
from typing import NamedTuple

import numpy as np

from reference import judge, limits
from reference.basis import Basis
from reference.catalogue import OPS
from reference.derive import questions as derived
from reference.judge import Verdict
from reference.op import Op
from reference.outcome import SEVERITY, Outcome
from reference.points import rounded
from reference.question import Question
from reference.trial import DEAR, Trial, ask_at, blocks, plain
from reference.ulp import FORMATS
from tests.strategies import Block, Cell, cells_of, expand

Array = np.ndarray

LENGTHS = range(1, 34)  # past four packets of eight and the remainder behind them
FEW = (17, 7)  # for modes that build their answer anew for every shape,
FEWEST = (7,)  # and for those that take long over it, which are asked about functions of one input
QUESTIONS = 14, 11  # so many spoilt blocks in such a mode, and in one that takes long,
EVERY = 2  # and only every second row is asked in one


class Spoil(NamedTuple):
    """What is bad, and where: in which tensors of [*primals, cotangent, *tangents], of how many elements."""

    bad: str
    place: tuple[int, ...]
    position: int
    length: int = 0  # of the block; an array has its own

    def __repr__(self) -> str:
        return f"{self.bad} in {self.place} at {self.position} of {self.length or 'the array'}"


class Harm(NamedTuple):
    """A good element whose answer got worse beside a bad one."""

    spoil: Spoil
    entry: int
    element: int
    before: str  # the status among good ones
    after: Outcome
    said: str


def tensors(question: Question) -> list[Array]:
    """All that is asked, in one list."""
    return [*question.primals, question.cotangent, *question.tangents]


def replaced(question: Question, arrays: list[Array]) -> Question:
    """The question about other tensors."""
    n = question.op.arity
    return question._replace(primals=arrays[:n], cotangent=arrays[n], tangents=arrays[n + 1 :])


# -- what is bad --------------------------------------------------------------------------------------------


def bads(op: Op, dtype: str, i: int = 0) -> dict[str, float]:
    """Bad values for an input, by name; what lies outside the domain only where there is an outside."""
    form, domain = FORMATS[dtype], op.domain[i if i < op.arity else 0]
    found = {
        "NaN": math.nan, "inf": math.inf, "-inf": -math.inf, "zero": 0.0, "-zero": -0.0,
        "subnormal": form.smallest, "-subnormal": -form.smallest, "largest": form.largest, "-largest": -form.largest,
    }  # fmt: skip
    outside = {"below": domain.low - 1, "above": domain.high + 1}
    return found | {name: rounded(x, dtype) for name, x in outside.items() if math.isfinite(x)}


def places(question: Question) -> list[tuple[int, ...]]:
    """The tensors that may hold the bad element: each input, all inputs, and the weights that the mode reads."""
    n = question.op.arity
    if question.op.shapes is None:
        read = [s for k in range(len(question.entries)) for s in question.scale(k)]
        weights = [(k,) for k, t in enumerate(tensors(question)) if k >= n and any(t is s for s in read)]
    else:
        weights = [(k,) for k in range(n, 2 * n + 1)]
    return [*((i,) for i in range(n)), *([tuple(range(n))] if n > 1 and not question.op.shapes else []), *weights]


# -- blocks of good points ----------------------------------------------------------------------------------


@cache
def good(op: Op, cell: Cell) -> Question:
    """A block of good points near one, or the first case of an array row."""
    if op.shapes is not None:
        return ask_at(op, cell.mode, cell.dtype, cell.order, blocks(op, cell.dtype, "quick")[0])
    primals = [x[: max(lengths(cell))] for x in expand(Block("centre", 11, 0, "apart"), op, cell.dtype)]
    return ask_at(op, cell.mode, cell.dtype, cell.order, primals)


def lengths(cell: Cell) -> Sequence[int]:
    """How long the cell's spoilt blocks are."""
    if cell.mode.name in ("tape", "nested"):
        return LENGTHS
    return FEWEST if dear(cell) else FEW


def dear(cell: Cell) -> bool:
    """Whether TensorFlow takes long over every single question."""
    return cell.mode.asks[cell.order - 1] in DEAR


def chosen(spoil: Spoil, size: int) -> Array:
    """Which good point stands at which element of a spoilt block; the bad one's own is any."""
    return (np.arange(spoil.length) + spoil.position * (size // 2)) % size


def spoilt(question: Question, spoil: Spoil) -> Question:
    """The question with the bad element put in."""
    if question.block is not None:
        question = question.at(chosen(spoil, question.block))
    arrays = [x.copy() for x in tensors(question)]
    for i in spoil.place:
        arrays[i].flat[spoil.position] = bads(question.op, question.dtype, spoil.place[0])[spoil.bad]
    return replaced(question, arrays)


def kept(question: Question, spoil: Spoil) -> list[tuple[Array, Array]]:
    """Per entry: which elements of the spoilt answer are good ones, and which of the clean answer these are."""
    if question.block is not None:
        here = np.delete(np.arange(spoil.length), spoil.position)
        return [(here, chosen(spoil, question.block)[here])] * len(question.entries)
    (tensor,) = spoil.place
    return [(free, free) for free in independent(question.op, question.asks, question.order, tensor, spoil.position)]


@cache
def independent(op: Op, asks: str, order: int, tensor: int, position: int) -> list[Array]:
    """Per entry: the elements whose exact derivative has not this symbol in it, nor is one by this symbol."""
    symbols, answers = derived(op, asks, order)
    symbol = np.asarray(symbols[tensor]).flat[position]
    by = [indices[LAST[asks]] if asks in LAST else -1 for indices in product(range(op.arity), repeat=order)]
    size = np.size(symbols[tensor])
    return [
        np.array(
            [
                k
                for k, e in enumerate(entry.flat)
                if symbol not in e.free_symbols and not (by[n] == tensor and k % size == position)
            ],
            dtype=int,
        )
        for n, entry in enumerate(answers)
    ]


LAST = {"vjp": -1, "vjp_of_jvp": -1, "jacobian": -1, "jvp_of_vjp": 0}  # which input an answer's last axes run over


# -- which are asked ----------------------------------------------------------------------------------------


@cache
def plan() -> dict[str, list[tuple[Cell, list[Spoil]]]]:
    """The default questions: all lengths by tape, and of every second row another cell, by turns."""
    counters = {mode: count() for mode in {way(c) for op in OPS.values() for c in cells_of(op)}}
    asked: Counter[Hashable] = Counter()
    found: dict[str, list[tuple[Cell, list[Spoil]]]] = {}
    for turn, (name, op) in enumerate(OPS.items()):
        tape = [c for c in cells_of(op) if c.mode.name == "tape"]
        others = [c for c in cells_of(op) if c not in tape and not (dear(c) and op.arity > 1)]
        cells = [tape[turn % len(tape)]]
        if turn % EVERY == 0:
            least = min(others, key=lambda c: (asked[way(c)], asked[way(c), c.dtype], asked[c.dtype]))
            asked.update([way(least), (way(least), least.dtype), least.dtype])
            cells.append(least)
        found[name] = [(c, by_turns(op, c, turn, counters[way(c)])) for c in cells]
    return found


def way(cell: Cell) -> tuple[str, int]:
    """The mode and the order."""
    return cell.mode.name, cell.order


def by_turns(op: Op, cell: Cell, turn: int, counter: Iterator[int]) -> list[Spoil]:
    """The spoilt blocks of one cell, such that any two of bad, position, length, mode meet somewhere."""
    if cell.mode.name == "tape":
        every = list(enumerate(LENGTHS))
        strongest = (spoil(op, cell, length, turn + STRIDE * k, k, POISON) for k, length in every)
        others = (spoil(op, cell, length, turn + k, turn + k // 2) for k, length in every[turn % 2 :: 2])
        return [*strongest, *others]
    some = FEW if cell.mode.name == "nested" else lengths(cell)
    few = islice(cycle(some), QUESTIONS[dear(cell)])
    return [spoil(op, cell, length, (n := next(counter)) // len(some), n) for length in few]


POISON = ("NaN", "inf", "-inf")  # what spoils a sum, whatever it is multiplied with
STRIDE = 3  # from a length to the next the bad element moves so far on: through all lanes


def spoil(op: Op, cell: Cell, length: int, position: int, turn: int, names: Sequence[str] = ()) -> Spoil:
    """One spoilt block; the bad value is one of the names, and then in an input, or by turns all are taken."""
    question = good(op, cell)
    found = places(question)[: op.arity if names else None]
    place = found[turn // (len(names) or 1) % len(found)]
    names = names or sorted(bads(op, cell.dtype, place[0]))
    size = length if op.shapes is None else tensors(question)[place[0]].size
    return Spoil(names[turn % len(names)], place, position % size, length if op.shapes is None else 0)


def everything(op: Op, cell: Cell) -> Iterator[Spoil]:
    """Every bad value at every position of every length in every tensor."""
    question = good(op, cell)
    for place in places(question):
        sizes = lengths(cell) if op.shapes is None else [tensors(question)[place[0]].size]
        for size, bad in product(sizes, bads(op, cell.dtype, place[0])):
            for position in range(size):
                yield Spoil(bad, place, position, size if op.shapes is None else 0)


# -- what TensorFlow is known to leak -----------------------------------------------------------------------


class Leak(NamedTuple):
    """A finding about TensorFlow: in which questions it multiplies a bad element by a zero of its own, and adds."""

    name: str
    shows: Callable[[Question, Spoil, int], bool]  # in this entry of the answer, as NaN
    why: str
    program: str  # plain TensorFlow; prints what should be a number


LEAKS = (
    Leak(
        "a Jacobian's zero cotangents",
        lambda q, spoil, entry: q.asks == "jacobian",
        "A Jacobian is asked row by row with cotangents that are 0 but for one: where another element's partial is "
        "NaN or infinite, its 0 becomes NaN off the diagonal, and wherever the gradient sums, beside it.",
        """
import tensorflow as tf
x = tf.constant([1.0, 0.0])
with tf.GradientTape(persistent=True) as tape:
    tape.watch(x)
    y = tf.math.log(x)
print(tape.jacobian(y, x)[0, 1].numpy())  # y[0] does not depend on x[1]
""",
    ),
    Leak(
        "forward mode's zero tangents",
        lambda q, spoil, entry: q.op.arity > 1 and q.asks in FORWARD,
        "An accumulator gives an input without a tangent one of zeros, and adds up the partials times these: of a "
        "product, a bad element of one factor times the zero tangent of the other.",
        """
import tensorflow as tf
a, b = tf.constant([[float("nan"), 1.0]]), tf.constant([[2.0], [3.0]])
with tf.autodiff.ForwardAccumulator(a, tf.ones_like(a)) as accumulator:
    y = tf.matmul(a, b)
print(accumulator.jvp(y).numpy()[0, 0])  # linear in a: 2 + 3, whatever a is
""",
    ),
    Leak(
        "a tf.function's explicit zeros",
        lambda q, spoil, entry: q.op.arity > 1 and (q.mode.name, q.order) == ("around", 2),
        "The gradient function of a tf.function returns all its gradients at once; when one of them is differentiated "
        "the others get cotangents of explicit zeros, and zero times a bad element is NaN.",
        """
import tensorflow as tf
a, b = tf.constant([[float("nan"), 1.0]]), tf.constant([[2.0], [3.0]])
product = tf.function(tf.matmul)
with tf.GradientTape() as outer:
    outer.watch([a, b])
    with tf.GradientTape() as inner:
        inner.watch([a, b])
        y = product(a, b)
    by_a = inner.gradient(y, [a, b])[0]
print(outer.gradient(by_a, b).numpy()[0, 0])  # by_a is b, transposed: 1, whatever a is
""",
    ),
)
FORWARD = ("jvp", "jvp_of_vjp", "vjp_of_jvp", "jvp_of_jvp")


def leak(question: Question, harm: Harm) -> str:
    """The name of the finding that a harm belongs to; empty for none."""
    shown = (row.name for row in LEAKS if harm.said == "nan" and row.shows(question, harm.spoil, harm.entry))
    return next(shown, "")


# -- what came back -----------------------------------------------------------------------------------------


def harms(trial: Trial, question: Question, spoils: Sequence[Spoil]) -> list[Harm]:
    """The good elements whose answers got worse beside bad ones, and for which no limit of the array is known."""
    clean = trial.verdicts(question)
    question = clean[0].question  # of a block's Jacobian, the points that can be asked
    base, _ = trial.basis(plain(question))
    answers = list(trial.probe.ask_all(spoilt(question, spoil).job(str(spoil)) for spoil in spoils))
    found = (h for s, a in zip(spoils, answers, strict=True) for h in harmed(question, clean, base, s, a))
    return [h for h in found if not listed(question, h)]


def harmed(question: Question, clean: list[Verdict], base: Basis, spoil: Spoil, answer: dict) -> Iterator[Harm]:
    """The good elements of one answer that got worse, in the light of the clean block's trace."""
    asked = spoilt(question, spoil)
    for entry, (verdict, (here, there)) in enumerate(zip(clean, kept(question, spoil), strict=True)):
        got, said = numbers(asked, entry, answer)
        if got is None or verdict.got is None:
            if said != silence(verdict):
                yield Harm(spoil, entry, -1, "right", Outcome("wrong", "missing", math.inf), said)
            continue
        if question.block is not None and got.ndim == 2:
            yield from aside(spoil, entry, got)
            got = np.diag(got)
        values = verdict.got.copy()
        values[there] = got.reshape(-1)[here]
        found = judge.heard(verdict.question, entry, values, base, clean)
        for k in there:
            before, after = verdict.outcomes[k], found.outcomes[k]
            if SEVERITY[after.status] > SEVERITY[before.status]:
                yield Harm(spoil, entry, int(k), before.status, after, repr(float(values[k])))


def aside(spoil: Spoil, entry: int, jacobian: Array) -> Iterator[Harm]:
    """The elements of a block's Jacobian off its diagonal that are not zero, but for the bad output's own."""
    for row, column in np.argwhere(judge.off_diagonal(jacobian) != 0):
        if row != spoil.position:
            said = repr(float(jacobian[row, column])) + (f" by {column}" if column != spoil.position else "")
            yield Harm(spoil, entry, int(row), "right", Outcome("wrong", "formula", math.inf), said)


def numbers(question: Question, entry: int, answer: dict) -> tuple[Array | None, str]:
    """An entry's floats; without any, what came instead."""
    if "values" not in answer:
        return None, "raised" if "raised" in answer else "crashed"
    record = answer["values"][entry]
    return (None, "None") if record is None else (judge.formed(question, entry, record), "")


def silence(verdict: Verdict) -> str:
    """What the clean block was answered where that was no number."""
    if verdict.got is not None:
        return ""
    return "raised" if {o.question for o in verdict.outcomes} & {"raised", "crashed"} else "None"


def listed(question: Question, harm: Harm) -> bool:
    """Whether a limit names what an array's element says beside the bad one."""
    if question.block is not None or harm.element < 0:
        return False
    got = np.full(harm.element + 1, float(harm.said))
    return limits.named(spoilt(question, harm.spoil), harm.entry, harm.element, harm.after, got) is not None

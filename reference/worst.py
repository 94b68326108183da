"""The search for the worst points: coarse blocks over the whole line of floats, then local refinement in ULP space.

A point counts where the verdict is `right`: the formula promises at least half of the digits and TensorFlow keeps
the promise. Most points are only screened (the certified distance in ULP); those that would be worse than what is
known are judged in full. In a dtype of 16 bits every float is screened where there is one argument. The steps of a
search are the same on every machine; only where it stops depends on the time.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import signal
import threading
import time
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import NamedTuple

import numpy as np
from flint import arb

from reference import cache, ratchet
from reference.ask import Probe
from reference.catalogue import OPS
from reference.choices import Unusable, hexed, settle
from reference.figures import in_ulp
from reference.judge import elements, well_formed
from reference.line import floats, places, span
from reference.modes import MODES
from reference.op import FLOATS, Op
from reference.points import points
from reference.question import Question, Side
from reference.ratchet import Worst
from reference.trial import Trial, ask_at
from reference.ulp import FORMATS, distance
from reference.verify import JOBS_PER_PROBE, ONE_THREAD, end_with_parent, uninterrupted
from reference.wire import unpack
from reference.words import again

Array = np.ndarray

DOCUMENT = Path(__file__).with_name("WORST.md")
MARKS = ("<!-- worst -->", "<!-- /worst -->")
MODE = {1: "tape", 2: "nested"}
COPIES = 32  # of a recorded point in one vector: all of them go through TensorFlow's vectorised kernels
COARSE = 1024  # points evenly spread over the line, each in a random place of its stretch
CENTRAL = (2.0**-8, 2.0**8)  # magnitudes among which half as many again are spread
SEEDS, NEIGHBOURS = 8, 32  # the worst points known, and how many floats about each are tried at a time
GENERATIONS = 96  # so many times in a row without a worse one, and a search is over
JUDGED = 24  # points judged in full per generation, the farthest and some of the others; four times as many at first
SECONDS = 2.0
SHORT = ("float16", "bfloat16")
PATIENCE = 30  # times as long may it take to judge what was screened of a whole dtype


class Cell(NamedTuple):
    """One search: an op, a dtype and an order."""

    op: str
    dtype: str
    order: int

    def question(self, at: Array) -> Question:
        """The cell's question at points (count × arity), all with one cotangent and one tangent that are not one."""
        question = ask_at(OPS[self.op], MODES[MODE[self.order]], self.dtype, self.order, list(at.T))
        weights = ask_at(OPS[self.op], question.mode, self.dtype, self.order, [np.zeros(2)] * at.shape[1])
        return question._replace(
            cotangent=np.full(len(at), weights.cotangent[1]),
            tangents=[np.full(len(at), h[1]) for h in weights.tangents],
        )


def cells(ops: Iterable[str], dtypes: Iterable[str], orders: Iterable[int]) -> list[Cell]:
    """The cells that can be searched: elementwise rows."""
    rows = [OPS[name] for name in ops or OPS]
    return [
        Cell(op.name, dtype, order)
        for op in rows
        for dtype in op.dtypes
        for order in orders or (1, 2)
        if op.shapes is None and dtype in (dtypes or FLOATS)
    ]


# -- how far off ----------------------------------------------------------------------------------------------


def countable(sides: tuple[Side, ...], got: float, dtype: str) -> float:
    """The distance in ULP of a finite answer to a single normal exact value; -1 where there is no such distance,
    or one that no formula that promises half of the digits can have."""
    form = FORMATS[dtype]
    if len(sides) != 1 or not isinstance(sides[0], arb) or not math.isfinite(got):
        return -1.0
    if abs(sides[0]) < form.smallest_normal and not sides[0].is_zero():
        return -1.0
    ulp = distance(got, sides[0], dtype)
    return ulp if ulp <= 2.0 ** (form.precision / 2 + 1) else -1.0


def screened(trial: Trial, question: Question) -> Array:
    """The largest distance among a point's entries, at each point of a block."""
    answer = trial.answer(question)
    far = np.full(question.block or 0, -1.0)
    if "values" not in answer or not well_formed(question, answer):
        return far
    for entry, (record, exact) in enumerate(zip(answer["values"], question.exact(), strict=True)):
        if record is not None:
            got = elements(question, entry, record)
            far = np.maximum(far, [countable(s, float(g), question.dtype) for s, g in zip(exact, got, strict=True)])
    return far


def kept(trial: Trial, question: Question) -> Array:
    """The same where the verdict on the entry is `right`."""
    far = np.full(question.block or 0, -1.0)
    for verdict in trial.verdicts(question):
        if verdict.got is not None:
            for k, found in enumerate(verdict.outcomes):
                if found.status == "right":
                    far[k] = max(far[k], countable(verdict.exact[k], float(verdict.got[k]), question.dtype))
    trial.forget()
    return far


# -- the search -----------------------------------------------------------------------------------------------


class Pool:
    """The worst points met so far, judged in full: places (count × arity) and distances, the worst first."""

    def __init__(self, arity: int) -> None:
        self.at = np.empty((0, arity), dtype=np.int64)
        self.ulp = np.empty(0)

    def add(self, at: Array, ulp: Array) -> None:
        """Take in points; the nearest to exact and those met before are left out."""
        at, ulp = np.vstack([self.at, at]), np.concatenate([self.ulp, ulp])
        _, fresh = np.unique(at, axis=0, return_index=True)
        fresh = fresh[ulp[fresh] >= 0]
        best = fresh[np.argsort(-ulp[fresh], kind="stable")][:SEEDS]
        self.at, self.ulp = at[best], ulp[best]

    @property
    def bar(self) -> float:
        """How far off a point has to be to be taken in."""
        return float(self.ulp[-1]) if len(self.ulp) == SEEDS else -0.5


def search(trial: Trial, cell: Cell, seconds: float = SECONDS) -> Worst | None:
    """The worst point of a cell; None where no answer is right."""
    until = time.monotonic() + seconds
    op = OPS[cell.op]
    spans = [span(domain, cell.dtype) for domain in op.domain]
    stream = np.random.PCG64(zlib.crc32(f"worst {cell.op} {cell.dtype} {cell.order}".encode()))
    pool = Pool(op.arity)
    with cache.nothing_kept():
        if is_short(cell):
            whole = all_asked(trial, cell, pool, *spans[0], until + PATIENCE * seconds)
            return confirmed(trial, cell, pool, whole)
        advance(trial, cell, pool, coarse(op, cell, spans, stream), 4 * JUDGED)
        generation = since = 0
        while len(pool.at) and since < GENERATIONS and time.monotonic() < until:
            generation, worst = generation + 1, pool.ulp[0]
            advance(trial, cell, pool, neighbours(pool, generation, spans, stream, cell), JUDGED)
            since = since + 1 if pool.ulp[0] <= worst else 0
        return confirmed(trial, cell, pool)


def is_short(cell: Cell) -> bool:
    """Whether all floats can be asked: one argument of 16 bits."""
    return OPS[cell.op].arity == 1 and cell.dtype in SHORT


def all_asked(trial: Trial, cell: Cell, pool: Pool, first: int, last: int, until: float) -> bool:
    """Screen every finite float and judge from the farthest on, until no other can be worse; whether that was done."""
    largest = int(places([FORMATS[cell.dtype].largest], cell.dtype)[0])
    at = np.arange(max(first, ~largest), min(last, largest) + 1)[:, None]
    at = filled(at)
    parts = [at[k : k + COARSE] for k in range(0, len(at), COARSE)]
    far = np.concatenate([screened(trial, cell.question(floats(part, cell.dtype))) for part in parts])
    order = np.argsort(-far, kind="stable")
    order = order[far[order] >= 0]
    for k in range(0, len(order), 8 * JUDGED):
        part = filled(order[k : k + 8 * JUDGED])
        if len(pool.ulp) and far[part[0]] <= pool.ulp[0]:
            return True
        if k and time.monotonic() > until:
            return False
        pool.add(at[part], kept(trial, cell.question(floats(at[part], cell.dtype))))
    return True


def advance(trial: Trial, cell: Cell, pool: Pool, at: Array, room: int) -> None:
    """Screen points, and judge those that may be worse than what the pool holds: the farthest, and others evenly."""
    at = filled(at)
    values = np.column_stack([floats(column, cell.dtype) for column in at.T])
    far = screened(trial, cell.question(values))
    order = np.argsort(-far, kind="stable")
    order = order[far[order] > pool.bar]
    top, rest = order[: room // 3], order[room // 3 :]
    even = rest[np.linspace(0, len(rest) - 1, min(len(rest), room - room // 3)).astype(int)]
    chosen = filled(np.concatenate([top, even]))
    if len(chosen):
        pool.add(at[chosen], kept(trial, cell.question(values[chosen])))


def filled(rows: Array) -> Array:
    """The rows, the last one repeated until all go through TensorFlow's vectorised kernels."""
    return np.concatenate([rows, np.repeat(rows[-1:], -len(rows) % COPIES, axis=0)])


def coarse(op: Op, cell: Cell, spans: list[tuple[int, int]], stream: np.random.PCG64) -> Array:
    """The first block: the deterministic points, and others spread over the line."""
    known = np.column_stack([places(column, cell.dtype) for column in finite(points(op, cell.dtype, "quick"))])
    return np.vstack([within(known, spans), spread(cell, spans, stream)])


def spread(cell: Cell, spans: list[tuple[int, int]], stream: np.random.PCG64) -> Array:
    """One random place in each of many stretches of the line, and again where numbers are neither large nor small."""
    wide = [stretches(first, last, COARSE, stream) for first, last in spans]
    small, large = places(list(CENTRAL), cell.dtype).tolist()
    near = np.column_stack([stretches(small, large, COARSE // 2, stream) for _ in spans])
    signs = stream.random_raw(near.size).reshape(near.shape) % 2
    near = np.where(signs == 0, near, ~near)
    mixed = np.column_stack([wide[0], *(column[np.argsort(stream.random_raw(COARSE))] for column in wide[1:])])
    return within(np.vstack([mixed, near]), spans)


def finite(columns: list[Array]) -> list[Array]:
    """The points without an infinity or NaN."""
    good = np.logical_and.reduce([np.isfinite(column) for column in columns])
    return [column[good] for column in columns]


def stretches(first: int, last: int, count: int, stream: np.random.PCG64) -> Array:
    """One random place in each of `count` equal stretches of the line."""
    width = max((last - first) // count, 1)
    noise = (stream.random_raw(count) % np.uint64(width)).astype(np.int64)
    return first + np.arange(count, dtype=np.int64) * width + noise


def within(at: Array, spans: list[tuple[int, int]]) -> Array:
    """The places inside the domain."""
    good = [(first <= column) & (column <= last) for column, (first, last) in zip(at.T, spans, strict=True)]
    return at[np.logical_and.reduce(good)]


def neighbours(pool: Pool, generation: int, spans: list[tuple[int, int]], stream: np.random.PCG64, cell: Cell) -> Array:
    """The next block: floats about the pool's, nearer and nearer; then other places of the line, and so on in turns."""
    widest = FORMATS[cell.dtype].precision + 1
    reach = widest - generation % (widest - 2)
    if reach == widest:
        return np.vstack([spread(cell, spans, stream), pool.at[:1]])
    return np.vstack([within(around(pool, reach, stream), spans), pool.at[:1]])


def around(pool: Pool, reach: int, stream: np.random.PCG64) -> Array:
    """Neighbours of the pool's points, 2^k ULP and a bit away in one argument or in all, where k is below the reach."""
    shape = (len(pool.at), NEIGHBOURS, pool.at.shape[1])
    raw = stream.random_raw(math.prod(shape)).reshape(shape)
    size = np.int64(1) << (np.arange(NEIGHBOURS, dtype=np.int64) % reach)[None, :, None]
    step = size + (raw >> np.uint64(2)).astype(np.int64) % size
    step = np.where(raw & np.uint64(1), step, -step)
    moved = (stream.random_raw(shape[0] * shape[1]) % np.uint64(shape[2] + 1)).reshape(shape[:2])[:, :, None]
    step = np.where((moved == shape[2]) | (moved == np.arange(shape[2])), step, 0)
    return (pool.at[:, None, :] + step).reshape(-1, shape[2])


def confirmed(trial: Trial, cell: Cell, pool: Pool, whole: bool = False) -> Worst | None:
    """The worst of the pool's points, each asked by itself in a vector of copies."""
    found = [asked_alone(trial, cell, at, whole) for at in pool.at[: SEEDS // 2]]
    return max((row for row in found if row is not None), key=lambda row: row.ulp, default=None)


def asked_alone(trial: Trial, cell: Cell, at: Array, whole: bool) -> Worst | None:
    """One point in a vector of copies, as the record will hold it; None where the promise is not kept."""
    point = np.array([float(floats([place], cell.dtype)[0]) for place in at])
    question = cell.question(np.tile(point, (COPIES, 1)))
    verdicts = trial.verdicts(question)
    trial.forget()
    rows = [
        Worst(
            *cell,
            verdict.entry,
            tuple(point.tolist()),
            float(question.cotangent[0]),
            tuple(float(h[0]) for h in question.tangents),
            float(verdict.got[0]),
            six_digits(verdict.outcomes[0].ulp),
            whole,
            ratchet.asked(trial.probe.hello),
        )
        for verdict in verdicts
        if verdict.got is not None
        and verdict.outcomes[0].status == "right"
        and countable(verdict.exact[0], float(verdict.got[0]), cell.dtype) >= 0
    ]
    return max(rows, key=lambda row: row.ulp, default=None)


def six_digits(ulp: float) -> float:
    """A distance as the record holds it."""
    return float(f"{ulp:.6g}")


# -- the ratchet ----------------------------------------------------------------------------------------------


class Moved(NamedTuple):
    """A recorded point at which TensorFlow now gives another answer, or none."""

    row: Worst
    got: float | None
    ulp: float  # of the new answer; infinite without one

    @property
    def farther(self) -> bool:
        """Whether the answer is farther from exact than the one on record."""
        return six_digits(self.ulp) > self.row.ulp

    def __str__(self) -> str:
        row = self.row
        at = ", ".join(map(hexed, row.at))
        now = "no number" if self.got is None else f"{in_ulp(self.ulp)} ULP ({hexed(self.got)})"
        was = f"{in_ulp(row.ulp)} ULP ({hexed(row.got)})"
        said = f"{row.op} {row.dtype} order {row.order} at {at}: {now} from exact, on record are {was}"
        weights = f"--cotangent={hexed(row.cotangent)} --tangent={','.join(map(hexed, row.tangents))}"
        return f"{said}\n  again     {again(question_of(row, 1), 0)} {weights} --copies {COPIES}"


def moved(trial: Trial, rows: Iterable[Worst]) -> Iterator[Moved]:
    """The recorded points whose answer has other bits than the record."""
    for row in rows:
        got = answered(trial, row)
        if got is None or got.hex() != row.got.hex():
            yield Moved(row, got, math.inf if got is None else certified(row, got))


def question_of(row: Worst, copies: int = COPIES) -> Question:
    """The question that a recorded answer belongs to."""
    question = Cell(*row.key).question(np.tile(np.array(row.at), (copies, 1)))
    return question._replace(
        cotangent=np.full(copies, row.cotangent), tangents=[np.full(copies, h) for h in row.tangents]
    )


def answered(trial: Trial, row: Worst) -> float | None:
    """What TensorFlow says now at a recorded point."""
    question = question_of(row)
    answer = trial.answer(question)
    if "values" not in answer or not well_formed(question, answer) or answer["values"][row.entry] is None:
        return None
    got, _ = unpack(answer["values"][row.entry])
    return None if got is None else float(got[0])


def certified(row: Worst, got: float) -> float:
    """How far an answer at a recorded point is from exact, in ULP."""
    with cache.nothing_kept():
        (side,) = question_of(row, 1).exact()[row.entry][0]
    return distance(got, side, row.dtype)


# -- the command ----------------------------------------------------------------------------------------------

_trial: Trial | None = None


def run(options: argparse.Namespace) -> int:
    """`worst`: search and print, with --write record; --check holds TensorFlow to the record."""
    settle(options)
    if options.check:
        if options.write or options.again:
            raise Unusable("--check asks what is on record and records nothing: leave out --write and --again.")
        return check(options)
    known = ratchet.read() if options.write else {}
    with Probe(env=ONE_THREAD) as probe:
        by = ratchet.asked(probe.hello)
    chosen = cells(options.op, options.dtype, options.order)
    left = [c for c in chosen if options.again or not is_done(c, known.get(c), by)]
    known = {key: row for key, row in known.items() if key in set(cells((), (), ()))}
    try:
        for n, (cell, row) in enumerate(searched(left, options.seconds, options.jobs or 1), 1):
            print(f"{line(cell, row)}   [{n} of {len(left)}]", flush=True)
            if options.write and row is not None:
                known[cell] = row
                ratchet.written(known.values())
    finally:  # an interrupted search leaves a record and its summary
        if options.write:
            ratchet.written(known.values())
            document(known)
    return 0 if chosen else 5


def is_done(cell: Cell, row: Worst | None, by: ratchet.Asked) -> bool:
    """Whether a cell need not be searched again: it is on record, by this TensorFlow, and whole if it can be."""
    return row is not None and row.by == by and row.whole == is_short(cell)


def searched(chosen: list[Cell], seconds: float, jobs: int) -> Iterator[tuple[Cell, Worst | None]]:
    """Every cell with its worst point, as they are found."""
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=spawn, initializer=prepare)
    try:
        with uninterrupted():
            futures = {pool.submit(perform, cell, seconds): cell for cell in chosen}
        for future in as_completed(futures):
            yield futures[future], future.result()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()


def prepare() -> None:
    """Give this worker a probe of its own; it ends with its main process."""
    global _trial
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    _trial = Trial(Probe(env=ONE_THREAD, restart_after=JOBS_PER_PROBE))


def perform(cell: Cell, seconds: float) -> Worst | None:
    """One worker's search."""
    assert _trial is not None
    return search(_trial, cell, seconds)


def line(cell: Cell, row: Worst | None) -> str:
    """What was found, in a line."""
    said = "no answer is right" if row is None else f"{in_ulp(row.ulp)} ULP at {', '.join(map(hexed, row.at))}"
    return f"{cell.op} {cell.dtype} order {cell.order}: {said}"


def check(options: argparse.Namespace) -> int:
    """Ask the recorded points again; farther from exact is a finding, if it is the TensorFlow that is on record."""
    chosen = set(cells(options.op, options.dtype, options.order))
    rows = [row for row in ratchet.read().values() if row.key in chosen]
    with Probe(env=ONE_THREAD) as probe:
        found, by = list(moved(Trial(probe), rows)), ratchet.asked(probe.hello)
    for each in found:
        print(each if each.row.by == by else f"{each}\n  note      the record is by {each.row.by}")
    print(
        f"{len(rows)} recorded points asked again: {len(found)} answers differ, {sum(f.farther for f in found)} farther"
    )
    if any(each.farther and each.row.by == by for each in found):
        return 1
    return 0 if rows else 5


# -- the document ---------------------------------------------------------------------------------------------


def document(rows: dict[ratchet.Key, Worst]) -> None:
    """Write the summary table between its marks."""
    text = DOCUMENT.read_text("utf-8")
    head, rest = text.split(MARKS[0])
    DOCUMENT.write_text(f"{head}{MARKS[0]}\n{summary(rows)}\n{MARKS[1]}{rest.split(MARKS[1])[1]}", "utf-8")


def summary(rows: dict[ratchet.Key, Worst]) -> str:
    """One line per op: the worst error in ULP in each dtype at both orders; bold where every float was asked."""
    heads = [f"{dtype} {order}" for dtype in FLOATS for order in ("∂", "∂²")]
    lines = [f"| op | {' | '.join(heads)} |", "|---|" + "---:|" * len(heads)]
    for op in [op for op in OPS if any(key[0] == op for key in rows)]:
        found = [rows.get((op, dtype, order)) for dtype in FLOATS for order in (1, 2)]
        lines.append(f"| {op} | {' | '.join(map(shown, found))} |")
    return "\n".join(lines)


def shown(row: Worst | None) -> str:
    """A cell of the summary."""
    return "–" if row is None else f"**{in_ulp(row.ulp)}**" if row.whole else in_ulp(row.ulp)

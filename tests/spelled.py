"""A row asked under its other names: the same bits as the row itself, or right by a trace of its own."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from reference import judge
from reference.ask import Probe
from reference.basis import basis, read, replayed
from reference.catalogue import OPS
from reference.catalogue.inventory import SPELLINGS, dotted
from reference.catalogue.spellings import spelt
from reference.inventory import Inventory
from reference.judge import Verdict
from reference.modes import MODES
from reference.outcome import FAILING
from reference.question import Question
from reference.trial import ask_at, blocks
from reference.wire import pack

Array = np.ndarray
Answer = dict[str, Any]

PLAIN = {1: MODES["tape"], 2: MODES["nested"]}


class Name(NamedTuple):
    """One name of one row."""

    row: str
    name: str

    def __str__(self) -> str:
        return spelt(self.row, self.name)


class Recorder:
    """Stands for TensorFlow, and for all that comes of it, and takes down which functions are called."""

    def __init__(self, path: str, heard: list[str]) -> None:
        self.path, self.heard = path, heard

    def __getattr__(self, name: str) -> "Recorder":
        return Recorder(f"{self.path}.{name}", self.heard)

    def __call__(self, *_: Any, **__: Any) -> "Recorder":
        self.heard.append(self.path)
        return Recorder("", self.heard)


def own_name(row: str) -> str:
    """The function that a row calls on its inputs as they are; empty where it does more."""
    heard: list[str] = []
    try:
        OPS[row].tf(Recorder("tf", heard), *"xyz"[: OPS[row].arity])
    except (TypeError, AttributeError):  # the row does more than to hand its inputs over
        return ""
    return heard[0] if len(heard) == 1 else ""


def every(inventory: Inventory) -> list[Name]:
    """The names of all rows, one for each function that a TensorFlow has and that can be called."""
    there = inventory.found.keys() - set(inventory.uncalled)
    table = (Name(s.row, name) for s in SPELLINGS for word in s.names.split() for name in dotted(word))
    kept = (name for name in table if name.row in OPS and name.name in there)
    return list(dict.fromkeys(Name(row, inventory.first[name]) for row, name in kept))


def others(inventory: Inventory) -> list[Name]:
    """The names of functions other than those that the rows call themselves."""
    own = {row: inventory.first.get(own_name(row)) for row in OPS}
    return [name for name in every(inventory) if name.name != own[name.row]]


class Bench:
    """Asks one TensorFlow for rows and for their spellings; a row's own answers are kept."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self.rows: dict[tuple[str, str, int], list[Answer]] = {}
        self.judged = 0

    def questions(self, row: str, dtype: str, order: int) -> list[Question]:
        """The row's questions at the quick points, asked the plain way."""
        return [ask_at(OPS[row], PLAIN[order], dtype, order, block) for block in blocks(OPS[row], dtype, "quick")]

    def answer(self, question: Question, op: str, trace: bool = False) -> Answer:
        """What the probe says to the question if it is put to another op."""
        return self.probe.ask({**question.job(op, trace), "op": op})

    def plainly(self, row: str, dtype: str, order: int) -> list[Answer]:
        """The row's own answers."""
        key = row, dtype, order
        if key not in self.rows:
            self.rows[key] = [self.answer(q, row) for q in self.questions(row, dtype, order)]
        return self.rows[key]

    def failing(self, name: Name, dtype: str, order: int) -> Iterator[tuple[Verdict, int]]:
        """The elements at which a spelling differs from its row and is wrong."""
        questions = self.questions(name.row, dtype, order)
        for question, row in zip(questions, self.plainly(name.row, dtype, order), strict=True):
            own = self.answer(question, str(name))
            if alike(own, row):
                continue
            self.judged += 1
            for verdict in self.verdicts(question, name, own, row):
                yield from ((verdict, k) for k, o in enumerate(verdict.outcomes) if o.status in FAILING)

    def verdicts(self, question: Question, name: Name, own: Answer, row: Answer) -> list[Verdict]:
        """The verdicts on what differs, in the light of the spelling's own trace."""
        if "values" not in own or not judge.well_formed(question, own):
            return judge.judge(question, own, basis(question, None))
        record = self.answer(question, str(name), trace=True)["trace"]
        if question.block is None:
            return judge.judge(question, own, basis(question, record))
        places = differing(question, own, row)
        part, trace = question.at(places), read(question, record).take(places)
        return judge.judge(part, taken(question, own, places), replayed(part, trace))


def alike(one: Answer, other: Answer) -> bool:
    """Whether two answers say the same, bit for bit."""
    return all(one.get(word) == other.get(word) for word in ("values", "raised", "crashed"))


def differing(question: Question, own: Answer, row: Answer) -> Array:
    """The points of a block at which a well-formed answer differs from another one."""
    assert question.block is not None
    everywhere = np.arange(question.block)
    if "values" not in row or not judge.well_formed(question, row):
        return everywhere
    pairs = [[floats(question, k, answer) for k in range(len(question.entries))] for answer in (own, row)]
    return everywhere[np.logical_or.reduce([apart(a, b, len(everywhere)) for a, b in zip(*pairs, strict=True)])]


def floats(question: Question, entry: int, answer: Answer) -> Array | None:
    """One entry of a well-formed answer."""
    record = answer["values"][entry]
    return None if record is None else judge.elements(question, entry, record)


def apart(one: Array | None, other: Array | None, count: int) -> Array:
    """Where two entries are not the same; None is the same as None alone."""
    if one is None or other is None:
        return np.full(count, one is not other)
    return ~judge.same(one, other)


def taken(question: Question, answer: Answer, places: Array) -> Answer:
    """A well-formed answer at some points of a block."""
    found = [floats(question, k, answer) for k in range(len(question.entries))]
    return {"values": [None if values is None else pack(values[places], question.dtype) for values in found]}

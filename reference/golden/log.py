"""A documented log: a TOML file of verbatim lines and of what made them; what is wrong with one is a sentence."""

from __future__ import annotations

import inspect
import re
import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from reference.choices import Unusable, listed, named
from reference.golden.printed import DTYPES, PRINTS, Number, Template, Unlike
from reference.programs import PROGRAMS

FOLDER = Path(__file__).resolve().parent.parent / "logs"
LONGEST = 1_000_000  # bytes of a log file
MOST_STEPS = 10_000
NAME = re.compile(r"\w[\w .-]{0,99}")  # it is printed, and pictures are files of this name
LARGEST = Decimal("1e30")  # of a rate or an input; the smallest rate is one by this

#: Each field of a log file: the type of its value, and whether the file can do without it.
FIELDS: dict[str, tuple[type, bool]] = {
    "name": (str, False),
    "document": (str, False),
    "section": (str, False),
    "tensorflow": (str, False),
    "program": (str, True),
    "dtype": (str, True),
    "seed": (int, False),
    "prints": (str, True),
    "at": (str, False),
    "pattern": (object, True),
    "lines": (list, True),
    "listing": (dict, False),
    "effective": (dict, False),
    "contradiction": (list, False),
    "data": (dict, False),
}
#: Each field of a setting: a number that is positive, a count, or one of these words.
SETTINGS: dict[str, Any] = {
    "rate": Decimal,
    "iterations": int,
    "display": int,
    "gradient": ("mean", "sum"),
    "loss": ("before", "after"),
}
WORDS = {str: "a text", int: "a whole number", list: "a list", dict: "a table"}


class Source(NamedTuple):
    """Where a log stands: file name of the document, heading, and the TensorFlow version it printed, if any."""

    document: str
    section: str
    tensorflow: str


class Log(NamedTuple):
    """A log; `listing` is the setting printed beside it, `effective` the one that gives it (each name by name)."""

    name: str
    source: Source
    program: str
    dtype: str
    lines: tuple[str, ...]
    numbers: tuple[Number, ...]
    seed: int | None
    listing: dict[str, Any]
    effective: dict[str, Any]
    more: dict[str, Any]  # contradictions, data, and where the lines without a step stand

    @property
    def steps(self) -> list[int]:
        """The steps that the lines name, in order."""
        return list(dict.fromkeys(n.step for n in self.numbers if n.step is not None))

    def setting(self, of: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What the program is told, of the effective setting if of no other."""
        chosen = dict(self.effective if of is None else of)
        chosen.pop("display", None)
        if "rate" in chosen:
            chosen["rate"] = float(chosen["rate"])
        seed = {} if self.seed is None else {"seed": self.seed}
        return {**chosen, **seed, **self.more["data"]}


def names() -> list[str]:
    """The documented logs, in order."""
    return sorted(path.stem for path in FOLDER.glob("*.toml"))


def chosen(typed: str) -> list[Log]:
    """The log of this name, those of which it is the beginning (S4), or the one in the file of this name."""
    if typed in names():
        return [read(FOLDER / f"{typed}.toml")]
    several = [name for name in names() if typed and name.rstrip("abcdef") == typed]
    if several:
        return [read(FOLDER / f"{name}.toml") for name in several]
    if Path(typed).suffix == ".toml" or Path(typed).is_file():
        return [read(Path(typed))]
    named(typed, names(), "log", "there are " + listed(names()))
    raise AssertionError  # `named` has raised


def read(path: Path) -> Log:
    """The log in a file; Unusable, with one sentence, for whatever is wrong with it."""
    try:
        return parsed(load(path), path.stem)
    except Unusable as error:
        raise Unusable(f"{path}: {error}") from error.__cause__


def load(path: Path) -> dict[str, Any]:
    """The file's tables, decimals exactly."""
    try:
        if path.stat().st_size > LONGEST:
            raise Unusable(f"this is no log: it is longer than {LONGEST:,} bytes.")
        return tomllib.loads(path.read_text("utf-8"), parse_float=Decimal)
    except OSError as error:
        raise Unusable(f"the file cannot be read: {error.strerror}.") from error
    except InvalidOperation as error:  # an exponent of twenty digits
        raise Unusable("this is no log: it holds a number with an exponent that no decimal has.") from error
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, UnicodeDecodeError, a number of 5000 digits
        raise Unusable(f"this is not TOML: {str(error).rstrip('.')}.") from error


def parsed(found: dict[str, Any], stem: str) -> Log:
    """A file's tables as a log."""
    check_fields(found)
    program = named(found["program"], PROGRAMS, "program", "there are " + listed(PROGRAMS))
    dtype = named(found["dtype"], DTYPES, "dtype", "there are " + listed(DTYPES))
    prints = named(found["prints"], PRINTS, "way of printing", "there are " + listed(PRINTS))
    read_off = tuple(numbers(found, prints, dtype))
    if not read_off:
        raise Unusable("no line holds a number.")
    own = defaults(program)
    listing = {k: v for k, v in own.items() if k != "rate"} | setting(found.get("listing", {}), "listing")
    effective = own | setting(found.get("effective", found.get("listing", {})), "effective")
    return Log(
        name=found.get("name", stem),
        source=Source(*(found.get(key, "") for key in Source._fields)),
        program=program,
        dtype=dtype,
        lines=tuple(found["lines"]),
        numbers=read_off,
        seed=found.get("seed"),
        listing=listing,
        effective=effective,
        more={
            "contradictions": contradictions(found.get("contradiction", [])),
            "data": data(found.get("data", {})),
            "at": named(found.get("at", "end"), ("start", "end"), "place", "there are start and end"),
        },
    )


def check_fields(found: dict[str, Any]) -> None:
    """Every field is there that must be, is known, and is of its type."""
    for field, (kind, needed) in FIELDS.items():
        if field not in found:
            if needed:
                raise Unusable(f"the field {field!r} is missing.")
        elif not isinstance(found[field], kind) or isinstance(found[field], bool):
            raise Unusable(f"the field {field!r} must be {WORDS[kind]}, not {found[field]!r:.60}.")
    for field in found:
        named(field, FIELDS, "field", "reference/logs/README.md names all fields")
    check_texts(found["lines"], "lines")
    if not NAME.fullmatch(found.get("name", "log")):
        raise Unusable(
            "the field 'name' must be a letter or digit, and then up to 99 letters, digits, blanks, dots, dashes "
            f"and underscores, not {found['name']!r:.60}."
        )
    if not 0 <= found.get("seed", 0) < 2**32:
        raise Unusable(f"the field 'seed' must lie from 0 to 2**32 - 1, not at {found['seed']!s:.60}.")


def check_texts(texts: list[Any], field: str) -> None:
    """A list of texts, and not an empty one."""
    if not texts:
        raise Unusable(f"the field {field!r} is empty.")
    for text in texts:
        if not isinstance(text, str):
            raise Unusable(f"the field {field!r} must hold texts, not {text!r:.60}.")


def numbers(found: dict[str, Any], prints: str, dtype: str) -> Iterator[Number]:
    """Every printed number of the lines, line by line."""
    lines, patterns = found["lines"], found["pattern"]
    if isinstance(patterns, str):
        patterns = [patterns] * len(lines)
    if not isinstance(patterns, list) or len(patterns) != len(lines):
        raise Unusable("the field 'pattern' must be one text for all lines, or a list with one text per line.")
    check_texts(patterns, "pattern")
    seen: dict[tuple[str, int | None], int] = {}
    for place, (line, pattern) in enumerate(zip(lines, patterns, strict=True), 1):
        try:
            for number in Template(pattern).read(line, place, prints, dtype):
                key = number.name, number.step
                seen[key] = seen.get(key, -1) + 1
                yield number._replace(element=seen[key])
        except Unlike as error:
            raise Unusable(f"line {place} {error}.") from error


def setting(found: dict[str, Any], table: str) -> dict[str, Any]:
    """A setting: its rate exactly, its counts, its words."""
    for field, value in found.items():
        kind = SETTINGS[named(field, SETTINGS, "setting", f"[{table}] may have {listed(SETTINGS)}")]
        complaint = wrong(kind, value)
        if complaint:
            raise Unusable(f"[{table}] has {field} = {value!s:.60}, and {field} must be {complaint}.")
    return {field: Decimal(value) if field == "rate" else value for field, value in found.items()}


def defaults(program: str) -> dict[str, Any]:
    """What a program does where a log does not say otherwise."""
    told = inspect.signature(PROGRAMS[program]).parameters
    own = {name: each.default for name, each in told.items() if name in SETTINGS}
    return {name: Decimal(repr(value)) if name == "rate" else value for name, value in own.items()}


def wrong(kind: Any, value: Any) -> str:
    """What a setting's value must be, where it is something else."""
    if isinstance(kind, tuple):
        return "" if value in kind else " or ".join(map(repr, kind))
    if kind is int:
        good = isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_STEPS
        return "" if good else f"a whole number from 1 to {MOST_STEPS:,}"
    return "" if is_number(value) and value > 0 else "a finite number above 0"


def is_number(value: Any) -> bool:
    """Whether a value of a file is a number of a size that can be meant."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not Decimal(value).is_finite():
        return False
    # `abs` would round, and overflow at an exponent of a thousand million.
    return value == 0 or 1 / LARGEST <= Decimal(value).copy_abs() <= LARGEST


def contradictions(found: list[Any]) -> list[dict[str, str]]:
    """Field and sentence of each contradiction between a log and its listing."""
    for each in found:
        good = isinstance(each, dict) and set(each) == {"field", "why"}
        if not good or not all(isinstance(text, str) for text in each.values()):
            raise Unusable("each [[contradiction]] must have the texts 'field' and 'why', and nothing else.")
    return list(found)


def data(found: dict[str, Any]) -> dict[str, Any]:
    """A user's own inputs, one list per column, and targets, as floats; empty for the document's own."""
    if not found:
        return {}
    if set(found) != {"inputs", "targets"}:
        raise Unusable("[data] must have 'inputs', a list of columns, and 'targets', and nothing else.")
    columns = [*found["inputs"], found["targets"]] if isinstance(found["inputs"], list) else []
    if len(columns) < 2 or not all(isinstance(column, list) and len(column) > 1 for column in columns):
        raise Unusable("[data] must have 'inputs', a list of columns, and 'targets', each with two numbers or more.")
    if len({len(column) for column in columns}) > 1:
        raise Unusable("[data] has columns of several lengths.")
    for value in (value for column in columns for value in column):
        if not is_number(value):
            raise Unusable(f"[data] must hold finite numbers, not {value!s:.60}.")
    plain = [[float(value) for value in column] for column in columns]
    return {"inputs": plain[:-1], "targets": plain[-1]}

"""Certified values on disk: enclosures as integers under a checksum; a damaged file is rebuilt."""

import hashlib
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from flint import arb

from reference.sheet import Side

FORMAT = 1

repaired = 0  # damaged files met so far
keeping = True  # whether blocks are read from disk and written there


def folder() -> Path:
    """Where the cache lives: REFERENCE_CACHE, or the platform's own place for a user's caches."""
    if chosen := os.environ.get("REFERENCE_CACHE"):
        return Path(chosen)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "tensorflow-reference"


def key_of(*parts: Any) -> str:
    """A hash of everything a block of values depends on; arrays count bit by bit."""
    digest = hashlib.sha256(f"format {FORMAT}".encode())
    for part in parts:
        is_array = isinstance(part, np.ndarray)
        data = f"{part.shape}".encode() + part.tobytes() if is_array else str(part).encode()
        digest.update(b"%d:" % len(data) + data)
    return digest.hexdigest()


@contextmanager
def nothing_kept() -> Iterator[None]:
    """A `with` block in which every value is computed anew and none is kept: for points that are met once."""
    global keeping
    before, keeping = keeping, False
    try:
        yield
    finally:
        keeping = before


def remembered(key: str, compute: Callable[[], list[Any]]) -> list[Any]:
    """The sides of each point, from disk where an undamaged file has them, else computed and kept."""
    if not keeping:
        return compute()
    path = folder() / key[:2] / f"{key}.json"
    found = load(path, key)
    if found is None:
        text = encoded(key, compute())
        store(path, text)
        found = _decoded(text, key)  # reading may widen a radius by a hair: first and later answers are the same
    return found


def load(path: Path, key: str) -> list[Any] | None:
    """A stored block; None where there is none or it is damaged."""
    global repaired
    try:
        text = path.read_bytes()
    except OSError:
        return None
    try:
        return _decoded(text, key)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        repaired += 1
        return None


def encoded(key: str, points: list[Any]) -> bytes:
    """A block as text: one line of JSON, and its checksum."""
    record = {"key": key, "points": [_encode_sides(s) for s in points]}
    body = json.dumps(record, separators=(",", ":")).encode()
    return body + b"\n" + hashlib.sha256(body).hexdigest().encode() + b"\n"


def store(path: Path, text: bytes) -> None:
    """Write a block in one step, so that no reader ever meets half of it; a full disk is no error."""
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(text)
        os.replace(temporary, path)
    except OSError:
        if temporary:
            Path(temporary).unlink(missing_ok=True)


def _decoded(text: bytes, key: str) -> list[Any]:
    body, checksum, rest = text.split(b"\n")
    if rest or hashlib.sha256(body).hexdigest().encode() != checksum:
        raise ValueError("checksum")
    record = json.loads(body)
    if record["key"] != key:
        raise ValueError("another block's file")
    return [tuple(map(_decode_side, sides)) for sides in record["points"]]


def _encode_sides(sides: Any) -> list[list[Any]]:
    return [[side.numeric, *map(_encode, side)] for side in sides]


def _decode_side(record: list[Any]) -> Side:
    side = Side(map(_decode, record[1:]))
    if record[0]:
        side.numeric = True
    return side


def _encode(value: arb | float | None) -> str | None:
    """An enclosure as the four integers of its middle and radius, in hexadecimal."""
    if value is None:
        return None
    if isinstance(value, float):
        return "inf" if value == math.inf else "-inf"
    return " ".join(f"{int(n):x}" for ball in (value.mid(), value.rad()) for n in ball.man_exp())


def _decode(text: str | None) -> arb | float | None:
    if text is None:
        return None
    if text.endswith("inf"):
        return float(text)
    m, e, r, f = text.split(" ")
    return arb((int(m, 16), int(e, 16)), (int(r, 16), int(f, 16)))

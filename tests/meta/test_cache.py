"""The cache of exact values: what it keeps comes back, and what is damaged is rebuilt."""

import math
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from flint import arb

from reference import cache, exact
from reference.enclose import precision
from reference.op import Op, Reals
from reference.sheet import Sheet, Side

TANH = Op("tanh", "test", lambda sp, x: sp.tanh(x), tf=None, vjp=None, domain=(Reals,))
POINTS = np.array([0.5, -3.0, 1e-40, 700.0, math.inf, math.nan])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REFERENCE_CACHE", str(tmp_path))
    monkeypatch.setattr(cache, "repaired", 0)
    return tmp_path


def ask(op: Op = TANH, order: int = 1, dtype: str = "float32", points: np.ndarray = POINTS) -> list:
    return exact.elementwise(op, order, dtype, [points])


def files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file())


def identical(a: object, b: object) -> bool:
    """The same enclosures, bit by bit."""
    if isinstance(a, arb) and isinstance(b, arb):
        return a.mid() == b.mid() and a.rad() == b.rad()
    if isinstance(a, tuple | list) and isinstance(b, tuple | list):
        return len(a) == len(b) and all(map(identical, a, b))
    return type(a) is type(b) and a == b


@pytest.fixture
def no_computing(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From when it is called, whatever is computed anew is an error."""

    def refuse(*_: object) -> None:
        raise AssertionError("computed although the cache has it")

    return lambda: monkeypatch.setattr(Sheet, "evaluate", refuse)


def test_what_was_computed_is_read_back(folder: Path, no_computing: Callable[[], None]) -> None:
    """The second question is answered from the file, with the same enclosures."""
    first = ask()
    no_computing()
    assert identical(ask(), first)
    assert len(files(folder)) == 1 and cache.repaired == 0


def test_every_kind_of_value_survives(folder: Path) -> None:
    """Enclosures of all sizes, infinities, no value, several sides and the mark of a limit."""
    with precision(500):
        values = [
            arb(1) / 3,
            arb(0),
            arb(-5),
            arb((3, 10**200), (1, 10**100)),
            arb((1, -(10**200))),
            arb(0, 2.0**-30),
        ]
    marked = Side([*values, math.inf, -math.inf, None])
    marked.numeric = True
    points = [(marked,), (Side(values), Side([None]))]
    path = folder / "block.json"
    cache.store(path, cache.encoded("key", points))
    found = cache.load(path, "key") or []
    for before, after in zip(values, found[1][0], strict=True):
        assert after.contains(before) and after.mid() == before.mid()
        assert after.rad() <= before.rad() * 1.0001
    assert found[0][0][-3:] == (math.inf, -math.inf, None)
    assert found[1][1] == (None,)
    assert [[s.numeric for s in sides] for sides in found] == [[True], [False, False]]


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "truncated": lambda text: text[: len(text) // 2],
    "its last byte missing": lambda text: text[:-1],
    "emptied": lambda text: b"",
    "one bit flipped": lambda text: text[:90] + bytes([text[90] ^ 1]) + text[91:],
    "one bit of the checksum flipped": lambda text: text[:-3] + bytes([text[-3] ^ 1]) + text[-2:],
    "garbage": lambda text: bytes(range(256)),
    "something appended": lambda text: text + b"more\n",
    "two values exchanged": lambda text: b"]".join(reversed(text.split(b"]"))),
    "a list under a good checksum": lambda text: signed(b"[1, 2]"),
    "no points under a good checksum": lambda text: signed(text.split(b"\n")[0].replace(b"points", b"pointe")),
    "no numbers under a good checksum": lambda text: signed(text.split(b"\n")[0].replace(b" ", b"~")),
}


def signed(body: bytes) -> bytes:
    return body + b"\n" + cache.hashlib.sha256(body).hexdigest().encode() + b"\n"


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_noticed_and_repaired(damage: str, folder: Path, no_computing: Callable[[], None]) -> None:
    """A damaged file is counted and rebuilt, and the answer is the same."""
    first = ask()
    (path,) = files(folder)
    whole = path.read_bytes()
    path.write_bytes(DAMAGES[damage](whole))
    assert identical(ask(), first)
    assert cache.repaired == 1
    assert path.read_bytes() == whole
    no_computing()
    assert identical(ask(), first) and cache.repaired == 1


def test_another_blocks_file_is_foreign(folder: Path) -> None:
    """An undamaged file under another block's name is not believed."""
    first = ask()
    (path,) = files(folder)
    ask(order=2)
    (other,) = set(files(folder)) - {path}
    path.write_bytes(other.read_bytes())
    assert identical(ask(), first)
    assert cache.repaired == 1


def test_a_folder_in_the_files_place_is_no_obstacle(folder: Path) -> None:
    """What cannot be read or written is computed."""
    first = ask()
    (path,) = files(folder)
    path.unlink()
    path.mkdir()
    assert identical(ask(), first)
    assert not list(folder.rglob("*.part"))


def test_an_unwritable_cache_is_no_obstacle(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a place to keep anything the answers still come."""
    first = ask()
    (folder / "a file").write_text("")
    monkeypatch.setenv("REFERENCE_CACHE", str(folder / "a file" / "below"))
    assert identical(ask(), first)


def test_every_input_is_in_the_key(folder: Path) -> None:
    """Op, domain, order, dtype and every bit of the points: each makes a file of its own."""
    zero = np.array([0.0])
    ask(points=zero)
    ask(points=-zero)
    ask(points=np.array([5e-324]))
    ask(points=zero, dtype="float16")
    ask(points=zero, order=2)
    ask(points=zero, op=TANH._replace(domain=(Reals._replace(low=-1.0),)))
    ask(points=zero, op=TANH._replace(primal=lambda sp, x: sp.sinh(x)))
    assert len(files(folder)) == 7


def test_keys_do_not_run_together() -> None:
    """Neighbouring parts of a key cannot trade characters."""
    assert cache.key_of("ab", "c") != cache.key_of("a", "bc")
    assert cache.key_of(np.zeros((2, 3))) != cache.key_of(np.zeros((3, 2)))


def test_where_a_cache_lives(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without a wish of the user it is a folder of the user's own cache."""
    monkeypatch.delenv("REFERENCE_CACHE")
    monkeypatch.setattr(cache.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache.folder() == tmp_path / "tensorflow-reference"


def test_five_thousand_points_load_at_once() -> None:
    """Reading a large block costs a small part of computing it."""
    points = np.linspace(-20, 20, 5000)
    first = ask(dtype="float64", points=points)
    start = time.perf_counter()
    again = ask(dtype="float64", points=points)
    assert time.perf_counter() - start < 0.3
    assert identical(again, first)

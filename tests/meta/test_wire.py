"""What travels arrives: every bit of every dtype, and one clear sentence where something is broken."""

import io
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference import wire

DTYPES = tuple(wire.RAW)


def every(dtype: str) -> np.ndarray:
    """All bit patterns of a 16-bit dtype, a spread of them for the wider ones."""
    layout = wire.RAW[dtype]
    unsigned = np.dtype(f"<u{layout.itemsize}")
    step = 1 if layout.itemsize == 2 else (1 << 8 * layout.itemsize) // 65521
    return (np.arange(65536 if step == 1 else 65521, dtype=unsigned) * unsigned.type(step)).view(layout)


def identical(one: np.ndarray, other: np.ndarray) -> bool:
    """Equal, signs of zeros included, any NaN being like any other."""
    return np.array_equal(one, other, equal_nan=True) and np.array_equal(
        np.signbit(one)[~np.isnan(one)], np.signbit(other)[~np.isnan(other)]
    )


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("size", [None, wire.SHORT])
def test_every_value_survives(dtype: str, size: int | None) -> None:
    """Long and short records bring back every float: subnormals, signed zeros, infinities, NaN."""
    values = wire.widen(every(dtype), dtype)
    if size is not None:
        values = np.concatenate([values[: size // 2], values[-size // 2 :]])
    record = wire.from_line(wire.to_line(wire.pack(values, dtype)))
    back, name = wire.unpack(record)
    assert name == dtype and ("hex" in record) == (size is not None)
    assert identical(values, back)


@pytest.mark.parametrize("dtype", DTYPES)
def test_narrow_undoes_widen(dtype: str) -> None:
    """Widening and narrowing gives the same bits back."""
    raw = every(dtype)
    numbers = ~np.isnan(wire.widen(raw, dtype))
    assert wire.narrow(wire.widen(raw, dtype), dtype)[numbers].tobytes() == raw[numbers].tobytes()


def test_bfloat16_by_hand() -> None:
    """The bits of bfloat16 are the upper half of float32's."""
    assert wire.narrow([1.0, -2.0, math.inf, -0.0], "bfloat16").tolist() == [0x3F80, 0xC000, 0x7F80, 0x8000]
    assert wire.widen(np.array([1], np.uint16), "bfloat16").tolist() == [2.0**-133]


@given(value=st.floats(width=64, allow_nan=False), dtype=st.sampled_from(DTYPES))
def test_narrow_never_rounds(value: float, dtype: str) -> None:
    """A value either arrives exactly or is refused."""
    with np.errstate(all="ignore"):
        fits = wire.widen(np.array(value).astype(wire.RAW[dtype]), dtype) == value
    if dtype == "bfloat16":
        fits = value in wire.widen(every(dtype), dtype)
    if fits:
        assert wire.widen(wire.narrow(value, dtype), dtype) == value
    else:
        with pytest.raises(ValueError, match=f" is not a {dtype}"):
            wire.narrow(value, dtype)


@pytest.mark.parametrize("shape", [(), (0,), (1,), (2, 3), (3, 1, 7), (0, 4)])
def test_shapes_survive(shape: tuple[int, ...]) -> None:
    """Scalars, empty tensors and matrices keep their shape."""
    values = np.arange(math.prod(shape), dtype=np.float64).reshape(shape)
    for dtype in (*DTYPES, "int64"):
        back, _ = wire.unpack(wire.pack(values, dtype))
        assert back is not None and back.shape == shape and np.array_equal(back, values)


@pytest.mark.parametrize("dtype", wire.PARTS)
@pytest.mark.parametrize("count", [3, wire.SHORT])
def test_complex_numbers_survive_part_by_part(dtype: str, count: int) -> None:
    """Short and long records bring back both parts: signed zeros, infinities and NaN in one of them too."""
    parts = np.resize(np.array([0.0, -0.0, 1.5, math.inf, -0.75, math.nan, -math.inf]), (count, 2))
    values = wire.joined(parts)
    back, name = wire.unpack(wire.from_line(wire.to_line(wire.pack(values, dtype))))
    assert back is not None and name == dtype and back.shape == (count,)
    assert identical(wire.parts(back), parts)
    scalar, _ = wire.unpack(wire.pack(np.array(1.5 - 0.5j), dtype))
    assert scalar is not None and scalar.shape == () and scalar[()] == 1.5 - 0.5j


def test_a_complex_number_that_does_not_fit_is_refused() -> None:
    """Neither part is rounded on the way."""
    with pytest.raises(ValueError, match="is not a float32"):
        wire.pack([complex(1.0, 1 + 2.0**-40)], "complex64")


def test_integers_and_truths_survive() -> None:
    """Integers beyond 2**53 and truth values travel as lists."""
    for values, dtype in (([2**63 - 1, -1], "int64"), ([True, False], "bool")):
        back, name = wire.unpack(wire.from_line(wire.to_line(wire.pack(values, dtype))))
        assert back is not None and back.tolist() == values and name == dtype


def test_what_is_no_number_is_named() -> None:
    """A resource or a string is announced, not sent."""
    record = wire.pack_raw(np.array(b"text", dtype=object), "string")
    assert record == {"dtype": "string", "shape": [], "opaque": True}
    assert wire.unpack(record) == (None, "string")


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        ({"shape": [1], "hex": ["0x1p0"]}, "A tensor record lacks 'dtype'."),
        ({"dtype": "float32", "shape": [1]}, "A tensor record lacks 'bits'."),
        ({"dtype": "float32", "shape": 3, "hex": []}, "wrong type"),
        ({"dtype": "float32", "shape": [1], "hex": [1.0]}, "wrong type"),
        ({"dtype": "int8", "shape": [1], "list": [300]}, "wrong type"),
        ({"dtype": "float32", "shape": [2], "hex": ["0x1p0"]}, "reshape"),
        ({"dtype": "float32", "shape": [1], "hex": ["one"]}, "hexadecimal"),
        ({"dtype": "float16", "shape": [1], "hex": ["0x1.0000001p0"]}, "is not a float16"),
        ({"dtype": "float8", "shape": [1], "bits": "00"}, "'float8' is not a float dtype; known are float16"),
        ({"dtype": "float32", "shape": [1], "bits": "0g"}, "hex"),
        ({"dtype": "float32", "shape": [1], "bits": "000000"}, "multiple of element size"),
    ],
)
def test_a_malformed_tensor_is_refused(record: dict, sentence: str) -> None:
    """Whatever is wrong with a tensor's record, ValueError says it."""
    with pytest.raises(ValueError, match=sentence):
        wire.unpack(record)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [("{", "This line is not JSON"), ("[1]", "This line holds no record, but list"), ("", "is not JSON")],
)
def test_a_malformed_line_is_refused(line: str, sentence: str) -> None:
    """Whatever is wrong with a line, ValueError says it."""
    with pytest.raises(ValueError, match=sentence):
        wire.from_line(line)


def test_records_are_lines() -> None:
    """What is written is read back, record by record; empty lines are passed over."""
    stream = io.StringIO()
    records = [{"id": number, "text": "one\ntwo"} for number in range(3)]
    for record in records:
        wire.write(stream, record)
    assert list(wire.read([*stream.getvalue().splitlines(), ""])) == records

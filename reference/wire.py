"""What travels between the probe and the rest: tensors and records as JSON lines, floats exactly."""

import json
from typing import Any, Dict, Iterable, Iterator, Optional, Tuple

import numpy as np

Record = Dict[str, Any]

RAW: Dict[str, Any] = {  # how each dtype lies in memory; NumPy has no bfloat16, so its bits stand for it
    "float16": np.dtype("<f2"),
    "bfloat16": np.dtype("<u2"),
    "float32": np.dtype("<f4"),
    "float64": np.dtype("<f8"),
}
PARTS: Dict[str, str] = {"complex64": "float32", "complex128": "float64"}  # complex numbers travel part by part
LISTED = ("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
SHORT = 16  # up to so many elements a record is written for people


def widen(raw: np.ndarray, dtype: str) -> np.ndarray:
    """The exact values of a raw array as float64, or complex128."""
    raw = np.asarray(raw)
    if dtype in PARTS:
        return raw.astype(np.complex128)
    if dtype == "bfloat16":
        raw = (raw.astype(np.uint32) << np.uint32(16)).view(np.float32)
    with np.errstate(invalid="ignore"):
        return np.asarray(raw, dtype=np.float64)


def narrow(values: Any, dtype: str) -> np.ndarray:
    """The raw array holding these values; a value that the dtype cannot hold raises ValueError."""
    if dtype in PARTS:
        return joined(narrow(parts(np.asarray(values, dtype=np.complex128)), PARTS[dtype]))
    wide = np.asarray(values, dtype=np.float64)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        raw = _bfloat16(wide) if dtype == "bfloat16" else wide.astype(_layout(dtype))
    lost = (widen(raw, dtype) != wide) & ~np.isnan(wide)
    if lost.any():
        raise ValueError("{!r} is not a {}".format(float(wide[lost].flat[0]), dtype))
    return raw


def parts(numbers: np.ndarray) -> np.ndarray:
    """The real and the imaginary part of each element, along a new last axis."""
    return np.stack([np.real(numbers), np.imag(numbers)], axis=-1)


def joined(pairs: np.ndarray) -> np.ndarray:
    """The complex numbers whose parts lie along the last axis, signs of zeros and infinities kept."""
    numbers = np.empty(pairs.shape[:-1], dtype=np.result_type(pairs.dtype, np.complex64))
    numbers.real, numbers.imag = pairs[..., 0], pairs[..., 1]
    return numbers


def _bfloat16(wide: np.ndarray) -> np.ndarray:
    bits = np.ascontiguousarray(wide, dtype=np.float32).reshape(wide.shape).view(np.uint32)
    cut = (bits >> np.uint32(16)).astype(RAW["bfloat16"])
    return np.where(np.isnan(wide), np.uint16(0x7FC0), cut).astype(RAW["bfloat16"])


def _layout(dtype: str) -> Any:
    if dtype not in RAW:
        raise ValueError("{!r} is not a float dtype; known are {}".format(dtype, ", ".join(RAW)))
    return RAW[dtype]


def pack(values: Any, dtype: str) -> Record:
    """The record of a tensor given by its exact values."""
    if dtype in LISTED:
        return pack_raw(np.asarray(values, dtype=dtype), dtype)
    return pack_raw(narrow(values, dtype), dtype)


def pack_raw(raw: np.ndarray, dtype: str) -> Record:
    """The record of a tensor given as it lies in memory; what is no number is named, not sent."""
    head: Record = {"dtype": dtype, "shape": list(raw.shape)}
    if dtype in PARTS:
        return dict(pack_raw(parts(raw), PARTS[dtype]), **head)
    if dtype in LISTED:
        head["list"] = raw.ravel().tolist()
    elif dtype not in RAW:
        head["opaque"] = True
    elif raw.size <= SHORT:
        head["hex"] = [value.hex() for value in widen(raw, dtype).ravel().tolist()]
    else:
        head["bits"] = raw.astype(RAW[dtype]).tobytes().hex()
    return head


def unpack_raw(record: Record) -> Tuple[Optional[np.ndarray], str]:
    """The tensor as it lies in memory, and its dtype; None for an opaque one."""
    try:
        dtype, shape = record["dtype"], tuple(record["shape"])
        if dtype in PARTS:
            pairs, _ = unpack_raw(dict(record, dtype=PARTS[dtype], shape=shape + (2,)))
            return (pairs if pairs is None else joined(pairs)), dtype
        flat = _flat(record, dtype)
        return (flat if flat is None else flat.reshape(shape)), dtype
    except KeyError as error:
        raise ValueError("A tensor record lacks {}.".format(error)) from error
    except (TypeError, AttributeError, OverflowError) as error:
        raise ValueError("A tensor record has a field of the wrong type: {}.".format(error)) from error


def _flat(record: Record, dtype: str) -> Optional[np.ndarray]:
    if record.get("opaque"):
        return None
    if dtype in LISTED:
        return np.array(record["list"], dtype=dtype)
    if "hex" in record:
        return narrow([float.fromhex(text) for text in record["hex"]], dtype)
    return np.frombuffer(bytes.fromhex(record["bits"]), dtype=_layout(dtype))


def unpack(record: Record) -> Tuple[Optional[np.ndarray], str]:
    """The tensor's exact values (float64 for every float dtype, complex128 for a complex one), and its dtype."""
    raw, dtype = unpack_raw(record)
    return (widen(raw, dtype) if raw is not None and (dtype in RAW or dtype in PARTS) else raw), dtype


def to_line(record: Record) -> str:
    """One record as one line of JSON, without the line end."""
    return json.dumps(record, separators=(",", ":"))


def from_line(line: str) -> Record:
    """The record that a line of JSON holds."""
    try:
        record = json.loads(line)
    except ValueError as error:
        raise ValueError("This line is not JSON ({}): {}".format(error, line.strip()[:80])) from error
    if not isinstance(record, dict):
        found = type(record).__name__
        raise ValueError("This line holds no record, but {}: {}".format(found, line.strip()[:80]))
    return record


def read(lines: Iterable[str]) -> Iterator[Record]:
    """The records of a stream of lines; empty lines are passed over."""
    return (from_line(line) for line in lines if line.strip())


def write(stream: Any, record: Record) -> None:
    """Write one record as a line, at once."""
    stream.write(to_line(record) + "\n")
    stream.flush()

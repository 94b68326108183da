"""Floats in a row: each float of a dtype has a place, an integer; neighbours have neighbouring places."""

import math
from typing import Any

import numpy as np

from reference.op import Domain
from reference.ulp import FORMATS, next_up
from reference.wire import RAW, narrow, widen

SIGNED: dict[str, Any] = {"float16": np.int16, "bfloat16": np.int16, "float32": np.int32, "float64": np.int64}


def places(values: np.ndarray | list[float], dtype: str) -> np.ndarray:
    """The place of each float as int64: 0 has place 0, -0 place -1, and the smallest subnormal numbers 1 and -2."""
    signed = narrow(values, dtype).view(SIGNED[dtype])
    magnitude = (signed & np.iinfo(SIGNED[dtype]).max).astype(np.int64)
    return np.where(signed < 0, ~magnitude, magnitude)


def floats(at: np.ndarray | list[int], dtype: str) -> np.ndarray:
    """The floats at these places, exactly, as float64."""
    wanted = np.asarray(at, dtype=np.int64)
    magnitude = np.where(wanted < 0, ~wanted, wanted).astype(SIGNED[dtype])
    raw = np.where(wanted < 0, magnitude | np.iinfo(SIGNED[dtype]).min, magnitude).astype(SIGNED[dtype])
    return widen(raw.view(RAW[dtype]), dtype)


def span(domain: Domain, dtype: str) -> tuple[int, int]:
    """The first and the last place inside a closed interval; infinities and both zeros count where it has them."""
    low, high = inner(domain.low, dtype, upwards=True), inner(domain.high, dtype, upwards=False)
    first, last = places([-0.0 if low == 0 else low, 0.0 if high == 0 else high], dtype).tolist()
    return first, last


def inner(end: float, dtype: str, upwards: bool) -> float:
    """The outermost float of the dtype that lies inside an interval with this lower, or upper, end."""
    if not math.isfinite(end) or end == 0:
        return end
    form = FORMATS[dtype]
    if abs(end) >= form.largest:
        return math.copysign(form.largest, end)
    exponent = max(math.frexp(end)[1], form.emin + 1) - form.precision
    below = math.ldexp(math.floor(math.ldexp(end, -exponent)), exponent)
    return next_up(below, dtype) if upwards and below < end else below

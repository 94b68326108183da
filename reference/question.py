"""A question as the judge holds it: the job that TensorFlow is given, and the exact answer to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple, Self

import numpy as np
from flint import arb

from reference import exact
from reference.balls import working
from reference.modes import Mode
from reference.op import Op
from reference.wire import pack

Array = np.ndarray
EXACTLY = 400  # bits, in which an enclosure times a few floats loses nothing that counts
Side = Any  # an Arb ball, a float infinity, or None where no limit exists


class Asked(NamedTuple):
    """One op, mode, dtype and order, at primals, weighted by a cotangent and tangents: NumPy arrays of exact floats."""

    op: Any
    mode: Mode
    dtype: str
    order: int
    primals: list[Array]
    cotangent: Array
    tangents: list[Array]

    @property
    def asks(self) -> str:
        """Which derivative the mode asks for."""
        asks = self.mode.asks[self.order - 1]
        if asks is None:
            raise ValueError(f"the mode {self.mode.name} has no order {self.order}")
        return asks

    @property
    def entries(self) -> list[tuple[int, ...]]:
        """The inputs that each entry of the answer differentiates by: (i,), (i, j) or (i, j, k)."""
        return list(product(range(self.op.arity), repeat=self.order))

    @property
    def asked_as(self) -> str:
        """The name under which the probe knows the op."""
        return str(self.op.name)

    @property
    def input_dtype(self) -> str:
        """The dtype of primals and tangents."""
        return self.dtype

    @property
    def output_dtype(self) -> str:
        """The dtype of the function's value and of its cotangent."""
        return self.dtype

    def job(self, name: str, trace: bool = False) -> dict[str, Any]:
        """The question as the probe reads it."""
        return {
            "id": name,
            "op": self.asked_as,
            "mode": self.mode.name,
            "dtype": self.dtype,
            "order": self.order,
            "primals": [pack(x, self.input_dtype) for x in self.primals],
            "cotangent": pack(self.cotangent, self.output_dtype),
            "tangents": [pack(h, self.input_dtype) for h in self.tangents],
            "trace": trace,
        }

    def at(self, points: Array) -> Self:
        """The same question at some points of the block."""
        return self._replace(
            primals=[x[points] for x in self.primals],
            cotangent=self.cotangent[points],
            tangents=[h[points] for h in self.tangents],
        )


class Question(Asked):
    """A question about a function of real arguments: float64 arrays that hold the dtype's floats."""

    __slots__ = ()
    op: Op

    @property
    def block(self) -> int | None:
        """The number of points of an elementwise row's block; None for an array row."""
        return len(self.primals[0]) if self.op.shapes is None else None

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shape that each entry of the answer must have."""
        if self.op.shapes is not None:
            return exact.answer_shapes(self.op, self.asks, self.order)
        n = len(self.primals[0])
        return [(n, n) if self.asks == "jacobian" else (n,)] * len(self.entries)

    def scale(self, entry: int) -> list[Array]:
        """What multiplies the partial in an elementwise row's exact answer."""
        c, h = self.cotangent, [self.tangents[i] for i in self.entries[entry]]
        return {"jvp": h, "jvp_of_vjp": [c, h[-1]], "jvp_of_jvp": h}.get(self.asks, [c, *h[:-1]])

    def exact(self) -> list[list[tuple[Side, ...]]]:
        """Per entry, for each element (flat): the sides of the exact answer; one side where it is smooth."""
        if self.op.shapes is not None:
            answers = exact.array(
                self.op, self.asks, self.order, self.dtype, self.primals, self.cotangent, self.tangents
            )
            return [list(entry.flat) for entry in answers]
        sides = exact.elementwise(self.op, self.order, self.dtype, self.primals)
        return [self.scaled(k, sides) for k in range(len(self.entries))]

    def scaled(self, entry: int, sides: Sequence[Any]) -> list[tuple[Side, ...]]:
        with working(EXACTLY):
            factor = np.prod(np.array([[arb(v) for v in s] for s in self.scale(entry)], dtype=object), axis=0)
            return [tuple(times(f, side[entry]) for side in point) for f, point in zip(factor, sides, strict=True)]


def times(factor: arb, side: Side) -> Side:
    """A cotangent times one side; zero times infinity, and what is not finite, are nothing."""
    if side is None or not factor.is_finite():
        return None
    if isinstance(side, float):
        return None if factor.is_zero() else math.copysign(side, side * float(factor))
    return factor * side

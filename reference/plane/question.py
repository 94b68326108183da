"""A question about a function of complex arguments: the job that TensorFlow is given, and the exact answer to it."""

from __future__ import annotations

import numpy as np
from flint import acb

from reference.balls import working
from reference.catalogue.complexes import ComplexOp
from reference.modes import MODES
from reference.plane.derive import first_order, second_order
from reference.plane.enclose import exact, sides
from reference.plane.points import points, weights
from reference.question import EXACTLY, Asked
from reference.wire import PARTS

Array = np.ndarray


class Question(Asked):
    """A question about a function of complex arguments: NumPy arrays that hold the dtype's numbers."""

    __slots__ = ()
    op: ComplexOp

    @property
    def asked_as(self) -> str:
        return self.op.asked_as

    @property
    def length(self) -> int:
        """How many points the block has."""
        return len(self.primals[0])

    @property
    def input_dtype(self) -> str:
        return PARTS[self.dtype] if self.op.real_inputs else self.dtype

    @property
    def output_dtype(self) -> str:
        return PARTS[self.dtype] if self.op.real_output else self.dtype

    @property
    def answer_dtype(self) -> str:
        """A gradient looks like its input, a forward derivative like the output."""
        forward = self.asks in ("jvp", "jvp_of_jvp")
        return self.output_dtype if forward else self.input_dtype

    def point(self, place: int) -> tuple[complex, ...]:
        """The primals at one point."""
        return tuple(complex(x[place]) for x in self.primals)

    def exact(self, place: int) -> list[list[acb]]:
        """At one point, for each side, every entry of the exact answer; no sides where there is no derivative."""
        if not all(map(np.isfinite, self.point(place))):
            return []
        with working(EXACTLY):
            c, hs = exact(complex(self.cotangent[place])), [exact(complex(h[place])) for h in self.tangents]
            return [
                [self.entry(d, inputs, c, hs) for inputs in self.entries]
                for d in sides(self.op.name, self.order, self.dtype, self.point(place))
            ]

    def entry(self, d: dict[tuple[int, ...], acb], inputs: tuple[int, ...], c: acb, hs: list[acb]) -> acb:
        if self.order == 1:
            return first_order(self.asks, d, inputs[0], c, hs)
        return second_order(self.asks, d, inputs[0], inputs[1], c, hs)


def ask(op: ComplexOp, mode: str, dtype: str, order: int, primals: list[Array] | None = None) -> Question:
    """A question at these points, or at the deterministic ones, with weights that are not one."""
    given = points(op, dtype) if primals is None else primals
    return Question(op, MODES[mode], dtype, order, given, *weights(op, dtype, len(given[0])))

"""A recorded trace of complex kernels, run again on complex balls: as a formula, as a machine may, kernel by kernel."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from flint import acb, arb

from reference.balls import lifted, working
from reference.kernels import KERNELS
from reference.plane.balls import NOTHING, PLANE, SUM, Widening, as_complex, complex_ball, entered
from reference.plane.kernels import CONTRACTS, meaning
from reference.replay import Node, Tensor, Trace, UnknownKernel, as_list, run, settled
from reference.replay import literal as real_literal
from reference.rounding import LEAVE
from reference.ulp import FORMATS, Format, round_ball
from reference.wire import PARTS

Array = np.ndarray
PRECISION = 160


def means(node: Node, inputs: list[Any]) -> list[Any]:
    """A kernel's outputs on complex balls, and whatever a decision is."""
    mean = meaning(node.op)
    if mean is None:
        raise UnknownKernel(f"no row in reference/plane/kernels.py says what the kernel {node.op} means")
    names = KERNELS[node.op].attrs if node.op in KERNELS else ()
    return as_list(mean(PLANE, *inputs, **{name: node.attrs[name] for name in names}))


def literal(value: complex, precision: int, form: Format) -> acb:
    """A literal as its author may have meant it: each part within half a unit in the last digit."""
    if not np.isfinite(value):
        return NOTHING
    return acb(*(real_literal(part, precision, form) for part in (value.real, value.imag)))


def leaf_of(trace: Trace, flush: bool) -> Callable[[str, Tensor], Any]:
    """What was given, as balls; `flush`: a subnormal may be read as zero."""

    def leaf(name: str, tensor: Tensor) -> Any:
        if not tensor.is_float:
            return tensor.values
        if name not in trace.sources:
            forms = [FORMATS[PARTS.get(d, d)] for d in (tensor.dtype, trace.dtype)]
            digits = max(form.precision for form in forms)
            return lifted(lambda v: literal(complex(v), digits, forms[0]), 1)(tensor.values)
        if flush:
            return flushed(tensor)
        return lifted(beside, 1)(tensor.values) if tensor.dtype in PARTS else as_complex(tensor.values)

    return leaf


ASIDE = 1300  # bits below a number's size, or below one


def beside(z: complex) -> acb:
    """A number on an axis, moved off it by next to nothing to where its zero's sign says: off a branch cut."""
    ball, z = complex_ball(z), complex(z)
    if not ball.is_finite() or z == 0 or z.real != 0 and z.imag != 0:
        return ball
    small = arb((1, math.frexp(min(abs(z), 1.0))[1] - ASIDE))
    if z.imag == 0:
        return acb(z.real, math.copysign(1.0, z.imag) * small)
    return acb(math.copysign(1.0, z.real) * small, z.imag)


def flushed(tensor: Tensor) -> Any:
    return lifted(Widening(tensor.dtype, 0.0), 1)(as_complex(tensor.values))


def formula(trace: Trace) -> dict[str, Any]:
    """Every tensor as the trace's formula means it, without any rounding."""

    digits = FORMATS[PARTS[trace.dtype]].precision

    def step(node: Node, inputs: list[Any]) -> list[Any]:
        recorded = [trace.tensors.get(name) for name in node.outputs]
        if node.op == "Cast" and recorded[0] is not None and precision_of(recorded[0]) < digits:
            return [lifted(rounded(recorded[0].dtype), 1)(numbers(recorded[0], inputs[0]))]
        outputs = [settled(t, o) for t, o in zip(recorded, means(node, inputs), strict=True)]
        return [numbers(t, o) for t, o in zip(recorded, outputs, strict=True)]

    with working(PRECISION):
        return run(trace, "plane formula", step, leaf_of(trace, flush=False))


def precision_of(tensor: Tensor) -> float:
    """The digits of a tensor's format; integers and decisions are exact."""
    return FORMATS[PARTS.get(tensor.dtype, tensor.dtype)].precision if tensor.is_float else math.inf


def rounded(dtype: str) -> Callable[[acb], acb]:
    """A cast to a format narrower than the question's means its rounding."""
    part = PARTS.get(dtype, dtype)

    def each(x: arb) -> arb:
        nearest = round_ball(x, part)
        return x if nearest is None or not math.isfinite(nearest) else arb(nearest)

    return lambda z: acb(each(z.real), each(z.imag))


def value(trace: Trace) -> dict[str, Any]:
    """Every tensor as a ball that holds whatever kernels within their contracts may return."""

    def step(node: Node, inputs: list[Any]) -> list[Any]:
        return contracted(node, inputs, [trace.tensors.get(name) for name in node.outputs])

    with working(PRECISION):
        return run(trace, "plane value", step, leaf_of(trace, flush=True))


def numbers(recorded: Tensor | None, output: Any) -> Any:
    """Balls as complex ones, the imaginary part of a real tensor gone; decisions and shapes as they are."""
    if recorded is None or not recorded.is_float:
        return output
    real = recorded.dtype not in PARTS

    def one(x: Any) -> acb:
        z = acb(arb(0).union(arb(1))) if x is None else acb(int(x)) if isinstance(x, bool | np.bool_) else acb(x)
        return acb(z.real) if real else z

    return lifted(one, 1)(output)


def contracted(node: Node, inputs: list[Any], recorded: list[Tensor | None]) -> list[Any]:
    """A kernel's outputs as its contract lets them be, for inputs in the given balls."""
    if not any(t is not None and t.is_float for t in recorded):
        return means(node, inputs)
    dtype = next(t.dtype for t in recorded if t is not None and t.is_float)
    contract = CONTRACTS.get(node.op)
    if contract is not None and contract.stepwise:
        operands = [entered(x, dtype) if is_balls(x) else x for x in inputs]
        return [LEAVE(out) for out in means(node, operands)]
    outputs = [numbers(t, o) for t, o in zip(recorded, means(node, inputs), strict=True)]
    assert contract is not None
    if node.op == "AddN" and len(inputs) > 2:
        return [lifted(sum_widening(dtype, len(inputs)), len(inputs))(*inputs)]
    ulp = contract.ulp if dtype in PARTS or not contract.ulp else contract.real_ulp
    if node.op == "Cast":
        ulp = SUM
    widen = Widening(dtype, ulp, contract.keeps_zeros, contract.flushes)
    if contract.growth is None:
        return [lifted(widen, 1)(out) for out in outputs]
    growth = contract.growth(PLANE, *inputs)
    return [lifted(lambda z, g: Widening(dtype, ulp, False)(z, 1 + g.abs_upper()), 2)(out, growth) for out in outputs]


def sum_widening(dtype: str, count: int) -> Callable[..., acb]:
    """A sum of many: every partial sum is rounded, in units of all magnitudes together."""

    def widened(*terms: acb) -> acb:
        total, size = sum(terms[1:], terms[0]), sum((t.abs_upper() for t in terms), arb(0))
        part = Widening(dtype, SUM * count)
        if not size <= part.largest:
            return NOTHING
        return acb(part.part(total.real, size * part.unit), part.part(total.imag, size * part.unit))

    return widened


def is_balls(x: Any) -> bool:
    """Whether a replayed tensor holds complex balls, rather than recorded integers or decisions."""
    return isinstance(x, np.ndarray) and x.dtype == object and x.size > 0 and isinstance(x.flat[0], acb)


# -- kernel by kernel -------------------------------------------------------------------------------------------


class Audit(NamedTuple):
    """One kernel's recorded output beside the exact value at its own recorded inputs."""

    kernel: str
    dtype: str
    exact: Array  # complex balls
    got: Array
    kept: Array  # bool: inside the contract, or the contract says nothing
    inputs: tuple[Array, ...]


def audit(trace: Trace) -> list[Audit]:
    """Every number that a kernel returned, against what that kernel means at the inputs it was given."""
    with working(PRECISION):
        return [found for node in trace.nodes for found in audited(trace, node)]


def audited(trace: Trace, node: Node) -> list[Audit]:
    outputs = [trace.tensors.get(name) for name in node.outputs]
    computes = any(t is not None and t.is_float for t in outputs)
    if not computes or node.op == "Returned" or trace.sums_over(node):  # what sums a block is no one point's
        return []
    operands = [trace.tensors[name] for name in node.inputs]
    exact = means(node, [as_complex(t.values) if t.is_float else t.values for t in operands])
    exact = [numbers(t, o) for t, o in zip(outputs, exact, strict=True)]
    allowed = contracted(node, [flushed(t) if t.is_float else t.values for t in operands], outputs)
    return [
        Audit(node.op, t.dtype, e, t.values, kept(a, t.values, operands), values_of(operands))
        for e, a, t in zip(exact, allowed, outputs, strict=True)
        if t is not None and t.is_float
    ]


def kept(allowed: Array, got: Array, operands: list[Tensor]) -> Array:
    """Which numbers are inside the contract; on an axis, where a cut may run, also those of its other side."""
    inside = lifted(within, 2)
    on_axis = np.zeros(np.shape(got), dtype=bool)
    for tensor in operands:
        if tensor.dtype in PARTS and tensor.values.shape in ((), np.shape(got)):
            on_axis |= (tensor.values.real == 0) | (tensor.values.imag == 0)
    other = inside(allowed, np.conj(got)) | inside(allowed, -np.conj(got))
    return np.asarray(inside(allowed, got) | on_axis & other, dtype=bool)


def values_of(operands: list[Tensor]) -> tuple[Array, ...]:
    return tuple(t.values for t in operands)


def within(allowed: acb, got: complex) -> bool:
    """Whether a number lies in the ball; an unbounded ball allows everything."""
    if not allowed.is_finite():
        return True
    return bool(np.isfinite(got)) and bool(allowed.contains(acb(float(np.real(got)), float(np.imag(got)))))

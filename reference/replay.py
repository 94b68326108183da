"""A recorded trace, run again on balls: as its formula means it, as a machine may compute it, kernel by kernel."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from flint import arb, ctx

from reference.balls import EXACT, Array, as_balls, ball, lifted, working
from reference.kernels import KERNELS, Kernel
from reference.rounding import LEAVE, Machine, Rounding
from reference.ulp import FORMATS, Format, round_ball
from reference.wire import PARTS, unpack

Step = Callable[["Node", list[Any]], list[Any]]


class UnknownKernel(LookupError):
    """A trace contains a kernel whose meaning no row of `reference.kernels` gives."""


class Node(NamedTuple):
    """One kernel that ran: its row, its attributes, and the names of its tensors."""

    op: str
    attrs: dict[str, Any]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @property
    def kernel(self) -> Kernel:
        if self.op not in KERNELS:
            raise UnknownKernel(f"no row in reference/kernels says what the kernel {self.op} means")
        return KERNELS[self.op]

    def meaning(self, space: Any, inputs: list[Any]) -> list[Any]:
        """The outputs in `space`, as a list."""
        return as_list(self.kernel.meaning(space, *inputs, **self.chosen))

    @property
    def chosen(self) -> dict[str, Any]:
        """The attributes that the kernel's row asks for."""
        return {name: self.attrs[name] for name in self.kernel.attrs}


class Tensor(NamedTuple):
    """One recorded tensor: its values (floats exactly, as float64) and its dtype's name."""

    values: Array
    dtype: str

    @classmethod
    def read(cls, record: dict[str, Any]) -> Tensor:
        """A tensor from its JSON record; one that has no numbers (a resource, a variant) is empty."""
        values, dtype = unpack(record)
        return cls(np.zeros(0) if values is None else values, dtype)

    @property
    def is_float(self) -> bool:
        return self.dtype in FORMATS or self.dtype in PARTS


class Trace(NamedTuple):
    """What one TensorFlow ran for one question, in order, with every tensor's value."""

    nodes: tuple[Node, ...]
    tensors: dict[str, Tensor]
    sources: frozenset[str]
    results: tuple[str | None, ...]
    dtype: str
    block: int | None  # the length of the block of points, None for array rows
    cut: bool = False  # whether points were left out, so that nothing is known of sums over the block

    @classmethod
    def read(cls, record: dict[str, Any], dtype: str, block: int | None) -> Trace:
        """A trace from its JSON record."""
        tensors = {name: Tensor.read(r) for name, r in record["tensors"].items()}
        nodes = tuple(Node(n["op"], n["attrs"], tuple(n["inputs"]), tuple(n["outputs"])) for n in record["nodes"])
        given = [*record["primals"], record.get("cotangent"), *record["tangents"]]
        return cls(nodes, tensors, frozenset(g for g in given if g), tuple(record["results"]), dtype, block)

    @property
    def leaves(self) -> list[str]:
        """Tensors that no node made: the sources and the literals."""
        made = {name for node in self.nodes for name in node.outputs}
        return [name for name in self.tensors if name not in made]

    def take(self, points: Array) -> Trace:
        """The trace of some points of the block alone."""

        def part(t: Tensor) -> Tensor:
            if t.is_float or t.dtype == "bool":
                axis = self.along(t.values.shape)
                return t if axis is None else t._replace(values=np.take(t.values, points, axis))
            axis = self.along(tuple(t.values)) if t.values.ndim == 1 else None
            if axis is None:
                return t
            return t._replace(values=np.where(np.arange(t.values.size) == axis, len(points), t.values))  # a shape

        tensors = {k: part(t) for k, t in self.tensors.items()}
        return self._replace(tensors=tensors, block=len(points), cut=self.cut or len(points) != self.block)

    def along(self, shape: tuple[int, ...]) -> int | None:
        """The axis along which a tensor of this shape holds the block's points: the first that is longer than one."""
        axis = next((i for i, size in enumerate(shape) if size != 1), 0)
        return axis if shape[axis : axis + 1] == (self.block,) else None

    def sums_over(self, node: Node) -> bool:
        """Whether a node takes in the points of the block and gives out something else."""

        def blocked(names: tuple[str, ...]) -> bool:
            shapes = [self.tensors[n].values.shape for n in names if n in self.tensors and self.tensors[n].is_float]
            return any(self.along(shape) is not None for shape in shapes)

        return blocked(node.inputs) and not blocked(node.outputs)


def as_list(outputs: Any) -> list[Any]:
    return outputs if isinstance(outputs, list) else [outputs]


class Memory:
    """What kernels made of operands before: the traces of one op share most of their nodes."""

    ROOM = 1_000_000  # balls, about 100 bytes each; then all of them are forgotten

    def __init__(self) -> None:
        self.made: dict[bytes, list[Any]] = {}
        self.size = 0

    def recall(self, key: bytes, compute: Callable[[], list[Any]]) -> list[Any]:
        """The outputs under this key, computed where they are not remembered."""
        if key not in self.made:
            outputs = compute()
            if self.size > self.ROOM:
                self.made.clear()
                self.size = 0
            self.size += sum(np.size(values) for values in outputs)
            self.made[key] = outputs
        return self.made[key]

    def forget(self) -> None:
        """Let all of it go, so that no question depends on those before it."""
        self.made.clear()
        self.size = 0


MEMORY = Memory()


def key_of(*parts: Any) -> bytes:
    """A hash of everything that a node's outputs depend on."""
    digest = hashlib.blake2b(digest_size=16)
    for part in parts:
        is_array = isinstance(part, np.ndarray)
        data = f"{part.dtype} {part.shape}".encode() + part.tobytes() if is_array else repr(part).encode()
        digest.update(b"%d:" % len(data) + data)
    return digest.digest()


def alone(leaf: Callable[[str, Tensor], Any], name: str, tensor: Tensor) -> list[Any]:
    return [leaf(name, tensor)]


def run(trace: Trace, how: str, step: Step, leaf: Callable[[str, Tensor], Any]) -> dict[str, Any]:
    """Every tensor of the trace, by name, with `leaf` for what was given and `step` for what each node makes."""
    made: dict[str, Any] = {}
    keys: dict[str, bytes] = {}
    salt = (how, trace.dtype, ctx.prec, trace.block, trace.cut)  # a step may look at its trace's block
    for name in trace.leaves:
        given = trace.tensors[name]
        keys[name] = key_of(salt, given.dtype, name in trace.sources, given.values)
        (made[name],) = MEMORY.recall(keys[name], partial(alone, leaf, name, given))
    for node in trace.nodes:
        outputs = [trace.tensors.get(name) for name in node.outputs]
        if replayed(node, outputs):
            taken = [part for t in outputs for part in decisions(t)]
            key = key_of(salt, node.op, node.attrs, [keys[i] for i in node.inputs], *taken)
            results = MEMORY.recall(key, partial(step, node, [made[i] for i in node.inputs]))
            made.update(zip(node.outputs, results, strict=True))
            keys.update((name, key + b"%d" % k) for k, name in enumerate(node.outputs))
        else:
            for name, tensor in zip(node.outputs, outputs, strict=True):
                if tensor is not None:
                    made[name], keys[name] = tensor.values, key_of(tensor.dtype, tensor.values)
    return made


def decisions(output: Tensor | None) -> tuple[Any, Any]:
    """What a replay takes over from a recorded output: its dtype, and a decision that balls may leave open."""
    if output is None:
        return None, None
    return output.dtype, output.values if output.dtype == "bool" else None


def replayed(node: Node, outputs: list[Tensor | None]) -> bool:
    """Floats and decisions are replayed; other integers are taken as recorded, but for shapes."""
    return any(t is not None and (t.is_float or t.dtype == "bool") for t in outputs) or node.op in (
        "Shape",
        "BroadcastGradientArgs",
    )


# -- literals -----------------------------------------------------------------------------------------------


def is_short(value: float, precision: int) -> bool:
    """A literal of at most a third of the digits is what its author wrote; a longer one was rounded."""
    if not np.isfinite(value) or value == 0:
        return True
    mantissa, _ = np.frexp(value)
    return float(mantissa * 2.0 ** (precision // 3)).is_integer()


def literal(value: float, precision: int, form: Format) -> arb:
    """A literal as its author may have meant it: within half a unit in the last of so many digits.

    A subnormal one has fewer digits than that: it is known within half the smallest number of the format it is kept in.
    """
    if 0 < abs(value) < form.smallest_normal:
        return arb(value, form.smallest / 2)
    if is_short(value, precision):
        return ball(value)
    return arb(value) * arb(1, 2.0**-precision)


def leaves(trace: Trace) -> Callable[[str, Tensor], Any]:
    def leaf(name: str, tensor: Tensor) -> Any:
        if not tensor.is_float:
            return tensor.values
        if name in trace.sources:
            return as_balls(tensor.values)
        # A literal kept in a narrower format than the question's has lost digits that its author meant to have.
        precision = max(FORMATS[tensor.dtype].precision, FORMATS[trace.dtype].precision)
        return lifted(lambda v: literal(float(v), precision, FORMATS[tensor.dtype]), 1)(tensor.values)

    return leaf


# -- the three replays --------------------------------------------------------------------------------------


def formula(trace: Trace, precision: int = 128) -> dict[str, Any]:
    """Every tensor as the trace's formula means it, without any rounding, at `precision` bits."""

    def step(node: Node, inputs: list[Any]) -> list[Any]:
        if node.op == "Cast":
            return [cast(trace, node, inputs[0])]
        outputs = node.meaning(EXACT, inputs)
        return [settled(trace.tensors.get(n), o) for n, o in zip(node.outputs, outputs, strict=True)]

    with working(precision):
        return run(trace, "formula", step, leaves(trace))


def settled(recorded: Tensor | None, decided: Any) -> Any:
    """Where the balls cannot decide a comparison, the branch that TensorFlow took is followed."""
    if recorded is None or recorded.dtype != "bool":
        return decided
    open_ = np.array([d is None for d in decided.flat]).reshape(decided.shape)
    return np.where(open_, np.broadcast_to(recorded.values, open_.shape), decided) if open_.any() else decided


def cast(trace: Trace, node: Node, x: Any) -> Any:
    """A cast to a format at least as wide as the question's is exact; a narrower one means its rounding."""
    x, target = numbers(x), trace.tensors[node.outputs[0]].dtype
    if FORMATS[target].precision >= FORMATS[trace.dtype].precision:
        return x
    return lifted(lambda v: as_balls(np.array(r))[()] if (r := round_ball(v, target)) is not None else v, 1)(x)


def numbers(x: Any) -> Any:
    """Integers and decisions as balls; an undecided condition is somewhere between 0 and 1."""
    if is_balls(x):
        return x
    return lifted(lambda v: arb(0).union(arb(1)) if v is None else arb(int(v)), 1)(x)


def value(trace: Trace, precision: int = 128) -> dict[str, Any]:
    """Every tensor as a ball that holds whatever kernels within their contracts may return."""

    def leaf(name: str, tensor: Tensor) -> Any:
        return flushed(leaves(trace)(name, tensor), tensor)

    def step(node: Node, inputs: list[Any]) -> list[Any]:
        dtype = next((trace.tensors[n].dtype for n in node.outputs if n in trace.tensors), trace.dtype)
        if node.op == "Cast":
            return [lifted(Rounding(dtype), 1)(numbers(inputs[0]))]
        return contracted(node, inputs, dtype)

    with working(precision):
        return run(trace, "value", step, leaf)


def contracted(node: Node, inputs: list[Any], dtype: str) -> list[Any]:
    """A kernel's outputs as its contract lets them be, for inputs in the given balls."""
    contract = node.kernel.contract
    if dtype not in FORMATS:
        return node.meaning(EXACT, inputs)
    rounding = Rounding(dtype, contract.units(dtype))
    if contract.stepwise:
        machine = Machine(rounding, Rounding(dtype, contract.library_ulp))
        entered = [machine.enter(x) if is_balls(x) else x for x in inputs]
        return [LEAVE(out) for out in node.meaning(machine, entered)]
    if contract.input_ulp:
        blur = arb(1, contract.input_ulp * 2.0 ** (1 - FORMATS[dtype].precision))
        inputs = [*inputs[:-1], inputs[-1] * blur]
    outputs = node.meaning(EXACT, inputs)
    if contract.terms:
        count, size = contract.terms(EXACT, *inputs, **node.chosen)
        spread = summation(max(count, 1), dtype)
        sizes = size if isinstance(size, list) else [size] * len(outputs)
        outputs = [out + spread(size) for out, size in zip(outputs, sizes, strict=True)]
    return [lifted(rounding, 1)(out) for out in outputs]


def summation(roundings: float, dtype: str) -> Callable[[Array], Array]:
    """The error of that many roundings in a sum of given magnitude, whatever the order (Higham, 2002, §4.2)."""
    form = FORMATS[dtype]
    relative = arb(0, roundings * 2.0**-form.precision * 1.01)
    flushed = arb(0, roundings) * arb(2) ** form.emin
    return lifted(lambda size: size * relative + (flushed if size < 1 and not size.is_zero() else 0), 1)


def is_balls(x: Any) -> bool:
    """Whether a replayed tensor holds balls, rather than recorded integers or decisions."""
    return isinstance(x, np.ndarray) and x.dtype == object and x.size > 0 and isinstance(x.flat[0], arb)


# -- kernel by kernel ---------------------------------------------------------------------------------------


class Audit(NamedTuple):
    """One kernel's recorded output beside the exact value at its own recorded inputs."""

    node: int
    kernel: str
    exact: Array  # balls
    got: Array  # float64
    bound: Array  # bool: where the contract says something; not of infinite, NaN or subnormal operands
    kept: Array  # bool: inside the contract, or not bound by it
    inputs: tuple[Array, ...]


def audit(trace: Trace, precision: int = 128) -> list[Audit]:
    """Every float that a kernel returned, against what that kernel means at the inputs it was given."""
    with working(precision):
        return [a for i, node in enumerate(trace.nodes) for a in audited(trace, i, node)]


def audited(trace: Trace, index: int, node: Node) -> list[Audit]:
    outputs = [trace.tensors.get(name) for name in node.outputs]
    if node.op == "Cast" or not any(t is not None and t.is_float for t in outputs):
        return []
    dtype = next(t.dtype for t in outputs if t is not None)
    operands = [trace.tensors[name] for name in node.inputs]

    def compute() -> list[Any]:
        inputs = [given(t) for t in operands]
        allowed = contracted(node, [flushed(x, t) for x, t in zip(inputs, operands, strict=True)], dtype)
        return [*node.meaning(EXACT, inputs), *allowed]

    parts = [part for t in operands for part in (t.dtype, t.values)]
    both = MEMORY.recall(key_of("audit", ctx.prec, dtype, node.op, node.attrs, *parts), compute)
    count = len(both) // 2
    if trace.cut and trace.sums_over(node):
        both = [np.full(np.shape(e), arb.nan()) for e in both]  # the sum of some points says nothing of the sum of all
    return [
        audit_of(index, node.op, np.array(e), w, t.values, operands)
        for e, w, t in zip(both[:count], both[count:], outputs, strict=True)
        if t is not None and t.is_float
    ]


def audit_of(index: int, kernel: str, exact: Array, allowed: Array, got: Array, operands: list[Tensor]) -> Audit:
    bound = np.ones(got.shape, dtype=bool)
    for tensor in operands:
        if tensor.is_float:
            x = tensor.values
            normal = (x == 0) | (np.abs(x) >= FORMATS[tensor.dtype].smallest_normal) & np.isfinite(x)
            bound = bound & (normal if x.shape in ((), got.shape) else normal.all())
    kept = lifted(within, 2)(allowed, got).astype(bool) | ~bound
    return Audit(index, kernel, exact, got, bound, kept, tuple(t.values for t in operands))


def given(tensor: Tensor) -> Any:
    """A recorded tensor as a kernel's exact operand."""
    return as_balls(tensor.values) if tensor.is_float else tensor.values


def flushed(x: Any, tensor: Tensor) -> Any:
    """A kernel's operand as the machine may read it: subnormal floats perhaps as zeros."""
    return lifted(Rounding(tensor.dtype, 0.0), 1)(x) if tensor.is_float else x


def within(allowed: arb, got: float) -> bool:
    """Whether a float lies in the ball; an unbounded ball allows everything."""
    if not allowed.is_finite():
        sign = 1 if allowed > 0 else -1 if allowed < 0 else 0
        return not sign or bool(np.isinf(got) and got * sign > 0)
    return bool(np.isfinite(got)) and allowed.contains(arb(got))

"""A recorded trace as a reader wants it: kernel by kernel, without what only moves numbers about."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import Any, NamedTuple

import numpy as np
from flint import arb

from reference import replay
from reference.balls import working
from reference.choices import shortest
from reference.ulp import FORMATS, spacing

Array = np.ndarray

PRECISION = 600  # bits; enough to tell every node's exact value apart from TensorFlow's
PASSING_ON = frozenset(
    "Identity Reshape Sum BroadcastTo Squeeze ExpandDims StopGradient PreventGradient Returned".split()
)
CONSTANT = frozenset("Fill ZerosLike OnesLike".split())
MANY = 8.0  # from so many ULP on a loss is worth a word
BITS = 3.0  # and from so many bits on


class Step(NamedTuple):
    """One kernel: what TensorFlow returned, what is exact for its inputs, and what is exact altogether."""

    name: str
    kernel: str
    arguments: tuple[str, ...]
    dtype: str
    got: Array
    own: Array | None  # the exact output at the kernel's own recorded inputs; None where nobody rounds
    meant: Array  # the exact output where every kernel before is exact
    own_ulp: float  # how far `got` lies from `own`, at the worst element
    ulp: float  # and from `meant`
    kept: bool  # whether the kernel kept its contract
    before: float  # how far the worst input lies from its exact value
    lost: float  # bits of the inputs' accuracy that are gone in the output
    worst: int  # the element that is farthest from `meant`

    @property
    def text(self) -> str:
        """The kernel as a line of a program."""
        return f"{self.name} = {self.kernel}({', '.join(self.arguments)})"


class Told(NamedTuple):
    """All steps worth telling, what was left out, and the literals that had to be guessed."""

    steps: list[Step]
    results: list[str | None]  # the name of each entry's tensor
    left_out: dict[str, Counter[str]]
    literals: list[str]


def told(trace: replay.Trace, names: dict[str, str], everything: bool = False) -> Told:
    """The trace, retold; `names` holds those of the sources."""
    meant = replay.formula(trace, PRECISION)
    audits = {(a.node, k): a for a, k in numbered(replay.audit(trace, PRECISION))}
    alias, left_out = (None, {}) if everything else folded(trace)
    hidden = {i for members in left_out.values() for i in members}
    wanted = set(range(len(trace.nodes))) if everything else needed(trace, alias or {})
    unused = {i for i in range(len(trace.nodes)) if i not in wanted and i not in hidden}
    if unused:
        left_out["unused by any answer"] = sorted(unused)
    labels = Labels(trace, names, alias)
    apart: dict[str, float] = {}
    steps = []
    for i, node in enumerate(trace.nodes):
        if i in hidden or i in unused:
            continue
        for k, out in enumerate(node.outputs):
            if out in trace.tensors:
                steps.append(step(trace, node, out, audits.get((i, k)), meant[out], labels, apart))
    counts = {why: Counter(trace.nodes[i].op for i in members) for why, members in left_out.items() if members}
    return Told(steps, [r and labels.of(r) for r in trace.results], counts, labels.guessed)


def numbered(audits: list[replay.Audit]) -> list[tuple[replay.Audit, int]]:
    """Each audit with its place among those of the same node."""
    seen: Counter[int] = Counter()
    pairs = []
    for audit in audits:
        pairs.append((audit, seen[audit.node]))
        seen[audit.node] += 1
    return pairs


def folded(trace: replay.Trace) -> tuple[dict[str, str], dict[str, list[int]]]:
    """Which tensors are others under a new name, and which nodes say nothing: shapes, copies, repetitions."""
    alias: dict[str, str] = {}
    shapes: list[int] = []
    copies: list[int] = []
    again: list[int] = []
    constants: list[int] = []
    seen: dict[Any, tuple[str, ...]] = {}
    literal = literals(trace)
    for i, node in enumerate(trace.nodes):
        inputs = tuple(alias.get(name, name) for name in node.inputs)
        inputs = tuple(literal.get(name, name) for name in inputs)
        key = (node.op, json.dumps(node.attrs, sort_keys=True, default=str), inputs)
        outputs = [trace.tensors[n] for n in node.outputs if n in trace.tensors]
        if not any(t.is_float or t.dtype == "bool" for t in outputs):
            shapes.append(i)
        elif node.op in CONSTANT and len(set(map(float, outputs[0].values.flat))) == 1:
            literal[node.outputs[0]] = content(outputs[0])
            constants.append(i)
        elif node.op in PASSING_ON and same(trace.tensors[node.inputs[0]], outputs[0]):
            alias[node.outputs[0]] = alias.get(node.inputs[0], node.inputs[0])
            copies.append(i)
        elif key in seen:
            alias.update(zip(node.outputs, seen[key], strict=True))
            again.append(i)
        else:
            seen[key] = node.outputs
    return alias, {
        "for shapes": shapes,
        "for constants": constants,
        "for moving numbers": copies,
        "repeated": again,
    }


def literals(trace: replay.Trace) -> dict[str, str]:
    """What each constant holds, so that two that hold the same count as one."""
    return {n: content(trace.tensors[n]) for n in trace.leaves if n not in trace.sources}


def content(tensor: replay.Tensor) -> str:
    """A tensor's dtype, shape and bits."""
    return f"{tensor.dtype} {tensor.values.shape} {tensor.values.tobytes().hex()}"


def same(one: replay.Tensor, other: replay.Tensor) -> bool:
    """Whether two tensors hold the same numbers, any axes of size one apart."""
    return (
        one.dtype == other.dtype
        and one.values.size == other.values.size
        and one.values.tobytes() == other.values.tobytes()
    )


def needed(trace: replay.Trace, alias: dict[str, str]) -> set[int]:
    """The nodes on which some answer depends."""
    wanted = {alias.get(r, r) for r in trace.results if r}
    found = set()
    for i in reversed(range(len(trace.nodes))):
        if wanted & set(trace.nodes[i].outputs):
            found.add(i)
            wanted |= {alias.get(n, n) for n in trace.nodes[i].inputs}
    return found


class Labels:
    """Names for tensors: the sources' own, a literal's value, and t1, t2, … for what kernels make."""

    def __init__(self, trace: replay.Trace, names: dict[str, str], alias: dict[str, str] | None) -> None:
        self.trace, self.names, self.alias = trace, dict(names), alias or {}
        filled = {name for node in trace.nodes if node.op in CONSTANT for name in node.outputs}
        self.leaves = set(trace.leaves) | (filled if alias is not None else set())
        self.guessed: list[str] = []
        self.made = 0

    def of(self, tensor: str) -> str:
        """The name of a tensor."""
        tensor = self.alias.get(tensor, tensor)
        if tensor not in self.names:
            self.names[tensor] = self.literal(tensor) if tensor in self.leaves else self.fresh()
        return self.names[tensor]

    def fresh(self) -> str:
        self.made += 1
        return f"t{self.made}"

    def literal(self, tensor: str) -> str:
        """A constant by its value; one with many digits was rounded by somebody, and is remembered."""
        values, dtype = self.trace.tensors[tensor]
        if len(set(map(float, values.flat))) != 1:
            return f"const[{'×'.join(map(str, values.shape))}]"
        value = values.reshape(-1)[0]
        if dtype not in FORMATS:
            return str(value)
        if not replay.is_short(float(value), FORMATS[dtype].precision):
            self.guessed.append(f"{shortest(float(value), dtype)} ({dtype})")
        text = shortest(float(value), dtype)
        return text if len(text) < 13 else f"{text[:10]}…"

    def arguments(self, node: replay.Node) -> tuple[str, ...]:
        """The inputs that are numbers or decisions, and the attributes that change the meaning."""
        told = [n for n in node.inputs if self.trace.tensors[n].is_float or self.trace.tensors[n].dtype == "bool"]
        attrs = node.chosen if node.op != "Cast" and node.op in replay.KERNELS else {}
        marks = [key if value is True else f"{key}={value}" for key, value in attrs.items() if value not in (False, 0)]
        return (*(self.of(n) for n in told), *(m for m in marks if len(m) < 24))


def step(
    trace: replay.Trace,
    node: replay.Node,
    out: str,
    audit: replay.Audit | None,
    meant: Any,
    labels: Labels,
    apart: dict[str, float],
) -> Step:
    """One output of one node."""
    tensor = trace.tensors[out]
    got = tensor.values.reshape(-1)
    exact = np.asarray(meant, dtype=object).reshape(-1)
    own = None if audit is None else np.asarray(audit.exact, dtype=object).reshape(-1)
    arguments = labels.arguments(node)
    distances = ulps(got, exact, tensor.dtype)
    own_distances = [] if own is None else ulps(got, own, tensor.dtype)
    apart[out] = ulp = top(distances)
    before = max((apart.get(labels.alias.get(n, n), 0.0) for n in node.inputs), default=0.0)
    return Step(
        name=labels.of(out),
        kernel=node.op,
        arguments=arguments,
        dtype=tensor.dtype,
        got=got,
        own=own,
        meant=exact,
        own_ulp=top(own_distances),
        ulp=ulp,
        kept=audit is None or bool(np.all(audit.kept)),
        before=before,
        lost=bits_lost(before, ulp, top(own_distances)),
        worst=distances.index(ulp) if ulp in distances else 0,
    )


def top(distances: list[float]) -> float:
    """The largest distance that is known; NaN where none is."""
    return max((d for d in distances if not math.isnan(d)), default=math.nan)


def bits_lost(before: float, after: float, own: float) -> float:
    """By how many bits the output is worse than the worst input, if the kernel itself is not to blame."""
    if not after >= MANY or not before < after or (own == own and own >= after / 2):
        return 0.0
    lost = math.log2(after / max(before, 0.5)) if math.isfinite(after) else math.inf
    return lost if lost >= BITS else 0.0


def ulps(got: Array, exact: Array, dtype: str) -> list[float]:
    """The distance of every element, NaN where nothing can be said."""
    return [distance(g, e, dtype) for g, e in zip(got, exact, strict=True)]


def distance(got: Any, exact: Any, dtype: str) -> float:
    """How far a recorded number lies from a ball at most, in ULP; a decision is right or infinitely wrong."""
    if dtype not in FORMATS:
        return math.nan if exact is None or isinstance(exact, arb) else 0.0 if bool(got) == bool(exact) else math.inf
    if not isinstance(exact, arb) or exact.is_nan():
        return math.nan
    got = float(got)
    if not exact.is_finite():
        return 0.0 if math.isinf(got) and (got > 0) == bool(exact > 0) else math.inf
    if not math.isfinite(got):
        largest = FORMATS[dtype].largest
        return 0.0 if math.isinf(got) and bool(exact > largest if got > 0 else exact < -largest) else math.inf
    with working(PRECISION):
        return float((abs(arb(got) - exact) / spacing(exact, dtype)).upper())

"""The trace of a question: every kernel that TensorFlow ran, with its inputs and outputs.

Eager kernels are recorded by a callback, with the numbers they really returned. Function calls are
flattened: the function's body is run again, kernel by kernel, and what comes out is compared with what
the call returned. Where TensorFlow rewrote the body before it ran it, the two may differ (`agrees` is
false), and a node `Returned` stands between them. TensorFlow is passed in; this file asks it for its
private parts by name.
"""

import importlib
from typing import Any, Dict, List, NamedTuple, Optional, Set

import numpy as np

from reference import wire


class Call(NamedTuple):
    """One kernel or function as it ran."""

    op: str
    attrs: Dict[str, Any]
    inputs: List[Any]
    outputs: List[Any]


SKIPPED = ("NoOp", "Assert", "VarHandleOp", "AssignVariableOp", "DestroyResourceOp", "VarIsInitializedOp")
RETURNED = "Returned"  # no kernel: what the body gives, and what the call really returned
CALLS = ("PartitionedCall", "StatefulPartitionedCall")
BRANCHES = ("If", "StatelessIf")
LOOPS = ("While", "StatelessWhile")


def private(name: str) -> Any:
    """A module of TensorFlow that has no public name."""
    return importlib.import_module("tensorflow.python." + name)


def record(tf: Any, ask: Any, xs: List[Any], c: Any, hs: List[Any]) -> Dict[str, Any]:
    """The trace of a question that has been answered before, so that its functions are built."""
    callbacks = private("framework.op_callbacks")
    if not hasattr(callbacks, "add_op_callback"):
        raise NotImplementedError("this TensorFlow calls nobody back when it runs a kernel")
    calls: List[Call] = []
    functions = Functions()

    def note(op: Any, inputs: Any, attrs: Any, outputs: Any, op_name: Any = None, graph: Any = None) -> None:
        if graph is None:
            pairs = dict(zip(attrs[::2], attrs[1::2])) if attrs else {}
            calls.append(Call(text(op), pairs, list(inputs), list(outputs)))
            functions.keep(text(op))

    callbacks.add_op_callback(note)
    try:
        results = ask(xs, c, hs)
    finally:
        callbacks.remove_op_callback(note)
    try:
        flattened = Flattening(tf)
        for call in calls:
            flattened.add(call)
        return written(tf, flattened, xs, c, hs, results)
    finally:
        functions.release()


def text(name: Any) -> str:
    """A name that may have come as bytes."""
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)


class Functions:
    """Holds on to functions that TensorFlow would forget as soon as they have run."""

    def __init__(self) -> None:
        self.context = private("eager.context").context()
        self.kernels = private("framework.op_def_registry")
        self.names: List[str] = []

    def keep(self, name: str) -> None:
        """Keep this function, if it is one, and those that its body calls."""
        if name in self.names or self.kernels.get(name) is not None:
            return
        definition = self.context.get_function_def(name)
        self.context.add_function_def(definition)
        self.names.append(name)
        for node in definition.node_def:
            self.keep(node.op)
            for attr in node.attr.values():
                for function in [attr.func] + list(attr.list.func):
                    if function.name:
                        self.keep(function.name)

    def release(self) -> None:
        """Let them go."""
        while self.names:
            self.context.remove_function(self.names.pop())


# Flattening


class Step(NamedTuple):
    """One node of a function's body, its tensors by number."""

    op: str
    attrs: Dict[str, Any]
    inputs: List[int]
    outputs: List[int]


class Body(NamedTuple):
    """What a function runs, its tensors by number."""

    inputs: List[int]
    steps: List[Step]
    outputs: List[int]


BODIES: Dict[str, Body] = {}  # TensorFlow gives no function's name away twice
MANY_BODIES = 500


def read(definition: Any) -> Body:
    """The body of a function's definition."""
    graph = private("framework.function_def_to_graph").function_def_to_graph(definition)
    operations = graph.get_operations()
    numbers = {id(symbol): n for n, symbol in enumerate(out for each in operations for out in each.outputs)}

    def of(symbols: Any) -> List[int]:
        return [numbers[id(symbol)] for symbol in symbols]

    def attrs(operation: Any) -> Dict[str, Any]:
        return {key: operation.get_attr(key) for key in operation.node_def.attr if not key.startswith("_")}

    run = [each for each in operations if each.type not in ("Placeholder",) + SKIPPED]
    steps = [Step(each.type, attrs(each), of(each.inputs), of(each.outputs)) for each in run]
    return Body(of(graph.inputs), steps, of(graph.outputs))


class Flattening:
    """Calls with the functions among them run again, kernel by kernel."""

    def __init__(self, tf: Any) -> None:
        self.tf = tf
        self.context = private("eager.context").context()
        self.execute = private("eager.execute").execute
        self.kernels = private("framework.op_def_registry")
        self.calls: List[Call] = []
        self.stands_for: Dict[int, Any] = {}  # a call's output -> the tensor of the flattened body
        self.kept: List[Any] = []  # so that no id is given away twice
        self.agrees = True
        self.variables: Dict[int, Any] = {}  # a variable's handle -> the primal it holds
        self.made: Set[int] = set()

    def add(self, call: Call) -> None:
        """Take over one recorded call."""
        self.kept.extend(call.inputs + call.outputs)
        if call.op == "AssignVariableOp":
            self.variables[id(call.inputs[0])] = call.inputs[1]
        if call.op == "ReadVariableOp" and id(call.inputs[0]) in self.variables:
            self.stands_for[id(call.outputs[0])] = self.variables[id(call.inputs[0])]
            return
        inputs = [self.source(tensor) for tensor in call.inputs]
        self.made.update(id(tensor) for tensor in call.outputs)
        function = self.function_of(call)
        if function is None:
            if call.op not in SKIPPED:
                self.calls.append(call._replace(inputs=inputs))
            return
        for recorded, inner in zip(call.outputs, self.body(function, inputs)):
            if same(recorded, inner):
                self.stands_for[id(recorded)] = inner
            else:  # TensorFlow rewrote the body before it ran it
                self.agrees = False
                self.calls.append(Call(RETURNED, {}, [inner], [recorded]))

    def source(self, tensor: Any) -> Any:
        """The tensor that this one stands for; TensorFlow reads some variables without telling."""
        known = self.stands_for.get(id(tensor), tensor)
        if not self.variables or known is not tensor or id(tensor) in self.made:
            return known
        held = list(self.variables.values())
        if any(tensor is value for value in held):
            return tensor
        alike = [value for value in held if same(tensor, value)]
        if len(alike) == 1:
            self.stands_for[id(tensor)] = alike[0]
        return self.stands_for.get(id(tensor), tensor)

    def function_of(self, call: Call) -> Optional[str]:
        """The name of the function that a call runs; None for a kernel."""
        if call.op in CALLS:
            return function_name(call.attrs["f"])
        return call.op if self.kernels.get(call.op) is None else None

    def body(self, name: str, inputs: List[Any]) -> List[Any]:
        """Run a function's body kernel by kernel; the tensors it returns."""
        if name not in BODIES:
            if len(BODIES) > MANY_BODIES:
                BODIES.clear()
            BODIES[name] = read(self.context.get_function_def(name))
        body = BODIES[name]
        values = dict(zip(body.inputs, inputs))
        for step in body.steps:
            values.update(zip(step.outputs, self.run(step, [values[symbol] for symbol in step.inputs])))
        return [values[symbol] for symbol in body.outputs]

    def run(self, step: "Step", inputs: List[Any]) -> List[Any]:
        """Run one node of a body; its outputs."""
        op, attrs = step.op, step.attrs
        if op == "Const":
            return [self.constant(attrs)]
        if op in CALLS:
            return self.body(function_name(attrs["f"]), inputs)
        if op in BRANCHES:
            branch = "then_branch" if bool(inputs[0].numpy()) else "else_branch"
            return self.body(function_name(attrs[branch]), inputs[1:])
        if op in LOOPS:
            return self.loop(function_name(attrs["cond"]), function_name(attrs["body"]), inputs)
        if self.kernels.get(op) is None:
            return self.body(op, inputs)
        return self.kernel(step, inputs)

    def loop(self, condition: str, body: str, values: List[Any]) -> List[Any]:
        """Run a while loop as its kernels."""
        while bool(self.body(condition, values)[0].numpy()):
            values = self.body(body, values)
        return values

    def kernel(self, step: "Step", inputs: List[Any]) -> List[Any]:
        """Run one kernel and record it."""
        pairs = [part for key in sorted(step.attrs) for part in (key, executable(self.tf, step.attrs[key]))]
        outputs = self.execute(step.op, len(step.outputs), list(inputs), tuple(pairs), self.context)
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else []
        self.calls.append(Call(step.op, step.attrs, list(inputs), outputs))
        return outputs

    def constant(self, attrs: Dict[str, Any]) -> Any:
        """A constant of a body, as a leaf."""
        value = self.tf.constant(self.tf.make_ndarray(attrs["value"]), dtype=attrs["dtype"])
        self.kept.append(value)
        return value


def function_name(function: Any) -> str:
    """The name in an attribute that holds a function."""
    return text(function if isinstance(function, (str, bytes)) else function.name)


def executable(tf: Any, value: Any) -> Any:
    """An attribute of a node as the eager runtime wants it."""
    if isinstance(value, list):
        return [executable(tf, entry) for entry in value]
    if isinstance(value, tf.DType):
        return value.as_datatype_enum
    if hasattr(value, "unknown_rank"):  # a TensorShapeProto
        return None if value.unknown_rank else [size.size for size in value.dim]
    return value


def raw_of(tensor: Any) -> Optional[np.ndarray]:
    """The tensor as it lies in memory; None where it is no array of numbers."""
    if tensor.dtype.name not in tuple(wire.RAW) + tuple(wire.PARTS) + wire.LISTED:
        return None
    raw = np.asarray(tensor.numpy())
    return raw.view(np.uint16) if tensor.dtype.name == "bfloat16" else raw


def packed(tensor: Any) -> wire.Record:
    """The record of a TensorFlow tensor."""
    raw = raw_of(tensor)
    if raw is None:
        return {"dtype": tensor.dtype.name, "shape": [], "opaque": True}
    return wire.pack_raw(raw, tensor.dtype.name)


def same(one: Any, other: Any) -> bool:
    """Whether two tensors hold the same bits, any NaN being like any other."""
    if one is other:
        return True
    first, second = raw_of(one), raw_of(other)
    if first is None or second is None:
        return first is second
    if one.dtype != other.dtype or first.shape != second.shape:
        return False
    return first.tobytes() == second.tobytes() or not unlike(first, second, one.dtype.name).any()


def unlike(first: np.ndarray, second: np.ndarray, dtype: str) -> np.ndarray:
    """Where two arrays that are not the same bit by bit really differ; complex ones part by part."""
    if dtype in wire.PARTS:
        return unlike(wire.parts(first), wire.parts(second), wire.PARTS[dtype])
    if dtype not in wire.RAW:
        return np.asarray(first != second)
    one, other = wire.widen(first, dtype), wire.widen(second, dtype)
    different = (one != other) | (np.signbit(one) != np.signbit(other))
    return different & ~(np.isnan(one) & np.isnan(other))


# Writing


def in_order(calls: List[Call]) -> List[Call]:
    """The calls with every producer before its consumers, else as they ran."""
    maker = {id(tensor): place for place, call in enumerate(calls) for tensor in call.outputs}
    placed: Set[int] = set()
    ordered: List[Call] = []
    for first in range(len(calls)):
        waiting = [first]
        while waiting:
            place = waiting[-1]
            before = {maker[id(tensor)] for tensor in calls[place].inputs if id(tensor) in maker} - placed
            if place in placed or not before:
                waiting.pop()
                if place not in placed:
                    placed.add(place)
                    ordered.append(calls[place])
            else:
                waiting.extend(sorted(before, reverse=True))
    return ordered


class Names:
    """Small numbers for tensors, in the order in which they are met."""

    def __init__(self, stands_for: Dict[int, Any]) -> None:
        self.stands_for = stands_for
        self.numbers: Dict[int, str] = {}
        self.tensors: Dict[str, wire.Record] = {}
        self.kept: List[Any] = []

    def of(self, tensor: Any) -> Optional[str]:
        """The tensor's name; None for None."""
        if tensor is None:
            return None
        tensor = self.stands_for.get(id(tensor), tensor)
        if id(tensor) not in self.numbers:
            self.numbers[id(tensor)] = str(len(self.numbers))
            self.tensors[self.numbers[id(tensor)]] = packed(tensor)
            self.kept.append(tensor)
        return self.numbers[id(tensor)]

    def all(self, tensors: List[Any]) -> List[Optional[str]]:
        """Their names."""
        return [self.of(tensor) for tensor in tensors]


def written(tf: Any, flattened: Flattening, xs: List[Any], c: Any, hs: List[Any], results: List[Any]) -> Dict[str, Any]:
    """The trace as a record."""
    names = Names(flattened.stands_for)
    primals, cotangent, tangents = names.all(xs), names.of(c), names.all(hs)
    nodes = [
        {
            "op": call.op,
            "attrs": readable(tf, call.op, call.attrs),
            "inputs": names.all(call.inputs),
            "outputs": names.all(call.outputs),
        }
        for call in in_order(flattened.calls)
    ]
    return {
        "nodes": nodes,
        "primals": primals,
        "cotangent": cotangent,
        "tangents": tangents,
        "results": names.all(results),
        "tensors": names.tensors,
        "agrees": flattened.agrees,
    }


def readable(tf: Any, op: str, attrs: Dict[str, Any]) -> Dict[str, Any]:
    """A kernel's attributes in words and numbers."""
    definition = private("framework.op_def_registry").get(op)
    kinds = {attr.name: attr.type for attr in definition.attr} if definition is not None else {}
    return {key: plain(tf, kinds.get(key, ""), value) for key, value in attrs.items() if key in kinds}


def plain(tf: Any, kind: str, value: Any) -> Any:
    """One attribute as JSON can hold it."""
    if isinstance(value, (list, tuple)) and kind.startswith("list"):
        return [plain(tf, kind[5:-1], entry) for entry in value]
    if kind == "type":
        return tf.as_dtype(value).name
    if kind == "shape":
        return executable(tf, value) if hasattr(value, "unknown_rank") else tf.TensorShape(value).as_list()
    if isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, (str, bytes)):
        return text(value)
    return None

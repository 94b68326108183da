"""A question as a plain TensorFlow program: a few lines that anyone can run, with nothing of this suite."""

import ast
import inspect
import math
import textwrap
from pathlib import Path
from typing import Any

import numpy as np

from reference.op import Op
from reference.question import Question

LONGEST = 15  # lines

# What stands between the constants and the print, per mode and order. `CALL` is the function on trial,
# `xs` its inputs, `c` the cotangent, `h` the tangents; a body returns one gradient per entry.

TAPE = """
with tf.GradientTape() as tape:
    tape.watch(xs)
    y = CALL
return tape.gradient(y, xs, output_gradients=c)
"""
PERSISTENT = """
with tf.GradientTape(persistent=True) as tape:
    tape.watch(xs)
    y = CALL
return [tape.gradient(y, p, output_gradients=c) for p in xs]
"""
WATCHED = """
got = []
for p in xs:
    with tf.GradientTape() as tape:
        tape.watch(p)
        y = CALL
    got.append(tape.gradient(y, p, output_gradients=c))
return got
"""
VARIABLE = """
with tf.GradientTape() as tape:
    y = CALL
return tape.gradient(y, xs, output_gradients=c)
"""
MANUAL = TAPE.replace("GradientTape()", "GradientTape(watch_accessed_variables=False)")
NESTED = """
with tf.GradientTape(persistent=True) as outer:
    outer.watch(xs)
    with tf.GradientTape() as inner:
        inner.watch(xs)
        y = CALL
    g = inner.gradient(y, xs, output_gradients=c)
return [None if k is None else outer.gradient(k, p, output_gradients=v) for k, v in zip(g, h) for p in xs]
"""
VARIABLE_TWICE = NESTED.replace("    outer.watch(xs)\n", "").replace("        inner.watch(xs)\n", "")
MANUAL_TWICE = NESTED.replace("persistent=True", "persistent=True, watch_accessed_variables=False").replace(
    "GradientTape() as inner", "GradientTape(watch_accessed_variables=False) as inner"
)
FORWARD = """
got = []
for p, v in zip(xs, h):
    with tf.autodiff.ForwardAccumulator(p, v) as accumulator:
        y = CALL
    got.append(accumulator.jvp(y))
return got
"""
FORWARD_OVER_REVERSE = """
columns = []
for p, v in zip(xs, h):
    with tf.autodiff.ForwardAccumulator(p, v) as accumulator, tf.GradientTape() as tape:
        tape.watch(xs)
        y = CALL
        g = tape.gradient(y, xs, output_gradients=c)
    columns.append([None if k is None else accumulator.jvp(k) for k in g])
return [k for row in zip(*columns) for k in row]
"""
FORWARD_OVER_FORWARD = """
got = []
for p, v in zip(xs, h):
    for q, w in zip(xs, h):
        with tf.autodiff.ForwardAccumulator(q, w) as outer:
            with tf.autodiff.ForwardAccumulator(p, v) as inner:
                y = CALL
            k = inner.jvp(y)
        got.append(None if k is None else outer.jvp(k))
return got
"""
REVERSE_OVER_FORWARD = """
got = []
for p, v in zip(xs, h):
    with tf.GradientTape(persistent=True) as outer:
        outer.watch(xs)
        with tf.autodiff.ForwardAccumulator(p, v) as accumulator:
            y = CALL
        k = accumulator.jvp(y)
    got += [None if k is None else outer.gradient(k, q, output_gradients=c) for q in xs]
return got
"""
JACOBIAN = """
with tf.GradientTape(persistent=True) as tape:
    tape.watch(xs)
    y = c * (CALL)
return [tape.jacobian(y, p) for p in xs]
"""
JACOBIAN_TWICE = """
with tf.GradientTape(persistent=True) as outer:
    outer.watch(xs)
    with tf.GradientTape() as inner:
        inner.watch(xs)
        y = CALL
    g = [None if k is None else v * k for k, v in zip(inner.gradient(y, xs, output_gradients=c), h)]
return [None if k is None else outer.jacobian(k, p) for k in g for p in xs]
"""

BODIES = {
    "tape": (TAPE, ""),
    "persistent": (PERSISTENT, NESTED),
    "watched": (WATCHED, NESTED),
    "variable": (VARIABLE, VARIABLE_TWICE),
    "manual_watch": (MANUAL, MANUAL_TWICE),
    "nested": ("", NESTED),
    "forward": (FORWARD, ""),
    "forward_over_reverse": ("", FORWARD_OVER_REVERSE),
    "reverse_over_forward": ("", REVERSE_OVER_FORWARD),
    "forward_over_forward": ("", FORWARD_OVER_FORWARD),
    "jacobian": (JACOBIAN, JACOBIAN_TWICE),
    "jacobian_loop": tuple(
        body.replace("(y, p)", "(y, p, experimental_use_pfor=False)").replace(
            "(k, p)", "(k, p, experimental_use_pfor=False)"
        )
        for body in (JACOBIAN, JACOBIAN_TWICE)
    ),
    "batch_jacobian": tuple(body.replace(".jacobian(", ".batch_jacobian(") for body in (JACOBIAN, JACOBIAN_TWICE)),
    "function": (TAPE, NESTED),
    "around": (TAPE, NESTED),
    "xla": (TAPE, NESTED),
    "unknown_shape": (TAPE, NESTED),
    "unknown_rank": (TAPE, NESTED),
}
SIGNATURE = (
    "@tf.function(autograph=False, input_signature=tf.nest.map_structure("
    "lambda t: tf.TensorSpec({}, t.dtype), (xs, c, h)))"
)
DECORATORS = {
    "function": "@tf.function(autograph=False)",
    "xla": "@tf.function(autograph=False, jit_compile=True)",
    "unknown_shape": SIGNATURE.format("[None] * len(t.shape)"),
    "unknown_rank": SIGNATURE.format("None"),
}
VARIABLES = ("variable", "manual_watch")
PRINT = "for g in {}: print(None if g is None else [float(v).hex() for v in tf.convert_to_tensor(g).numpy().ravel()])"


def script(question: Question, comments: list[str]) -> str:
    """The program; it prints one line of hexadecimal floats for each entry of the answer."""
    body = BODIES[question.mode.name][question.order - 1].strip()
    call, helpers = call_of(question.op)
    names = names_of(question.op)
    if question.mode.name == "around":
        helpers.append(f"f = tf.function(lambda {names}: {call}, autograph=False)")
        call = f"f({names})"
    lines = asked(question, body.replace("CALL", call), names)
    lines = [*helpers, *lines]
    said = comments if len(lines) + len(comments) < LONGEST else ["; ".join(comments)]
    return "\n".join(["import tensorflow as tf", *(f"# {line}" for line in said), *lines]) + "\n"


def asked(question: Question, body: str, names: str) -> list[str]:
    """The constants, the question and the print."""
    decorator = DECORATORS.get(question.mode.name)
    if decorator is None:
        *head, last = body.splitlines()
        return [*constants(question, body), *head, PRINT.format(last.removeprefix("return "))]
    inner = textwrap.indent(f"[{names}] = xs\n{body}", "    ").splitlines()
    return [*constants(question), decorator, "def ask(xs, c, h):", *inner, PRINT.format("ask(xs, c, h)")]


def names_of(op: Op) -> str:
    """The op's inputs as its row calls them."""
    return ", ".join(list(inspect.signature(op.tf).parameters)[1:])


def constants(question: Question, body: str = "output_gradients=c zip(xs, h)") -> list[str]:
    """The lines that define the inputs, and such weights as the body uses."""
    if question.mode.name == "batch_jacobian":
        question = columns(question)
    wrap = "tf.Variable" if question.mode.name in VARIABLES else "tf.constant"
    dtype = question.dtype
    xs = ", ".join(tensor(x, dtype, wrap) for x in question.primals)
    weights = {"c": tensor(question.cotangent, dtype)} if "=c" in body or " c *" in body else {}
    if "h)" in body:
        weights["h"] = f"[{', '.join(tensor(v, dtype) for v in question.tangents)}]"
    return [
        f"xs = [{names_of(question.op)}] = [{xs}]",
        f"{', '.join(weights)} = {', '.join(weights.values())}",
    ]


def columns(question: Question) -> Question:
    """Every point as a batch of its own."""
    primals, tangents = ([x.reshape(-1, 1) for x in part] for part in (question.primals, question.tangents))
    return question._replace(primals=primals, cotangent=question.cotangent.reshape(-1, 1), tangents=tangents)


def tensor(values: np.ndarray, dtype: str, wrap: str = "tf.constant") -> str:
    """A tensor as TensorFlow code."""
    text = repr(values.tolist())
    flat = set(map(float, values.flat))
    if values.size > 1 and len(flat) == 1 and not any(map(math.isnan, flat)):
        text = repr(values.flat[:1].tolist()) + f" * {values.size}" if values.ndim == 1 else text
    for name in ("nan", "inf"):
        text = text.replace(name, f'float("{name}")')
    return f"{wrap}({text}, dtype=tf.{dtype})"


# -- the call on trial, as its row spells it ----------------------------------------------------------------


def call_of(op: Op) -> tuple[str, list[str]]:
    """The call as source, and the lines of any helper function that it needs."""
    node = definition(op.tf)
    if not isinstance(node, ast.Lambda):
        name = op.tf.__name__
        return f"{name}(tf, {names_of(op)})", ast.unparse(node).splitlines()
    helpers: list[str] = []
    return ast.unparse(Spelled(op.tf, helpers).visit(node.body)), helpers


def definition(function: Any) -> ast.Lambda | ast.FunctionDef:
    """The syntax tree of one function, found by its place in its file."""
    code = function.__code__
    tree = ast.parse(Path(code.co_filename).read_text("utf-8"))
    here = [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda | ast.FunctionDef) and node.lineno == code.co_firstlineno
    ]
    names = code.co_varnames[: code.co_argcount]
    alike = [node for node in here if tuple(a.arg for a in node.args.args) == names]
    starts = {(line, column) for line, _, column, _ in code.co_positions() if line and column is not None}
    inside = [n for n in alike if any(s >= (n.lineno, n.col_offset) for s in starts)]
    return (inside or alike)[0]


class Spelled(ast.NodeTransformer):
    """Names that a row takes from its surroundings, spelled out."""

    def __init__(self, function: Any, helpers: list[str]) -> None:
        found = inspect.getclosurevars(function)
        self.known = {**found.globals, **found.nonlocals}
        self.helpers = helpers

    def visit_Name(self, node: ast.Name) -> ast.AST:
        if node.id not in self.known:
            return node
        value = self.known[node.id]
        if inspect.isfunction(value):
            self.helpers.extend(ast.unparse(definition(value)).splitlines())
            return node
        return ast.parse(repr(value), mode="eval").body

"""The probe: job lines in, answer lines out, under any TensorFlow. It never judges.

    python -m reference.probe [--catalogue MODULE] [--plant MODULE:FUNCTION]

The first line out says who answers. A catalogue module holds `OPS`, a dict from name to Op; a plant is
called with TensorFlow before the first job.
"""

import os
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read while TensorFlow is imported
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import argparse
import gc
import importlib
import logging
import platform
import re
import time
from typing import Any, Dict, List, Optional, Tuple

import numpy as np

from reference import trace, wire
from reference.catalogue import complexes
from reference.modes import ALL_MODES, MODES, question

COUNTED = re.compile(r"(__inference_\w+?)_\d+")  # TensorFlow numbers its functions, in every process anew
UNSETTLED = 3  # the exit code where there is no TensorFlow to ask


def library() -> Any:
    """TensorFlow, in its second manner even where the first is the default."""
    import tensorflow as tf

    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # stderr is for what goes wrong
    if tf.executing_eagerly():
        return tf
    tf = tf.compat.v2
    tf.enable_v2_behavior()
    return tf


def hello(tf: Any) -> wire.Record:
    """Who answers."""
    return {
        "tensorflow": tf.__version__,
        "build": text(tf.version.GIT_VERSION),
        "compiler": text(tf.version.COMPILER_VERSION),
        "numpy": np.__version__,
        "keras": version_of("keras"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cpu": cpu(),
        "onednn": os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"),
        "modes": sorted(MODES),
    }


def text(value: Any) -> str:
    """A version that may have come as bytes."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def version_of(name: str) -> Optional[str]:
    """The version of a module that is loaded already."""
    return getattr(sys.modules.get(name), "__version__", None)


def cpu() -> Dict[str, Any]:
    """The processor's name, and those of its abilities that change what a kernel computes."""
    wanted = ("sse4_2", "avx", "avx2", "fma", "f16c", "avx512f", "avx512_bf16", "avx512_fp16", "amx_bf16")
    try:
        with open("/proc/cpuinfo") as lines:
            facts = dict(line.split(":", 1) for line in lines if ":" in line)
    except OSError:
        return {"model": platform.processor(), "flags": []}
    facts = {key.strip(): value.strip() for key, value in facts.items()}
    flags = facts.get("flags", "").split()
    return {"model": facts.get("model name", ""), "flags": [flag for flag in wanted if flag in flags]}


def tensor(tf: Any, record: wire.Record) -> Any:
    """The TensorFlow tensor of a record, bit by bit."""
    raw, dtype = wire.unpack_raw(record)
    if raw is None:
        raise ValueError("A job cannot hold an opaque tensor.")
    if dtype == "bfloat16":
        return tf.bitcast(tf.constant(raw.astype(np.uint16)), tf.bfloat16)
    return tf.constant(raw.astype(raw.dtype.newbyteorder("=")))


class Desk:
    """Answers jobs, and keeps the questions of one op so that a second block builds nothing anew."""

    def __init__(self, tf: Any, ops: Dict[str, Any]) -> None:
        self.tf = tf
        self.ops = ops
        self.op = ""
        self.questions: Dict[Tuple[Any, ...], Any] = {}

    def answer(self, job: wire.Record) -> wire.Record:
        """One answer; whatever TensorFlow raises is an answer too."""
        started = time.time()
        try:
            answer = self.asked(job)
        except Exception as error:  # the accused may raise anything
            answer = {"raised": first_line(error)}
        return dict(answer, id=job.get("id"), seconds=round(time.time() - started, 6))

    def asked(self, job: wire.Record) -> wire.Record:
        """What the mode returns, with the trace if the job wants it."""
        xs = [tensor(self.tf, record) for record in job["primals"]]
        c = tensor(self.tf, job["cotangent"])
        hs = [tensor(self.tf, record) for record in job["tangents"]]
        ask = self.question(job, [xs, c, hs])
        answer = {"values": values(ask(xs, c, hs))}
        return dict(answer, **self.traced(job, ask, xs, c, hs)) if job.get("trace") else answer

    def traced(self, job: wire.Record, ask: Any, xs: List[Any], c: Any, hs: List[Any]) -> wire.Record:
        """The trace, or the reason why there is none."""
        mode = ALL_MODES[job["mode"]]
        if not mode.traced:
            return {"trace": None, "trace_reason": mode.note}
        try:
            return {"trace": trace.record(self.tf, ask, xs, c, hs)}
        except Exception as error:  # the answer stands without its trace
            return {"trace": None, "trace_reason": first_line(error)}

    def question(self, job: wire.Record, arguments: List[Any]) -> Any:
        """The question of this job, built once per op, mode, dtype, order and ranks."""
        if job["op"] != self.op:
            self.op = job["op"]
            self.questions.clear()
        xs, c, hs = arguments
        kinds = tuple((t.dtype.name, len(t.shape)) for t in xs + [c] + hs)
        key = (job["mode"], int(job["order"]), kinds)
        if key not in self.questions:
            on_trial, tf = known(self.ops, job["op"], "op").tf, self.tf
            mode = known(ALL_MODES, job["mode"], "mode")
            self.questions[key] = question(mode, tf, lambda *x: on_trial(tf, *x), key[1], arguments)
        return self.questions[key]


def known(table: Dict[str, Any], name: str, kind: str) -> Any:
    """The table's entry of this name."""
    if name not in table:
        raise LookupError("there is no {} {!r}".format(kind, name))
    return table[name]


def values(results: List[Any]) -> List[Optional[wire.Record]]:
    """What came back, as records; None stays None."""
    return [None if result is None else trace.packed(result) for result in results]


def first_line(error: Exception) -> str:
    """The type and the first line of what was raised; the last one where the first says nothing."""
    lines = str(error).strip().splitlines() or [""]
    line = lines[-1].strip() if lines[0].startswith("in user code") else lines[0]
    return "{}: {}".format(type(error).__name__, COUNTED.sub(r"\1", line))


def private_stdout() -> Any:
    """The answers' own way out; everything else that writes to stdout writes to stderr."""
    sys.stdout.flush()
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def options(arguments: List[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="reference.probe", description="Job lines in, answer lines out.")
    parser.add_argument("--catalogue", default="reference.catalogue", help="a module that holds OPS")
    parser.add_argument("--plant", help="module:function, called with TensorFlow before the first job")
    return parser.parse_args(arguments)


def serve(desk: Any, answers: Any) -> None:
    """Answer line by line until there are no more jobs."""
    for line in sys.stdin:
        if not line.strip():
            continue
        try:
            job = wire.from_line(line)
        except ValueError as error:
            wire.write(answers, {"id": None, "raised": first_line(error)})
            continue
        wire.write(answers, desk.answer(job))


def main(arguments: List[str], desk: Any = Desk) -> int:
    """Say hello, then answer."""
    chosen = options(arguments)
    answers = private_stdout()
    try:
        tf = library()
    except Exception as error:  # a broken installation may raise anything
        sys.stderr.write("TensorFlow cannot be imported: {}\n".format(first_line(error)))
        return UNSETTLED
    ops = importlib.import_module(chosen.catalogue).OPS
    if chosen.plant:
        module, _, function = chosen.plant.partition(":")
        getattr(importlib.import_module(module), function)(tf)
    if hasattr(gc, "freeze"):
        gc.freeze()  # what TensorFlow brought along never has to be looked through again
    gc.set_threshold(200000, 50, 50)  # a third of the time went into looking for garbage
    wire.write(answers, {"hello": hello(tf)})
    serve(desk(tf, dict(complexes.OPS, **ops)), answers)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

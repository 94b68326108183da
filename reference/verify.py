"""The main job: ask the installed TensorFlow everything on the deterministic points, and judge every answer.

The work is cut into tasks, one per op and dtype. A worker holds one probe process, which may die or hang: the
case is named and the rest goes on. Verdicts are written as JSON lines as they come; `--resume` goes on where a
run was interrupted.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from reference import examples, limits, record
from reference.ask import Probe, ProbeUnavailable
from reference.catalogue import OPS
from reference.choices import settle
from reference.modes import MODES
from reference.op import FLOATS, Op
from reference.record import Tally
from reference.table import Cost, progress, summary
from reference.trial import Trial, questions

QUICK_MODES = ("tape", "nested", "forward", "function")
#: Modes that TensorFlow builds anew for every question, so dear that each row is asked in every third of them and in
#: one dtype only, by turns along the catalogue (every other row in float32), unless they are named.
IN_TURN = (
    "forward_over_reverse", "reverse_over_forward", "forward_over_forward", "jacobian", "jacobian_loop",
    "batch_jacobian", "around", "xla", "unknown_shape", "unknown_rank",
)  # fmt: skip
NARROW = ("float16", "bfloat16")  # a row is asked in one of them, by turns, unless they are named
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}
QUICK_DTYPES = ("float32", "float64")  # a quick run asks every row in float32, and every third in float64
OUT = "verdicts.jsonl"
AUDITED = ("nested", "tape")  # the first that is asked: the other modes run the same kernels
JOBS_PER_PROBE = 5000  # then a fresh process takes over, for TensorFlow leaks: 150 MiB in 1,500 jobs


class Task(NamedTuple):
    """What one worker does at a time: every mode and order of one op in one dtype, or the limits' examples."""

    op: str
    dtype: str
    modes: tuple[str, ...]
    orders: tuple[int, ...]
    tier: str

    @property
    def name(self) -> str:
        """The task's name in the file of verdicts."""
        return f"{self.op} {self.dtype}"


class Unwritable(OSError):
    """The file of verdicts cannot be written; the message is one sentence."""


# -- what to ask --------------------------------------------------------------------------------------------


def tasks(options: argparse.Namespace) -> list[Task]:
    """The tasks that the options choose, in the catalogue's order, with the longest-running dtypes first."""
    quick = options.quick
    ops = options.op or list(OPS)
    dtypes = options.dtype or (QUICK_DTYPES if quick else FLOATS)
    modes = tuple(options.mode or (QUICK_MODES if quick else MODES))
    orders = tuple(options.order or (1, 2))
    tier = "quick" if quick else "full"
    return [
        Task(op, dtype, modes if options.op or options.mode else affordable(op, modes, dtype), orders, tier)
        for op in ops
        for dtype in reversed(FLOATS if options.op or options.mode or options.dtype else turns(op, quick))
        if dtype in dtypes and dtype in OPS[op].dtypes
    ]


def turns(op: str, quick: bool = False) -> tuple[str, ...]:
    """The dtypes that an op is asked in where the user has chosen nothing: one of the narrow ones, by turns."""
    place, narrow = list(OPS).index(op), [d for d in OPS[op].dtypes if d in NARROW]
    spared = {d for k, d in enumerate(narrow) if k != place // 4 % len(narrow)}
    if quick and place % 3 and "float32" in OPS[op].dtypes:
        spared.add("float64")
    return tuple(d for d in OPS[op].dtypes if d not in spared)


def affordable(op: str, modes: tuple[str, ...], dtype: str) -> tuple[str, ...]:
    """The modes that an op is asked in, in this dtype, where the user has not chosen: every third dear one."""
    place, others = list(OPS).index(op), [d for d in turns(op) if d != "float32"]
    turn = "float32" if place % 2 or not others else others[place // 2 % len(others)]
    dear = IN_TURN[place // 8 % 3 :: 3] if dtype == turn else ()
    return tuple(m for m in modes if m not in IN_TURN or m in dear)


def cells(task: Task) -> Iterator[tuple[str, int]]:
    """The modes and orders of a task that exist."""
    for mode in task.modes:
        for order in task.orders:
            if MODES[mode].asks[order - 1] and not (OPS[task.op].shapes and mode == "batch_jacobian"):
                yield mode, order


# -- one worker ---------------------------------------------------------------------------------------------

_trial: Trial | None = None


def greeting() -> dict[str, Any]:
    """What TensorFlow says of itself when this worker's probe starts."""
    assert _trial is not None
    return _trial.probe.hello


def prepare(python: str) -> None:
    """Give this worker a probe of its own; interrupts are the main process's business."""
    global _trial
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=end_with_parent, daemon=True).start()
    _trial = Trial(Probe(python=python, restart_after=JOBS_PER_PROBE, env=ONE_THREAD))


@contextmanager
def uninterrupted() -> Iterator[None]:
    """A `with` block that Ctrl-C does not enter."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def end_with_parent() -> None:
    """A worker whose main process is gone, however it went, does not work on."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(3)


def perform(group: list[Task]) -> list[list[dict[str, Any]]]:
    """The verdicts of some tasks of one op, whose derivation and points they share, as records."""
    return [performed(task) for task in group]


def performed(task: Task) -> list[dict[str, Any]]:
    """The verdicts of one task."""
    assert _trial is not None
    before, lines = _trial.seconds, list(judged(_trial, task))
    _trial.forget()
    return [*lines, {"done": task.name, "lines": len(lines), "tensorflow_seconds": _trial.seconds - before}]


def judged(trial: Trial, task: Task) -> Iterator[dict[str, Any]]:
    """Every cell's verdicts, and then what the plain modes' kernels did."""
    op = OPS[task.op]
    for mode, order in cells(task):
        for question in questions(op, MODES[mode], task.dtype, order, task.tier):
            try:
                yield from map(record.of_verdict, trial.verdicts(question))
            except Exception as error:  # a fault of this suite: named, and the rest goes on
                yield {"error": f"{task.name} {mode} order {order}: {type(error).__name__}: {error}"}
    asked = {question.mode.name for question, _ in trial.replayed}
    audited = next((mode for mode in AUDITED if mode in asked), "")
    for question, base in trial.replayed:
        if question.mode.name == audited and task.tier == "full":
            yield from record.of_kernels(question, base)


def still_true() -> list[list[dict[str, Any]]]:
    """Ask every limit's counterexample: one that TensorFlow now answers rightly is told, to be deleted."""
    assert _trial is not None
    lines = [{"untrue": row.name} for row in limits.LIMITS if not examples.holds(_trial, row)]
    return [[*lines, {"done": "limits", "lines": len(lines), "tensorflow_seconds": 0.0}]]


# -- the file of verdicts -----------------------------------------------------------------------------------


def writable(path: Path) -> Path:
    """The path, if a file can be written there: better told before TensorFlow is started than after."""
    path = path.resolve()
    folder = path.parent
    reason = "" if os.access(folder, os.W_OK) else "no write permission" if folder.is_dir() else "no such folder"
    if path.exists() and not path.is_file():
        reason = "it is a folder" if path.is_dir() else "it is no regular file"
    if reason:
        raise Unwritable(f"The verdicts cannot be written to {path}: {reason}; name another file with --out.")
    return path


class Log:
    """The verdicts on disk, one JSON line each; whole lines only, flushed task by task."""

    def __init__(self, path: Path, header: dict[str, Any], resume: bool):
        self.path = path
        self.before = earlier(path, header) if resume else []
        try:
            self.begin(header)
        except OSError as error:
            raise Unwritable(f"The verdicts cannot be written to {path}: {error.strerror}.") from error

    def begin(self, header: dict[str, Any]) -> None:
        """Set aside a former run's file, and write what is taken over from it."""
        fresh = self.path.with_name(self.path.name + ".new")
        with fresh.open("w", encoding="utf-8") as file:
            for line in [{"run": header}, *self.before]:
                file.write(json.dumps(line) + "\n")
        if self.path.exists():
            os.replace(self.path, self.path.with_name(self.path.name + ".previous"))
        os.replace(fresh, self.path)
        self.file = self.path.open("a", encoding="utf-8")

    def add(self, lines: Iterable[dict[str, Any]]) -> None:
        """Append records; they are on disk when this returns."""
        self.file.write("".join(json.dumps(line) + "\n" for line in lines))
        self.file.flush()

    def close(self) -> None:
        """All is on disk already."""
        self.file.close()

    @property
    def done(self) -> set[str]:
        """The tasks that an interrupted run had finished."""
        return {line["done"] for line in self.before if "done" in line}


def earlier(path: Path, header: dict[str, Any]) -> list[dict[str, Any]]:
    """The finished tasks' lines of a former run of the same suite and TensorFlow; damaged tasks are dropped."""
    if not path.exists():
        return []
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = [parsed for line in text.splitlines() if (parsed := whole(line)) is not None]
    if not lines or "run" not in lines[0]:
        raise Unwritable(f"{path} is damaged or no file of verdicts: start without --resume.")
    if lines[0]["run"] != json.loads(json.dumps(header)):
        raise Unwritable(f"{path} is of another run (suite, options or TensorFlow differ): start without --resume.")
    kept: list[dict[str, Any]] = []
    pending: list[dict[str, Any]] = []
    for line in lines[1:]:
        pending.append(line)
        if "done" in line:
            undamaged = line.get("lines") == len(pending) - 1  # else the task is asked again
            kept, pending = kept + (pending if undamaged else []), []
    return kept


def whole(text: str) -> dict[str, Any] | None:
    """A line's record; None where the line was torn."""
    try:
        parsed = json.loads(text)
    except ValueError:
        return None
    return parsed if isinstance(parsed, dict) else None


def fingerprint() -> str:
    """The suite's own source and tables, so that a run is only resumed by the code that began it."""
    digest, here = hashlib.sha256(), Path(__file__).parent
    for path in sorted([*here.rglob("*.py"), *here.rglob("tables/*.json")]):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


# -- the run ------------------------------------------------------------------------------------------------


def run(options: argparse.Namespace) -> int:
    """`verify`: 0 all right, 1 findings, 3 infrastructure, 5 nothing checked, 130 interrupted."""
    settle(options)
    log_at = writable(Path(options.out or OUT))
    python = getattr(options, "python", None) or sys.executable
    jobs = getattr(options, "jobs", None) or os.cpu_count() or 1
    started = time.monotonic()
    with workers(python, jobs) as pool:
        hello = pool.submit(greeting).result()
        log = Log(log_at, header_of(options, hello), options.resume)
        try:
            tally, spent = gathered(options, pool, log)
        except KeyboardInterrupt:
            print(f"\nInterrupted: what was judged is in {log.path}; `--resume` goes on from there.", file=sys.stderr)
            return 130
        finally:
            log.close()
    summary(tally, hello, Cost(time.monotonic() - started, jobs, spent), log.path, options)
    return tally.exit_code


@contextmanager
def workers(python: str, jobs: int) -> Iterator[ProcessPoolExecutor]:
    """So many workers, each with a probe of its own; at the end all are ended, whatever they are doing."""
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=spawn, initializer=prepare, initargs=(python,))
    try:
        with uninterrupted():  # workers that are being started inherit it, and die without a traceback
            for _ in range(jobs):
                pool.submit(greeting)
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in multiprocessing.active_children():
            process.terminate()


def header_of(options: argparse.Namespace, hello: dict[str, Any]) -> dict[str, Any]:
    """What makes two runs the same run, so that one may go on where the other stopped."""
    chosen = {k: getattr(options, k) for k in ("op", "mode", "dtype", "order", "quick")}
    return {"tensorflow": hello, "suite": fingerprint(), "options": chosen}


def gathered(options: argparse.Namespace, pool: ProcessPoolExecutor, log: Log) -> tuple[Tally, float]:
    """Have all tasks performed that are not in the log yet; the tally, and TensorFlow's own seconds."""
    tally, spent = Tally(), 0.0
    for line in log.before:
        tally.add(line)
    left = [task for task in tasks(options) if task.name not in log.done]
    whole_run = not (options.op or options.mode or options.dtype or options.order) and "limits" not in log.done
    with progress(len(left) + whole_run, options) as shown:
        groups = [list(group) for _, group in groupby(left, lambda task: task.op)]
        futures: list[Future[list[list[dict[str, Any]]]]] = [pool.submit(still_true)] if whole_run else []
        futures += [pool.submit(perform, group) for group in groups]
        for future in as_completed(futures):
            for lines in future.result():
                log.add(lines)
                for line in lines:
                    tally.add(line)
                spent += lines[-1]["tensorflow_seconds"]
                shown.advance(tally, lines[-1]["done"])
    return tally, spent


__all__ = ["Op", "ProbeUnavailable", "Task", "Unwritable", "run", "tasks"]

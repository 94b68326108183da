"""The probe's client: starts it in a process of its own, asks, and survives its death."""

import contextlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from reference import wire
from reference.wire import Record

ROOT = Path(__file__).resolve().parent.parent  # where `reference` is imported from
GRACE = 5.0  # seconds that a dying or closing process is given


class ProbeUnavailable(Exception):
    """There is no TensorFlow to ask; the message is one sentence that says why."""


REMEDY = "`pip install '.[tensorflow]'` brings a TensorFlow, if that is what is missing."


def ending(how: str) -> str:
    """Why a process ended before it said hello: its last word, or the signal that ended it."""
    signal, _, word = how.partition(": ")
    return word or f"it ended silently ({signal})"


class Process:
    """One running probe, its answers in a queue and the end of its stderr at hand."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        try:
            self.popen = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=dict(env),
                start_new_session=True,  # Ctrl-C is for the asker, who then closes the probe
            )
        except OSError as error:
            raise ProbeUnavailable(f"The probe cannot be started: {error}.") from error
        self.jobs: queue.Queue[Record | None] = queue.Queue()
        self.lines: queue.Queue[str | None] = queue.Queue()
        self.tail: deque[str] = deque(maxlen=40)
        pipes = (self.popen.stdin, self.popen.stdout, self.popen.stderr)
        work = (self._deliver, self._answers, self._complaints)
        self.threads = [
            threading.Thread(target=each, args=(pipe,), daemon=True) for each, pipe in zip(work, pipes, strict=True)
        ]
        for thread in self.threads:
            thread.start()

    def _deliver(self, stdin: IO[str]) -> None:
        """Write jobs; a hanging process may leave the pipe full, and that must stop nobody else."""
        with contextlib.suppress(OSError), stdin:
            for job in iter(self.jobs.get, None):
                wire.write(stdin, job)

    def _answers(self, stdout: IO[str]) -> None:
        with stdout:
            for line in stdout:
                self.lines.put(line)
        self.lines.put(None)  # no more will come

    def _complaints(self, stderr: IO[str]) -> None:
        with stderr:
            self.tail.extend(line.rstrip() for line in stderr if line.strip())

    def send(self, job: Record) -> None:
        """Hand over one job; a dead process is noticed when its answer is awaited."""
        self.jobs.put(job)

    def receive(self, timeout: float) -> Record | None:
        """The next record, or None where the process has ended; TimeoutError where nothing comes."""
        try:
            line = self.lines.get(timeout=max(timeout, 0.0))
        except queue.Empty:
            raise TimeoutError from None
        return None if line is None else wire.from_line(line)

    def ended(self) -> str:
        """How the process ended, with its last word."""
        try:
            code = self.popen.wait(GRACE)
        except subprocess.TimeoutExpired:
            return "closed its output"
        self.threads[-1].join(GRACE)
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        return f"{how}: {self.tail[-1]}" if self.tail else how

    def stop(self, *, at_once: bool = False) -> None:
        """End the process; the threads close its pipes."""
        self.jobs.put(None)
        try:
            self.popen.wait(0 if at_once else GRACE)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait()
        for thread in self.threads:
            thread.join(GRACE)


class Probe:
    """Asks one TensorFlow; answers come in the order of the jobs, and no job is lost."""

    def __init__(
        self,
        *,
        python: str = sys.executable,
        module: str = "reference.probe",
        catalogue: str = "reference.catalogue",
        plant: str | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 60.0,
        startup: float = 180.0,
        ahead: int = 4,
        restart_after: int = 0,
    ) -> None:
        planted = ["--plant", plant] if plant else []
        self.command = [python, "-m", module, "--catalogue", catalogue, *planted]
        self.env = {**os.environ, **(env or {})}
        path = (str(ROOT), self.env.get("PYTHONPATH", ""))
        self.env["PYTHONPATH"] = os.pathsep.join(part for part in path if part)
        self.timeout = timeout
        self.startup = startup
        self.ahead = ahead  # so many jobs are on their way at a time
        self.restart_after = restart_after  # so many answers wear a process out; 0: never
        self.restarts = -1
        self._process: Process | None = None
        self._hello: Record = {}
        self._waiting: deque[tuple[Record, float]] = deque()  # submitted, not yet sent
        self._sent: deque[tuple[Record, float]] = deque()  # sent, not yet answered
        self._served = 0
        self._since = 0.0  # when the job at the head began

    @property
    def hello(self) -> Record:
        """Who answers; starts the probe if need be."""
        self._running()
        return self._hello

    def ask(self, job: Record, timeout: float | None = None) -> Record:
        """One job's answer; nothing else may be on its way."""
        if self._waiting or self._sent:
            raise RuntimeError("Other jobs are on their way: collect their answers first.")
        self.submit(job, timeout)
        return next(self.collect())

    def ask_all(self, jobs: Iterable[Record]) -> Iterator[Record]:
        """The answers in the order of the jobs, several on their way at a time."""
        for job in jobs:
            self.submit(job)
            if len(self._waiting) + len(self._sent) > self.ahead:
                yield self._next()
        yield from self.collect()

    def submit(self, job: Record, timeout: float | None = None) -> None:
        """Hand in a job; its answer comes with `collect`."""
        self._waiting.append((job, self.timeout if timeout is None else timeout))
        self._send()

    def collect(self) -> Iterator[Record]:
        """The answers of all jobs handed in."""
        while self._waiting or self._sent:
            yield self._next()

    def close(self) -> None:
        """End the probe."""
        self._drop()
        self._waiting.clear()
        self._sent.clear()

    def __enter__(self) -> "Probe":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _send(self) -> None:
        process = self._running()
        while self._waiting and len(self._sent) < self.ahead and not self._worn():
            if not self._sent:
                self._since = time.monotonic()
            self._sent.append(self._waiting.popleft())
            self._served += 1
            process.send(self._sent[-1][0])

    def _worn(self) -> bool:
        return 0 < self.restart_after <= self._served

    def _next(self) -> Record:
        if self._worn() and not self._sent:
            self._drop()
        self._send()
        job, timeout = self._sent[0]
        answer = self._heard(job, timeout)
        if isinstance(answer, str):
            return self._crashed(answer)
        self._sent.popleft()
        self._since = time.monotonic()
        self._send()
        return answer

    def _heard(self, job: Record, timeout: float) -> Record | str:
        """The answer to this job, or in words why there is none."""
        process = self._running()
        try:
            answer = process.receive(self._since + timeout - time.monotonic())
        except TimeoutError:
            return f"hang after {timeout:g} s"
        except ValueError as error:
            return f"garbled answer: {error}"
        if answer is None:
            return process.ended()
        return answer if answer.get("id") == job.get("id") else f"answered {answer.get('id')!r} instead"

    def _crashed(self, reason: str) -> Record:
        """Name the case, and let the rest begin anew in a fresh process."""
        job, _ = self._sent.popleft()
        self._waiting.extendleft(reversed(self._sent))
        self._sent.clear()
        self._drop(at_once=True)
        return {"id": job.get("id"), "crashed": reason}

    def _drop(self, *, at_once: bool = False) -> None:
        if self._process is not None:
            self._process.stop(at_once=at_once)
        self._process, self._served = None, 0

    def _running(self) -> Process:
        if self._process is None:
            self._process = Process(self.command, self.env)
            self._hello = self._greeted(self._process)
            self.restarts += 1
        return self._process

    def _greeted(self, process: Process) -> Record:
        try:
            record = process.receive(self.startup)
            reason = None if record is not None else ending(process.ended())
        except TimeoutError:
            record, reason = None, f"it did not answer within {self.startup:g} s"
        except ValueError as error:
            record, reason = None, str(error)
        if record is None or "hello" not in record:
            self._drop(at_once=True)
            raise ProbeUnavailable(f"The probe cannot be asked: {str(reason).rstrip('.')}. {REMEDY}")
        return dict(record["hello"])

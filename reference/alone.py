"""Plain TensorFlow programs run on their own, where nobody knows this suite, and what they print.

One process runs many programs, each from a file of its own by `runpy`. A process that dies costs one program its
answer; a fresh one goes on with the next.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from reference.examples import question_of
from reference.judge import Verdict
from reference.limits import Limit
from reference.script import script
from reference.trial import Trial

RUNNER = """
import contextlib, io, json, runpy, sys
for path in sys.argv[1:]:
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            runpy.run_path(path, run_name="__main__")
    except Exception as error:
        printed.write(type(error).__name__)
    print(json.dumps(printed.getvalue().splitlines()), flush=True)
"""
DIED = "died"
QUIET = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}

Entry = list[str] | str | None  # an entry's floats, each once, in hexadecimal; None, or the name of an error raised


def printed(texts: Sequence[str], python: str = sys.executable) -> list[list[Entry]]:
    """What each program prints, entry by entry, or raises; `died` where it took its process along."""
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{k}.py" for k in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_text(text, "utf-8")
        found: list[list[Entry]] = []
        while len(found) < len(paths):
            lines = list(run(paths[len(found) :], python))
            found += lines if len(found) + len(lines) == len(paths) else [*lines, [DIED]]
        return found


def run(paths: Sequence[Path], python: str) -> Iterator[list[Entry]]:
    """The entries of each program, as far as one process comes."""
    done = subprocess.run(
        [python, "-c", RUNNER, *map(str, paths)],
        cwd=paths[0].parent,
        env={**{k: v for k, v in os.environ.items() if k != "PYTHONPATH"}, **QUIET},
        capture_output=True,
        text=True,
    )
    return ([entry(line) for line in json.loads(lines)] for lines in done.stdout.splitlines())


def entry(line: str) -> Entry:
    """One printed entry."""
    if not line.startswith("["):
        return None if line == "None" else line
    return sorted(set(json.loads(line.replace("'", '"'))))


def program(limit: Limit) -> str:
    """The plain program of a limit's counterexample."""
    return script(question_of(limit), [limit.name])


def judged(trial: Trial, limit: Limit) -> list[Entry]:
    """A counterexample's answer as it was judged, in the form in which a plain program prints it."""
    return [said(verdict) for verdict in trial.verdicts(question_of(limit))]


def said(verdict: Verdict) -> Entry:
    """An entry as a plain program prints it."""
    if verdict.got is None:
        return verdict.message.partition(":")[0] if verdict.outcomes[0].question == "raised" else None
    return sorted({float(x).hex() for x in verdict.got})


def agrees(prints: list[Entry], judges: list[Entry]) -> bool:
    """Whether a program prints the very numbers that were judged; one that raises prints that and no more."""
    return bool(prints) and prints == judges[: len(prints)] and (len(prints) == len(judges) or is_error(prints[-1]))


def is_error(each: Entry) -> bool:
    """Whether an entry is the name of an error."""
    return isinstance(each, str)

"""Plain TensorFlow programs, run one after the other where nobody knows this suite."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

EXECUTED = """
import contextlib, io, json, sys
for text in json.load(sys.stdin):
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(text, {})
    except Exception as error:
        printed.write(type(error).__name__)
    print(json.dumps(printed.getvalue().splitlines()))
"""

Entry = list[str] | str | None  # an entry's floats, each once, in hexadecimal; None, or the name of an error raised


def printed(texts: Sequence[str]) -> list[list[Entry]]:
    """What each program prints, entry by entry, or raises."""
    done = subprocess.run(
        [sys.executable, "-c", EXECUTED],
        input=json.dumps(list(texts)),
        cwd=Path(sys.prefix),
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return [[entry(line) for line in json.loads(lines)] for lines in done.stdout.splitlines()]


def entry(line: str) -> Entry:
    """One printed entry."""
    if not line.startswith("["):
        return None if line == "None" else line
    return sorted(set(json.loads(line.replace("'", '"'))))

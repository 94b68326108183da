"""The command line: `python -m reference COMMAND`, with the commands of `reference.options`.

Exit codes: 0 all right, 1 findings, 2 a command that cannot be meant, 3 something it needs is missing or
broken, 5 nothing checked, 130 interrupted.
"""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence

from reference.options import parser

FINE, FINDINGS, USAGE, INFRASTRUCTURE, NOTHING, INTERRUPTED, CLOSED = 0, 1, 2, 3, 5, 130, 141
NUMBERS = ("--at", "--cotangent", "--tangent")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; whatever goes wrong is one sentence on stderr."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        options = parser().parse_args(shielded(words))
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a terminal without ∂ shows a question mark
        code = guarded(lambda chosen: int(importlib.import_module(chosen.module).run(chosen)), options)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        return failed("Interrupted.", INTERRUPTED)
    except BrokenPipeError:  # whoever read our output has gone: nobody is left to tell
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return CLOSED


def guarded(run: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    """Run a command; a missing tool or an unwritable file is a sentence and not a traceback."""
    try:
        from reference.ask import ProbeUnavailable
        from reference.choices import Unusable
        from reference.replay import UnknownKernel
    except ImportError as error:
        return failed(missing(error), INFRASTRUCTURE)
    try:
        return run(options)
    except Unusable as error:
        return failed(str(error), USAGE)
    except UnknownKernel as error:
        return failed(f"The trace cannot be replayed: {error}.", INFRASTRUCTURE)
    except ProbeUnavailable as error:
        return failed(str(error), INFRASTRUCTURE)
    except ImportError as error:
        return failed(missing(error), INFRASTRUCTURE)
    except BrokenPipeError:
        raise
    except OSError as error:
        return failed(unusable(error), INFRASTRUCTURE)


def failed(sentence: str, code: int) -> int:
    """Say what went wrong on stderr."""
    sys.stderr.write(sentence + "\n")
    return code


def unusable(error: OSError) -> str:
    """Which file cannot be used, unless the error is a sentence already."""
    if error.strerror is None:
        return str(error)
    return f"Cannot use {error.filename or 'a file'}: {error.strerror}."


def missing(error: ImportError) -> str:
    """Which package is missing, and how to get it."""
    name = {"flint": "python-flint"}.get((error.name or "").partition(".")[0], (error.name or "").partition(".")[0])
    if not name or name == "reference":
        return f"A part of this suite cannot be imported: {error}."
    extra = "pictures" if name == "matplotlib" else "tensorflow"
    return f"The package {name} is missing or broken ({error}): pip install '.[{extra}]' brings it."


def shielded(words: list[str]) -> list[str]:
    """The words of the command line, with negative numbers marked so that they are no options."""
    if not any(word in NUMBERS for word in words):
        return words
    from reference.choices import is_number

    return [f" {w}" if w.startswith("-") and is_number(w) else w for w in words]


if __name__ == "__main__":
    sys.exit(main())

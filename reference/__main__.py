"""The command line: python -m reference verify | show | list | worst | limits | complex | missing | inventory.

Exit codes: 0 all right, 1 findings, 2 a command that cannot be meant, 3 something it needs is missing or
broken, 5 nothing checked, 130 interrupted.
"""

import argparse
import importlib
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

FINE, FINDINGS, USAGE, INFRASTRUCTURE, NOTHING, INTERRUPTED, CLOSED = 0, 1, 2, 3, 5, 130, 141
MOST_COPIES = 10_000
#: Commands that have a command line of their own.
APART = {"inventory": "reference.inventory", "missing": "reference.missing", "complex": "reference.plane.__main__"}
NUMBERS = ("--at", "--cotangent", "--tangent")


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line says; whatever goes wrong is one sentence on stderr."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        if words[:1] and words[0] in APART:
            code = guarded(
                lambda _: int(importlib.import_module(APART[words[0]]).main(words[1:])), argparse.Namespace()
            )
            sys.stdout.flush()
            return code
        options = parser().parse_args(shielded(words))
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="replace")  # a terminal without ∂ shows a question mark
        code = guarded(options.run, options)
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
    return f"The package {name} is missing or broken ({error}): pip install '.[tensorflow]' brings it."


# -- the commands -------------------------------------------------------------------------------------------


def verify(options: argparse.Namespace) -> int:
    """Ask the installed TensorFlow everything, and judge every answer."""
    from reference import choices
    from reference.verify import run

    choose(options)
    options.mode = [choices.mode_named(name, None)[0].name for name in split("--mode", options.mode)]
    return run(options)


def worst(options: argparse.Namespace) -> int:
    """Search for the worst points, or hold TensorFlow to those on record."""
    from reference.worst import run

    choose(options)
    return run(options)


def limits(options: argparse.Namespace) -> int:
    """Print the known defects, or ask another TensorFlow for them."""
    from reference.defects import run

    return run(options)


def choose(options: argparse.Namespace) -> None:
    """The ops, dtypes and orders that were typed, by their right names."""
    from reference import choices

    options.op = [choices.op_named(name).name for name in split("--op", options.op)]
    options.dtype = [choices.dtype_named(name) for name in split("--dtype", options.dtype)]
    options.order = sorted(set(options.order or ()))


def show(options: argparse.Namespace) -> int:
    """Print one question from end to end."""
    from reference.show import run

    return run(options)


def catalogue(options: argparse.Namespace) -> int:
    """Print the catalogue."""
    from reference.listing import run

    return run(options)


def split(option: str, values: list[str] | None) -> list[str]:
    """The names given with one option, several times or with commas between them; without the option, none."""
    from reference.choices import Unusable

    names = list(dict.fromkeys(name for value in values or () for name in value.split(",") if name))
    if values and not names:
        raise Unusable(f"{option} names nothing: leave it out to ask all.")
    return names


def shielded(words: list[str]) -> list[str]:
    """The words of the command line, with negative numbers marked so that they are no options."""
    if not any(word in NUMBERS for word in words):
        return words
    from reference.choices import is_number

    return [f" {w}" if w.startswith("-") and is_number(w) else w for w in words]


def parser() -> argparse.ArgumentParser:
    """All options of all commands."""
    top = argparse.ArgumentParser(
        prog="python -m reference",
        allow_abbrev=False,
        description="Holds TensorFlow's derivatives to exact ones.",
        epilog="Besides: complex (derivatives at complex arguments), missing (which derivatives there are), inventory "
        "(which public functions have rows); each has a --help of its own.",
    )
    commands = top.add_subparsers(title="commands", required=True, metavar="verify | show | list | worst | limits")
    add_verify(
        commands.add_parser(
            "verify", allow_abbrev=False, help="ask the installed TensorFlow everything and judge the answers"
        )
    )
    add_show(
        commands.add_parser("show", allow_abbrev=False, help="print one question from end to end, kernel by kernel")
    )
    add_list(commands.add_parser("list", allow_abbrev=False, help="print the catalogue"))
    add_worst(commands.add_parser("worst", allow_abbrev=False, help="search for the worst points that pass"))
    add_limits(commands.add_parser("limits", allow_abbrev=False, help="print the known defects of TensorFlow"))
    return top


def add_verify(command: argparse.ArgumentParser) -> None:
    """What `verify` can be told."""
    for option, what in (("--op", "functions"), ("--mode", "ways of asking"), ("--dtype", "dtypes")):
        said = f"only these {what}; may be given several times"
        command.add_argument(option, action="append", metavar="NAME[,NAME]", help=said)
    command.add_argument(
        "--order", type=int, choices=(1, 2), action="append", help="only first or only second derivatives"
    )
    command.add_argument("--out", type=Path, metavar="PATH", help="write the verdicts there, one JSON line each")
    command.add_argument("--quick", action="store_true", help="fewer points and modes")
    command.add_argument("--resume", action="store_true", help="go on where an interrupted run stopped")
    command.add_argument("--json", action="store_true", help="print the summary as JSON")
    command.add_argument("--jobs", type=positive, metavar="N", help="processes that judge at a time")
    command.add_argument("--no-progress", action="store_true", help="no progress bar")
    command.set_defaults(run=verify)


def add_show(command: argparse.ArgumentParser) -> None:
    """What `show` can be told."""
    command.add_argument("op", metavar="OP", help="a function of the catalogue")
    command.add_argument("--at", nargs="+", metavar="X", help="the point: decimals, hexadecimal floats, inf, nan")
    command.add_argument("--mode", help="the way of asking (tape; nested for second derivatives)")
    command.add_argument("--dtype", default="float32", help="the dtype (%(default)s)")
    command.add_argument("--order", type=int, choices=(1, 2), help="first or second derivative (1)")
    command.add_argument("--cotangent", nargs="+", metavar="C", help="the weight of the output")
    command.add_argument("--tangent", nargs="+", metavar="H", help="the direction of each input")
    command.add_argument("--case", type=int, default=0, metavar="K", help="which case of an array function (0)")
    command.add_argument("--copies", type=copies, metavar="N", help="how often the point stands in the vector")
    command.add_argument("--all", action="store_true", help="every kernel, bookkeeping included")
    command.add_argument("--script", action="store_true", help="print a plain TensorFlow program instead")
    command.add_argument("--json", action="store_true", help="print everything as JSON instead")
    command.set_defaults(run=show)


def add_list(command: argparse.ArgumentParser) -> None:
    """What `list` can be told."""
    command.add_argument("--json", action="store_true", help="print it as JSON")
    command.set_defaults(run=catalogue)


def add_worst(command: argparse.ArgumentParser) -> None:
    """What `worst` can be told."""
    for option, what in (("--op", "functions"), ("--dtype", "dtypes")):
        said = f"only these {what}; may be given several times"
        command.add_argument(option, action="append", metavar="NAME[,NAME]", help=said)
    command.add_argument(
        "--order", type=int, choices=(1, 2), action="append", help="only first or only second derivatives"
    )
    command.add_argument("--seconds", type=seconds, default=2.0, metavar="N", help="time per search (%(default)s)")
    command.add_argument("--jobs", type=positive, metavar="N", help="searches at a time (1)")
    command.add_argument(
        "--write", action="store_true", help="record what is found, cell by cell; go on if interrupted"
    )
    command.add_argument("--again", action="store_true", help="search the cells on record too")
    command.add_argument("--check", action="store_true", help="ask the recorded points again: farther off is a finding")
    command.set_defaults(run=worst)


def add_limits(command: argparse.ArgumentParser) -> None:
    """What `limits` can be told."""
    command.add_argument("--python", metavar="PATH", help="ask the TensorFlow of this interpreter for each of them")
    command.add_argument("--write", action="store_true", help="write LIMITS.md; with --python keep what it says")
    command.add_argument("--scripts", action="store_true", help="run each of them as a plain program on its own")
    command.add_argument("--json", action="store_true", help="print it as JSON")
    command.set_defaults(run=limits)


def positive(text: str) -> int:
    """A number of things: one or more."""
    if not text.strip().isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of things")
    return int(text)


def seconds(text: str) -> float:
    """A time that passes."""
    try:
        if 0 < float(text) < float("inf"):
            return float(text)
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")


def copies(text: str) -> int:
    """How often a point stands in a vector."""
    if positive(text) > MOST_COPIES:
        raise argparse.ArgumentTypeError(f"at most {MOST_COPIES} copies are judged at a time")
    return positive(text)


if __name__ == "__main__":
    sys.exit(main())

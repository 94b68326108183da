"""What can be typed: the commands of `python -m reference` and what each can be told. Loads nothing heavy."""

from __future__ import annotations

import argparse
from pathlib import Path

MOST_COPIES = 10_000
#: Commands of two words; the group's name alone does what its first command does.
GROUPS = {"log": "documented training outputs: list them, run them again, explain them"}
#: Each command's module, whose `run(options)` does it and returns the exit code.
MODULES = {
    "verify": "reference.verify",
    "show": "reference.show",
    "list": "reference.listing",
    "worst": "reference.worst",
    "limits": "reference.defects",
    "complex": "reference.plane.command",
    "missing": "reference.missing",
    "inventory": "reference.inventory",
    "log list": "reference.golden.listing",
    "log run": "reference.golden.running",
    "log explain": "reference.golden.explaining",
    "log draw": "reference.golden.picture",
    "log versions": "reference.golden.versions",
    "log nist": "reference.strd.command",
}


def parser() -> argparse.ArgumentParser:
    """All options of all commands."""
    top = argparse.ArgumentParser(
        prog="python -m reference",
        allow_abbrev=False,
        description="Holds TensorFlow's derivatives to exact ones.",
    )
    commands = top.add_subparsers(
        title="commands", required=True, metavar=" | ".join(dict.fromkeys(name.partition(" ")[0] for name in MODULES))
    )
    groups = {"": commands}
    for name, (tell, about) in COMMANDS.items():
        group, _, last = name.rpartition(" ")
        if group not in groups:
            whole = commands.add_parser(
                group, allow_abbrev=False, help=GROUPS[group], description=sentence(GROUPS[group])
            )
            whole.set_defaults(module=MODULES[name])
            groups[group] = whole.add_subparsers(title="commands", metavar="COMMAND")
        command = groups[group].add_parser(last, allow_abbrev=False, help=about, description=sentence(about))
        tell(command)
        command.set_defaults(module=MODULES[name])
    return top


def sentence(words: str) -> str:
    """The words with a capital letter before and a full stop behind."""
    return f"{words[:1].upper()}{words[1:]}."


def several(command: argparse.ArgumentParser, *options: str) -> None:
    """The choices that may be given several times."""
    for option in options:
        if option == "order":
            said = "only first or only second derivatives"
            command.add_argument("--order", type=int, choices=(1, 2), action="append", help=said)
        else:
            said = f"only these {CHOICES[option]}; may be given several times"
            command.add_argument(f"--{option}", action="append", metavar="NAME[,NAME]", help=said)


CHOICES = {"op": "functions", "mode": "ways of asking", "dtype": "dtypes"}


def add_verify(command: argparse.ArgumentParser) -> None:
    """What `verify` can be told."""
    several(command, "op", "mode", "dtype", "order")
    command.add_argument("--out", type=Path, metavar="PATH", help="write the verdicts there, one JSON line each")
    command.add_argument("--quick", action="store_true", help="fewer points and modes")
    command.add_argument("--resume", action="store_true", help="go on where an interrupted run stopped")
    command.add_argument("--json", action="store_true", help="print the summary as JSON")
    command.add_argument("--jobs", type=positive, metavar="N", help="processes that judge at a time")
    command.add_argument("--no-progress", action="store_true", help="no progress bar")


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


def add_list(command: argparse.ArgumentParser) -> None:
    """What `list` can be told."""
    command.add_argument("--json", action="store_true", help="print it as JSON")


def add_worst(command: argparse.ArgumentParser) -> None:
    """What `worst` can be told."""
    several(command, "op", "dtype", "order")
    command.add_argument("--seconds", type=seconds, default=2.0, metavar="N", help="time per search (%(default)s)")
    command.add_argument("--jobs", type=positive, metavar="N", help="searches at a time (1)")
    command.add_argument(
        "--write", action="store_true", help="record what is found, cell by cell; go on if interrupted"
    )
    command.add_argument("--again", action="store_true", help="search the cells on record too")
    command.add_argument("--check", action="store_true", help="ask the recorded points again: farther off is a finding")


def add_limits(command: argparse.ArgumentParser) -> None:
    """What `limits` can be told."""
    command.add_argument("--python", metavar="PATH", help="ask the TensorFlow of this interpreter for each of them")
    command.add_argument("--write", action="store_true", help="write LIMITS.md; with --python keep what it says")
    command.add_argument("--scripts", action="store_true", help="run each of them as a plain program on its own")
    command.add_argument("--json", action="store_true", help="print it as JSON")


def add_complex(command: argparse.ArgumentParser) -> None:
    """What `complex` can be told."""
    several(command, "op", "mode", "dtype", "order")


def add_missing(command: argparse.ArgumentParser) -> None:
    """What `missing` can be told."""
    several(command, "op", "dtype")


def add_inventory(command: argparse.ArgumentParser) -> None:
    """What `inventory` can be told."""
    command.add_argument("--list", action="store_true", help="every differentiable function, and its row or reason")


def add_log_list(command: argparse.ArgumentParser) -> None:
    """What `log list` can be told."""
    command.add_argument("--json", action="store_true", help="print it as JSON")


def add_log_run(command: argparse.ArgumentParser) -> None:
    """What `log run` can be told."""
    command.add_argument("name", nargs="*", metavar="NAME", help="logs (L3, S4), or files in the same form")
    command.add_argument("--all", action="store_true", help="every documented log")
    command.add_argument("--python", metavar="PATH", help="run the programs by the TensorFlow of this interpreter")
    command.add_argument("--json", action="store_true", help="print it as JSON")


def add_log_explain(command: argparse.ArgumentParser) -> None:
    """What `log explain` can be told."""
    command.add_argument("name", metavar="NAME", help="a log (L4), or a file in the same form")
    command.add_argument("--json", action="store_true", help="print it as JSON")


def add_log_draw(command: argparse.ArgumentParser) -> None:
    """What `log draw` can be told."""
    command.add_argument("name", nargs="*", metavar="NAME", help="logs (L3, S4), or files in the same form")
    command.add_argument("--all", action="store_true", help="every documented log")
    command.add_argument("--to", type=Path, metavar="FOLDER", help="where the pictures go (here)")
    command.add_argument("--python", metavar="PATH", help="run the programs by the TensorFlow of this interpreter")


def add_log_versions(command: argparse.ArgumentParser) -> None:
    """What `log versions` can be told."""
    command.add_argument("--python", metavar="PATH", help="ask the TensorFlow of this interpreter for every program")
    command.add_argument("--write", action="store_true", help="write LOGS.md; with --python keep what it says")
    command.add_argument("--json", action="store_true", help="print it as JSON")


def add_log_nist(command: argparse.ArgumentParser) -> None:
    """What `log nist` can be told."""
    command.add_argument("file", metavar="FILE", nargs="?", help="a bundled data set or a path; left out: all bundled")
    command.add_argument("--python", metavar="PATH", help="ask the TensorFlow of this interpreter")
    command.add_argument("--json", action="store_true", help="print it as JSON")


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


COMMANDS = {
    "verify": (add_verify, "ask the installed TensorFlow everything and judge the answers"),
    "show": (add_show, "print one question from end to end, kernel by kernel"),
    "list": (add_list, "print the catalogue"),
    "worst": (add_worst, "search for the worst points that pass, or hold TensorFlow to those on record"),
    "limits": (add_limits, "print the known defects of TensorFlow, or ask another TensorFlow for them"),
    "complex": (add_complex, "ask for derivatives at complex arguments"),
    "missing": (add_missing, "print which derivatives TensorFlow does not have"),
    "inventory": (add_inventory, "print which public functions have rows, and which have none and why"),
    "log list": (add_log_list, "print the documented training outputs"),
    "log run": (add_log_run, "run documented programs again and hold every printed number to the rerun"),
    "log explain": (add_log_explain, "find the setting that gives a log, where its listing does not"),
    "log draw": (add_log_draw, "draw loss curves, paths over the loss and the ends of random runs as SVG"),
    "log versions": (add_log_versions, "print what other TensorFlows say to the logs and programs, or ask another one"),
    "log nist": (add_log_nist, "hold NIST's certified regressions to exact solutions and to TensorFlow's tape"),
}

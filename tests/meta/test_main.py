"""The command line: what can be typed, what is said of what cannot, and with which exit code."""

import argparse
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reference import __main__ as command
from reference import choices, options, verify
from reference.ask import ProbeUnavailable
from reference.choices import Unusable
from reference.replay import UnknownKernel

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTED = {
    "verify": "--op --mode --dtype --order --out --quick --resume --json --jobs --no-progress",
    "show": "op --at --mode --dtype --order --cotangent --tangent --case --copies --all --script --json",
    "list": "--json",
    "worst": "--op --dtype --order --seconds --jobs --write --again --check",
    "limits": "--python --write --scripts --json",
    "complex": "--op --mode --dtype --order",
    "missing": "--op --dtype",
    "inventory": "--list",
    "log list": "--json",
    "log run": "name --all --python --json",
    "log explain": "name --json",
    "log draw": "name --all --to --python",
    "log versions": "--python --write --json",
    "log nist": "file --python --json",
}


def python(*words: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command as a stranger runs it."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        encoding="utf-8",
    )


def commands() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, those of two words by both."""
    found = {}
    for name, first in below(options.parser()).items():
        found.update({f"{name} {last}": each for last, each in below(first).items()} or {name: first})
    return found


def below(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parsers of a parser's commands."""
    return next((dict(a.choices) for a in parser._actions if isinstance(a, argparse._SubParsersAction)), {})


def test_every_command_is_documented_and_has_a_module() -> None:
    """A command that is added must be listed here, and does its work in a module of its own."""
    assert list(commands()) == list(options.MODULES) == list(options.COMMANDS) == list(DOCUMENTED)
    assert all(callable(importlib.import_module(module).run) for module in options.MODULES.values())


@pytest.mark.parametrize("name", DOCUMENTED)
def test_every_documented_option_exists_and_says_what_it_is_for(name: str) -> None:
    """The options are these and no others, and each has a help text."""
    actions = [a for a in commands()[name]._actions if a.dest != "help"]
    assert [(a.option_strings or [a.dest])[0] for a in actions] == DOCUMENTED[name].split()
    assert all(a.help for a in actions)


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["verify", "--help"],
        ["show", "--help"],
        ["list", "--help"],
        ["log", "--help"],
        ["log", "run", "--help"],
    ],
)
def test_help_waits_for_nothing(words: list[str]) -> None:
    """No heavy package is loaded to print a help text."""
    heavy = "{'numpy', 'sympy', 'flint', 'rich', 'tensorflow'}"
    code = f"""
import sys
from reference.__main__ import main
try:
    main({words!r})
finally:
    assert not {heavy} & set(sys.modules)
"""
    done = python("-c", code)
    assert done.returncode == 0 and done.stdout.startswith("usage: python -m reference"), done.stderr


SENTENCES = [
    ("show tahn --at 3", "There is no op 'tahn'; the nearest are tan, tanh and atan."),
    ("show zzz --at 3", "There is no op 'zzz'; `python -m reference list` shows them all."),
    ("show tanh --at 3 --mode tpe", "There is no mode 'tpe'; the nearest is tape."),
    ("show tanh --at 3 --dtype float3", "There is no dtype 'float3'; the nearest are float32"),
    ("show erfinv --at 0 --dtype float16", "erfinv is not asked in float16"),
    ("show tanh --at three", "'three' is no number"),
    ("show tanh --at 1e", "'1e' is no number"),
    ("show tanh --at 1__0", "'1__0' is no number"),
    ("show tanh --at 1 2", "tanh takes 1 number after --at, not 2."),
    ("show pow --at 1", "pow takes 2 numbers after --at, not 1."),
    ("show tanh", "tanh needs a point: --at X."),
    ("show pow", "pow needs a point: --at A B."),
    ("show sqrt --at -1", "-1 lies outside the domain of sqrt, where x is in [0, inf]."),
    ("show asin --at 1.5", "1.5 lies outside the domain of asin, where x is in [-1, 1]."),
    (
        "show tanh --at 3 --mode forward --order 2",
        "The mode forward has no order 2; these have it: forward_over",
    ),
    ("show matmul --case 77", "matmul has the cases 0 to"),
    ("show matmul --mode batch_jacobian", "The mode batch_jacobian asks vectors of points only"),
    ("show tanh --at 3 --cotangent 1 2", "The cotangent takes 1 number, not 2."),
    ("show pow --at 1 2 --tangent 1,2,3", "The tangent takes 2 numbers, not 3."),
    ("verify --op tahn", "There is no op 'tahn'"),
    ("verify --op tanh,tahn", "There is no op 'tahn'"),
    ("verify --mode tpe", "There is no mode 'tpe'"),
    ("worst --op tahn", "There is no op 'tahn'"),
    ("worst --check --write", "--check asks what is on record and records nothing"),
    ("complex --op tahn", "There is no op 'tahn'; the nearest"),
    ("complex --dtype float32", "There is no dtype 'float32'; "),
    ("missing --op tahn", "There is no op 'tahn'"),
    ("verify --dtype half", "There is no dtype 'half'; there are float16, bfloat16, float32 and float64."),
]


@pytest.mark.parametrize("words, sentence", SENTENCES)
def test_what_cannot_be_meant_is_one_sentence(words: str, sentence: str, capsys: Any) -> None:
    """Bad input costs exit code 2 and one line, with the nearest names."""
    assert command.main(words.split()) == 2
    out, err = capsys.readouterr()
    assert sentence in err and err.count("\n") == 1 and err.endswith(".\n") and not out


@pytest.mark.parametrize("words", ["", "shew", "show tanh --att 3", "verify --order 3", "show tanh --copies 0"])
def test_what_is_no_command_is_a_usage(words: str, capsys: Any) -> None:
    """What the parser itself refuses has exit code 2 too."""
    with pytest.raises(SystemExit) as refused:
        command.main(words.split())
    assert refused.value.code == 2 and "usage:" in capsys.readouterr().err


FAILURES = [
    (
        ProbeUnavailable("The probe cannot be asked: no TensorFlow."),
        3,
        "The probe cannot be asked: no TensorFlow.",
    ),
    (ImportError("no", name="flint"), 3, "The package python-flint is missing or broken (no)"),
    (ImportError("no", name="sympy.core"), 3, "The package sympy is missing or broken (no)"),
    (
        ImportError("no", name="matplotlib"),
        3,
        "The package matplotlib is missing or broken (no): pip install '.[pictures]' brings it.",
    ),
    (PermissionError(13, "Permission denied", "out.jsonl"), 3, "Cannot use out.jsonl: Permission denied."),
    (verify.Unwritable("The file o.jsonl cannot be written."), 3, "The file o.jsonl cannot be written."),
    (UnknownKernel("no row says what the kernel Foo means"), 3, "The trace cannot be replayed: no row says"),
    (Unusable("No."), 2, "No."),
    (KeyboardInterrupt(), 130, "Interrupted."),
]


@pytest.mark.parametrize("error, code, sentence", FAILURES)
def test_what_goes_wrong_is_one_sentence(
    error: BaseException, code: int, sentence: str, capsys: Any, monkeypatch: Any
) -> None:
    """A missing package, a broken TensorFlow, an unwritable file, an interruption: no traceback."""

    def fails(_: Any) -> int:
        raise error

    monkeypatch.setattr(verify, "run", fails)
    assert command.main(["verify"]) == code
    out, err = capsys.readouterr()
    assert err.startswith(sentence) and err.count("\n") == 1 and not out


@pytest.mark.parametrize("package", ["flint", "sympy"])
def test_a_missing_package_is_said(package: str, tmp_path: Path) -> None:
    """Without python-flint or SymPy nothing can be judged, and one sentence says so."""
    (tmp_path / f"{package}.py").write_text("raise ImportError('not here', name=__name__)\n")
    done = python("-m", "reference", "show", "tanh", "--at", "3", PYTHONPATH=str(tmp_path))
    assert done.returncode == 3 and done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith(f"The package {'python-' * (package == 'flint')}{package} is missing")


def test_a_broken_tensorflow_is_said(tmp_path: Path) -> None:
    """A TensorFlow that cannot be imported is one sentence and exit code 3."""
    (tmp_path / "tensorflow.py").write_text("raise ImportError('no libtensorflow here')\n")
    done = python("-m", "reference", "show", "tanh", "--at", "3", PYTHONPATH=str(tmp_path))
    assert done.returncode == 3 and done.stderr == (
        "The probe cannot be asked: TensorFlow cannot be imported: ImportError: no libtensorflow here. "
        "`pip install '.[tensorflow]'` brings a TensorFlow, if that is what is missing.\n"
    )


def test_a_reader_who_leaves_is_no_finding() -> None:
    """A pipe that closes early costs no traceback, and its exit code is no verdict."""
    code = "import sys; from reference.__main__ import main; sys.exit(main(['list', '--json']))"
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stdout=-1, stderr=-1)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert process.wait() == 141 and process.stderr.read() == b""
    process.stderr.close()


def test_verify_gets_what_was_typed(monkeypatch: Any) -> None:
    """Names may be repeated or joined by commas; the exit code is handed through."""
    seen = SimpleNamespace()

    def run(chosen: argparse.Namespace) -> int:
        choices.settle(chosen)
        seen.options = chosen
        return 5

    monkeypatch.setattr(verify, "run", run)
    words = "--op tanh,exp --op sin --mode tape --dtype float32,float64 --order 2 --out o.jsonl --quick --jobs 2"
    assert command.main(["verify", *words.split()]) == 5
    chosen = seen.options
    assert (chosen.op, chosen.mode, chosen.dtype) == (
        ["tanh", "exp", "sin"],
        ["tape"],
        ["float32", "float64"],
    )
    assert (chosen.order, chosen.out, chosen.jobs) == ([2], Path("o.jsonl"), 2)
    assert (chosen.quick, chosen.resume, chosen.json, chosen.no_progress) == (True, False, False, False)
    command.main(["verify"])
    assert (seen.options.op, seen.options.order, seen.options.out) == ([], [], None)


def test_list_shows_every_row(capsys: Any) -> None:
    """Each function has its line, on the screen and in JSON."""
    from reference.catalogue import OPS

    assert command.main(["list"]) == 0
    screen = capsys.readouterr().out
    assert command.main(["list", "--json"]) == 0
    rows = {row["name"]: row for row in json.loads(capsys.readouterr().out)}
    assert list(rows) == list(OPS) and all(f" {name} " in screen for name in OPS)
    assert rows["tanh"]["derivative"] == "1 - tanh(x)**2" and rows["tanh"]["call"] == "tf.math.tanh(x)"
    assert all(len(line) <= 100 for line in screen.splitlines())


@pytest.mark.parametrize(
    "words, said",
    [
        (["verify", "--op", ","], "--op names nothing"),
        (["verify", "--mode", ""], "--mode names nothing"),
        (["show", "tanh", "--at", "1", "--case", "3"], "--at and --case name two points"),
        (["show", "tanh", "--at", "1", "--copies", "10001"], "at most 10000 copies"),
    ],
)
def test_a_choice_that_means_nothing_is_refused(words: list[str], said: str) -> None:
    """It neither asks everything nor is passed over."""
    done = python("-m", "reference", *words)
    assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr

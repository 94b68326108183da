"""`log versions`: what several TensorFlows say to the same logs and programs, kept in `tables/`, and a table of both.

`log versions --python PATH --write` asks one and keeps its answers; `log versions --write` puts the table into LOGS.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reference import wire
from reference.ask import Probe
from reference.golden.judged import is_random
from reference.golden.log import chosen, names
from reference.golden.running import PATIENCE, rerun, told_of
from reference.programs import PROGRAMS

TABLES = Path(__file__).resolve().parent.parent / "tables"
DOCUMENT = Path(__file__).resolve().parent.parent / "LOGS.md"
SEED = {"eager_by_hand": {"seed": 1}, "eager_as_model": {"seed": 1}}  # so that two versions draw the same
HEAD = """# Documented training outputs in several TensorFlows

Written by `python -m reference log versions --write`; each column is kept by
`python -m reference log versions --python PATH --write`. A cell says how many printed numbers are accepted because of
what; below stands which numbers of which programs differ in any bit, over all steps, and their last values.
"""


def run(options: argparse.Namespace) -> int:
    """Ask one more TensorFlow, or print the table of those that were asked."""
    if options.python:
        found = asked(options.python)
        if options.write:
            print(f"kept in {keep(found)}")
        else:
            print(json.dumps(found, indent=1))
        return 0
    if options.json:
        print(json.dumps(kept(), indent=1))
    elif options.write:
        DOCUMENT.write_text(document(), "utf-8")
        print(f"written: {DOCUMENT}")
    else:
        print(document(), end="")
    return 0


# -- asking ---------------------------------------------------------------------------------------------------------


def asked(python: str) -> dict[str, Any]:
    """One TensorFlow's reruns of all logs, and a digest of every program's numbers."""
    logs = [log for name in names() for log in chosen(name) if not is_random(log)]
    with Probe(python=python, module="reference.programs", timeout=PATIENCE) as probe:
        judged = {}
        for log in told_of(logs):
            again = rerun(probe, log)
            judged[log.name] = {"counts": again.counts, "problem": again.problem, "wrong": len(again.wrong)}
        programs = {name: numbers(probe, name) for name in PROGRAMS}
        who = {key: probe.hello[key] for key in ("tensorflow", "numpy", "keras", "python", "cpu")}
    return {"asked": who, "logs": judged, "programs": programs}


def numbers(probe: Probe, program: str) -> dict[str, Any]:
    """By name, a digest of what a program says of it in all steps, and its last value; or what it raises."""
    answer = probe.ask({"id": program, "program": program, "setting": SEED.get(program, {})})
    if "steps" not in answer:
        return {"problem": answer.get("raised") or answer.get("crashed")}
    found: dict[str, list[Any]] = {}
    for record in answer["steps"]:
        for name, tensor in record.items():
            found.setdefault(name, []).append(tensor)
    return {name: {"digest": digest(tensors), "last": last(tensors[-1])} for name, tensors in sorted(found.items())}


def digest(tensors: list[Any]) -> str:
    """The same for the same bits."""
    return hashlib.sha256(json.dumps(tensors, sort_keys=True).encode()).hexdigest()[:12]


def last(tensor: Any) -> list[str] | None:
    """The first numbers of the last step, shortest decimals that give the floats back; None is None."""
    if tensor is None:
        return None
    values, dtype = wire.unpack_raw(tensor)
    assert values is not None
    return [str(value) for value in values.ravel()[:4]]


def keep(found: dict[str, Any]) -> Path:
    """Write one TensorFlow's answers, a log and a program per line."""
    path = TABLES / f"logs-{found['asked']['tensorflow']}.json"
    parts = [f'"asked": {json.dumps(found["asked"])}']
    for part in ("logs", "programs"):
        rows = ",\n".join(f"  {json.dumps(name)}: {json.dumps(each)}" for name, each in found[part].items())
        parts.append(f'"{part}": {{\n{rows}\n}}')
    path.write_text("{\n" + ",\n".join(parts) + "\n}\n", "utf-8")
    return path


def kept() -> dict[str, dict[str, Any]]:
    """The answers on file by version, the oldest first."""
    found = [json.loads(path.read_text("utf-8")) for path in TABLES.glob("logs-*.json")]
    return {each["asked"]["tensorflow"]: each for each in sorted(found, key=lambda each: age(each["asked"]))}


def age(who: dict[str, Any]) -> list[int]:
    """A version as numbers."""
    return [int("".join(filter(str.isdigit, part)) or 0) for part in who["tensorflow"].split(".")[:3]]


# -- the table ------------------------------------------------------------------------------------------------------


def document() -> str:
    """The table of what is on file, as Markdown."""
    return HEAD + "\n" + "\n".join([*judgements(), "", *differences()]) + "\n"


def judgements() -> Iterator[str]:
    """One row per log, one column per version."""
    found = kept()
    yield f"| log | {' | '.join(found)} |"
    yield "|---|" + "---|" * len(found)
    for name in dict.fromkeys(name for each in found.values() for name in each["logs"]):
        yield f"| {name} | " + " | ".join(cell(each["logs"].get(name)) for each in found.values()) + " |"


def cell(judged: dict[str, Any] | None) -> str:
    """How one log fared in one version."""
    if judged is None:
        return "not asked"
    if judged["problem"]:
        return str(judged["problem"])
    words = ", ".join(f"{count} {because}" for because, count in judged["counts"].items())
    return words + (f"; {judged['wrong']} steps wrong" if judged["wrong"] else "")


def differences() -> Iterator[str]:
    """The numbers that are not the same bits in all versions, with their last values."""
    found = kept()
    yield f"| program | number | {' | '.join(found)} |"
    yield "|---|---|" + "---|" * len(found)
    programs = {version: each["programs"] for version, each in found.items()}
    for program in PROGRAMS:
        said = {version: each.get(program, {}) for version, each in programs.items()}
        for name in dict.fromkeys(name for each in said.values() for name in each):
            cells = [each.get(name) for each in said.values()]
            if len({json.dumps(each.get("digest") if isinstance(each, dict) else each) for each in cells}) > 1:
                yield f"| {program} | {name} | " + " | ".join(map(value, cells)) + " |"
    same = [name for name in PROGRAMS if len({json.dumps(each.get(name)) for each in programs.values()}) == 1]
    yield ""
    yield f"The same bits in all of them: {', '.join(same)}."


def value(said: Any) -> str:
    """The last value of a number in one version, and its digest, for two may end alike and differ on the way."""
    if said is None:
        return "–"
    if not isinstance(said, dict):
        return str(said)
    return f"{', '.join(said['last'] or ['None'])} ({said['digest'][:4]})"

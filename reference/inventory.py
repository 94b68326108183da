"""The inventory: every differentiable function that a TensorFlow has in public, and its row or the reason for none.

python -m reference inventory
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

from reference.ask import Probe
from reference.catalogue import OPS
from reference.catalogue.inventory import NAMESPACES, REASONS, SPELLINGS, UNCALLED, VERSION, dotted, words

PATIENCE = 20.0  # seconds that all the calls of one function may take
DIFFERENTIABLE = ("some", "none", "unregistered")  # with a gradient, without one, and with one that is not registered

Found = dict[str, Any]


class Inventory(NamedTuple):
    """What the walk found, by dotted name; the first of several names of one function stands for it."""

    version: str
    found: dict[str, Found]
    first: dict[str, str]

    @property
    def differentiable(self) -> list[str]:
        """The names whose floats depend on floats."""
        return [name for name, found in self.found.items() if found["gradient"] in DIFFERENTIABLE]

    @property
    def uncalled(self) -> list[str]:
        """The names that no call answers, or whose call kills the process."""
        return [name for name, found in self.found.items() if found["gradient"] in ("uncalled", "crashed")]

    @property
    def due(self) -> bool:
        """Whether this is the version that the table is written for."""
        return self.version.startswith(VERSION + ".")


def walked(**chosen: Any) -> Inventory:
    """Call every function of a TensorFlow; the choices are those of a probe."""
    with Probe(module="reference.walk", timeout=PATIENCE, **chosen) as probe:
        groups = probe.ask({"id": "functions"}, timeout=60.0)["functions"]
        jobs = ({"id": names[0], "name": names[0]} for names in groups)
        answers = {answer["id"]: answer for answer in probe.ask_all(jobs)}
        version = str(probe.hello["tensorflow"])
    first = {name: names[0] for names in groups for name in names}
    return Inventory(version, {name: settled(answers[one]) for name, one in first.items()}, first)


def settled(answer: Found) -> Found:
    """An answer of the walk, also where the function killed the process or hung."""
    if "crashed" in answer or "raised" in answer:
        word = "crashed" if "crashed" in answer else "raised"
        return {"gradient": "crashed", "why": answer[word]}
    return answer


def names(rows: tuple[Any, ...]) -> set[str]:
    """The dotted names that a part of the table may stand for."""
    return {name for word in words(rows) for name in dotted(word)}


def unexplained(inventory: Inventory) -> Iterator[str]:
    """The functions that the table owes a row or a reason."""
    explained = names(SPELLINGS) | names(REASONS)
    for name in inventory.differentiable:
        if name not in explained:
            kind = inventory.found[name].get("kind", "gradient " + inventory.found[name]["gradient"])
            yield f"{name} ({kind}) has neither a row nor a reason"
    for name in inventory.uncalled:
        if name not in explained | names(UNCALLED):
            yield f"{name} cannot be called, and nothing says why: {inventory.found[name]['why']}"


def outdated(inventory: Inventory) -> Iterator[str]:
    """The names in the table that are gone, are not differentiable, or can be called after all."""
    for part, holds in ((SPELLINGS, inventory.differentiable), (REASONS, inventory.differentiable)):
        yield from stale(inventory, part, {*holds, *inventory.uncalled}, "is not differentiable")
    yield from stale(inventory, UNCALLED, set(inventory.uncalled), "can be called")


def stale(inventory: Inventory, part: tuple[Any, ...], holds: set[str], otherwise: str) -> Iterator[str]:
    """The words of a part of the table that stand for no name of which it holds."""
    for word in dict.fromkeys(words(part)):
        if holds.isdisjoint(dotted(word)):
            there = not inventory.found.keys().isdisjoint(dotted(word))
            yield f"{word} {otherwise}: its entry can be deleted" if there else f"{word} does not exist"


def rowless() -> list[str]:
    """The rows that the table names and the catalogue lacks."""
    return sorted({spelling.row for spelling in SPELLINGS} - set(OPS))


def figures(inventory: Inventory) -> dict[str, int]:
    """How many functions there are, in how many names, and what the table says of them."""
    one = [name for name, first in inventory.first.items() if name == first]
    differentiable, uncalled = set(inventory.differentiable), set(inventory.uncalled)
    some = [name for name in one if name in differentiable]
    spelled = {inventory.first[name] for name in names(SPELLINGS) & inventory.first.keys()}
    kinds = Counter(inventory.found[name].get("kind", inventory.found[name]["gradient"]) for name in some)
    return {
        "public names": len(inventory.found),
        "functions": len(one),
        "differentiable": len(some),
        "elementwise": kinds["elementwise"],
        "of arrays": kinds["array"],
        "without a gradient": kinds["none"],
        "with none registered": kinds["unregistered"],
        "with rows": len(spelled & set(some)),
        "with reasons": len(set(some) - spelled),
        "not callable here": len(uncalled.intersection(one)),
    }


def told(inventory: Inventory) -> Iterator[str]:
    """Every differentiable function with its rows, or with the reason for none."""
    rows = {name: spelling.row for spelling in SPELLINGS for name in names((spelling,))}
    reasons = {name: reason.why for reason in REASONS for name in names((reason,))}
    for name in sorted(inventory.differentiable):
        yield f"{name:48} {rows.get(name) or reasons.get(name, 'owed')}"


def report(inventory: Inventory) -> str:
    """The figures, namespace by namespace what has a row, and what is owed."""
    lines = [f"TensorFlow {inventory.version}; the table is written for {VERSION}"]
    lines += [f"{count:6}  {what}" for what, count in figures(inventory).items()]
    spelled, differentiable = names(SPELLINGS), set(inventory.differentiable)
    for space in NAMESPACES:
        inside = [name for name in inventory.found if name.rpartition(".")[0] == space]
        some = differentiable.intersection(inside)
        lines.append(f"{space}: {len(inside)} names, {len(some)} differentiable, {len(some & spelled)} with a row")
    lines += [*unexplained(inventory), *outdated(inventory)]
    lines += [f"the row {row} is named and does not exist" for row in rowless()]
    return "\n".join(lines)


def run(options: argparse.Namespace) -> int:
    """`inventory`: print the inventory of the installed TensorFlow; 1 where something is owed."""
    inventory = walked()
    if options.list:
        print("\n".join(told(inventory)))
    print(report(inventory))
    owed = [*unexplained(inventory), *(outdated(inventory) if inventory.due else ()), *rowless()]
    return 1 if owed else 0

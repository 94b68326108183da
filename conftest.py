"""Wiring only: Hypothesis's profiles, TensorFlow's silence, one probe and one trial for all tests."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.database import DirectoryBasedExampleDatabase

from reference.ask import Probe
from reference.inventory import Inventory, walked
from reference.trial import Trial

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # read by TensorFlow while it is imported

EXAMPLES = DirectoryBasedExampleDatabase(Path(__file__).parent / ".hypothesis" / "examples")

# Every field is set and the parent is named: with CI=true Hypothesis changes the profile others inherit from.
COMMON = {
    "parent": settings.get_profile("default"),
    "deadline": None,  # one block of points may meet a graph that is traced for the first time
    "verbosity": Verbosity.normal,
    "phases": tuple(Phase),
    "stateful_step_count": 20,
    "report_multiple_bugs": True,
    "suppress_health_check": (HealthCheck.too_slow, HealthCheck.differing_executors),
    "print_blob": True,
    "backend": "hypothesis",
}
PROFILES = {
    "dev": {"max_examples": 20, "derandomize": False, "database": EXAMPLES},
    "gate": {"max_examples": 36, "derandomize": True, "database": None},
    "seeded": {"max_examples": 36, "derandomize": False, "database": None},  # the gate, at other points
    "nightly": {"max_examples": 1000, "derandomize": False, "database": EXAMPLES},
}
for name, fields in PROFILES.items():
    settings.register_profile(name, **COMMON, **fields)
settings.load_profile(os.environ.get("REFERENCE_PROFILE", "gate"))  # --hypothesis-profile overrules it


@pytest.fixture(scope="session")
def probe() -> Iterator[Probe]:
    """The installed TensorFlow, in a process of its own that starts with the first question."""
    with Probe() as asked:
        yield asked


@pytest.fixture(scope="session")
def runner() -> Iterator[Probe]:
    """The installed TensorFlow, running documented programs."""
    with Probe(module="reference.programs", timeout=120.0) as asked:
        yield asked


@pytest.fixture(scope="session")
def trial(probe: Probe) -> Trial:
    """The installed TensorFlow on trial; traces are kept for the session."""
    return Trial(probe)


@pytest.fixture(scope="session")
def planted() -> Inventory:
    """All public functions of the installed TensorFlow, with some that are planted."""
    return walked(plant="tests.planted_functions:plant")


@pytest.fixture(scope="session")
def inventory(planted: Inventory) -> Inventory:
    """All public functions of the installed TensorFlow."""
    names = [name for name in planted.found if "planted" not in name]
    found, first = ({name: part[name] for name in names} for part in (planted.found, planted.first))
    return planted._replace(found=found, first=first)


@pytest.fixture(scope="session")
def bent() -> Iterator[Trial]:
    """TensorFlow with bent gradients of its own among its functions, on trial."""
    with Probe(catalogue="tests.bent", plant="tests.gaps:plant") as asked:
        yield Trial(asked)

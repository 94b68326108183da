"""Does the suite raise false alarms? The property tests again, each time at other points."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROPERTIES = ("test_gradients.py", "test_hessians.py", "test_laws.py")
REPETITIONS = int(os.environ.get("REFERENCE_REPETITIONS", "1"))  # tests/README.md says how to ask for twenty


@pytest.mark.deep
@pytest.mark.parametrize("seed", range(1, REPETITIONS + 1))
def test_the_property_tests_pass_at_other_points(seed: int, tmp_path: Path) -> None:
    """With another seed, other blocks are drawn, and no test fails."""
    files = [str(ROOT / "tests" / name) for name in PROPERTIES]
    options = ["-q", "--hypothesis-profile=seeded", f"--hypothesis-seed={seed}", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *files],
        cwd=ROOT,
        env={**os.environ, "REFERENCE_CACHE": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-8000:]

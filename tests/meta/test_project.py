"""The project's own papers: README, pyproject, CI and the top level agree with each other."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TOP_LEVEL = {"tests", "reference", "conftest.py", "pyproject.toml", "README.md", "LICENSE"}
COMMANDS = {
    "verify-command": 'pip install ".[tensorflow]" && python -m reference verify',
    "test-command": 'pip install ".[tensorflow,test]" && pytest',
}
# In pieces, so that this file does not hold what it looks for.
REGISTRIES = [".".join(host) for host in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"))]
REGISTRIES += ["-".join(option) + "=" for option in (("--index", "url"), ("--extra-index", "url"))]


def read(path: str) -> str:
    return (ROOT / path).read_text("utf-8")


def project() -> dict:
    return tomllib.loads(read("pyproject.toml"))


def files() -> list[Path]:
    """What belongs to the repository: tracked, or new and not ignored; all there is outside a clone."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True)
    if listed.returncode:
        return [path.relative_to(ROOT) for path in ROOT.rglob("*") if path.is_file()]
    return [Path(name) for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def documented(mark: str, text: str) -> str:
    """The fenced block below an HTML comment."""
    found = re.findall(rf"^<!-- {mark} -->\n```\w*\n(.*?)\n```$", text, re.MULTILINE | re.DOTALL)
    assert len(found) == 1, f"README.md marks {len(found)} blocks as {mark}"
    return found[0]


@pytest.mark.parametrize("mark", COMMANDS)
def test_the_readme_shows_each_command_once_and_on_one_line(mark):
    """A stranger copies one line."""
    assert documented(mark, read("README.md")) == COMMANDS[mark]


def test_ci_runs_the_readme_command_as_printed():
    """The script reads its last command from the README, by the very lines that stand in it."""
    script = read(".ci/run")
    source = script[script.index("documented() {") : script.index("\n}", script.index("documented() {")) + 2]
    for mark, command in COMMANDS.items():
        out = subprocess.run(
            ["bash", "-c", f"{source}\ndocumented {mark}"],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert out.stdout.strip() == command
    assert script.rstrip().endswith('bash -euo pipefail -c "$command"')
    assert "documented test-command" in script and "set -euo pipefail" in script
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_workflow_runs_what_ci_runs():
    """Both ways of checking a change are the same way."""
    workflow = read(".github/workflows/ci.yml")
    assert "bash .ci/run" in workflow and "upload-artifact" in workflow
    assert "python -m reference verify --quick" in workflow


def test_tensorflow_is_never_a_base_dependency():
    """Who has a TensorFlow keeps it: none is pinned from above, and none comes unasked."""
    about = project()["project"]
    extras = about["optional-dependencies"]
    assert not any("tensorflow" in line for line in about["dependencies"])
    assert {name for name in extras if "tensorflow" in str(extras[name])} == {"tensorflow"}
    assert not any("<" in line or "==" in line.split(";")[0] for line in extras["tensorflow"])


def test_pyproject_names_what_is_there():
    """The script, the package and the licence it promises exist, and every other dependency has a range."""
    about = project()["project"]
    assert about["name"] == "tensorflow-reference" and about["requires-python"] == ">=3.11"
    module, _, function = about["scripts"]["tensorflow-reference"].partition(":")
    assert f"def {function}(" in read(module.replace(".", "/") + ".py")
    assert project()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["reference"]
    assert "Apache License" in read("LICENSE") and about["license"] == "Apache-2.0"
    extras = about["optional-dependencies"]
    for line in [*about["dependencies"], *extras["pictures"], *extras["test"], *extras["dev"]]:
        assert re.fullmatch(r"[a-z0-9-]+>=[\d.]+,<[\d.]+", line), line
    assert f"## {about['version']}" in read("reference/CHANGELOG.md")


def test_every_exception_in_pyproject_has_its_reason():
    """A lint ignore, a warning let pass, a type left out: each says why."""
    lines = read("pyproject.toml").splitlines()
    for number, line in enumerate(lines):
        if re.match(r'\s+"[A-Z]+\d*",|\s+"ignore:', line) and "select" not in line:
            above = lines[number - 1].strip()
            assert "#" in line or above.startswith(("#", '"ignore:')), line


def test_the_top_level_holds_only_what_was_agreed():
    """Besides the two folders and four files there are only dot-files."""
    top = {path.parts[0] for path in files()}
    assert {name for name in top if not name.startswith(".")} <= TOP_LEVEL


def test_no_file_names_a_package_registry():
    """Where packages come from is the reader's business, not this repository's."""
    texts = {path: (ROOT / path).read_bytes() for path in files()}
    found = [f"{path}: {word}" for path in texts for word in REGISTRIES if word.encode() in texts[path]]
    assert not found


@pytest.mark.parametrize("profile", ["dev", "gate", "nightly"])
def test_profiles_do_not_depend_on_where_they_run(profile):
    """With CI=true Hypothesis changes its default; our profiles stay what they are."""
    code = "import conftest; from hypothesis import settings; print(repr(settings()), '%s')"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code % profile],
            cwd=ROOT,
            env={**os.environ, "CI": flag, "REFERENCE_PROFILE": profile},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for flag in ("true", "")
    }
    assert len(seen) == 1, seen


def test_the_gate_is_derandomised_and_the_nightly_run_is_not():
    """A gate gives the same verdict twice; the nightly run goes where none went before, and remembers."""
    import conftest

    gate, nightly = conftest.PROFILES["gate"], conftest.PROFILES["nightly"]
    assert gate["derandomize"] and gate["database"] is None
    assert not nightly["derandomize"] and nightly["database"] is not None
    assert nightly["max_examples"] > gate["max_examples"]

"""Log files of the tests' own: a documented one with something in it changed."""

from pathlib import Path

from reference.golden import log
from reference.golden.log import Log

TEXT = {name: (log.FOLDER / f"{name}.toml").read_text("utf-8") for name in log.names()}


def changed(folder: Path, name: str, *replacements: tuple[str, str]) -> Path:
    """A file like a documented log, with some texts replaced; each must occur in it."""
    text = TEXT[name]
    for old, new in replacements:
        assert old in text, f"{name} has no {old!r}"
        text = text.replace(old, new)
    path = folder / f"{name}.toml"
    path.write_text(text, "utf-8")
    return path


def documented(name: str) -> Log:
    """A documented log."""
    (found,) = log.chosen(name)
    return found


def unlisted(name: str) -> tuple[str, str]:
    """The replacement that takes a file's effective setting away, so that its listing is all that it says."""
    text = TEXT[name]
    end = text.find("\n[[contradiction]]")
    return text[text.index("[effective]") : end if end > 0 else len(text)], ""

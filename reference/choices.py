"""What a user may choose, by name: ops, modes, dtypes, and the numbers at which to ask."""

import argparse
import difflib
import math
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction

import numpy as np

from reference.catalogue import OPS
from reference.modes import MODES, Mode
from reference.op import FLOATS, Op

LONGEST = 400  # characters of a number; nobody means more
PLAIN = {1: "tape", 2: "nested"}


class Unusable(ValueError):
    """A choice that cannot be met; the message is one sentence."""


def settle(
    options: argparse.Namespace,
    ops: Iterable[str] = OPS,
    modes: Iterable[str] = MODES,
    dtypes: Iterable[str] = FLOATS,
) -> None:
    """The ops, modes, dtypes and orders that were typed, each once, by their right names; none where none was typed."""
    hints = {"op": "`python -m reference list` shows them all" if ops is OPS else "there are " + listed(ops)}
    for option, table in (("op", ops), ("mode", modes), ("dtype", dtypes)):
        if hasattr(options, option):
            typed = split(f"--{option}", getattr(options, option))
            hint = hints.get(option, "there are " + listed(table))
            setattr(options, option, [named(name, table, option, hint) for name in typed])
    if hasattr(options, "order"):
        options.order = sorted(set(options.order or ()))


def split(option: str, values: list[str] | None) -> list[str]:
    """The names given with one option, several times or with commas between them; without the option, none."""
    names = list(dict.fromkeys(name for value in values or () for name in value.split(",") if name))
    if values and not names:
        raise Unusable(f"{option} names nothing: leave it out to ask all.")
    return names


def op_named(name: str) -> Op:
    """The catalogue's row of this name."""
    return OPS[named(name, OPS, "op", "`python -m reference list` shows them all")]


def mode_named(name: str, order: int | None, op: Op | None = None) -> tuple[Mode, int, str]:
    """The mode, the order it is asked at, and a sentence if that is not what was typed."""
    mode = MODES[named(name, MODES, "mode", "there are " + listed(MODES))]
    if op is not None and op.shapes is not None and mode.name == "batch_jacobian":
        raise Unusable(f"The mode batch_jacobian asks vectors of points only, and {op.name} takes arrays.")
    orders = [k for k in (1, 2) if mode.asks[k - 1]]
    if order is None or order in orders:
        return mode, order or orders[0], ""
    if mode.name in PLAIN.values():
        plain = MODES[PLAIN[order]]
        note = f"The mode {mode.name} has no order {order}: asked is {plain.name}, two tapes in one another."
        return (
            plain,
            order,
            note if order == 2 else f"The mode {mode.name} has no order 1: asked is {plain.name}.",
        )
    others = [m.name for m in MODES.values() if m.asks[order - 1] and mode.name.split("_")[0] in m.name]
    hint = listed(others or [m.name for m in MODES.values() if m.asks[order - 1]])
    raise Unusable(f"The mode {mode.name} has no order {order}; these have it: {hint}.")


def dtype_named(name: str, op: Op | None = None) -> str:
    """The dtype, if the op is asked in it."""
    dtype = named(name, FLOATS, "dtype", "there are " + listed(FLOATS))
    if op is not None and dtype not in op.dtypes:
        raise Unusable(f"{op.name} is not asked in {dtype}, for TensorFlow has it in {listed(op.dtypes)} only.")
    return dtype


def named(name: str, table: Iterable[str], kind: str, otherwise: str) -> str:
    """The name, if the table has it; else the nearest names in one sentence."""
    if name in table:
        return name
    near = nearest(name, table)
    hint = f"the nearest {'are' if len(near) > 1 else 'is'} {listed(near)}" if near else otherwise
    raise Unusable(f"There is no {kind} {name!r}; {hint}.")


def nearest(name: str, table: Iterable[str]) -> list[str]:
    """The names that look most alike, and those that contain what was typed."""
    asked = name.lower()
    alike = difflib.get_close_matches(asked, list(table), n=3, cutoff=0.55)
    inside = [k for k in table if len(asked) > 2 and (asked in k or k in asked) and k not in alike]
    return [*alike, *inside][:4]


def listed(names: Iterable[str]) -> str:
    """The names as a sentence has them."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


# -- numbers ------------------------------------------------------------------------------------------------


def numbers(texts: Sequence[str]) -> list[str]:
    """The single numbers of an option that takes several, apart or with commas between them."""
    return [part for text in texts for part in text.replace(",", " ").split()]


def number(text: str, dtype: str) -> tuple[float, str]:
    """A typed number as a float of the dtype, and a sentence if it had to be rounded."""
    from flint import arb, ctx  # the oracle's arithmetic, and slow to load

    from reference.ulp import round_ball

    value = parsed(text)
    if not math.isfinite(value) or value == 0:
        return float(value), ""
    value = Fraction(value)
    with ctx.workprec(6000):
        held = round_ball(arb(value.numerator) / arb(value.denominator), dtype)
    if held is None:
        raise Unusable(f"{text!r} lies too near the middle of two floats of {dtype} to be rounded.")
    if math.isfinite(held) and (Fraction(held) == value or meant(text, held)):
        return held, ""
    return held, f"{text} is no {dtype}: it is rounded to {digits(held)} ({hexed(held)})."


def meant(text: str, held: float) -> bool:
    """Whether a long decimal is what Python prints for this very float."""
    return sum(c.isdigit() for c in text.partition("e")[0]) >= 15 and Fraction(text) == Fraction(repr(held))


def digits(value: float) -> str:
    """A float's own decimal expansion, as far as it shows that a shorter decimal is not meant."""
    return f"{Decimal(value):.20g}" if math.isfinite(value) else str(value)


def parsed(text: str) -> Fraction | float:
    """The exact number that a text means; only what is not finite, or zero with its sign, is a float."""
    wrong = Unusable(f"{text[:40]!r} is no number: type a decimal, a hexadecimal float, inf or nan.")
    if len(text) > LONGEST:
        raise wrong
    try:
        value = float.fromhex(text) if "0x" in text.lower() else float(text)
    except OverflowError:
        value = -math.inf if text.strip().startswith("-") else math.inf
    except ValueError:
        raise wrong from None
    if "0x" in text.lower() or not math.isfinite(value) or value == 0:
        return value
    return Fraction(text)


def is_number(text: str) -> bool:
    """Whether a word of the command line is meant as a number, or several with commas between them."""
    try:
        return bool(numbers([text])) and all(parsed(part) is not None for part in numbers([text]))
    except Unusable:
        return False


def hexed(value: float) -> str:
    """A float in hexadecimal, without the zeros at its end."""
    if not math.isfinite(value):
        return str(value)
    digits, _, exponent = float(value).hex().partition("p")
    return f"{digits.rstrip('0').rstrip('.') if '.' in digits else digits}p{exponent}"


def shortest(value: float, dtype: str) -> str:
    """The shortest decimal that is this float of the dtype and no other."""
    if not math.isfinite(value):
        return str(value)
    if dtype != "bfloat16":
        return tidied(str(np.dtype(dtype).type(value)))
    texts = (f"{value:.{digits}g}" for digits in range(1, 5))
    return tidied(next((t for t in texts if number(t, dtype)[0] == value), f"{value:.5g}"))


def tidied(decimal: str) -> str:
    """A decimal without what says nothing: zeros behind the point and in the exponent."""
    digits, mark, exponent = decimal.partition("e")
    digits = digits.rstrip("0").rstrip(".") if "." in digits else digits
    return f"{digits}e{int(exponent)}" if mark and int(exponent) else digits

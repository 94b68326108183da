"""The three questions and the verdict in words."""

from __future__ import annotations

import math

from flint import arb

from reference import limits, words
from reference.choices import listed
from reference.figures import DIGITS, Exact, certified, certified_side, in_ulp
from reference.judge import Verdict
from reference.look import Shown
from reference.outcome import Outcome
from reference.ulp import FORMATS, spacing

STATUS = {
    "right": "TensorFlow's number is as good as its formula promises, and the formula is the derivative.",
    "convention": "Several values, or none, are a derivative here; TensorFlow's choice is a convention.",
    "flushed": "A subnormal number was taken as zero.",
    "weak": "TensorFlow keeps its promise, but its formula promises fewer than half of the digits here.",
    "lost": "TensorFlow keeps its promise, but its formula promises no digit here.",
    "unbounded": "The formula promises nothing here: something in it overflows before the result does.",
    "known": "A listed limit of TensorFlow.",
    "missing": "TensorFlow says None where there is a derivative.",
    "raised": "TensorFlow raised an error.",
    "crashed": "TensorFlow did not survive the question.",
}


def sentence(verdict: Verdict, outcome: Outcome) -> str:
    """What the status means here."""
    if outcome.status == "wrong":
        reason = words.MEANING.get(outcome.question, "the number is not the derivative")
        return f"{reason[0].upper()}{reason[1:]}."
    if outcome.status == "known":
        why = next((row.why for row in limits.LIMITS if row.name == outcome.limit), "")
        return f"{outcome.limit}: {why}".strip(": ")
    if verdict.got is None and outcome.status == "right":
        return "TensorFlow says None for a derivative that is zero everywhere."
    said = STATUS[outcome.status]
    return f"{said} {verdict.message}".strip()


def formula_words(shown: Shown) -> str:
    """Whether what TensorFlow ran means the derivative."""
    places = [(v, k) for v in shown.verdicts if shown.base.formula[v.entry] for k in range(len(v.outcomes))]
    wrong = next((p for p in places if (o := p[0].outcomes[p[1]]).question == "formula" and o.status != "right"), None)
    digits = DIGITS[shown.question.dtype] + 6
    if wrong is not None:
        ball = (shown.base.formula[wrong[0].entry] or [])[wrong[1]]
        exact = certified_side(shown.base.exact[wrong[0].entry][wrong[1]][0], digits)
        return f"Without rounding, what TensorFlow ran is {certified(ball, digits)}; the derivative is {exact}."
    if not all(ball.is_finite() for entry in shown.base.formula if entry for ball in entry):
        return "Without rounding, what TensorFlow ran is infinite or undefined here."
    if any(len(set(map(Exact, shown.base.exact[v.entry][k]))) > 1 for v, k in places):
        return "Without rounding, what TensorFlow ran lies among the exact values."
    return "Without rounding, what TensorFlow ran is the exact derivative."


def value_words(shown: Shown) -> str:
    """How many digits the formula promises at least, and whether TensorFlow keeps the promise."""
    form = FORMATS[shown.question.dtype]
    widths = [width(shown, v, k) for v in shown.verdicts for k in range(len(v.outcomes))]
    known = [w for w in widths if w is not None]
    if not known:
        return "At a kink, a pole or a zero, and beyond the largest float, no digits are promised."
    widest = max(known)
    if any(o.status == "unbounded" for v in shown.verdicts for o in v.outcomes) and math.isfinite(widest):
        return "TensorFlow's number is what its kernels must return, and the exact value is not: something overflows."
    if math.isinf(widest):
        return "The contracts of what TensorFlow ran allow any number here, so nothing is promised."
    bits = form.precision if widest <= 0.5 else form.precision - 1 - math.log2(widest)
    many = len(widths) > 1
    digits = f"{bits:.0f} of {form.precision} bits, {bits * math.log10(2):.1f} decimal digits"
    promise = f"{'at least ' * many}{digits}" if bits >= 1 else f"none of its {form.precision} bits"
    outside = sum(o.question == "value" for v in shown.verdicts for o in v.outcomes)
    kept = "all its numbers lie" if many else "its number lies"
    broken = f"{outside} of its {len(widths)} numbers lie" if many else "its number lies"
    where = f"{broken} outside" if outside else f"{kept} inside"
    return f"TensorFlow's formula promises {promise} (± {in_ulp(widest)} ULP), and {where}."


def width(shown: Shown, verdict: Verdict, k: int) -> float | None:
    """How far the contracts let the number stray, in ULP; None where no digits can be promised."""
    values = shown.base.value[verdict.entry]
    finite = [s for s in shown.base.exact[verdict.entry][k] if isinstance(s, arb)]
    sides = set(map(Exact, shown.base.exact[verdict.entry][k]))
    form = FORMATS[shown.question.dtype]
    smallest, largest = form.smallest_normal, form.largest
    if values is None or not finite or len(sides) > 1 or not smallest <= abs(finite[0]) <= largest:
        return None
    return (
        float((values[k].rad() / spacing(finite[0], shown.question.dtype)).upper())
        if values[k].is_finite()
        else math.inf
    )


def kernel_words(shown: Shown) -> str:
    """Whether every kernel did what it may be expected to do."""
    assert shown.told is not None
    broken = list(dict.fromkeys(s.kernel for s in shown.told.steps if not s.kept))
    if broken:
        return f"{listed(broken)} left {'its' if len(broken) == 1 else 'their'} contract."
    known = [s for s in shown.told.steps if s.own_ulp == s.own_ulp]
    if not known or not max(s.own_ulp for s in known):
        return "Every kernel is exact for its own inputs."
    worst = max(known, key=lambda s: s.own_ulp)
    far = f"{worst.kernel}, {in_ulp(worst.own_ulp)} ULP from exact for its own inputs"
    return f"Every kernel keeps its contract; the farthest is {far}."

"""The judgement on one data set: are the certified digits right, and are TensorFlow's derivatives?"""

from __future__ import annotations

import math
from typing import NamedTuple

from flint import arb

from reference.ask import Probe
from reference.balls import working
from reference.strd.asked import DTYPES, Entry, Told, ask, places
from reference.strd.derivatives import Derived, derived
from reference.strd.digits import Digits, agreement, lre, of_tape
from reference.strd.reader import Certified, Dataset
from reference.strd.solve import PRECISION, Solution, Unproved, ball, deviations, in_balls, solved, sums
from reference.strd.solve import solution as solution_of

ILL = 8.0  # digits that a condition number may cost before it is worth a remark


class Vanishing(NamedTuple):
    """One component of the gradient at the certified values, and how far from zero it may be, part by part."""

    parameter: str
    dtype: str
    got: float
    rounding: float  # what the recorded kernels' contracts allow around the exact gradient at the held floats
    held: float  # how far rounding parameters and data to the dtype moved the exact gradient
    digits: float  # how far the unprinted digits of the estimates can: Σ |H| · half a unit of the last digit

    @property
    def allowed(self) -> float:
        """All parts together."""
        return self.rounding + self.held + self.digits


class Judged(NamedTuple):
    """Everything that is known of one data set."""

    dataset: Dataset
    solution: Solution
    exact: list[tuple[float, float]]  # digits of the certified estimate and deviation that the exact minimum has
    printed: list[float]  # digits of the deviations that exact arithmetic gets at the printed estimates
    tape: dict[str, list[Digits]]  # by dtype
    vanishing: list[Vanishing]
    asked: int  # numbers of TensorFlow's judged one by one
    unbounded: int  # those of them for which the kernels' contracts promise nothing
    findings: list[str]
    remarks: list[str]


def judged(probe: Probe, dataset: Dataset) -> Judged:
    """Solve exactly, ask TensorFlow in both dtypes, and compare."""
    model = derived(dataset)
    try:
        solution = solved(dataset, model)
    except Unproved as error:
        nothing = Solution("", [], arb(0), [], [])
        return Judged(dataset, nothing, [], [], {}, [], 0, 0, [f"{dataset.path}: {error}."], [])
    with working(PRECISION):
        findings = certificates(dataset, solution)
        exact = [
            (lre(b, p.estimate), lre(s, p.deviation))
            for p, b, s in zip(dataset.parameters, solution.parameters, solution.deviations, strict=True)
        ]
        printed = at_print(dataset, model, solution)
    asked, unbounded, tape, vanishing = 0, 0, {}, []
    for dtype in DTYPES:
        for place in places(dataset, dtype):
            certified = place.name == "the certified values"
            told = ask(probe, dataset, model, place, certified)
            findings += faults(dataset, told)
            asked += sum(1 for _ in told.entries)
            unbounded += sum(not entry.bounded for entry in told.entries)
            if certified and not told.raised and all(entry.got is not None for entry in told.entries):
                tape[dtype] = of_tape(dataset, told, solution)
                vanishing += vanishes(dataset, model, told)
    findings += [standing(dataset, each) for each in vanishing if not abs(each.got) <= each.allowed]
    made = Judged(dataset, solution, exact, printed, tape, vanishing, asked, unbounded, findings, [])
    return made._replace(remarks=remarks(made, condition(dataset, model, solution)))


# -- the file's own numbers ------------------------------------------------------------------------------------


def certificates(dataset: Dataset, solution: Solution) -> list[str]:
    """The certified numbers that are farther from the exact ones than half a unit of their last digit."""
    rows = []
    for p, estimate, deviation in zip(dataset.parameters, solution.parameters, solution.deviations, strict=True):
        rows.append((f"estimate of {p.name}", p.estimate, estimate))
        rows.append((f"standard deviation of {p.name}", p.deviation, deviation))
    with working(PRECISION):
        spread = (solution.squares / dataset.freedom).sqrt()
        rows.append(("residual sum of squares", dataset.statistics["residual sum of squares"], solution.squares))
        rows.append(("residual standard deviation", dataset.statistics["residual standard deviation"], spread))
        return [wrong(dataset, *row) for row in rows if not abs(row[2] - ball(row[1].value)) <= ball(row[1].half)]


def wrong(dataset: Dataset, what: str, certified: Certified, exact: arb) -> str:
    """A certified number that is not the data's."""
    shown = exact.str(certified.digits + 3, radius=False)
    units = float((abs(exact - ball(certified.value)) / (2 * ball(certified.half))).mid())
    return (
        f"{dataset.path}, line {certified.line}: the certified {what}, {certified.text}, is {units:.3g} units of its "
        f"last digit from the exact one, {shown}: it is wrong, or the data or the model are."
    )


def at_print(dataset: Dataset, model: Derived, solution: Solution) -> list[float]:
    """Digits of the exact deviations that exact arithmetic gets at the estimates as they are printed."""
    names = [p.name for p in dataset.parameters]
    at = sums(model, names, [ball(p.estimate.value) for p in dataset.parameters], in_balls(dataset.columns))
    got = deviations(at.squares, dataset.freedom, at.normal)
    rows = zip(got, solution.deviations, dataset.parameters, strict=True)
    return [agreement(g, s, p.deviation.digits) for g, s, p in rows]


# -- TensorFlow's numbers ----------------------------------------------------------------------------------------


def faults(dataset: Dataset, told: Told) -> list[str]:
    """The derivatives that are not right, one sentence each."""
    where = f"{dataset.name}, {told.place.dtype}, at {told.place.name}"
    if told.raised:
        return [f"{where}: TensorFlow raised {told.raised}"]
    found: dict[tuple[str, str], Entry] = {}
    for entry in told.entries:
        if entry.fault:
            found.setdefault((entry.of, entry.fault), entry)
    words = {
        "missing": "is None",
        "formula": "computes another formula than the derivative",
        "value": "is outside what its kernels' contracts allow",
    }
    return [
        f"{where}: {of} {words[fault]}: got {entry.got}, exact {entry.exact.str(17, radius=False)}."
        for (of, fault), entry in found.items()
    ]


def vanishes(dataset: Dataset, model: Derived, told: Told) -> list[Vanishing]:
    """Each component of the gradient at the certified values with the bound that it has to keep."""
    names = [p.name for p in dataset.parameters]
    with working(PRECISION):
        columns = in_balls(dataset.columns)
        printed = sums(model, names, [ball(p.estimate.value) for p in dataset.parameters], columns)
        halves = [ball(p.estimate.half) for p in dataset.parameters]
        box = [ball(p.estimate.value) + arb(0, h.upper()) for p, h in zip(dataset.parameters, halves, strict=True)]
        slope = sums(model, names, box, columns).hessian
        made = []
        for j, entry in enumerate(told.gradient):
            left = sum((abs(2 * h) * half for h, half in zip(slope[j], halves, strict=True)), arb(0))
            held = abs(entry.exact - 2 * printed.gradient[j])
            rounding = abs(entry.allowed - entry.exact)
            parts = (float(part.upper()) for part in (rounding, held, left))
            made.append(Vanishing(names[j], told.place.dtype, float(entry.got or 0.0), *parts))
        return made


def standing(dataset: Dataset, each: Vanishing) -> str:
    """A gradient that does not vanish."""
    return (
        f"{dataset.name}, {each.dtype}: ∂/∂{each.parameter} does not vanish at the certified values: "
        f"{each.got:.3g}, and {each.allowed:.3g} is all that rounding and unprinted digits explain."
    )


# -- what is worth saying ----------------------------------------------------------------------------------------


def condition(dataset: Dataset, model: Derived, solution: Solution) -> float:
    """log₁₀ of JᵀJ's condition number (of the 1-norm) at the minimum, its columns scaled to length one."""
    with working(PRECISION):
        names = [p.name for p in dataset.parameters]
        normal = sums(model, names, solution.parameters, in_balls(dataset.columns)).normal
        lengths = [normal[k][k].sqrt() for k in range(len(names))]
        rows = [[e / (lengths[j] * lengths[k]) for k, e in enumerate(row)] for j, row in enumerate(normal)]
        inverse = [solution_of(rows, [arb(j == k) for j in range(len(names))]) for k in range(len(names))]
        size = max(float(sum(map(abs, row), arb(0)).mid()) for row in rows)
        return math.log10(size * max(float(sum(map(abs, column), arb(0)).mid()) for column in inverse))


def remarks(made: Judged, digits_lost: float) -> list[str]:
    """What a reader should know of this set: where the certified digits, the data or the dtype are the limit."""
    dataset, said = made.dataset, []
    freedom = dataset.statistics["degrees of freedom"]
    if freedom.value != dataset.freedom:
        said.append(
            f"Line {freedom.line} of the file says {freedom.text} degrees of freedom; {dataset.size} observations less "
            f"{len(dataset.parameters)} parameters leave {dataset.freedom}, as its standard deviations have it."
        )
    if all(p.deviation.value == 0 for p in dataset.parameters):
        said.append("The data lie on the model: all deviations are exactly 0, their digits are zeros behind the point.")
    elif (off := bent(made.solution)) is not None:
        said.append(
            "The certified deviations are those of JᵀJ; the Hessian, which has the residuals' curvature too, would "
            f"make them up to {off:.2g} of their size larger or smaller."
        )
    if digits_lost > ILL:
        said.append(f"The data hardly tell the parameters apart: JᵀJ has the condition number 1e{digits_lost:.0f}.")
    least, most = min(made.printed), max(p.deviation.digits for p in dataset.parameters)
    if least < most - 2:
        said.append(
            f"The printed estimates are the limit: at them exact arithmetic gets {least:.1f} of {most} digits of the "
            "deviations, for their unprinted digits move the residuals that much."
        )
    for dtype, digits in () if all(p.deviation.value == 0 for p in dataset.parameters) else made.tape.items():
        if all(max(d.promised) < 1 for d in digits):
            got = " and ".join(f"{max(d.deviation[k] for d in digits):.1f}" for k in (0, 1))
            said.append(f"{dtype} promises no digit of the deviations; at most {got} came, by JᵀJ and by the Hessian.")
    return said


def bent(solution: Solution) -> float | None:
    """How far the Hessian's deviations are from linear theory's, relatively; None where they are the same."""
    if solution.deviations is solution.bent_deviations:
        return None
    with working(PRECISION):
        rows = zip(solution.bent_deviations, solution.deviations, strict=True)
        return max(float(abs(h / j - 1).mid()) for h, j in rows)

"""What a row of the catalogue says: one function, three times, and where it lives."""

from typing import Any, Callable, NamedTuple, Optional, Tuple

FLOATS = ("float16", "bfloat16", "float32", "float64")

INF = float("inf")


class Domain(NamedTuple):
    """The closed interval of one argument, as floats; an end may be infinite or singular."""

    low: float = -INF
    high: float = INF


Reals = Domain()
NonNegative = Domain(0.0, INF)
Unit = Domain(-1.0, 1.0)


class Op(NamedTuple):
    """One differentiable function.

    An elementwise row takes scalars (`shapes` is None): the suite feeds it vectors of points.
    An array row names the shape of each input in `shapes`, and its primal works on NumPy object
    arrays of SymPy symbols.
    """

    name: str
    family: str
    primal: Callable[..., Any]  # (sp, *x) -> SymPy expression; Piecewise where it has kinks
    tf: Callable[..., Any]  # (tf, *x) -> tensor; the call on trial
    vjp: Callable[..., Any]  # (np, g, y, *x) -> one cotangent per input, a tuple if several
    domain: Tuple[Domain, ...] = (Reals,)
    shapes: Optional[Tuple[Tuple[int, ...], ...]] = None
    dtypes: Tuple[str, ...] = FLOATS
    at: Tuple[Tuple[float, ...], ...] = ()  # points by hand that no rule finds
    note: str = ""

    @property
    def arity(self) -> int:
        """How many inputs the function is differentiated with respect to."""
        return len(self.domain)

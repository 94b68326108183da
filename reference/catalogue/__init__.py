"""Which functions are on trial: one table per family, one row per function.

A row's `vjp` uses operators, array methods, NumPy's own names and these six besides:
`np.erf`, `np.erfc`, `np.digamma`, `np.trigamma`, `np.bessel_i(n, x)`, and
`np.float64("0.1")` for a decimal constant, so that any arithmetic that has them can run it.
A kink is the border of a `Piecewise`; a removable singularity is left to the oracle's limit.
"""

from reference.catalogue import activation, arrays, bessel, binary, elementary, exponential, loss, special
from reference.op import Op  # noqa: F401 -- the type of a row, for readers of this table


def _collect(*tables):
    """The rows of all tables in order, by name; a name that comes twice is an error."""
    rows = {}
    for table in tables:
        for row in table:
            if row.name in rows:
                raise ValueError(f"two rows are called {row.name!r}")
            rows[row.name] = row
    return rows


OPS = _collect(
    elementary.ROWS,
    exponential.ROWS,
    special.ROWS,
    bessel.ROWS,
    activation.ROWS,
    binary.ROWS,
    loss.ROWS,
    arrays.ROWS,
)

FAMILIES = tuple(dict.fromkeys(row.family for row in OPS.values()))

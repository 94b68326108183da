"""Are TensorFlow's first derivatives right, whatever the function, the mode, the dtype and the points?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reference.ask import Probe
from reference.catalogue import OPS
from reference.trial import Trial
from tests.holding import asked, hold
from tests.strategies import blocks, cells, share

EACH = pytest.mark.parametrize("name", OPS)


@EACH
@share(12)
@given(data=st.data())
def test_first_derivatives_are_right(probe: Probe, name: str, data: st.DataObject) -> None:
    """Every gradient is the exact one as far as its formula can carry it, at every point of a block."""
    op = OPS[name]
    cell = data.draw(cells(op, order=1), label="cell")
    hold(Trial(probe), asked(op, cell, data.draw(blocks(op, cell.dtype), label="block")))


@pytest.mark.deep
@EACH
@share(1)
@given(data=st.data())
def test_first_derivatives_are_right_at_many_more_points(probe: Probe, name: str, data: st.DataObject) -> None:
    """The same, with the whole profile's examples for each function."""
    op = OPS[name]
    cell = data.draw(cells(op, order=1), label="cell")
    hold(Trial(probe), asked(op, cell, data.draw(blocks(op, cell.dtype), label="block")))

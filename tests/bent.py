"""The catalogue with bent functions beside the honest ones: Probe(catalogue="tests.bent")."""

from reference.catalogue import OPS as HONEST
from tests import gaps, leaking, reweighted, thirds

OPS = {**HONEST, **leaking.PLANTED, **thirds.PLANTED, **gaps.PLANTED, **reweighted.PLANTED}

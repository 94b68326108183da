"""The documented training programs by name, the library as their first argument; one file per source document.

A program yields records, name by name: first its start, then one per step. `setting` changes what a reader would
change in the listing.
"""

from typing import Any, Callable, Dict

from reference.programs import adam, eager, notebook, regression, variables

PROGRAMS: Dict[str, Callable[..., Any]] = {
    program.__name__: program
    for document in (regression, variables, adam, eager, notebook)
    for program in document.PROGRAMS
}

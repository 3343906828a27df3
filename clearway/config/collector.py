"""Python's collector of cycles in a process that serves: what stands for good is not looked at again.

A full look at a boards worker took 165 ms, in which no screen was told anything; most of what it saw were
modules and templates.
"""

import gc

YOUNG = 10_000  # objects made before the young are looked at; a drawn board makes thousands that need no look


def spare_what_stands() -> None:
    """Call once, when everything is loaded."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 10, 50)

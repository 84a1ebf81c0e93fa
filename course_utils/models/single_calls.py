"""How long one decision takes, on its own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np


def call_ms(
    function: Callable[[Any], object],
    inputs: Iterable[Any],
    clock: Callable[[], float] | None = None,
) -> np.ndarray:
    """Milliseconds of each single call, one a member of `inputs`, on a clock that tells seconds.

    Without one it is the processor's own: other programs on the machine hardly count, as they would on a
    clock on the wall. Where the processor's moves in steps of 0.1 ms or more (Windows), that has to do.
    """
    if clock is None:
        clock = time.process_time if _step_s(time.process_time) < 1e-4 else time.perf_counter
    taken = []
    for each in inputs:
        started = clock()
        function(each)
        taken.append(1000 * (clock() - started))
    return np.array(taken)


def _step_s(clock: Callable[[], float]) -> float:
    """Seconds by which a clock moves when it moves."""
    started = clock()
    while (now := clock()) == started:
        pass
    return now - started

"""Times of actions that take turns, so that a machine that slows down slows all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Name = TypeVar("Name", bound=Hashable)
TURN = 0.01
"""How long a turn is at least [s]."""


def seconds_of(action: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    """Duration of a call [s]."""
    started = clock()
    action()
    return clock() - started


def shortest(
    actions: Mapping[Name, Callable[[], object]],
    enough: Callable[[dict[Name, float]], bool] = lambda best: True,
    *,
    rounds: int,
    attempts: int = 3,
    clock: Callable[[], float] = time.perf_counter,
) -> dict[Name, float]:
    """Shortest duration of each action [s].

    Other load on the machine only ever adds to a duration, so the shortest of many is nearest to the truth, and of more
    is nearer. In a round each action has a turn; a short one runs again until the turn is over, since its first run
    pays for what the others left in the caches. After `rounds` rounds the shortest so far are judged; where they are
    not enough, as many rounds again are added, for all actions alike, at most `attempts` times.
    """
    best = {name: float("inf") for name in actions}
    for _ in range(attempts):
        for _ in range(rounds):
            for name, action in actions.items():
                spent = 0.0
                while spent < TURN:
                    took = seconds_of(action, clock)
                    best[name] = min(best[name], took)
                    spent += took
        if enough(best):
            break
    return best


def alone_and_speed_up(program: Callable[[], object]) -> tuple[float, float]:
    """Seconds of a run of a program of one process, and by how much two at the same time are faster than one after the other.

    The second is 2 where two processors are free, and what can be had on two processors at that time where they are not.
    """
    alone = seconds_of(program)
    with ThreadPoolExecutor(2) as pool:
        both = seconds_of(lambda: [run.result() for run in [pool.submit(program), pool.submit(program)]])
    return alone, min(2.0, 2.0 * alone / both)

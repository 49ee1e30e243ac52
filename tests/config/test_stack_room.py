"""Room on Python's stack changes how long a call takes, and nothing else."""

import resource
import sys

import pytest

from config.stack_room import with_room


def depth(calls: int) -> int:
    return 0 if not calls else 1 + depth(calls - 1)


def test_a_call_with_room_returns_what_it_returns():
    assert with_room(divmod, 7, 2) == (3, 1)
    assert with_room(sorted, [2, 1], reverse=True) == [2, 1]


def test_a_call_with_room_raises_what_it_raises():
    with pytest.raises(ZeroDivisionError):
        with_room(divmod, 7, 0)


def test_calls_may_go_as_deep_as_without():
    deep = sys.getrecursionlimit() // 2
    assert with_room(depth, deep) == deep


def faults_of_many_calls(at_depth: int) -> int:
    """How often the system was asked for memory by calls that all begin at this depth."""
    if at_depth:
        return faults_of_many_calls(at_depth - 1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _time in range(2_000):
        depth(20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


def test_with_room_no_depth_is_worse_than_another():
    assert with_room(lambda: max(faults_of_many_calls(at) for at in range(0, 200, 5))) < 2_000

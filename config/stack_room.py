"""Room for Python's own stack, so that a deep call costs no more than a shallow one.

CPython keeps the frames of calls in pieces of 16 KB, and gives a piece back to the system as soon as the last call in
it returns. A loop that stands at the end of a piece so asks the system for memory at every call: that was a fifth of
the time of a page. A call with a large frame gets one large piece, in which all calls below it find room.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# In words of eight bytes: a piece of 1 MB, of which the calls below have a quarter.
LARGE = 3 * 2**15


def with_room(call: Callable[Parameters, Result], *args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
    """Call this with room for a thousand calls below it. Returns and raises what it does."""
    return call(*args, **kwargs)


with_room.__code__ = with_room.__code__.replace(co_stacksize=LARGE)

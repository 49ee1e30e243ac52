"""What can be said of a median from the figures there are, however these scatter."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

# How sure it is that the true median lies within the interval, and how wide that may be, as a share of the median.
SURE, SPREAD = 0.95, 0.1
# With fewer figures nothing is settled.
FEWEST = 10


def interval(figures: Sequence[float]) -> tuple[float, float]:
    """Return two of the figures, at least six, between which their true median lies as surely as `SURE` says.

    Each figure is as likely to be below that as above, so the number of those below is one of coin tosses.
    """
    number, rank = len(figures), 0
    outside = 2 / 2**number
    while outside <= 1 - SURE:
        rank += 1
        outside += 2 * math.comb(number, rank) / 2**number
    ranked = sorted(figures)
    return ranked[rank - 1], ranked[-rank]


def is_settled(figures: Sequence[float]) -> bool:
    """Return whether there are enough figures to know their median to within `SPREAD` of it."""
    if len(figures) < FEWEST:
        return False
    low, high = interval(figures)
    return high - low <= SPREAD * statistics.median(figures)

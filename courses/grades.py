"""How a student stands: totals by points or by weighted groups, and the letters of a scheme.

Counted is work that is worth points, not excused and not left out of the total. `current` counts what has a grade,
`final` also what is missing, as nothing. Figures are exact until the end, and then rounded half up to two decimals: so
no order of grading changes a total, and no other page or answer rounds again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

# By id of the group, what it weighs.
Weights = Mapping[int | None, Decimal]
# The letters of a course with the least part of 1 for each.
Scheme = Sequence[tuple[str, float] | list[str | float]]


@dataclass(frozen=True)
class Part:
    """Points reached, of those possible, for work in one group (None: in no group)."""

    group: int | None
    points: Decimal
    possible: Decimal


@dataclass(frozen=True)
class Total:
    """Points reached, of those possible in the work that counts, and the percentage, None out of nothing."""

    points: Decimal
    possible: Decimal
    percent: Decimal | None


def total(parts: Iterable[Part], weights: Weights | None = None) -> Total:
    """Return the sum of `parts`; with weights, the mean of the groups that have any points to reach."""
    by_group: dict[int | None, tuple[Decimal, Decimal]] = defaultdict(lambda: (Decimal(), Decimal()))
    for part in parts:
        points, possible = by_group[part.group]
        by_group[part.group] = points + part.points, possible + part.possible
    points = sum((points for points, _possible in by_group.values()), Decimal())
    possible = sum((possible for _points, possible in by_group.values()), Decimal())
    if weights is None:
        return Total(points, possible, percentage(points, possible))
    counted = {
        group: (Fraction(points) / Fraction(possible), Fraction(weights.get(group, Decimal())))
        for group, (points, possible) in by_group.items()
        if possible
    }
    reached = sum((share * weight for share, weight in counted.values()), Fraction())
    of = sum((weight for _share, weight in counted.values()), Fraction())
    return Total(points, possible, percentage(reached, of))


def percentage(reached: Decimal | Fraction, of: Decimal | Fraction) -> Decimal | None:
    """Return how much of it was reached, in percent with two decimals, half up; None out of nothing."""
    if not of:
        return None
    hundredths = 10_000 * Fraction(reached) / Fraction(of)
    return Decimal((hundredths + Fraction(1, 2)).__floor__()).scaleb(-2)


def plain(value: Decimal) -> str:
    """Return a figure as digits without needless zeros: `9.50` as "9.5", `10.00` as "10"."""
    digits = format(value, "f")
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def letter(percent: Decimal | None, scheme: Scheme | None) -> str | None:
    """Return the letter for a percentage, None without a scheme; what is below all is the lowest."""
    if percent is None or not scheme:
        return None
    steps = sorted(((Decimal(str(least)) * 100, str(name)) for name, least in scheme), reverse=True)
    return next((name for least, name in steps if percent >= least), steps[-1][1])


def check_scheme(scheme: object) -> Scheme:
    """Return `scheme` if it is one: pairs of a name and the least part of 1, all different. Raises ValueError."""
    if not isinstance(scheme, list) or not scheme:
        raise ValueError("A grading scheme is a list of pairs.")
    for step in scheme:
        match step:
            case [str() as name, int() | float() as least] if name.strip() and 0 <= least <= 1 and least is not True:
                continue
        raise ValueError("Each step of a grading scheme has a name, and the least part of 1 for it.")
    if len({name for name, _least in scheme}) < len(scheme) or len({least for _name, least in scheme}) < len(scheme):
        raise ValueError("No two steps of a grading scheme have the same name or number.")
    return scheme

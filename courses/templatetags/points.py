"""How points are written."""

from decimal import Decimal

from django import template
from django.utils.formats import number_format

from courses.grades import plain

register = template.Library()


@register.filter
def points(value: Decimal | None) -> str:
    """Return `Decimal("9.50")` as "9.5", `Decimal("10.00")` as "10", in the reader's notation; nothing for None."""
    if value is None:
        return ""
    return number_format(plain(value))

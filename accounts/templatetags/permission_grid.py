"""What the Permissions page says of one permission of one role."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from accounts.domain.permission_grid import Cell

register = template.Library()


@register.simple_tag
def standing(cell: Cell) -> SafeString:
    """Return how it is set, in words, with a mark if this account itself has set it."""
    look = f"state state--{cell.state}{' state--locked' if cell.is_locked else ''}"
    if cell.setting is None:
        nothing = '<span class="{}"><span aria-hidden="true">–</span><span class="visually-hidden">{}</span></span>'
        return format_html(nothing, look, cell.word)
    mark = format_html(' <span class="state__mark">{}</span>', cell.mark) if cell.mark else ""
    return format_html('<span class="{}" data-cell="{}">{}{}</span>', look, cell.id, cell.word, mark)

"""What pages say of an enrollment."""

from __future__ import annotations

from django import template

from courses.domain.roster_lines import role_there, state_there

register = template.Library()
register.filter(role_there)
register.filter(state_there)

"""The locks on terms, and on sections and their courses, before something is put into them (see
accounts/domain/locks.py).
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import connection
from django.utils.translation import gettext as _

from accounts.errors import Invalid
from courses.models import Term

# MATERIALIZED locks the courses, in id order, before the sections: joined in one step, the planner would choose the
# order. FOR SHARE lets others enroll at the same time, but not delete.
STILL_THERE = """
WITH c AS MATERIALIZED (
    SELECT id, workflow_state FROM courses_course
    WHERE id IN (SELECT course_id FROM courses_section WHERE id = ANY(%(sections)s)) ORDER BY id FOR SHARE
)
SELECT s.workflow_state = 'active' AND c.workflow_state <> 'deleted'
FROM courses_section s JOIN c ON c.id = s.course_id WHERE s.id = ANY(%(sections)s) ORDER BY s.id FOR SHARE OF s
"""


def hold_sections(sections: Iterable[int]) -> list[bool]:
    """Keep these sections (ids) and their courses from being deleted until the transaction ends (one statement).

    Returns, for each section found, whether it and its course still exist.
    """
    with connection.cursor() as cursor:
        cursor.execute(STILL_THERE, {"sections": sorted(set(sections))})
        return [there for (there,) in cursor.fetchall()]


def hold_term(term: Term) -> None:
    """Keep `term` from being deleted until the transaction ends. Raises Invalid if it has been deleted."""
    active = Term.objects.filter(pk=term.pk, workflow_state=Term.State.ACTIVE)
    if not active.select_for_update(no_key=True).exists():
        raise Invalid({"term": [("invalid", _("This term has been deleted."))]}, of="course")

"""Who may observe whom: every rule of it, asked wherever somebody begins to observe."""

from __future__ import annotations

from collections.abc import Collection

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.errors import Invalid, NotAllowed, Record
from accounts.models import Account, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account

# To make and end links without a code, and to see whose they are; in the whole institution only.
MANAGE_LINKS = Permission.MANAGE_USER_OBSERVERS

# Observer, student, and the one course it is about (None: a link, for all courses).
Wanted = tuple[int, int, int | None]

WORDS: dict[str, str | Promise] = {
    "themselves": _("Nobody can observe themselves."),
    "gone": _("This person's account has been deleted."),
    "observed_back": _(
        "Two people cannot observe each other: the student already observes this observer. Check "
        "whether you have swapped the two."
    ),
    "never_student": _(
        "This person is not a student here, so nobody can observe them. Check whether you have "
        "swapped student and observer; if not, enroll the student first."
    ),
}

# `o` and `s` are the rows of observer and student, `{course}` the id of the course or NULL for all.
RULES = """
CASE WHEN o.id = s.id THEN 'themselves'
     WHEN o.state = 'deleted' OR s.state = 'deleted' THEN 'gone'
     WHEN EXISTS (SELECT 1 FROM accounts_observationlink back
                  WHERE back.observer_id = s.id AND back.student_id = o.id AND back.state = 'active'
                    AND (back.scope = 'all' OR {course} IS NULL
                         OR EXISTS (SELECT 1 FROM courses_linkcourse opened
                                    WHERE opened.link_id = back.id AND opened.course_id = {course})))
          OR EXISTS (SELECT 1 FROM courses_enrollment back JOIN courses_section at ON at.id = back.section_id
                     WHERE back.user_id = s.id AND back.associated_user_id = o.id
                       AND back.state NOT IN ('deleted', 'rejected')
                       AND ({course} IS NULL OR at.course_id = {course})) THEN 'observed_back'
     WHEN s.initial_enrollment_type <> 'student' AND s.declared_user_type NOT IN ('student', 'student_other')
          AND NOT EXISTS (SELECT 1 FROM courses_enrollment taken
                          WHERE taken.user_id = s.id AND taken.type = 'StudentEnrollment'
                            AND taken.state <> 'rejected')
          AND (s.initial_enrollment_type <> '' OR s.declared_user_type <> ''
               OR EXISTS (SELECT 1 FROM courses_enrollment part
                          WHERE part.user_id = s.id AND part.state NOT IN ('deleted', 'rejected'))
               OR EXISTS (SELECT 1 FROM accounts_accountadmin part
                          WHERE part.user_id = s.id AND part.workflow_state = 'active')
               OR EXISTS (SELECT 1 FROM accounts_observationlink part
                          WHERE part.observer_id = s.id AND part.state = 'active')) THEN 'never_student' END
"""

# ORDINALITY keeps the order of the pairs: the first refusal is the one for the first pair. What makes a link asks in
# the same statement (courses/domain/observation.py).
ASK = f"""
SELECT {RULES.format(course="wanted.course")} AS problem, wanted.observer, wanted.student
FROM unnest(%(observers)s::bigint[], %(students)s::bigint[], %(courses)s::bigint[]) WITH ORDINALITY
     AS wanted(observer, student, course, number)
JOIN accounts_user o ON o.id = wanted.observer
JOIN accounts_user s ON s.id = wanted.student
ORDER BY wanted.number
"""  # noqa: S608 built from constants of this module


def why_not_observe(wanted: Collection[Wanted], *, of: Record = "") -> Invalid | None:
    """Return the refusal, at the field `student` of `of`, unless all of these may begin to observe (one statement).

    Asked below every entrance: pairing codes, login and password, access tokens, linking by the API and on pages, and
    enrolling as an observer by hand. Rosters say the same of a row as a warning (`RULES`) and apply it all the same:
    there the school's records decide. The caller holds both people, so that of two who would observe each other at
    the same moment only one does. The rules, with their reasons:

    - nobody observes themselves: what an observer sees is somebody else's;
    - nobody whose account has been deleted observes or is observed: it would begin again if the account came back;
    - two people do not observe each other where the same course would be open to both (a link to all courses meets
      everything): one of the two sides is then surely the wrong one, and a pupil would read a parent's grades;
    - nobody is observed who is here as something else and never was a student: who teaches, has an admin role,
      observes somebody, or was declared or signed up as such. The sides have then been mistaken for each other, and a
      child would read a parent's page. Of whom the school has said nothing yet, nothing is plain: scripts and rosters
      link first and enroll later.
    """
    observers, students, courses = zip(*wanted, strict=True) if wanted else ((), (), ())
    with connection.cursor() as cursor:
        cursor.execute(ASK, {"observers": list(observers), "students": list(students), "courses": list(courses)})
        problems = [problem for problem, _observer, _student in cursor.fetchall() if problem]
    return refusal_of(problems[0], of=of) if problems else None


def refusal_of(problem: str, *, of: Record = "") -> Invalid:
    """Return the refusal for what ASK has found."""
    return Invalid({"student": [("invalid", WORDS[problem])]}, of=of)


def check_reads_links_of(person: User, *, by: User) -> None:
    """Raise NotAllowed unless the person's links are one's own, or one manages all of them."""
    if person != by:
        check_manages_links(Account.objects.root(), by=by)


def check_manages_links(root: Account, *, by: User) -> None:
    """Raise NotAllowed for those who do not link observers and students in the institution."""
    if not may_on_account(by, MANAGE_LINKS, root):
        raise NotAllowed

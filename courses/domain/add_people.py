"""Add people: from a pasted list of logins, email addresses or SIS IDs to enrollments.

The look-up costs the same number of statements for one and for five hundred, and reveals only names.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from django.db.models import TextChoices
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.errors import Invalid, NotAllowed
from accounts.models import Role, User
from accounts.permissions.registry import Permission
from accounts.text.fields import LONGEST
from courses.access.enrollment_actions import check_enrolls, check_section, gives_limited
from courses.access.permissions import course_permissions
from courses.domain.enrollment_specs import EnrollmentSpec
from courses.domain.enrollments import enroll_many
from courses.domain.roster_lines import enrollments_in
from courses.models import Course, Enrollment, Section

MOST = 500
LONGEST_LIST = 200_000


class Kind(TextChoices):
    """What the entries of a list are."""

    LOGIN = "login", gettext_lazy("Logins")
    EMAIL = "email", gettext_lazy("Email addresses")
    SIS = "sis", gettext_lazy("SIS IDs")


# The permission needed in the course to find people this way. Anyone who adds people may learn that a login exists.
PERMISSION = {Kind.EMAIL: Permission.VIEW_USER_LOGINS, Kind.SIS: Permission.READ_SIS}
SAME = {
    Kind.LOGIN: "accounts_login_key(u.login_id) = accounts_login_key(given.entry)",
    Kind.EMAIL: "u.email <> '' AND UPPER(u.email) COLLATE \"C\" = UPPER(given.entry)",
    Kind.SIS: "u.id IN (SELECT id FROM accounts_user WHERE sis_user_id = given.entry UNION ALL"
    " SELECT user_id FROM accounts_furthersisid WHERE sis_user_id = given.entry AND is_live)",
}
FIND = """
SELECT u.*, given.entry FROM unnest(%s::text[]) AS given(entry)
JOIN accounts_user u ON {same} AND u.state <> 'deleted' ORDER BY u.id
"""
FINDERS = {kind: FIND.format(same=same) for kind, same in SAME.items()}

BRACKETED = re.compile(r"<([^<>\n]*)>")
BETWEEN = re.compile(r"[,;\t\r\n]")


def entries_of(text: str) -> list[str]:
    """Return the entries of a pasted list, each once, in order. Raises Invalid for none and for too many."""
    if len(text) > LONGEST_LIST:
        raise _refused(_("This list is too long. Add at most %(most)d people at once.") % {"most": MOST})
    entries = list(dict.fromkeys(filter(None, (piece.strip() for piece in _pieces(text)))))
    if not entries:
        raise _refused(_("Enter the people you want to add."))
    if len(entries) > MOST:
        message = _("You entered %(number)d people. Add at most %(most)d at once.")
        raise _refused(message % {"number": len(entries), "most": MOST})
    return entries


def _pieces(text: str) -> Iterator[str]:
    """Yield the texts between commas and line ends; for `Ana Diaz <ana@example.org>` the text in the brackets."""
    before, *named = BRACKETED.split(text)
    # In turn: what follows an address, with the name that goes with the next, and that next address.
    for address, after in zip(named[::2], named[1::2], strict=True):
        yield from BETWEEN.split(_without_name(before))
        yield address
        before = after
    yield from BETWEEN.split(before)


def _without_name(text: str) -> str:
    """Return the text without the name at its end, which may be in quotation marks and contain commas."""
    if text.rstrip().endswith('"'):
        return text.rstrip()[:-1].rpartition('"')[0]
    return text[: max(map(text.rfind, ",;\t\r\n")) + 1]


def _refused(message: str) -> Invalid:
    return Invalid({"people": [("invalid", message)]})


@dataclass(frozen=True)
class Found:
    """A person who was found, and the enrollments they already have in the course."""

    entry: str
    person: User
    here: Sequence[Enrollment] = ()


@dataclass
class LookupResult:
    """The result for each entry of a list."""

    found: list[Found] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    ambiguous: list[str] = field(default_factory=list)
    suspended: list[str] = field(default_factory=list)

    @property
    def left_out(self) -> int:
        """The number of entries for which nobody can be added."""
        return len(self.missing) + len(self.ambiguous) + len(self.suspended)


def kinds_for(keys: Collection[Permission]) -> list[Kind]:
    """Return how a person with these permissions in the course may find people."""
    return [kind for kind in Kind if kind not in PERMISSION or PERMISSION[kind] in keys]


def look_up(course: Course, kind: Kind, entries: Collection[str], *, by: User) -> LookupResult:
    """Return the people meant by these entries: anyone who can sign in (two statements). Raises NotAllowed."""
    if kind not in kinds_for(course_permissions(by, course)):
        raise NotAllowed(_("You do not have permission to find people this way. Use their logins."))
    people = _people(kind, entries)
    active = {entry: [one for one in there if one.is_active] for entry, there in people.items()}
    result, seen = LookupResult(), set()
    here: dict[int, list[Enrollment]] = defaultdict(list)
    for enrollment in enrollments_in(course, by=by).filter(
        user__in={one.pk for there in active.values() for one in there}
    ):
        here[enrollment.user_id].append(enrollment)
    for entry in entries:
        match active.get(entry, []):
            case [person]:
                # Two entries may mean the same person: two ways to write one login, two addresses.
                if person.pk not in seen:
                    result.found.append(Found(entry, person, here[person.pk]))
                seen.add(person.pk)
            case []:
                (result.suspended if people.get(entry) else result.missing).append(entry)
            case _several:
                result.ambiguous.append(entry)
    return result


def _people(kind: Kind, entries: Collection[str]) -> dict[str, list[User]]:
    """Return, by entry, everyone it could mean who has not been deleted."""
    possible = [entry for entry in entries if len(entry) <= LONGEST and entry.isprintable()]
    found: dict[str, list[User]] = defaultdict(list)
    for person in User.objects.raw(FINDERS[kind], [possible]):
        found[person.entry].append(person)
    return found


def add_people(
    course: Course, people: Collection[User], role: Role, section: Section, *, by: User, is_limited: bool = False
) -> int:
    """Enroll these people as the API does without a state: they are invited, and observers join right away.

    With `is_limited` they see the people of this section only. Existing enrollments of the same kind stay as they are.
    Returns how many are new. Raises NotAllowed, Invalid.
    """
    check_enrolls(role, course, by=by)
    check_section(section.pk, course, by=by)
    if section.course_id != course.pk or section.workflow_state != Section.State.ACTIVE:
        raise Invalid({"section": [("invalid", _("This section does not belong to this course."))]})
    if len(people) > MOST or not all(person.is_active for person in people):
        raise _refused(_("Add at most %(most)d people with active accounts at once.") % {"most": MOST})
    live = Enrollment.objects.live().filter(section=section, role=role, associated_user=None, user__in=people)
    there = set(live.values_list("user_id", flat=True))
    comes_limited = gives_limited(role, course, by=by)
    limit = True if is_limited else None
    specs = [
        EnrollmentSpec(
            person,
            section,
            role,
            state=None,
            is_limited=None if person.pk in there else limit,
            comes_limited=comes_limited,
        )
        for person in people
    ]
    return len(enroll_many(specs, by=by)) - len(there)

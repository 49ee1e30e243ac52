"""Read enrollments: of a course, of a section, of a person."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.api.endpoints import ApiRequest, in_group
from accounts.api.ids import condition
from accounts.api.lookups import account
from accounts.api.pagination import PAGING, page_of
from accounts.api.parameter_types import Id, Includes, Texts, Words, not_served
from accounts.errors import NotAllowed
from accounts.models.account import with_all_below
from accounts.models.ids import OneOf
from accounts.models.role import COURSE_BASE_TYPES, BaseType
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import account_permissions
from courses.access.courses import course_access
from courses.access.enrollments import EnrollmentAccess, enrollments_of_course, enrollments_of_person
from courses.access.permissions import permissions_in
from courses.api import lookups
from courses.api.bodies import TYPES, enrollment_body
from courses.api.body_types import EnrollmentBody
from courses.domain.grades import totals_of
from courses.models import Course, Enrollment
from courses.models.enrollment import EnrollmentQuerySet

State = Enrollment.State

# Canvas's words for several states at once.
SEVERAL_STATES = {
    "current_and_invited": [State.ACTIVE, State.INVITED, State.CREATION_PENDING],
    "current_and_future": [State.ACTIVE, State.INVITED, State.CREATION_PENDING],
    "current_future_and_restricted": [State.ACTIVE, State.INVITED, State.CREATION_PENDING],
    "current_and_concluded": [State.ACTIVE, State.COMPLETED],
}

endpoint = in_group("Enrollments")

# The last is Canvas's student for trying a course out: the apps ask for it, and there is none here.
TYPE_WORDS = (*COURSE_BASE_TYPES, "StudentViewEnrollment")
TYPES_ASKED = Words("type[]", "List only enrollments of these types.", words=TYPE_WORDS)
ROLES = Texts("role[]", "List only enrollments with these roles: a built-in role's type or a custom one's label.")
STATES = Words(
    "state[]",
    "List only enrollments in these states; by default those that are neither over nor gone. Admins of the account get"
    " inactive ones too where they list those of a course or section.",
    words=(*State.values, *SEVERAL_STATES),
)
PEOPLE = (
    Id("user_id", "List only the enrollments of this person.", field="user"),
    Id("associated_user_id", "List only those of observers of this student.", field="associated_user"),
)
INCLUDE = Includes(
    words={
        "observed_users": "with an observer's enrollment the student",
        "avatar_url": "with each person an address, always null",
        "email": "with each person the email address, for whoever may read it",
        "uuid": "with each person an id that says nothing",
        "can_be_removed": "whether the caller may remove the enrollment",
    },
    absent=("group_ids", "locked", "current_points"),
)
TERM = Id("enrollment_term_id", "List only enrollments in courses of this term.")
SIS_USERS = Texts("sis_user_id[]", "List only the enrollments of people with these SIS ids.")
SIS_ACCOUNTS = Texts("sis_account_id[]", "List only those in courses of the accounts with these SIS ids.")
SIS_COURSES = Texts("sis_course_id[]", "List only those in the courses with these SIS ids.")
SIS_SECTIONS = Texts("sis_section_id[]", "List only those in the sections with these SIS ids.")
SIS_PLACES: dict[Texts, str] = {
    SIS_ACCOUNTS: "section__course__account__sis_account_id",
    SIS_COURSES: "section__course__sis_course_id",
    SIS_SECTIONS: "section__sis_section_id",
}
BY_SIS_ID = (SIS_USERS, *SIS_PLACES)
NOT_OF_LISTS = (
    *not_served(gettext_noop("There are no grading periods."), "grading_period_id"),
    *not_served(
        gettext_noop("Nothing is kept of which SIS ID an enrollment was made for."),
        "created_for_sis_id[]",
        fits=("false",),
    ),
)
FILTERS = (TYPES_ASKED, ROLES, STATES, *PEOPLE, TERM, *BY_SIS_ID, *NOT_OF_LISTS, INCLUDE, *PAGING)


@endpoint(*FILTERS)
def index(request: ApiRequest, course_id: str) -> list[EnrollmentBody]:
    """List the enrollments of a course that the caller may see."""
    course = lookups.course(request, course_id)
    return _list(request, _readable(request, course), usual=_usual_states(request, course))


@endpoint(*FILTERS)
def index_of_section(request: ApiRequest, section_id: str) -> list[EnrollmentBody]:
    """List the enrollments of a section that the caller may see."""
    section = lookups.section(request, section_id)
    there = _readable(request, section.course).filter(section=section)
    return _list(request, there, usual=_usual_states(request, section.course))


@endpoint(*FILTERS)
def index_of_user(request: ApiRequest, user_id: str) -> list[EnrollmentBody]:
    """List the enrollments of a person.

    With `include[]=observed_users` on `users/self/enrollments` the apps find out whom somebody observes.
    """
    enrollments = enrollments_of_person(lookups.person(request, user_id), by=request.user)
    if enrollments is None:
        raise NotAllowed
    return _list(request, enrollments)


@endpoint(INCLUDE)
def show(request: ApiRequest, course_id: str, enrollment_id: str) -> EnrollmentBody:
    """Show an enrollment."""
    course = lookups.course(request, course_id)
    enrollment = lookups.enrollment(course, enrollment_id)
    if not _readable(request, course).filter(pk=enrollment.pk).exists():
        raise NotAllowed
    return bodies(request, [enrollment])[0]


@endpoint(INCLUDE)
def show_in_account(request: ApiRequest, account_id: str, enrollment_id: str) -> EnrollmentBody:
    """Show an enrollment in a course of an account, or of an account below it."""
    home = account(request, account_id)
    found = Enrollment.objects.present().filter(
        section__course__account__in=with_all_below(home), **condition(enrollment_id, {})
    )
    enrollment = found.select_related(*lookups.WITH_ENROLLMENT, "section__course__account").first()
    if enrollment is None:
        raise Http404
    if not _readable(request, enrollment.section.course).filter(pk=enrollment.pk).exists():
        raise NotAllowed
    return bodies(request, [enrollment])[0]


def _readable(request: ApiRequest, course: Course) -> EnrollmentQuerySet:
    here = course_access(request.user, course)
    if here is None:
        raise NotAllowed
    return enrollments_of_course(course, by=request.user, sees_people=here.sees_people)


def _usual_states(request: ApiRequest, course: Course) -> tuple[State, ...]:
    """Return the states that are listed where none are asked for: as in Canvas, to admins also inactive ones."""
    is_admin = Permission.READ_ROSTER in account_permissions(request.user, course.account)
    return (*Enrollment.LIVE, State.INACTIVE) if is_admin else Enrollment.LIVE


def _list(
    request: ApiRequest, enrollments: EnrollmentQuerySet, *, usual: Collection[str] = Enrollment.LIVE
) -> list[EnrollmentBody]:
    found = _filtered(request, enrollments, usual).select_related(*lookups.WITH_ENROLLMENT)
    return bodies(request, page_of(request, found.order_by("type", "user__sort_key", "id"), is_small=True))


def _filtered(request: ApiRequest, enrollments: EnrollmentQuerySet, usual: Collection[str]) -> EnrollmentQuerySet:
    given = request.params
    if names := given[ROLES]:
        # As in Canvas, the types do not count then.
        enrollments = enrollments.filter(role__in=lookups.roles(names, "role"))
    elif types := given[TYPES_ASKED]:
        enrollments = enrollments.filter(type__in=types)
    for parameter in PEOPLE:
        if text := given[parameter]:
            enrollments = enrollments.filter(**{parameter.kept_as: lookups.person(request, text)})
    if term_id := given[TERM]:
        enrollments = enrollments.filter(section__course__term=lookups.term(term_id))
    return _by_sis_ids(request, in_states(enrollments, given[STATES] or [*usual]))


def _by_sis_ids(request: ApiRequest, enrollments: EnrollmentQuerySet) -> EnrollmentQuerySet:
    """Return those with the SIS ids asked for, as far as the caller reads these. Raises NotAllowed where nowhere."""
    asked = {parameter: texts for parameter in BY_SIS_ID if (texts := request.params[parameter])}
    if not asked:
        return enrollments
    courses = list(Course.objects.filter(OneOf(enrollments.order_by().values("section__course"))))
    held = permissions_in(request.user, courses)
    readable = [pk for pk, keys in held.items() if Permission.READ_SIS in keys]
    if names := asked.pop(SIS_USERS, None):
        # One's own is known to oneself; of whoever is only invited the name is all there is to know.
        own = Q(user=request.user if request.user.actor is None else None)
        known = own | Q(section__course__in=readable, accepted_at__isnull=False)
        enrollments = enrollments.filter(known, user__sis_user_id__in=names)
    if asked and courses and not readable:
        raise NotAllowed(_("You cannot see SIS IDs here, so you cannot ask by them."))
    for parameter, names in asked.items():
        enrollments = enrollments.filter(section__course__in=readable, **{f"{SIS_PLACES[parameter]}__in": names})
    return enrollments


def in_states(enrollments: EnrollmentQuerySet, words: list[str]) -> EnrollmentQuerySet:
    """Return those in the states meant by the words of a `state[]` filter, by default those that are live.

    Which state an invitation is in is told by `state_of` in bodies.py.
    """
    wanted = {state for word in words for state in SEVERAL_STATES.get(word, [word])} or {*Enrollment.LIVE}
    found = Q(state__in=wanted)
    waiting = Q(state=State.INVITED, type=BaseType.STUDENT, section__course__workflow_state=Course.State.UNPUBLISHED)
    if State.CREATION_PENDING in wanted and State.INVITED not in wanted:
        found |= waiting
    elif State.INVITED in wanted and State.CREATION_PENDING not in wanted:
        found &= ~waiting
    return enrollments.filter(found)


def bodies(request: ApiRequest, enrollments: list[Enrollment]) -> list[EnrollmentBody]:
    """Return enrollments as the caller may see them, in five statements for any number."""
    access, totals = EnrollmentAccess(request.user, enrollments), totals_of(enrollments)
    return [enrollment_body(enrollment, access, totals, request.address, request.include) for enrollment in enrollments]


def short_types(words: list[str]) -> list[str]:
    """Return the types meant by `enrollment_type`: `student` or `StudentEnrollment`; others match nobody."""
    return [TYPES.get(word, word) for word in words]

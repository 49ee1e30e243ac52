"""The bodies of courses, sections and enrollments, with the keys Canvas's clients read."""

from __future__ import annotations

from collections.abc import Callable, Collection

from accounts.api.bodies import user_body
from accounts.api.ids import uuid_of
from accounts.models import Account, BaseType
from accounts.permissions.registry import Permission
from courses.access.enrollments import EnrollmentAccess
from courses.api.body_types import (
    BriefEnrollment,
    CourseBody,
    EnrollmentBody,
    FixedOfCourse,
    Grades,
    ListedTermBody,
    SectionBody,
    TermBody,
)
from courses.domain.grades import Totals, figures_of
from courses.models import Course, Enrollment, Section, Term

Address = Callable[[str], str]

# The short names Canvas's clients use for types, in filters and in the `enrollments` of a course.
SHORT_TYPES = {
    BaseType.STUDENT: "student",
    BaseType.TEACHER: "teacher",
    BaseType.TA: "ta",
    BaseType.DESIGNER: "designer",
    BaseType.OBSERVER: "observer",
}
TYPES = {short: base for base, short in SHORT_TYPES.items()}


# What Canvas lets a school choose for a course and is the same for all courses here.
WITHOUT_CHOICE: FixedOfCourse = {
    "license": "private",
    "public_syllabus": False,
    "public_syllabus_to_auth": False,
    "is_public_to_auth_users": False,
    "public_description": None,
    "storage_quota_mb": 0,
    "open_enrollment": False,
    "self_enrollment": False,
    "allow_student_assignment_edits": False,
    "allow_wiki_comments": False,
    "allow_student_forum_attachments": False,
    "blueprint": False,
    "template": False,
    "homeroom_course": False,
    "grading_standard_id": None,
    "locale": None,
    "course_color": None,
    "friendly_name": None,
    "access_restricted_by_date": False,
}


def course_body(course: Course, root: Account, keys: Collection[Permission], include: Collection[str]) -> CourseBody:
    """Return a course. `keys` are the reader's permissions in it."""
    body: CourseBody = {
        "id": course.pk,
        "name": course.name,
        "course_code": course.course_code,
        "original_name": None,
        "account_id": course.account_id,
        "root_account_id": root.pk,
        "enrollment_term_id": course.term_id,
        "workflow_state": course.workflow_state,
        "start_at": course.start_at,
        "end_at": course.end_at,
        "created_at": course.created_at,
        "default_view": "wiki" if course.front_page else "assignments",
        "is_public": False,
        "hide_final_grades": course.hide_final_grades,
        "apply_assignment_group_weights": course.apply_group_weights,
        "restrict_enrollments_to_course_dates": course.restrict_enrollments_to_course_dates,
        "time_zone": course.account.default_time_zone,
        "uuid": uuid_of("course", course.pk),
        "course_format": course.course_format or None,
        "grade_passback_setting": course.grade_passback_setting or None,
        "calendar": {"ics": None},
        **WITHOUT_CHOICE,
    }
    if Permission.READ_SIS in keys:
        body |= {"sis_course_id": course.sis_course_id, "integration_id": course.integration_id}
    if "term" in include:
        body["term"] = term_body(course.term)
    if "permissions" in include:
        body["permissions"] = {"create_announcement": False, "create_discussion_topic": False}
    return body


def term_body(term: Term | None) -> TermBody | None:
    """Return a term, or null: a course need not have one."""
    if term is None:
        return None
    return {"id": term.pk, "name": term.name, "start_at": term.start_at, "end_at": term.end_at}


def listed_term_body(term: Term, keys: Collection[Permission]) -> ListedTermBody:
    """Return a term of an account's list. `keys` are the reader's permissions in the account."""
    body: ListedTermBody = {
        "id": term.pk,
        "name": term.name,
        "start_at": term.start_at,
        "end_at": term.end_at,
        "workflow_state": term.workflow_state,
        "created_at": term.created_at,
        "grading_period_group_id": None,
        "overrides": term.date_overrides,
    }
    if Permission.READ_SIS in keys:
        body["sis_term_id"] = term.sis_term_id
    return body


def section_body(section: Section, keys: Collection[Permission]) -> SectionBody:
    """Return a section. `keys` are the reader's permissions in its course."""
    body: SectionBody = {
        "id": section.pk,
        "name": section.name,
        "course_id": section.course_id,
        "nonxlist_course_id": section.nonxlist_course_id,
        "start_at": section.start_at,
        "end_at": section.end_at,
        "created_at": section.created_at,
        "restrict_enrollments_to_section_dates": section.restrict_enrollments_to_section_dates,
    }
    if Permission.READ_SIS in keys:
        body |= {
            "sis_section_id": section.sis_section_id,
            "sis_course_id": section.course.sis_course_id,
            "integration_id": section.integration_id,
        }
    return body


def state_of(enrollment: Enrollment) -> str:
    """Return the state in Canvas's words: a student's invitation waits as long as the course is not published."""
    is_waiting = enrollment.state == Enrollment.State.INVITED and enrollment.type == BaseType.STUDENT
    if is_waiting and enrollment.section.course.workflow_state == Course.State.UNPUBLISHED:
        return Enrollment.State.CREATION_PENDING
    return enrollment.state


def brief_enrollment(enrollment: Enrollment, access: EnrollmentAccess, totals: Totals) -> BriefEnrollment:
    """Return an enrollment as listed in the `enrollments` of a course."""
    body: BriefEnrollment = {
        "type": SHORT_TYPES[BaseType(enrollment.type)],
        "role": enrollment.role.name,
        "role_id": enrollment.role_id,
        "user_id": enrollment.user_id,
        "enrollment_state": state_of(enrollment),
        "limit_privileges_to_course_section": enrollment.limit_privileges_to_course_section,
    }
    if enrollment.associated_user_id is not None:
        body["associated_user_id"] = enrollment.associated_user_id
    if enrollment.type == BaseType.STUDENT and access.grades(enrollment):
        figures = figures_of(enrollment, totals, access.total(enrollment))
        body |= {
            "computed_current_score": figures.current_score,
            "computed_current_grade": figures.current_grade,
            "computed_final_score": figures.final_score,
            "computed_final_grade": figures.final_grade,
        }
    return body


def enrollment_body(
    enrollment: Enrollment,
    access: EnrollmentAccess,
    totals: Totals,
    address: Address,
    include: Collection[str] = (),
    *,
    with_user: bool = True,
) -> EnrollmentBody:
    """Return an enrollment, as far as the reader behind `access` may know it."""
    course, keys = enrollment.section.course, access.keys(enrollment)
    path = f"/courses/{course.pk}"
    body: EnrollmentBody = {
        "id": enrollment.pk,
        "course_id": course.pk,
        "course_section_id": enrollment.section_id,
        "enrollment_state": state_of(enrollment),
        "type": enrollment.type,
        "role": enrollment.role.name,
        "role_id": enrollment.role_id,
        "user_id": enrollment.user_id,
        "associated_user_id": enrollment.associated_user_id,
        "limit_privileges_to_course_section": enrollment.limit_privileges_to_course_section,
        "created_at": enrollment.created_at,
        "updated_at": enrollment.updated_at,
        "start_at": enrollment.start_at,
        "end_at": enrollment.end_at,
        "html_url": address(f"{path}/users/{enrollment.user_id}"),
        "root_account_id": [*course.account.ancestors, course.account_id][0],
        "last_activity_at": None,
        "last_attended_at": None,
        "total_activity_time": None,
    }
    if Permission.READ_SIS in keys:
        body["sis_user_id"] = enrollment.user.sis_user_id
    # A person who reads their own SIS id may not read those of the course.
    keys_of_course = access.keys_of_course(enrollment)
    if Permission.READ_SIS in keys_of_course:
        body |= {
            "sis_account_id": course.account.sis_account_id,
            "sis_course_id": course.sis_course_id,
            "course_integration_id": course.integration_id,
            "sis_section_id": enrollment.section.sis_section_id,
            "section_integration_id": enrollment.section.integration_id,
        }
    if Permission.MANAGE_SIS in keys_of_course:
        body["sis_import_id"] = enrollment.sis_import_id
    if "can_be_removed" in include:
        body["can_be_removed"] = access.removes(enrollment)
    if enrollment.type == BaseType.STUDENT and access.grades(enrollment):
        body["grades"] = _grades(enrollment, access, totals, address(f"{path}/grades/{enrollment.user_id}"))
    if with_user:
        body["user"] = user_body(enrollment.user, keys, include)
        if access.is_unsettled(enrollment):
            body["user"].pop("pronouns", None)
    if "observed_users" in include and enrollment.associated_user:
        body["observed_user"] = user_body(enrollment.associated_user, access.keys_of_observed(enrollment), include)
    return body


def _grades(enrollment: Enrollment, access: EnrollmentAccess, totals: Totals, html_url: str) -> Grades:
    sees = access.total(enrollment)
    figures = figures_of(enrollment, totals, sees)
    grades: Grades = {
        "html_url": html_url,
        "current_score": figures.current_score,
        "current_grade": figures.current_grade,
        "final_score": figures.final_score,
        "final_grade": figures.final_grade,
    }
    if access.sees_held_back(enrollment):
        unposted = figures_of(enrollment, totals, sees, sees_held_back=True)
        grades |= {
            "unposted_current_score": unposted.current_score,
            "unposted_current_grade": unposted.current_grade,
            "unposted_final_score": unposted.final_score,
            "unposted_final_grade": unposted.final_grade,
        }
    return grades

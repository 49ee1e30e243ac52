"""The shapes of what the API says of terms, courses, sections and enrollments: see accounts/api/bodies.py."""

# No postponed annotations here: Python 3.11 would not see which keys are NotRequired.
from datetime import datetime
from typing import Any, NotRequired, TypedDict

from accounts.api.body_types import AccountBody, UserBody


class TermBody(TypedDict):
    """A term, as it stands in a course."""

    id: int
    name: str
    start_at: datetime | None
    end_at: datetime | None


class ListedTermBody(TermBody):
    """A term of an account's list; `overrides` are its dates for some types of enrollment."""

    workflow_state: str
    created_at: datetime
    grading_period_group_id: None
    overrides: dict[str, Any]
    # With read_sis.
    sis_term_id: NotRequired[str | None]
    # On request, for whoever sees the list of all courses.
    course_count: NotRequired[int]


class TermsListBody(TypedDict):
    """The terms, wrapped as Canvas wraps them."""

    enrollment_terms: list[ListedTermBody]


class SectionBody(TypedDict):
    """A section of a course."""

    id: int
    name: str
    course_id: int
    nonxlist_course_id: int | None
    start_at: datetime | None
    end_at: datetime | None
    created_at: datetime
    restrict_enrollments_to_section_dates: bool
    # With read_sis.
    sis_section_id: NotRequired[str | None]
    sis_course_id: NotRequired[str | None]
    integration_id: NotRequired[str | None]
    # On request.
    total_students: NotRequired[int]
    students: NotRequired[list[UserBody]]


class BriefEnrollment(TypedDict):
    """An enrollment, as it stands in a course of somebody's list."""

    type: str
    role: str
    role_id: int
    user_id: int
    enrollment_state: str
    limit_privileges_to_course_section: bool
    # Of an observer: whom they observe.
    associated_user_id: NotRequired[int]
    # Of a student, for whoever may see the grades.
    computed_current_score: NotRequired[float | None]
    computed_current_grade: NotRequired[str | None]
    computed_final_score: NotRequired[float | None]
    computed_final_grade: NotRequired[str | None]


class CoursePermissions(TypedDict):
    """What the apps may offer in a course."""

    create_announcement: bool
    create_discussion_topic: bool


class FixedOfCourse(TypedDict):
    """What is the same for all courses here."""

    license: str
    public_syllabus: bool
    public_syllabus_to_auth: bool
    is_public_to_auth_users: bool
    public_description: None
    storage_quota_mb: int
    open_enrollment: bool
    self_enrollment: bool
    allow_student_assignment_edits: bool
    allow_wiki_comments: bool
    allow_student_forum_attachments: bool
    blueprint: bool
    template: bool
    homeroom_course: bool
    grading_standard_id: None
    locale: None
    course_color: None
    friendly_name: None
    access_restricted_by_date: bool


class CalendarAddress(TypedDict):
    """Where a calendar can be subscribed to: nowhere yet."""

    ics: None


class TabBody(TypedDict):
    """A page of a course, for whoever is shown it: `members` are all who are in it, `admins` who run it."""

    id: str
    label: str
    html_url: str
    full_url: str
    type: str
    visibility: str
    position: int


class CourseSettings(TypedDict):
    """What Canvas lets a school choose for a course; most of it is the same for all courses here."""

    allow_student_discussion_topics: bool
    allow_student_forum_attachments: bool
    allow_student_discussion_editing: bool
    allow_student_organized_groups: bool
    lock_all_announcements: bool
    show_announcements_on_home_page: bool
    home_page_announcement_limit: int
    syllabus_course_summary: bool
    restrict_student_past_view: bool
    restrict_student_future_view: bool
    restrict_quantitative_data: bool
    hide_final_grades: bool
    hide_distribution_graphs: bool
    hide_sections_on_course_users_page: bool
    grading_standard_enabled: bool
    grading_standard_id: None
    filter_speed_grader_by_student_group: bool
    usage_rights_required: bool
    homeroom_course: bool
    conditional_release: bool


class TeacherBody(TypedDict):
    """A teacher, as they stand in a course."""

    id: int
    display_name: str
    avatar_image_url: None
    html_url: str
    pronouns: str | None


class CourseBody(FixedOfCourse):
    """A course."""

    id: int
    name: str
    course_code: str
    original_name: None
    account_id: int
    root_account_id: int
    enrollment_term_id: int | None
    workflow_state: str
    start_at: datetime | None
    end_at: datetime | None
    created_at: datetime
    default_view: str
    is_public: bool
    hide_final_grades: bool
    apply_assignment_group_weights: bool
    restrict_enrollments_to_course_dates: bool
    time_zone: str
    uuid: str
    course_format: str | None
    grade_passback_setting: str | None
    calendar: CalendarAddress
    # With read_sis.
    sis_course_id: NotRequired[str | None]
    integration_id: NotRequired[str | None]
    # On request.
    term: NotRequired[TermBody | None]
    syllabus_body: NotRequired[str | None]
    permissions: NotRequired[CoursePermissions]
    sections: NotRequired[list[SectionBody]]
    teachers: NotRequired[list[TeacherBody]]
    # Instead of them, where there are more than are wanted.
    teacher_count: NotRequired[int]
    total_students: NotRequired[int]
    account_name: NotRequired[str]
    concluded: NotRequired[bool]
    is_favorite: NotRequired[bool]
    image_download_url: NotRequired[None]
    grading_scheme: NotRequired[list[list[Any]] | None]
    account: NotRequired[AccountBody]
    tabs: NotRequired[list[TabBody]]
    settings: NotRequired[CourseSettings]
    # In one's own list: one's enrollments, on request those of the students one observes.
    enrollments: NotRequired[list[BriefEnrollment]]


class Grades(TypedDict):
    """How a student stands in a course."""

    html_url: str
    current_score: float | None
    current_grade: str | None
    final_score: float | None
    final_grade: str | None
    # For those who grade: with what is not released yet.
    unposted_current_score: NotRequired[float | None]
    unposted_current_grade: NotRequired[str | None]
    unposted_final_score: NotRequired[float | None]
    unposted_final_grade: NotRequired[str | None]


class EnrollmentBody(TypedDict):
    """An enrollment, as far as the reader may know it."""

    id: int
    course_id: int
    course_section_id: int
    enrollment_state: str
    type: str
    role: str
    role_id: int
    user_id: int
    associated_user_id: int | None
    limit_privileges_to_course_section: bool
    created_at: datetime
    updated_at: datetime
    start_at: datetime | None
    end_at: datetime | None
    html_url: str
    root_account_id: int
    # When people were last in a course, and for how long, is not recorded.
    last_activity_at: None
    last_attended_at: None
    total_activity_time: None
    # With read_sis.
    sis_user_id: NotRequired[str | None]
    sis_account_id: NotRequired[str | None]
    sis_course_id: NotRequired[str | None]
    course_integration_id: NotRequired[str | None]
    sis_section_id: NotRequired[str | None]
    section_integration_id: NotRequired[str | None]
    # With manage_sis.
    sis_import_id: NotRequired[int | None]
    # On request.
    can_be_removed: NotRequired[bool]
    # Of a student, for whoever may see the grades.
    grades: NotRequired[Grades]
    # Not where the enrollment stands within the person.
    user: NotRequired[UserBody]
    # On request, of an observer of one student.
    observed_user: NotRequired[UserBody]


class PersonBody(UserBody):
    """A person of a course."""

    enrollments: NotRequired[list[EnrollmentBody]]
    observed_users: NotRequired[list[UserBody]]


class ChangedUserBody(UserBody):
    """A person as they are after a change."""

    locale: str | None


class LoginBody(TypedDict):
    """A login; everybody has one, with the person's own id."""

    id: int
    user_id: int
    account_id: int
    authentication_provider_id: int
    authentication_provider_type: str
    workflow_state: str
    created_at: datetime
    # With view_user_logins.
    unique_id: NotRequired[str]
    declared_user_type: NotRequired[str | None]
    # With read_sis.
    sis_user_id: NotRequired[str | None]
    integration_id: NotRequired[str | None]


class ChannelBody(TypedDict):
    """An address at which a person is written to; its id is the person's own."""

    id: int
    address: str
    type: str
    position: int
    user_id: int
    workflow_state: str
    created_at: datetime
    last_bounce_at: None
    last_suppression_bounce_at: None


class AdminBody(TypedDict):
    """An admin role that somebody holds on an account."""

    id: int
    role: str
    role_id: int
    user: UserBody
    workflow_state: str


class SuccessBody(TypedDict):
    """That it was done."""

    success: bool


class CourseEndedBody(TypedDict, total=False):
    """Which of the two was done."""

    delete: bool
    conclude: bool

"""Who is in which course, as what; and which courses a link limited to some courses opens."""

from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import COURSE_BASE_TYPES, BaseType, ObservationLink, Role, User
from accounts.models.sis import sis_import_id, stuck_sis_fields
from courses.models.course import Course, Section
from courses.models.dates import has_begun


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    def live(self) -> EnrollmentQuerySet:
        """Return the enrollments that are active, invited or pending."""
        return self.filter(state__in=Enrollment.LIVE)

    def present(self) -> EnrollmentQuerySet:
        """Return the enrollments that are not deleted, declined by the person, or in a deleted section or course."""
        found = self.exclude(state__in=Enrollment.GONE).filter(section__workflow_state=Section.State.ACTIVE)
        return found.exclude(section__course__workflow_state=Course.State.DELETED)

    def within(self, sections: Collection[int] | None) -> EnrollmentQuerySet:
        """Return the enrollments in these sections; None means all (see courses.access.permissions.sections_seen)."""
        return self if sections is None else self.filter(section__in=sections)

    def begun(self) -> EnrollmentQuerySet:
        """Return the enrollments that have begun, by all dates that count: see courses/models/dates.py."""
        return self.filter(has_begun())

    def open(self) -> EnrollmentQuerySet:
        """Return the enrollments with which the course can be read: it is published (or concluded), and they have
        begun.
        """
        return self.begun().filter(section__course__workflow_state__in=Course.READABLE)

    def settled(self) -> EnrollmentQuerySet:
        """Return the enrollments that have been accepted: the others are invitations, whatever staff did to them
        meanwhile.

        Anyone who can add people can invite everybody: until the invitation is accepted, it gives no permission to know
        more than the name, or to act for them (courses/access/consent.py).
        """
        return self.filter(accepted_at__isnull=False)

    def students(self) -> EnrollmentQuerySet:
        return self.filter(type=BaseType.STUDENT)


class Enrollment(models.Model):
    """`user` is in `section` with `role`; an observer's may name the student observed (`associated_user`)."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        INVITED = "invited", _("Invited")
        CREATION_PENDING = "creation_pending", _("Pending")
        INACTIVE = "inactive", _("Inactive")
        COMPLETED = "completed", _("Completed")
        REJECTED = "rejected", _("Rejected")
        DELETED = "deleted", _("Deleted")

    class Through(models.TextChoices):
        """How a person came to be accepted as enrolled."""

        PERSON = "person", _("The person's own answer")
        INSTITUTION = "institution", _("A roster, or staff of the whole institution")
        LINK = "link", _("A link between observer and student")
        STAFF = "staff", _("Staff of the course, who knew them already or added someone who belonged nowhere")

    LIVE = (State.ACTIVE, State.INVITED, State.CREATION_PENDING)
    GONE = (State.DELETED, State.REJECTED)
    UNANSWERED = (State.INVITED, State.CREATION_PENDING)
    ACCEPTED = (State.ACTIVE, State.INACTIVE, State.COMPLETED)
    # In these states a person belongs to the course: is in it, may still join, or was in it to its end.
    COUNTED = (*LIVE, State.COMPLETED)

    user = models.ForeignKey(User, models.PROTECT, related_name="enrollments")
    section = models.ForeignKey(Section, models.PROTECT, db_index=False, related_name="enrollments")
    role = models.ForeignKey(Role, models.PROTECT, related_name="+")
    type = models.CharField(max_length=32, choices=[(base.value, base.label) for base in COURSE_BASE_TYPES])
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    associated_user = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, db_index=False, related_name="observer_enrollments"
    )
    start_at = models.DateTimeField(null=True, blank=True)
    end_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    # Consent is a fact of its own, and no state that staff can set: courses/access/consent.py.
    accepted_at = models.DateTimeField(null=True, blank=True)
    accepted_through = models.CharField(max_length=16, choices=Through.choices, blank=True, db_default="")
    limit_privileges_to_course_section = models.BooleanField(default=False)
    # An observer's enrollment that a link has created and that ends with it; one set up by the school does not.
    only_by_link = models.BooleanField(default=False, db_default=False)
    # By their own ids, what the records say of which rosters know several for one enrollment: state, begin, end.
    sis_records = models.JSONField(
        default=dict, db_default=models.Value({}, models.JSONField()), blank=True, editable=False
    )
    sis_import_id = sis_import_id()
    stuck_sis_fields = stuck_sis_fields()
    # The database sets these two as well: links make and change enrollments in plain SQL.
    created_at = models.DateTimeField(db_default=models.functions.Now())
    updated_at = models.DateTimeField(db_default=models.functions.Now())

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        constraints = [
            # That `type` is the role's base type is kept by a foreign key of two columns: see courses/guards.py. Who is
            # in a section is found by this index, too.
            models.UniqueConstraint(
                fields=["section", "user", "role", "associated_user"],
                nulls_distinct=False,
                name="one_enrollment_of_a_kind",
            ),
            models.UniqueConstraint(
                fields=["associated_user", "user", "section"],
                condition=~Q(associated_user=None) & ~Q(state__in=["deleted", "rejected"]),
                name="observes_a_student_once_in_a_section",
            ),
            models.CheckConstraint(
                condition=Q(associated_user=None) | (Q(type=BaseType.OBSERVER) & ~Q(associated_user=F("user"))),
                name="only_observers_observe_and_never_themselves",
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "active",
                        "invited",
                        "creation_pending",
                        "inactive",
                        "completed",
                        "rejected",
                        "deleted",
                    ]
                ),
                name="enrollment_state_is_known",
            ),
            # A linked observer has an enrollment beside a student's invitation, too.
            models.CheckConstraint(
                condition=~Q(state__in=["active", "inactive", "completed"])
                | Q(accepted_at__isnull=False)
                | Q(associated_user__isnull=False),
                name="nobody_is_enrolled_without_consent",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["invited", "creation_pending", "rejected"]) | Q(accepted_at=None),
                name="an_invitation_is_no_consent",
            ),
            models.CheckConstraint(
                condition=Q(accepted_at=None, accepted_through="")
                | (Q(accepted_at__isnull=False) & ~Q(accepted_through="")),
                name="consent_says_through_what",
            ),
        ]
        indexes = [
            models.Index(
                fields=["associated_user", "user"],
                name="observers_of_a_student",
                condition=~Q(associated_user=None),
            ),
            # A first roster has hardly any.
            models.Index(fields=["state"], name="enrollments_not_active", condition=~Q(state="active")),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in section {self.section_id}: {self.type} {self.state}"

    @property
    def is_observing(self) -> bool:
        """Whether somebody is there as the observer of a student."""
        return self.associated_user_id is not None


class LinkCourse(models.Model):
    """A course that a link limited to some courses (scope `courses`) opens."""

    link = models.ForeignKey(ObservationLink, models.CASCADE, db_index=False, related_name="courses")
    course = models.ForeignKey(Course, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "course"], name="link_names_a_course_once")]

    def __str__(self) -> str:
        return f"link {self.link_id}: course {self.course_id}"

"""Who is in which course, as what; and which courses a link limited to some courses opens."""

from __future__ import annotations

from collections.abc import Collection

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import COURSE_BASE_TYPES, BaseType, ObservationLink, Role, User
from accounts.models.sis import sis_import_id, stuck_sis_fields
from courses.models.course import Course, Section


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    def live(self) -> EnrollmentQuerySet:
        """Active, invited or pending."""
        return self.filter(state__in=Enrollment.LIVE)

    def present(self) -> EnrollmentQuerySet:
        """Not deleted, nor refused by the person, nor in a deleted section or course."""
        return self.exclude(state__in=Enrollment.GONE).filter(
            section__workflow_state=Section.State.ACTIVE, section__course__in=Course.objects.present()
        )

    def within(self, sections: Collection[int] | None) -> EnrollmentQuerySet:
        """Those in these sections; None stands for all (see courses.permissions.sections_seen)."""
        return self if sections is None else self.filter(section__in=sections)

    def settled(self) -> EnrollmentQuerySet:
        """Without the invitations, not answered yet, of people who belong elsewhere already.

        Whoever can add people can invite anybody: until the invitation is accepted it gives no right to know more of
        them, nor to act for them. Somebody new, who is nowhere else, is taken for what they are invited as.
        """
        elsewhere = Enrollment.objects.present().filter(user=OuterRef("user"), state__in=Enrollment.ACCEPTED)
        return self.filter(~Q(state__in=Enrollment.UNANSWERED) | ~Exists(elsewhere))

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

    LIVE = (State.ACTIVE, State.INVITED, State.CREATION_PENDING)
    GONE = (State.DELETED, State.REJECTED)
    UNANSWERED = (State.INVITED, State.CREATION_PENDING)
    ACCEPTED = (State.ACTIVE, State.INACTIVE, State.COMPLETED)

    user = models.ForeignKey(User, models.PROTECT, related_name="enrollments")
    section = models.ForeignKey(Section, models.PROTECT, related_name="enrollments")
    role = models.ForeignKey(Role, models.PROTECT, related_name="+")
    type = models.CharField(max_length=32, choices=[(base.value, base.label) for base in COURSE_BASE_TYPES])
    state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    associated_user = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="observer_enrollments"
    )
    start_at = models.DateTimeField(null=True, blank=True)
    end_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    limit_privileges_to_course_section = models.BooleanField(default=False)
    sis_import_id = sis_import_id()
    stuck_sis_fields = stuck_sis_fields()
    # The database sets these two as well: links make and change enrollments in plain SQL.
    created_at = models.DateTimeField(db_default=models.functions.Now())
    updated_at = models.DateTimeField(db_default=models.functions.Now())

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        constraints = [
            # That `type` is the role's base type is kept by a foreign key of two columns: see courses/guards.py.
            models.UniqueConstraint(
                fields=["section", "user", "type", "role", "associated_user"],
                nulls_distinct=False,
                name="one_enrollment_of_a_kind",
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
        ]
        indexes = [
            models.Index(
                fields=["associated_user", "user"],
                name="observers_of_a_student",
                condition=~Q(associated_user=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in section {self.section_id}: {self.type} {self.state}"


class LinkCourse(models.Model):
    """A course that a link limited to some courses (scope `courses`) opens."""

    link = models.ForeignKey(ObservationLink, models.CASCADE, related_name="courses")
    course = models.ForeignKey(Course, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["link", "course"], name="link_names_a_course_once")]

    def __str__(self) -> str:
        return f"link {self.link_id}: course {self.course_id}"

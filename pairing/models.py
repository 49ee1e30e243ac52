"""Pairing codes."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, User
from courses.models import Course
from pairing.code_text import spelled

LIVE_CODES_PER_STUDENT = 5


class Objection(models.Model):
    """A student's report about an observer who should not be one; open until someone resolves it."""

    student = models.ForeignKey(User, models.PROTECT, related_name="objections")
    observer = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["student", "observer"], condition=Q(settled_at=None), name="one_open_report_of_an_observer"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} about {self.observer_id}"


class PairingCodeQuerySet(models.QuerySet["PairingCode"]):
    def open(self) -> PairingCodeQuerySet:
        """Return the codes that are neither used nor revoked, including expired ones."""
        return self.filter(used_at=None, revoked_at=None)

    def used(self) -> PairingCodeQuerySet:
        """Return the codes that have linked an observer. Look them up by their digest, for which there is an index."""
        return self.filter(used_at__isnull=False)

    def live(self, now: datetime | None = None) -> PairingCodeQuerySet:
        """Return the codes that would link an observer now, oldest (the next to end) first."""
        return self.open().filter(expires_at__gt=now or timezone.now()).order_by("issued_at", "id")


class PairingCode(models.Model):
    """One code, of which only a keyed digest and the last two characters are kept (design, rule 3).

    It is looked up by its digest, and while it is open by its student, for which there are unique indexes.
    """

    student = models.ForeignKey(User, models.PROTECT, db_index=False, related_name="pairing_codes")
    digest = models.BinaryField(max_length=32)
    hint = models.CharField(max_length=2, help_text=_("The last two characters, to tell one code from another."))
    # The slot of an open code among the student's five. Through the unique index on it, the database itself
    # refuses a sixth, however many requests come at once.
    slot = models.PositiveSmallIntegerField()
    course = models.ForeignKey(
        Course,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text=_("Empty for all courses."),
    )
    account = models.ForeignKey(
        Account,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="+",
        help_text=_("Opens the courses the student takes there and below when the code is used."),
    )
    issued_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    used_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, db_index=False, related_name="+")
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = PairingCodeQuerySet.as_manager()

    class Meta:
        indexes = [
            # Tells a text that was a code once from a guess.
            models.Index(
                fields=["digest"],
                condition=Q(used_at__isnull=False) | Q(revoked_at__isnull=False),
                name="ended_codes_by_digest",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["digest"], condition=Q(used_at=None, revoked_at=None), name="open_code_is_unique"
            ),
            models.UniqueConstraint(
                fields=["student", "slot"],
                condition=Q(used_at=None, revoked_at=None),
                name="five_open_codes_at_most",
            ),
            models.CheckConstraint(
                condition=Q(slot__gte=1, slot__lte=LIVE_CODES_PER_STUDENT), name="code_slot_is_1_to_5"
            ),
            models.CheckConstraint(condition=Q(course=None) | Q(account=None), name="code_is_limited_to_one_thing"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("issued_at")), name="code_expires_after_issue"),
            models.CheckConstraint(condition=Q(used_at=None) | Q(revoked_at=None), name="code_is_used_or_revoked"),
            models.CheckConstraint(
                condition=Q(used_at=None, used_by=None) | Q(used_at__isnull=False, used_by__isnull=False),
                name="used_code_says_by_whom",
            ),
            models.CheckConstraint(
                condition=Q(used_by=None) | ~Q(used_by=F("student")), name="code_never_links_its_own"
            ),
        ]

    def __str__(self) -> str:
        return f"code {self.pk} for {self.student_id}"

    @property
    def is_live(self) -> bool:
        """Whether the code would link an observer now."""
        return self.used_at is None and self.revoked_at is None and self.expires_at > timezone.now()

    @property
    def masked(self) -> str:
        """What may be shown of an existing code: `••••xy`."""
        return "••••" + self.hint

    @property
    def spelled_hint(self) -> str:
        """The last characters for a screen reader: `lowercase x, lowercase y`."""
        return ", ".join(spelled(self.hint))

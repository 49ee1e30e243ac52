"""Roles, their permissions, and who has one in an account."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models.account import Account
from accounts.models.sis import sis_import_id
from accounts.models.user import User
from accounts.text.fields import Text, check_printable, check_readable


class BaseType(models.TextChoices):
    """The kind of a role, in Canvas's words; the first five are course roles."""

    STUDENT = "StudentEnrollment", _("Student")
    TEACHER = "TeacherEnrollment", _("Teacher")
    TA = "TaEnrollment", _("TA")
    DESIGNER = "DesignerEnrollment", _("Designer")
    OBSERVER = "ObserverEnrollment", _("Observer")
    ACCOUNT_ADMIN = "AccountAdmin", _("Account Admin")
    ACCOUNT_MEMBERSHIP = "AccountMembership", _("Account membership")


COURSE_BASE_TYPES = tuple(BaseType)[:5]


class RoleManager(models.Manager["Role"]):
    def make_built_in(self) -> None:
        """Create the built-in role of each base type that is missing."""
        self.bulk_create(
            [Role(label=str(base.label), base_type=base, account=None) for base in BaseType],
            ignore_conflicts=True,
        )

    def built_in(self, base_type: str) -> Role:
        """Return the built-in role of this base type, such as `StudentEnrollment`."""
        return self.get(account=None, base_type=base_type)


class Role(models.Model):
    """A named set of permissions. Built-in roles belong to no account; custom ones to the account that created them."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        INACTIVE = "inactive", _("Inactive")

    label = Text(
        validators=[check_readable, check_printable],
        complaints={
            **dict.fromkeys(("blank", "unreadable"), ("blank", _("Enter a name for the role."))),
            **dict.fromkeys(
                ("invalid", "max_length"),
                ("invalid", _("A role name can have at most 255 characters and no invisible ones.")),
            ),
        },
    )
    base_type = models.CharField(max_length=32, choices=BaseType.choices)
    account = models.ForeignKey(Account, models.PROTECT, null=True, blank=True, related_name="roles")
    workflow_state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RoleManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["base_type"], condition=Q(account=None), name="one_built_in_role_of_each_type"
            ),
            models.UniqueConstraint(
                F("account"),
                Lower("label"),
                name="role_label_is_unique_in_account",
                violation_error_code="taken",
                violation_error_message=_("A role with this name already exists."),
            ),
            # The target of the enrollments' two-column foreign key: see courses/guards.py.
            models.UniqueConstraint(fields=["id", "base_type"], name="role_with_base_type"),
            models.CheckConstraint(condition=Q(base_type__in=BaseType.values), name="role_base_type_is_known"),
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def name(self) -> str:
        """What Canvas's API calls the role: the base type for a built-in one, else its label."""
        return self.base_type if self.account_id is None else self.label


class RoleOverride(models.Model):
    """In `account` (and below it), `role` does or does not have `permission`, whatever its default."""

    account = models.ForeignKey(Account, models.CASCADE, db_index=False, related_name="role_overrides")
    role = models.ForeignKey(Role, models.CASCADE, related_name="overrides")
    permission = models.CharField(max_length=64)
    enabled = models.BooleanField(null=True, help_text=_("Empty to inherit from above or the default."))
    locked = models.BooleanField(default=False)
    applies_to_self = models.BooleanField(default=True)
    applies_to_descendants = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "role", "permission"], name="one_override_for_account_role_permission"
            )
        ]

    def __str__(self) -> str:
        return f"{self.role_id} {self.permission} in {self.account_id}: {self.enabled}"


class AccountAdmin(models.Model):
    """`user` has `role` in `account`, and so in everything below it."""

    class State(models.TextChoices):
        ACTIVE = "active", _("Active")
        DELETED = "deleted", _("Deleted")

    user = models.ForeignKey(User, models.PROTECT, db_index=False, related_name="account_admins")
    account = models.ForeignKey(Account, models.PROTECT, related_name="account_admins")
    role = models.ForeignKey(Role, models.PROTECT, related_name="+")
    workflow_state = models.CharField(max_length=16, choices=State.choices, default=State.ACTIVE)
    sis_import_id = sis_import_id()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "account", "role"], name="one_admin_for_user_account_role")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} on {self.account_id}"

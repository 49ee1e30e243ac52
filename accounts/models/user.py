"""People, their logins (one login for each person) and their access tokens for the API, stored as digests."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Upper
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models.search import SearchedQuerySet
from accounts.models.sis import sis_import_id, stuck_sis_fields
from accounts.password_marks import hashed_anew
from accounts.text.collation import EmailKey, LoginField, LoginKey, LoginShape, sort_key
from accounts.text.fields import LONGEST, LONGEST_LOGIN, Complaints, EmailText, Name, SisId, Text, check_login
from accounts.text.names import UNTIDY, family_of, first_name, parts_of, sortable
from accounts.text.search import search_words

NO_EMAIL = _("Enter an email address, such as name@example.org.")
SHORT: Complaints = {"max_length": ("invalid", _("This is too long."))}
OTHER_NAME: Complaints = {**SHORT, "unreadable": ("invalid", _("This name has no readable characters."))}
PERSONS_ID: Complaints = {**SHORT, "unique": ("taken", _("Someone else already has this SIS ID or integration ID."))}
# A login is taken by who is here; that of somebody deleted is free.
LOGIN_TAKEN: dict[str, Any] = {
    "condition": ~Q(state="deleted"),
    "violation_error_code": "taken",
    "violation_error_message": _("An account with this login already exists."),
}


class UserQuerySet(SearchedQuerySet["User"]):
    def present(self) -> UserQuerySet:
        """Return everyone who has not been deleted."""
        return self.exclude(state=User.State.DELETED)

    def with_email(self, address: str) -> UserQuerySet:
        """Return everyone with this email address, in any case."""
        return self.alias(email_key=EmailKey("email")).filter(email_key=EmailKey(Value(address))).exclude(email="")

    def by_name(self) -> UserQuerySet:
        """Return people in the order of a class list: sortable name, then id."""
        return self.order_by("sort_key", "id")


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    def create_user(
        self, login_id: str, password: str | None = None, *, name: str, password_hash: str = "", **fields: Any
    ) -> User:
        """Make and save a person; without a password, or the hash of one, nobody can sign in as them."""
        user = User(login_id=login_id, name=name, **fields)
        user.set_password(password)
        user.password = password_hash or user.password
        user.save()
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(login_id__iexact=username)


class User(AbstractBaseUser):
    """A person. Enrollments and links decide what they are (student, teacher, observer), not this table."""

    class State(models.TextChoices):
        PRE_REGISTERED = "pre_registered", _("Invited")
        REGISTERED = "registered", _("Registered")
        SUSPENDED = "suspended", _("Suspended")
        DELETED = "deleted", _("Deleted")

    name = Name(
        complaints={
            "unreadable": ("blank", _("This name has no readable characters. Enter a name with letters.")),
            "max_length": ("invalid", _("This name is too long. Use at most 255 characters.")),
        }
    )
    sortable_name = Name(complaints=OTHER_NAME)
    short_name = Name(complaints=OTHER_NAME)
    # The database computes these from the names, whichever code writes them: see accounts/text/.
    search_words = search_words("sortable_name", "name", "short_name")
    sort_key = sort_key("sortable_name")
    login_id = LoginField(
        max_length=LONGEST_LOGIN,
        validators=[check_login],
        complaints={
            "blank": ("invalid", _("Enter a login.")),
            "invalid": ("invalid", _("A login can have at most 100 characters and no invisible ones.")),
        },
    )
    email = EmailText(blank=True, complaints={**SHORT, "invalid": ("invalid", NO_EMAIL)})
    sis_user_id = SisId(null=True, complaints=PERSONS_ID)
    integration_id = SisId(null=True, complaints=PERSONS_ID)
    locale = Text(max_length=16, blank=True, complaints=SHORT)
    time_zone = Text(max_length=64, blank=True, complaints=SHORT)
    state = models.CharField(max_length=16, choices=State.choices, default=State.REGISTERED)
    initial_enrollment_type = Text(max_length=16, blank=True, complaints=SHORT)
    terms_accepted_at = models.DateTimeField(null=True, blank=True)
    # Incrementing it ends every session: see get_session_auth_hash.
    session_epoch = models.PositiveIntegerField(default=0)
    pronouns = Text(blank=True, db_default="", complaints=SHORT)
    declared_user_type = models.CharField(max_length=16, blank=True, db_default="")
    # What a school may declare somebody to be.
    DECLARED_TYPES = ("administrative", "observer", "staff", "student", "student_other", "teacher")
    # Of the password that a roster file has set (accounts/password_marks.py); empty: none.
    sis_password_mark = models.CharField(max_length=128, blank=True, db_default="", editable=False)
    sis_import_id = sis_import_id()
    # The last roster import that changed something about this person; most only name them.
    sis_changed_id = models.BigIntegerField(null=True, blank=True, editable=False)
    stuck_sis_fields = stuck_sis_fields()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    # Not stored, and given by `acted_by` only.
    _actor: User | None = None

    USERNAME_FIELD = "login_id"
    EMAIL_FIELD = "email"

    class Meta:
        constraints = [
            # Searches find logins by their beginnings.
            models.UniqueConstraint(
                OpClass(LoginKey("login_id"), "text_pattern_ops"), name="login_is_unique_in_any_case", **LOGIN_TAKEN
            ),
            models.UniqueConstraint(LoginShape("login_id"), name="login_is_unique_in_its_looks", **LOGIN_TAKEN),
            models.CheckConstraint(condition=~Q(login_id=""), name="login_is_not_empty"),
            *(
                models.CheckConstraint(condition=~Q(**{f"{name}__regex": UNTIDY}), name=f"{name}_is_tidy")
                for name in ("name", "sortable_name", "short_name", "pronouns")
            ),
        ]
        indexes = [
            models.Index(fields=["sort_key", "id"], name="users_in_class_list_order"),
            models.Index(EmailKey("email"), "id", name="users_by_email"),
            models.Index(OpClass(Upper("sis_user_id"), "text_pattern_ops"), name="users_by_sis_id"),
            # Most have never signed in when they come with a roster.
            models.Index(fields=["last_login"], name="users_by_last_sign_in", condition=Q(last_login__isnull=False)),
            GinIndex(fields=["search_words"], name="users_by_words"),
        ]

    def __str__(self) -> str:
        return self.short_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.short_name = self.short_name or self.name
        self.sortable_name = self.sortable_name or sortable(self.name)[:LONGEST].rstrip()
        super().save(*args, **kwargs)

    def check_password(self, raw_password: str | None) -> bool:
        """Return whether this is the person's password; one that was hashed in an older way is hashed anew by it."""
        return check_password(raw_password, self.password, self._hash_anew)

    def _hash_anew(self, password: str) -> None:
        """Store another hash of the same password, which remains the roster's if a roster has given it."""
        encoded = make_password(password)
        mark = hashed_anew(self.sis_password_mark, self.password, encoded)
        # Unless somebody has changed it meanwhile.
        same = User.objects.filter(pk=self.pk, password=self.password)
        if same.update(password=encoded, sis_password_mark=mark):
            self.password, self.sis_password_mark = encoded, mark

    def get_session_auth_hash(self) -> str:
        """Return what a session must contain to be this person's: it changes with a new password or a new epoch."""
        return self._of_this_epoch(super().get_session_auth_hash())

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Return the same under earlier secrets."""
        return map(self._of_this_epoch, super().get_session_auth_fallback_hash())

    def _of_this_epoch(self, digest: str) -> str:
        return f"{digest}.{self.session_epoch}"

    @property
    def is_active(self) -> bool:  # type: ignore[override]
        """Whether this person can sign in; Django and the API ask at every request."""
        return self.state in (self.State.REGISTERED, self.State.PRE_REGISTERED)

    @property
    def has_password(self) -> bool:
        """Whether anybody can sign in as this person by a password; rosters leave it empty where they give none."""
        return bool(self.password) and self.has_usable_password()

    @property
    def actor(self) -> User | None:
        """Who acts as this person at the moment, if anybody: see courses/access/act_as.py."""
        return self._actor

    def acted_by(self, actor: User | None) -> User:
        """Return this person with `actor` at work as them; the one at hand stays as it is."""
        other = copy(self)
        other._actor = actor
        return other

    @property
    def person_acting(self) -> User:
        """The person really at work: the one who acts as this person, otherwise this person."""
        return self.actor or self

    @property
    def state_label(self) -> str | Promise:
        """The state in a word: what `get_state_display` says, which takes long in a list of many."""
        return User.State(self.state).label

    @property
    def shown_name(self) -> str:
        """The name a person goes by, with their pronouns if set: `Sam Miller (they/them)`."""
        return f"{self.short_name} ({self.pronouns})" if self.pronouns else self.short_name

    @property
    def listed_name(self) -> str:
        """The name for lists in the order of last names: `Miller, Sam (they/them)`."""
        listed = self.sortable_name
        if self.short_name != self.name:
            family = family_of(self.sortable_name)
            given, own, suffix = parts_of(self.short_name, known_family=family)
            first = " ".join(filter(None, (given, suffix)))
            listed = ", ".join(filter(None, (own or family, first)))
        return f"{listed} ({self.pronouns})" if self.pronouns else listed

    @property
    def discreet_name(self) -> str:
        """The first name a person goes by, and an initial: enough for a parent to recognize, too little
        for a stranger.
        """
        family = family_of(self.sortable_name)
        given = parts_of(self.short_name, known_family=family).given or first_name(self.short_name)
        return f"{given.split()[0]} {family[:1]}." if family and given != family else first_name(self.short_name)


class FurtherSisId(models.Model):
    """Another id by which the school's systems know a person, such as that of a parent who is also a teacher.

    Rosters say so (sis/kinds/logins.py), and rows about it are about the person. What an account is, the rows of the
    person's own `sis_user_id` say; the account ends when the last of the ids does. One that has ended (not `is_live`)
    stays theirs. No id is one person's own and another's further one (accounts/guards.py).

    `was_own`: it was the person's own id until it ended before the others, and will be again when it comes back.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="further_sis_ids")
    sis_user_id = SisId(null=False, blank=False, complaints=PERSONS_ID)
    is_live = models.BooleanField(default=True, db_default=True)
    was_own = models.BooleanField(default=False, db_default=False)
    sis_import_id = sis_import_id()

    def __str__(self) -> str:
        return f"{self.sis_user_id} of {self.user}"


class AccessToken(models.Model):
    """A token that a person uses instead of a password; the text itself is shown once and not stored."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="access_tokens")
    digest = models.BinaryField(max_length=32, unique=True)
    purpose = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(default=timezone.now, help_text=_("To the day."))
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.purpose or self.pk} of {self.user}"

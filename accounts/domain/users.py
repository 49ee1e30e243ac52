"""Change people's accounts: names, login and email, suspending and restoring, ending sessions.

The caller has checked whether `by` may do this to the person: courses/access/accounts.py. What follows when accounts
are suspended, ended or restored is the same by hand and by a roster: those functions take the ids of any number of
people, and need the same few statements for all of them.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.audit import record, record_many
from accounts.domain.events import SessionsEnded, StateChanged, UserChanged, UserDeleted, UserReactivated, UserSuspended
from accounts.domain.locks import lock_users
from accounts.domain.passwords import forget_addresses
from accounts.domain.sis_fields import check_may_set_sis_ids, stick
from accounts.domain.time_zones import zone_complaint, zone_meant
from accounts.domain.tokens import end_tokens
from accounts.domain.validation import Errors, problems_with, refusing_what_is_taken
from accounts.errors import Invalid, NotAllowed
from accounts.models import User
from accounts.text.fields import LONGEST
from accounts.text.names import family_of, sortable, tidied, tidied_login

State = User.State
# A person's id, and their state before and after.
Change = tuple[int, str, str]


def follow_states(changes: Iterable[Change], *, by: User | None, sis_import: int | None = None) -> None:
    """End what must not outlive these changes of state, and record each, with the import that has made it.

    A suspended person is signed out; a person who is deleted, or was until now, finds nothing of what let them in
    before. Call it in the transaction of the changes.
    """
    people: dict[type[StateChanged], list[int]] = defaultdict(list)
    shut: set[int] = set()
    for person, before, after in changes:
        if State.DELETED in (before, after) and before != after:
            shut.add(person)
        if kind := _kind(before, after):
            people[kind].append(person)
    shut_out(shut)
    end_sessions(set(people[UserSuspended]) - shut)
    record_many([(person, kind(sis_import=sis_import)) for kind, found in people.items() for person in found], by=by)


def _kind(before: str, after: str) -> type[StateChanged] | None:
    if before == after:
        return None
    if after in (State.DELETED, State.SUSPENDED):
        return UserDeleted if after == State.DELETED else UserSuspended
    return UserReactivated if before in (State.DELETED, State.SUSPENDED) else None


def end_sessions(people: Collection[int]) -> None:
    """Sign these people out everywhere; void the password links sent to them."""
    if people:
        User.objects.filter(pk__in=people).update(session_epoch=F("session_epoch") + 1)


def shut_out(people: Collection[int]) -> None:
    """End everything that lets these people in except their password: sessions, access tokens, and emailed links."""
    if people:
        end_sessions(people)
        end_tokens(people)
        forget_addresses(people)


LANGUAGE_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
SIS_IDS = ("sis_user_id", "integration_id")


def edit_user(
    user: User,
    *,
    by: User,
    name: str | None = None,
    sortable_name: str | None = None,
    short_name: str | None = None,
    pronouns: str | None = None,
    email: str | None = None,
    login_id: str | None = None,
    sis_user_id: str | None = None,
    integration_id: str | None = None,
    time_zone: str | None = None,
    locale: str | None = None,
    declared_user_type: str | None = None,
) -> User:
    """Change the given fields (None: keep), and return the person as they are now.

    The sortable and the short name follow the name as long as nobody chose them. Raises Invalid, and NotAllowed for a
    SIS id that `by` may not change; then nothing was changed.
    """
    wanted = {
        "name": name,
        "sortable_name": sortable_name,
        "short_name": short_name,
        "pronouns": pronouns,
        "email": email,
        "login_id": login_id,
        "sis_user_id": sis_user_id,
        "integration_id": integration_id,
        "time_zone": time_zone,
        "locale": locale,
        "declared_user_type": declared_user_type,
    }
    given = {
        field: tidied_login(text) if field == "login_id" else tidied(text)
        for field, text in wanted.items()
        if text is not None
    }
    if errors := problems_of_texts(given):
        raise Invalid(errors, of="user")
    if zone := given.get("time_zone"):
        given["time_zone"] = zone_meant(zone) or zone
    with transaction.atomic():
        lock_users([user.pk])
        user.refresh_from_db()
        if user.state == User.State.DELETED:
            raise Invalid({"id": [("invalid", _("This person's account has been deleted."))]}, of="user")
        changed = _changes(user, given)
        _check_may_change(user, changed, by)
        if changed:
            _save(user, changed)
            if "sis_user_id" in changed:
                # Theirs is what it is from now on, and no id that ended before.
                user.further_sis_ids.filter(was_own=True).update(was_own=False)
            if "email" in changed:
                forget_addresses([user.pk])
            record(UserChanged(sorted(changed)), by=by, subject=user)
    return user


def problems_of_texts(given: Mapping[str, str]) -> Errors:
    """Return what is wrong with (tidied) texts about a person, by field; all but name and login may be empty."""
    filled = {field: text for field, text in given.items() if text or field in ("name", "login_id")}
    errors = problems_with(User, filled)
    if (zone := filled.get("time_zone")) and "time_zone" not in errors and (complaint := zone_complaint(zone)):
        errors["time_zone"] = [("invalid", complaint)]
    if (locale := filled.get("locale")) and "locale" not in errors and not LANGUAGE_TAG.fullmatch(locale):
        errors["locale"] = [("invalid", _("Enter a language such as en or pt-BR."))]
    return errors


def _changes(user: User, given: dict[str, str]) -> dict[str, str | None]:
    """Return what is new in `given`, with the names that follow from it."""
    wanted: dict[str, str | None] = {
        field: (text or None) if field in SIS_IDS else text for field, text in given.items()
    }
    name, family = given.get("name", user.name), family_of(user.sortable_name)
    follows = user.sortable_name == sortable(user.name, known_family=family)
    if not given.get("sortable_name", "" if follows else user.sortable_name):
        wanted["sortable_name"] = sortable(name, known_family=family)[:LONGEST].rstrip()
    if not given.get("short_name", "" if user.short_name == user.name else user.short_name):
        wanted["short_name"] = name
    return {field: value for field, value in wanted.items() if getattr(user, field) != value}


def _check_may_change(user: User, changed: dict[str, str | None], by: User) -> None:
    if changed.keys() & set(SIS_IDS):
        # Removing one is a change too.
        check_may_set_sis_ids("changed", by=by)
    if by.actor is not None and user == by and changed.keys() & {"login_id", "email"}:
        raise NotAllowed(_("You cannot change the login or email while you act as this person."))


def _save(user: User, changed: dict[str, str | None]) -> None:
    for field, value in changed.items():
        setattr(user, field, value)
    with refusing_what_is_taken(User, of="user"):
        user.save(update_fields=stick(user, changed))


def accept_terms(user: User, accepts: bool, *, by: User) -> None:
    """Record that a person has accepted the terms of use, as they are now.

    Raises NotAllowed for somebody else, also for one who only acts as them, and Invalid for whoever does not accept.
    """
    if user != by or by.actor is not None:
        raise NotAllowed(_("Only the person themselves can accept the terms of use."))
    if not accepts:
        raise Invalid({"terms_of_use": [("accepted", _("The terms of use can only be accepted here."))]}, of="user")
    with transaction.atomic():
        lock_users([user.pk])
        user.refresh_from_db()
        user.terms_accepted_at = timezone.now()
        user.save(update_fields=["terms_accepted_at"])
        record(UserChanged(["terms_of_use"]), by=by, subject=user)


def suspend(user: User, *, by: User) -> None:
    """Keep a person out: sessions end right away, and access tokens do not work, until `reactivate`.

    Enrollments and links stay. Raises NotAllowed for one's own account.
    """
    if user in (by, by.person_acting):
        raise NotAllowed(_("You cannot suspend your own account."))
    with transaction.atomic():
        lock_users([user.pk])
        user.refresh_from_db()
        if user.is_active:
            before = user.state
            user.state = User.State.SUSPENDED
            stick(user, ["status"])
            user.save(update_fields=["state", "stuck_sis_fields"])
            follow_states([(user.pk, before, user.state)], by=by)


def reactivate(user: User, *, by: User) -> None:
    """Let a suspended person in again, with the password they had."""
    with transaction.atomic():
        lock_users([user.pk])
        user.refresh_from_db()
        if user.state == User.State.SUSPENDED:
            user.state = User.State.REGISTERED if user.has_password else User.State.PRE_REGISTERED
            stick(user, ["status"])
            user.save(update_fields=["state", "stuck_sis_fields"])
            follow_states([(user.pk, User.State.SUSPENDED, user.state)], by=by)


def sign_out_everywhere(user: User, *, by: User) -> None:
    """End every session and every access token of a person. The password stays, so they can sign in again."""
    with transaction.atomic():
        end_sessions([user.pk])
        end_tokens([user.pk])
        record(SessionsEnded(), by=by, subject=user)

"""Terms: the institution's, made, dated and deleted by whoever manages its settings."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.domain.audit import record
from accounts.domain.sis_fields import check_may_set_sis_ids, free_id, stick
from accounts.domain.validation import check, check_order, refusing_what_is_taken
from accounts.errors import NotAllowed, NotPossible
from accounts.models import Account, User
from accounts.models.numbers import count
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from accounts.text.names import tidied
from courses.domain.events import TermChanged, TermCreated, TermDeleted
from courses.models import Course, Term

PERMISSION = Permission.MANAGE_ACCOUNT_SETTINGS


def terms(states: Collection[str] = (Term.State.ACTIVE,)) -> QuerySet[Term]:
    """Return every term in these states, the latest first; those without dates last."""
    return Term.objects.filter(workflow_state__in=states).order_by(
        F("start_at").desc(nulls_last=True), "sort_key", "id"
    )


def save_term(
    term: Term | None,
    *,
    by: User,
    name: str,
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    sis_term_id: str | None = None,
) -> Term:
    """Make a term (`term` None) or give one another name and dates; `sis_term_id` None leaves that as it is.

    Raises NotAllowed, Invalid; NotPossible for a term that has been deleted.
    """
    check_may_manage(by)
    saved = term or Term()
    name = tidied(name)
    sis_id = saved.sis_term_id if sis_term_id is None else tidied(sis_term_id) or None
    check(Term, {"name": name, "sis_term_id": sis_id}, of="term")
    check_order("term", start_at, end_at)
    if sis_id != saved.sis_term_id:
        check_may_set_sis_ids("changed", by=by)
    wanted = {"name": name, "start_at": start_at, "end_at": end_at, "sis_term_id": sis_id}
    changed = [field for field, value in wanted.items() if getattr(saved, field) != value]
    if term and not changed:
        return term
    if term:
        stick(saved, changed)
    for field, value in wanted.items():
        setattr(saved, field, value)
    with refusing_what_is_taken(Term, of="term"):
        if term:
            _hold(term)
        free_id(Term, "sis_term_id", sis_id)
        saved.save()
        kind = TermChanged if term else TermCreated
        record(kind(saved.pk, saved.name), by=by)
    return saved


def what_is_in_the_way(term: Term) -> str | None:
    """Return why `term` cannot be deleted, as a sentence; None when no course is in it."""
    number = count(Course.objects.present().filter(term=term))
    if not number:
        return None
    text = ngettext("%(number)s course is in this term.", "%(number)s courses are in this term.", number.counted)
    return text % {"number": number} + " " + _("Only a term without courses can be deleted.")


def delete_term(term: Term, *, by: User) -> None:
    """Delete a term no course is in. Raises NotAllowed, NotPossible.

    Rosters find it by its SIS id, and leave it deleted; people may give that to another term.
    """
    check_may_manage(by)
    with transaction.atomic():
        _hold(term)
        if reason := what_is_in_the_way(term):
            raise NotPossible(reason)
        # Deleted courses do not prevent deletion, and keep nothing of the term.
        Course.objects.filter(term=term).update(term=None)
        record(TermDeleted(term.pk, term.name), by=by)
        term.workflow_state = Term.State.DELETED
        stick(term, ["status"])
        term.save(update_fields=["workflow_state", "stuck_sis_fields"])


def _hold(term: Term) -> None:
    """Lock a term until the transaction ends. Raises NotPossible if it has been deleted, be it by a roster."""
    if not terms().select_for_update().filter(pk=term.pk).exists():
        raise NotPossible(_("This term has been deleted."))


def check_may_manage(by: User) -> None:
    """Raise NotAllowed unless `by` may make and change terms."""
    if not may_on_account(by, PERMISSION, Account.objects.root()):
        raise NotAllowed(_("Only people who manage the account settings of the institution can change terms."))

"""Whether whoever sent an import, or has it taken back, may still do so: asked whenever it is about to run.

An import may wait for hours behind others, and be interrupted; meanwhile its sender may have been suspended.
"""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.domain.audit import record
from accounts.models import Account, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from sis.events import SisImportEnded
from sis.models import SisImport
from sis.report.log import Messages
from sis.report.queries import statistics_of

IMPORT, TAKE_BACK = Permission.IMPORT_SIS, Permission.MANAGE_SIS
State = SisImport.State


def is_still_allowed(sis_import: SisImport) -> bool:
    """Return whether it may run. What the command line started may."""
    if sis_import.workflow_state == State.RESTORING:
        return _may(taken_back_by(sis_import), TAKE_BACK, sis_import.account)
    return _may(sis_import.by, IMPORT, sis_import.account)


def taken_back_by(sis_import: SisImport) -> User:
    """Return who has the import taken back, with whoever acts as them."""
    asked = sis_import.restoring
    return User.objects.get(pk=asked["by"]).acted_by(User.objects.filter(pk=asked["actor"]).first())


def _may(by: User | None, permission: Permission, root: Account) -> bool:
    return by is None or (by.person_acting.is_active and may_on_account(by, permission, root))


def refuse(sis_import: SisImport) -> None:
    """End it as it stands, and say why: nothing, or nothing more, is imported or taken back."""
    messages = Messages(sis_import)
    was = sis_import.workflow_state
    with transaction.atomic():
        if was == State.RESTORING:
            begun = "last" in sis_import.restoring
            sis_import.workflow_state = State.PARTIALLY_RESTORED if begun else sis_import.restoring["was"]
            messages.about_import("sender", _("Not undone: the person who asked for this no longer has permission."))
        else:
            sis_import.workflow_state, sis_import.ended_at = State.FAILED, timezone.now()
            text = _(
                "The person who sent this import no longer has permission to import rosters, so it did "
                "not run. Someone else can send it again."
            )
            if was in SisImport.RUNNING:
                text = _("The person who sent this import no longer has permission to import rosters, so it stopped.")
            messages.about_import("sender", text, failure=True)
            sis_import.data["statistics"] = statistics_of(sis_import)
            record(SisImportEnded(sis_import.pk, sis_import.workflow_state), by=None)
        messages.save()
        sis_import.save()

"""Setting the deletion brake: which share of what is active one import may remove."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.auditing import record
from accounts.errors import Invalid
from accounts.models import Account, Action, User


def set_deletion_brake(root: Account, share: int, *, by: User) -> None:
    """Let imports remove at most `share` percent at once, from the next one on. Raises Invalid for no percentage.

    Nothing is recorded when nothing changes.
    """
    if not 0 <= share <= 100:
        raise Invalid({"share": [("invalid", _("Please give a percentage from 0 to 100."))]})
    with transaction.atomic():
        root = Account.objects.select_for_update().get(pk=root.pk)
        if root.sis_deletion_brake == share:
            return
        before, root.sis_deletion_brake = root.sis_deletion_brake, share
        root.save(update_fields=["sis_deletion_brake"])
        record(Action.SIS_BRAKE_CHANGED, by=by, before=before, after=share)

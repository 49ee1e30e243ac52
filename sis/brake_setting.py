"""Setting the deletion brake: which share of what is active one import may remove."""

from django.utils.translation import gettext as _

from accounts.errors import Invalid
from accounts.models import Account, Action, User
from accounts.root_settings import set_on_root


def set_deletion_brake(root: Account, share: int, *, by: User) -> None:
    """Let imports remove at most `share` percent at once, from the next one on. Raises Invalid for no percentage.

    Nothing is recorded when nothing changes.
    """
    if not 0 <= share <= 100:
        raise Invalid({"share": [("invalid", _("Please give a percentage from 0 to 100."))]})
    set_on_root(root, "sis_deletion_brake", share, Action.SIS_BRAKE_CHANGED, by=by)

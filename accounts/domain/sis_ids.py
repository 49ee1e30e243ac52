"""Who may set or change the ids that the student information system uses for people, accounts and courses."""

from django.utils.translation import gettext as _

from accounts.errors import NotAllowed
from accounts.models import Account, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account

PERMISSION = Permission.MANAGE_SIS


def check_may_set_sis_ids(*ids: str | None, by: User | None) -> None:
    """Raise NotAllowed if one of `ids` is given and `by` (None: the command line) may not set it."""
    if any(ids) and by is not None and not may_on_account(by, PERMISSION, Account.objects.root()):
        raise NotAllowed(_("To set a SIS ID, you need the permission “SIS Data - manage” in the root account."))

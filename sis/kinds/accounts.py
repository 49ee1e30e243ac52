"""accounts.csv: the tree of accounts."""

from django.utils.translation import gettext_lazy as _

from accounts.domain.accounts import PERMISSION
from accounts.models import Account
from sis.kinds.audit import Changes, record_changes
from sis.kinds.chunks import Round, put_back_states
from sis.kinds.kind import Example, Going, Kind, Record, Restated, Unique
from sis.kinds.sender_limits import refuse_moves
from sis.kinds.sql import read_sql

COLUMNS = ("account_id", "parent_account_id", "name", "status", "integration_id")
NEW = {
    "name": "given.new_name",
    "parent_id": "given.new_parent",
    "workflow_state": "given.after",
    "integration_id": "given.new_integration",
    "stuck_sis_fields": "given.new_stuck",
}
CHANGES = Changes(Account, NEW)
SQL = read_sql(__file__, COLUMNS, tell=record_changes(CHANGES), update=CHANGES.update)


def apply(this: Round) -> None:
    """Make, rename, move and delete accounts."""
    this.look_up("accounts_account")
    refuse_moves(this, SQL["read_moves"], PERMISSION)
    this.note_changes("Account")
    this.execute(SQL["tell"])
    this.execute(SQL["update"])
    this.make(
        "Account",
        Account,
        "workflow_state",
        name="new_name",
        parent_id="new_parent",
        default_time_zone="(SELECT default_time_zone FROM accounts_account AS above WHERE above.id = new_parent)",
        sis_account_id="account_id",
        integration_id="new_integration",
        workflow_state="after",
        stuck_sis_fields="new_stuck",
        sis_import_id="%(import)s",
    )


KIND = Kind(
    order=20,
    name="account",
    plural="accounts",
    label=_("Accounts"),
    recognizes=lambda has: has >= {"account_id", "parent_account_id"},
    columns=COLUMNS,
    key=("account_id",),
    going=Going.AFTER_ALL_FILES_BACKWARDS,
    resolvable=frozenset({"integration_id_taken", "no_parent"}),
    unique=(Unique("integration_id"),),
    restated=Restated(
        "accounts_account",
        "sis_account_id",
        {
            "parent_account_id": "(SELECT sis_account_id FROM accounts_account AS above WHERE id = record.parent_id)",
            "name": "record.name",
            "integration_id": "record.integration_id",
        },
    ),
    sql=SQL,
    apply=apply,
    messages={
        "no_account_id": _("An account_id is missing."),
        "no_parent": _(
            "The parent account {parent} of {id} is unknown or deleted. List parents before their sub-accounts."
        ),
        "account_loop": _("Account {id} cannot be below {parent}, because {parent} is below {id}."),
        "account_in_use": _("Account {id} still has active sub-accounts or courses, and was not deleted."),
    },
    example=Example(3, "account_id,parent_account_id,name,status\nHS,,Lakeside High School,active"),
    record=Record(
        class_name="Account",
        table="accounts_account",
        state="workflow_state",
        title="x.name",
        put_back=put_back_states(Account),
    ),
)

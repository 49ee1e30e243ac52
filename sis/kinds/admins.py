"""admins.csv: who administers which account. Nobody gives or takes by a file what they may not by hand."""

from django.utils.translation import gettext_lazy as _

from accounts.domain.admins import not_to_give
from accounts.domain.audit import record_many
from accounts.domain.events import AdminCreated, AdminRemoved
from accounts.domain.locks import lock_users
from accounts.models import AccountAdmin, BaseType, User
from sis.kinds.chunks import Round
from sis.kinds.kind import Example, Kind, Record
from sis.kinds.sender_limits import refuse_roles_out_of_reach
from sis.kinds.sql import STATES, read_sql
from sis.models import StateChange

COLUMNS = ("user_id", "account_id", "role", "role_id", "status", "root_account")
SQL = read_sql(__file__, COLUMNS)


def apply(this: Round) -> None:
    """Make people admins of accounts, and end what an import has made them."""
    this.look_up("accounts_accountadmin", other_names="true")
    refuse_roles_out_of_reach(this)
    this.note_changes("AccountUser")
    this.execute(SQL["update"])
    this.make(
        "AccountUser",
        AccountAdmin,
        "workflow_state",
        user_id='"user"',
        account_id="account",
        role_id="role",
        workflow_state="after",
        sis_import_id="%(import)s",
    )
    changes, sis_import = this.execute(SQL["read_changes"]), this.run.sis_import_id
    about = [
        (user, (AdminCreated if after == "active" else AdminRemoved)(account, role, sis_import=sis_import))
        for after, user, account, role in changes
    ]
    record_many(about, by=this.run.by)


def put_back(change: StateChange, by: User) -> int:
    """Give and take roles as by hand: none that may do more than `by`, and not one's own. Return how many stay."""
    before = change.before or AccountAdmin.State.DELETED
    there = AccountAdmin.objects.filter(pk__in=change.records)
    lock_users(there.values_list("user_id", flat=True))
    held = list(there.filter(workflow_state=change.after, sis_import_id=change.sis_import_id).exclude(user=by))
    refused = not_to_give({(admin.role_id, admin.account_id) for admin in held}, by=by)
    ours = [admin for admin in held if (admin.role_id, admin.account_id) not in refused]
    there.filter(pk__in=[admin.pk for admin in ours]).update(workflow_state=before)
    kind = AdminCreated if before == AccountAdmin.State.ACTIVE else AdminRemoved
    record_many(
        [(one.user_id, kind(one.account_id, one.role_id, sis_import=change.sis_import_id)) for one in ours], by=by
    )
    return there.exclude(workflow_state=before).count()


KIND = Kind(
    order=110,
    name="admin",
    plural="admins",
    label=_("Account admins"),
    recognizes=lambda has: has >= {"account_id", "user_id"},
    columns=COLUMNS,
    key=("user_id", "account_id", "role", "role_id"),
    allowed={"bad_status": STATES, "bad_admin_role": (BaseType.ACCOUNT_ADMIN.value,)},
    people=("user_id",),
    by_any_id=("user_id",),
    sql=SQL,
    apply=apply,
    messages={
        "unknown_user": _("User {user} is unknown. Import the person first."),
        "unknown_account": _("Account {account} is unknown. Import it first."),
        "bad_admin_role": _(
            "“{role}” is not an admin role of account {account}. Use {words}, or the exact name of an admin role made "
            "there."
        ),
        "role_reaches_further": _(
            "The person who started this import has no permission to give or remove “{role}” on "
            "account {account} (user {user})."
        ),
        "not_a_sis_admin": _(
            "User {user} was not made an admin of account {account} by an import, so an import cannot remove the role."
        ),
    },
    example=Example(9, "user_id,account_id,role,status\nT3001,HS,AccountAdmin,active"),
    record=Record(
        class_name="AccountUser",
        table="accounts_accountadmin",
        state="workflow_state",
        title="(SELECT person.name FROM accounts_user AS person WHERE person.id = x.user_id)",
        put_back=put_back,
    ),
)

"""logins.csv: everybody has one login here, so a row can only give its SIS id to somebody who has none yet."""

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from sis.kinds.audit import Changes, record_changes
from sis.kinds.chunks import Round
from sis.kinds.kind import Example, Kind
from sis.kinds.sender_limits import OWN_IDS, refuse_own, refuse_people_out_of_reach
from sis.kinds.sql import read_sql, set_columns

COLUMNS = (
    *("user_id", "login_id", "integration_id", "existing_user_id", "existing_integration_id"),
    *("existing_canvas_user_id", "email", "root_account"),
)
NEW = {"sis_user_id": "given.user_id", "integration_id": "coalesce(given.integration_id, record.integration_id)"}
SQL = read_sql(__file__, COLUMNS, new_columns=set_columns(NEW), tell=record_changes(Changes(User, NEW)))


def apply(this: Round) -> None:
    """Give SIS ids to people who have none; everything else is a warning."""
    this.look_up("accounts_user")
    refuse_people_out_of_reach(this)
    refuse_own(this, "own_id", "given.found = ANY(%(sender)s)", unless=OWN_IDS)
    this.execute(SQL["tell"])
    this.execute(SQL["update"])


KIND = Kind(
    order=90,
    name="login",
    plural="logins",
    label=_("Further logins"),
    recognizes=lambda has: bool(
        has & {"existing_user_id", "existing_integration_id", "existing_canvas_user_id"},
    ),
    columns=COLUMNS,
    key=("user_id",),
    words=frozenset(),
    has_login=True,
    people=("user_id", "existing_user_id"),
    sql=SQL,
    apply=apply,
    messages={
        "no_existing_user_ref": _(
            "The owner of the login {user} is missing: add existing_user_id, existing_integration_id "
            "or existing_canvas_user_id."
        ),
        "login_exists": _("A person with the user_id {user} or the login {login} already exists."),
        "existing_user_not_found": _("The login {user} was not added: the person {existing} is unknown."),
        "existing_user_mismatch": _("The IDs for the owner of the login {user} belong to different people."),
        "one_login": _(
            "Each person has one login here, and {existing} already has {current}, so {login} was "
            "not added. Change it with a users file."
        ),
    },
    example=Example(11, "user_id,login_id,existing_user_id\nS1001-2,kim2@example.org,S1001"),
)

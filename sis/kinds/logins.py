"""logins.csv: everybody has one login here, so a row only gives its SIS id to somebody: as theirs to a person who has
none yet, and otherwise as a further one, such as that of a parent who is also a teacher.
"""

from django.utils.translation import gettext_lazy as _

from accounts.domain.audit import record_many
from accounts.domain.events import UserChanged
from accounts.models import User
from sis.kinds.audit import Changes, record_changes
from sis.kinds.chunks import Round
from sis.kinds.kind import Example, Kind
from sis.kinds.sender_limits import OWN_IDS, refuse_own, refuse_people_out_of_reach
from sis.kinds.sql import read_sql

COLUMNS = (
    *("user_id", "login_id", "integration_id", "existing_user_id", "existing_integration_id"),
    *("existing_canvas_user_id", "email", "root_account"),
)
NEW = {
    "sis_user_id": "CASE WHEN given.adds THEN record.sis_user_id ELSE given.user_id END",
    "integration_id": "CASE WHEN given.adds THEN coalesce(record.integration_id, given.integration_id)"
    " ELSE coalesce(given.integration_id, record.integration_id) END",
}
CHANGES = Changes(User, NEW)
SQL = read_sql(__file__, COLUMNS, tell=record_changes(CHANGES), update=CHANGES.update)


def apply(this: Round) -> None:
    """Give people SIS ids, and further ones."""
    this.look_up("accounts_user")
    refuse_people_out_of_reach(this)
    refuse_own(this, "own_id", "given.found = ANY(%(sender)s)", unless=OWN_IDS)
    this.execute(SQL["tell"])
    this.execute(SQL["update"])
    this.execute(SQL["add"])
    event = UserChanged(["sis_user_id"], sis_import=this.run.sis_import_id)
    record_many([(person, event) for (person,) in this.execute(SQL["read_added"])], by=this.run.by)


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
    allowed={},
    has_login=True,
    people=("user_id", "existing_user_id"),
    by_any_id=("existing_user_id",),
    sql=SQL,
    apply=apply,
    messages={
        "no_existing_user_ref": _(
            "The owner of the login {user} is missing: add existing_user_id, existing_integration_id "
            "or existing_canvas_user_id."
        ),
        "login_exists": _(
            "Another person with the user_id {user} or the login {login} already exists. If both are one "
            "person, delete one of the two accounts first."
        ),
        "existing_user_not_found": _("The login {user} was not added: the person {existing} is unknown."),
        "existing_user_mismatch": _("The IDs for the owner of the login {user} belong to different people."),
        "one_login": _(
            "Each person has one login here, and {existing}, who has no SIS ID yet, has {current}, so {user} was not "
            "given to them. Write {current} as the login."
        ),
        "login_not_added": _(
            "User {user} is the same person as {existing} from now on. Each person has one login here, so they keep "
            "{current}, and {login} was not added."
        ),
        "integration_id_not_added": _(
            "User {user} is the same person as {existing} from now on, and keeps the integration ID they have; "
            "{integration_id} was not added."
        ),
    },
    example=Example(11, "user_id,login_id,existing_user_id\nS1001-2,kim2@example.org,S1001"),
)

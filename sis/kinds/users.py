"""users.csv: people with their one login each."""

import json

from django.db import connection
from django.utils.translation import gettext_lazy as _

from accounts.domain.audit import record_in_sql, record_many
from accounts.domain.events import AdminRemoved, TokensEnded, UserChanged
from accounts.domain.locks import lock_users
from accounts.domain.password_limits import forget_failures_of
from accounts.domain.passwords import forget_addresses
from accounts.domain.tokens import end_tokens
from accounts.domain.users import follow_states
from accounts.models import User
from accounts.text.names import sortable
from courses.access.accounts import who_reach_further
from pairing.domain.account_deletion import revoke_codes
from sis.files.passwords import Given, changed
from sis.kinds.audit import UNTOLD, differs, names_of_changed, told
from sis.kinds.chunks import Message, Round, untouched
from sis.kinds.ids import note_changed
from sis.kinds.kind import Brake, Example, Going, Kind, Made, Record, Restated, Unique
from sis.kinds.sender_limits import OWN_IDS, refuse_own, refuse_people_out_of_reach
from sis.kinds.sql import any_of, read_sql, set_columns
from sis.models import StateChange

COLUMNS = (
    *("user_id", "login_id", "status", "integration_id", "authentication_provider_id", "first_name"),
    *("last_name", "full_name", "sortable_name", "short_name", "email", "pronouns", "declared_user_type"),
    # Ours: what reads other formats has taken the address for a login that the row does not have.
    "login_is_email",
)
# What the sortable name is unless the row or the record has one.
SORTS_AS = {"sorts_as": Made(("full_name", "short_name", "login_id"), sortable)}

# What the record of a person holds after the row.
NEW = {
    "name": "given.new_name",
    "sortable_name": "given.new_sortable",
    "short_name": "given.new_short",
    "login_id": "given.new_login",
    "sis_user_id": "given.user_id",
    "integration_id": "coalesce(given.integration_id, person.integration_id)",
    "state": "given.after",
    "email": "CASE WHEN given.email IS NULL OR given.caution = 'bad_email' THEN person.email ELSE given.email END",
    "pronouns": "given.new_pronouns",
    "declared_user_type": "given.new_type",
    "stuck_sis_fields": "given.new_stuck::varchar[]",
    "password": "coalesce(given.password, person.password)",
    "sis_password_mark": "coalesce(given.mark, person.sis_password_mark)",
}
# How somebody signs in, or as whom they are known.
ACCOUNT = ("login_id", "sis_user_id", "integration_id", "state", "email")


# What the record tells of a person; that they are in another state, follow_states does.
TOLD = {column: new for column, new in NEW.items() if column not in (*UNTOLD, "state")}

STATES = ("active", "suspended", "deleted")
# Canvas's word for signing in with a password, and its number.
PROVIDERS = ("canvas", "1")
TYPES = ("administrative", "observer", "staff", "student", "student_other", "teacher", "<delete>")
SQL = read_sql(
    __file__,
    COLUMNS,
    SORTS_AS,
    states=any_of(STATES),
    providers=any_of(PROVIDERS),
    types=any_of(TYPES),
    new_columns=set_columns(NEW),
    new_email=NEW["email"],
    new_integration=NEW["integration_id"],
    note_changed_ids=note_changed(
        ("user", "SELECT id, old_id, new_id FROM differing"),
        ("user integration", "SELECT id, old_integration, new_integration FROM differing"),
    ),
    differs=differs(NEW, "person"),
    account_columns_differ=differs({column: NEW[column] for column in ACCOUNT}, "person"),
    told_columns_differ=differs({**TOLD, "state": NEW["state"]}, "person"),
    changed_fields=names_of_changed(TOLD, "person"),
    tell_turned=record_in_sql(told(UserChanged, "turned")),
    tell=record_in_sql(told(UserChanged, "differing WHERE fields <> '{}'")),
)


def apply(this: Round) -> None:
    """Make, change, suspend and delete people."""
    this.look_up("accounts_user")
    refuse_people_out_of_reach(this, where=SQL.parts["would_change"], account=SQL.parts["account_differs"])
    refuse_own(this, "own_id", SQL.parts["own_id"], unless=OWN_IDS)
    this.lock(SQL["lock"])
    aside = _set_aside(this)
    _take_passwords(this)
    this.execute(SQL["end_enrollments"])
    ended = this.execute(SQL["end_admins"])
    removed = [(user, AdminRemoved(account, role, sis_import=this.run.sis_import_id)) for user, account, role in ended]
    record_many(removed, by=this.run.by)
    _follow_changes(this)
    this.note_changes("Pseudonym")
    this.execute(SQL["update"])
    this.make(
        "Pseudonym",
        User,
        "state",
        "looked_up",
        "found IS NULL AND problem IS NULL",
        SQL.parts["note_new_addresses"],
        name="new_name",
        sortable_name="new_sortable",
        short_name="new_short",
        login_id="new_login",
        email="CASE WHEN caution = 'bad_email' THEN '' ELSE coalesce(email, '') END",
        sis_user_id="user_id",
        integration_id="integration_id",
        state="after",
        pronouns="new_pronouns",
        declared_user_type="new_type",
        # A password that nobody can give, as make_password(None) makes them.
        password="coalesce(password, '!' || replace(gen_random_uuid()::text, '-', ''))",  # noqa: S106
        sis_password_mark="coalesce(mark, '')",  # noqa: S106
        stuck_sis_fields="new_stuck",
        sis_import_id="%(import)s",
    )
    if aside:
        this.execute(SQL["take_back"])


def _set_aside(this: Round) -> bool:
    """Do what rows about further ids of people say, and let nothing else come of them; return whether there are any."""
    if not (aside := this.execute(SQL["read_aside"])):
        return False
    this.execute(SQL["change_own_ids"])
    this.execute(SQL["forget_further_ids"])
    this.execute(SQL["keep_people"])
    ns = [n for n, _person, _way in aside]
    this.execute(SQL["turn_further_ids"], ns=ns)
    this.execute(SQL["set_aside"], ns=ns)
    event = UserChanged(["sis_user_id"], sis_import=this.run.sis_import_id)
    record_many([(person, event) for _n, person, way in aside if way == "leaves"], by=this.run.by)
    return True


def _follow_changes(this: Round) -> None:
    """Carry out what follows, as by hand: no session, token, code or link in a mail outlasts what it was for."""
    changes = this.execute(SQL["read_changes"])
    by, sis_import = this.run.by, this.run.sis_import_id
    if moved := [person for person, _before, _after, has_other_email in changes if has_other_email]:
        forget_addresses(moved)
    states = [(person, before, after) for person, before, after, _email in changes]
    follow_states(states, by=by, sis_import=sis_import)
    if leaving := [person for person, _before, after, _email in changes if after == User.State.DELETED]:
        revoke_codes(leaving)


def _take_passwords(this: Round) -> None:
    cipher = this.run.cipher
    found = this.execute(SQL["read_passwords"])
    given = [Given(n, cipher.lift(n, bytes(secret)), stored, mark) for n, secret, stored, mark in found]
    if new := changed(given, dry_run=this.run.options.dry_run):
        ns, passwords, marks = zip(*new, strict=True)
        theirs = this.execute(SQL["keep_passwords"], ns=list(ns), passwords=list(passwords), marks=list(marks))
        # As where people choose one themselves (accounts/domain/passwords.py).
        people = [person for (person,) in theirs if person]
        forget_failures_of(people)
        ended = end_tokens(people)
        about = [(person, TokensEnded(sis_import=this.run.sis_import_id)) for person in sorted(set(ended))]
        record_many(about, by=this.run.by)


# Whoever has the login, meanwhile, of somebody deleted.
HOLDERS = """
SELECT mine.id, json_build_object('user', coalesce(mine.sis_user_id, mine.id::text), 'login', mine.login_id,
                                  'holder', coalesce(holder.sis_user_id, holder.id::text))::text
FROM accounts_user AS mine
JOIN accounts_user AS holder
    ON accounts_login_shape(holder.login_id) = accounts_login_shape(mine.login_id) AND holder.state <> 'deleted'
WHERE mine.id = ANY(%s) AND mine.state = 'deleted'
"""


def _without_login(change: StateChange) -> list[tuple[int, dict[str, str]]]:
    """Return (id, what to say) of the deleted people of a change who cannot return: others have their logins by now."""
    if change.after != User.State.DELETED or not change.before:
        return []
    with connection.cursor() as cursor:
        cursor.execute(HOLDERS, [change.records])
        return [(pk, json.loads(ids)) for pk, ids in cursor.fetchall()]


def stays(change: StateChange) -> list[Message]:
    """Return who stays deleted because of their login."""
    return [Message(None, "login_taken_since", ids, "") for _pk, ids in _without_login(change)]


def put_back(change: StateChange, by: User) -> int:
    """Return how many people stay as they are: besides those changed since, who reaches further than `by`, and whose
    login somebody else has by now.
    """
    before = change.before or User.State.DELETED
    there = User.objects.filter(pk__in=change.records)
    lock_users(change.records)
    refused = who_reach_further(change.records, by=by)
    without_login = {pk for pk, _ids in _without_login(change)}
    found = untouched(there.filter(state=change.after), change).exclude(pk__in={by.pk, *refused, *without_login})
    ours = list(found.values_list("pk", flat=True))
    there.filter(pk__in=ours).update(state=before)
    follow_states([(pk, change.after, before) for pk in ours], by=by, sis_import=change.sis_import_id)
    if before == User.State.DELETED:
        revoke_codes(ours)
    return there.exclude(state=before).count()


MESSAGES = {
    "no_status": _("The status of user {user} is missing. Use active, suspended or deleted."),
    "login_claimed": _(
        "The login {login} of user {user} already belongs to user {holder}. Give each person "
        "their own login. If both are the same person, say so in a logins file; if their SIS ID has "
        "changed, let the import change it (update_sis_id_if_login_claimed)."
    ),
    "login_alike": _(
        "The login {login} of user {user} looks like that of user {holder}, but has a letter "
        "from another alphabet. Type it again. If they are two people, give each person their "
        "own login."
    ),
    "login_taken_since": _(
        "User {user} was not restored: user {holder} has the login {login} by now. Give one of them "
        "another login, then import user {user} as active."
    ),
    "two_people": _(
        "The login {login} of user {user} belongs to user {holder}, who is also in this upload, "
        "so they were not merged. Give each person their own login."
    ),
    "one_of_two_ids": _(
        "User {user} is gone, but the same person is also user {other} and stays, with their enrollments, roles and "
        "links. End what should go by its own rows."
    ),
    "login_is_email": _(
        "User {user} has no username, and their email address {login} is the login of person {holder} here, who "
        "has no SIS ID. Give user {user} a username; or, if it is the same person, set their SIS ID to {user}."
    ),
    "unknown_auth_provider": _(
        "There is no authentication provider “{provider}” (user {user}). Leave it out, or use {words}."
    ),
    "bad_declared_user_type": _("“{type}” is not a declared_user_type (user {user}). Leave it out, or use {words}."),
    "bad_email": _("User {user} was saved without the email address {email}, which is not valid. Correct it."),
}

KIND = Kind(
    order=80,
    name="user",
    plural="users",
    label=_("People"),
    recognizes=lambda has: (
        has >= {"user_id", "login_id"}
        and not has & {"existing_user_id", "existing_integration_id", "existing_canvas_user_id"}
    ),
    columns=COLUMNS,
    key=("user_id",),
    words=frozenset({"status", "declared_user_type", "authentication_provider_id"}),
    allowed={
        "bad_status": STATES,
        "bad_declared_user_type": TYPES,
        "unknown_auth_provider": PROVIDERS,
    },
    has_login=True,
    email="email",
    made=SORTS_AS,
    people=("user_id",),
    grows=("accounts_user",),
    sql=SQL,
    apply=apply,
    messages=MESSAGES,
    example=Example(
        1,
        "user_id,login_id,first_name,last_name,email,status\n"
        "S1001,kim.lee@example.org,Kim,Lee,kim.lee@example.org,active\n"
        "P2001,robin.lee@example.org,Robin,Lee,robin.lee@example.org,active",
    ),
    going=Going.BEFORE_OWN_FILE,
    resolvable=frozenset({"login_claimed", "login_alike", "two_people", "integration_id_claimed"}),
    unique=(Unique("login_id", "accounts_login_shape({})", outlasts=False), Unique("integration_id")),
    restated=Restated(
        "accounts_user",
        "sis_user_id",
        {
            "login_id": "record.login_id",
            "full_name": "record.name",
            "sortable_name": "record.sortable_name",
            "short_name": "record.short_name",
            "integration_id": "record.integration_id",
            **dict.fromkeys(("first_name", "last_name", "email", "pronouns", "login_is_email"), "NULL"),
            **dict.fromkeys(("authentication_provider_id", "declared_user_type"), "NULL"),
        },
    ),
    status_of_gone=lambda options: options.diffing_user_remove_status,
    record=Record(
        class_name="Pseudonym",
        table="accounts_user",
        state="state",
        title="concat_ws(' ', x.name, '(' || x.sis_user_id || ')')",
        put_back=put_back,
        stays=stays,
    ),
    # An address is part of the person, with whom it comes and goes; it is counted by itself, as in Canvas.
    put_back_too={"CommunicationChannel": lambda _change, _by: 0},
    brake=Brake(1, _("people"), reads=("user",), sql=SQL.parts["brake"]),
)

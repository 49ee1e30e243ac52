"""The fictional people of the demo. None of this ever runs in production: see the seed_demo command."""

from collections.abc import Sequence
from random import Random

from django.contrib.auth.hashers import make_password

from accounts.domain.roles import create_role, set_permission
from accounts.models import Account, AccountAdmin, BaseType, Role, SelfRegistration, User
from accounts.permissions.registry import Permission

PASSWORD = "pairing-demo"  # noqa: S105 everybody's, and in the README
ZONE = "America/New_York"

PEOPLE_TO_TRY = (
    ("admin", "admin of the district"),
    ("teacher", "teacher at the middle school"),
    ("teacher2", "teacher at the high school"),
    ("ta", "teaching assistant"),
    ("student1", "student with an observer"),
    ("student2", "student with an observer"),
    ("counselor", "school counselor at the middle school, a role of its own"),
    ("adminstudent", "admin who is also a student in a course"),
    ("parent1", "observes one child"),
    ("parent2", "observes two children"),
    ("parent3", "observes nobody yet"),
)

STAFF = (
    ("admin", "Alex Winter"),
    ("teacher", "Tara Bloom"),
    ("teacher2", "Theo Marsh"),
    ("ta", "Toni Vale"),
    ("adminstudent", "Ada Kwan"),
    ("counselor", "Cora Dale"),
    ("parent1", "Pat Rivers"),
    ("parent2", "Priya Nair"),
    ("parent3", "Peer Holm"),
)

COUNSELOR = "School counselor"
# What a counselor needs to pair a student with an observer.
COUNSELOR_MAY = (
    Permission.READ_COURSE_LIST,
    Permission.READ_ROSTER,
    Permission.ALLOW_COURSE_ADMIN_ACTIONS,
    Permission.GENERATE_OBSERVER_PAIRING_CODE,
)

FIRST_NAMES = [
    "Ana",
    "Bao",
    "Carla",
    "Dev",
    "Elif",
    "Finn",
    "Grace",
    "Hugo",
    "Imani",
    "Jonas",
    "Kira",
    "Liam",
    "Mei",
    "Noor",
    "Omar",
    "Pia",
    "Quinn",
    "Rosa",
    "Samir",
    "Tess",
    "Uma",
    "Viktor",
    "Wren",
    "Ximena",
    "Yusuf",
    "Zoë",
]
LAST_NAMES = [
    "Adler",
    "Baker",
    "Castillo",
    "Dubois",
    "Eriksen",
    "Fofana",
    "García",
    "Haddad",
    "Ito",
    "Jansen",
    "Kowalski",
    "Lopez",
    "Müller",
    "Nakamura",
    "O’Brien",
    "Patel",
    "Quist",
    "Rossi",
    "Silva",
    "Tanaka",
]


def make_accounts() -> tuple[Account, Account, Account]:
    """Return the district and its two schools."""
    district = Account.objects.create(
        name="Lakeside District", self_registration=SelfRegistration.OBSERVER, default_time_zone=ZONE
    )
    middle = Account.objects.create(
        name="Lakeside Middle School", parent=district, sis_account_id="MS", default_time_zone=ZONE
    )
    high = Account.objects.create(
        name="Lakeside High School", parent=district, sis_account_id="HS", default_time_zone=ZONE
    )
    return district, middle, high


def make_people(students: int) -> tuple[dict[str, User], list[User]]:
    """Create staff and observers by login, and this many students: the same ones every time."""
    # One hash for all: a demo should start in a second, and its password is no secret.
    password = make_password(PASSWORD)
    others = _save([(login, name, None) for login, name in STAFF], password)
    chance = Random(5)  # noqa: S311 invented names, not secrets
    names = [f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}" for _number in range(students)]
    pupils = _save([(f"student{n}", name, f"S{n:05}") for n, name in enumerate(names, 1)], password)
    return {user.login_id: user for user in others}, pupils


def _save(people: Sequence[tuple[str, str, str | None]], password: str) -> list[User]:
    users = []
    for login, name, sis_id in people:
        first, last = name.rsplit(" ", 1)
        users.append(
            User(
                login_id=login,
                name=name,
                short_name=name,
                sortable_name=f"{last}, {first}",
                email=f"{login}@lakeside.example",
                sis_user_id=sis_id,
                time_zone=ZONE,
                password=password,
            )
        )
    return User.objects.bulk_create(users)


def make_admins(district: Account, admins: Sequence[User]) -> None:
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    AccountAdmin.objects.bulk_create([AccountAdmin(user=user, account=district, role=role) for user in admins])


def decide_permissions(school: Account, counselor: User, *, by: User) -> None:
    """Let teachers at one school create pairing codes, and give a counselor a role of their own."""
    teacher = Role.objects.built_in(BaseType.TEACHER)
    set_permission(teacher, school, Permission.GENERATE_OBSERVER_PAIRING_CODE, {"enabled": True}, by=by)
    role = create_role(school, COUNSELOR, BaseType.ACCOUNT_MEMBERSHIP, by=by)
    for key in COUNSELOR_MAY:
        set_permission(role, school, key, {"enabled": True}, by=by)
    AccountAdmin.objects.create(user=counselor, account=school, role=role)

"""Everything a roster changes leaves an event that names it and the import; what it leaves alone leaves none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, models

from accounts.guards import EVENTS_HELD
from accounts.models import Account, AccountAdmin, AuditEvent, FurtherSisId, ObservationLink, User
from accounts.permissions.registry import Permission
from courses.domain.events import EnrollmentChanged, Observing
from courses.domain.history import events_of, lines
from courses.models import Course, Enrollment, Section, Term
from sis.imports.queue import work_off
from sis.imports.restore import begin_restoring
from sis.models import SisImport
from sis.options import Options
from tests.database import statements
from tests.sis.texts import ACCOUNTS, ADMINS, COURSES, ENROLLMENTS, LINKS, SECTIONS, USERS, people, table

MODELS = (Account, Term, Course, Section, User, Enrollment, AccountAdmin, ObservationLink, FurtherSisId)
# What nobody would ask about: bookkeeping, what the database works out, and what goes with a column that is told.
UNTOLD = {
    *("sis_import_id", "created_at", "updated_at", "stuck_sis_fields", "sis_password_mark", "session_epoch"),
    *("ancestors", "sort_key", "search_key", "nonxlist_course_id", "is_default", "completed_at"),
    *("accepted_at", "accepted_through", "only_by_link", "origin"),
}
ALL = frozenset(Permission)
EMPTIED = Options(ignore_deletion_brake=True)
Key = tuple[type[models.Model], int]


@dataclass(frozen=True)
class State:
    """The records as they are, by model and id, and the last event."""

    records: dict[Key, dict[str, Any]]
    event: int

    @classmethod
    def now(cls) -> State:
        """What there is at this moment."""
        found: dict[Key, dict[str, Any]] = {}
        for model in MODELS:
            columns = [f.attname for f in model._meta.concrete_fields if f.attname not in UNTOLD and not f.generated]
            found |= {(model, one["id"]): one for one in model._default_manager.values(*columns)}
        return cls(found, AuditEvent.objects.order_by("-id").values_list("id", flat=True).first() or 0)

    def events(self) -> list[AuditEvent]:
        """What has been recorded since."""
        return list(AuditEvent.objects.filter(pk__gt=self.event).order_by("id"))

    def differing(self) -> set[Key]:
        """Which records are other than they were, or new."""
        now = State.now().records
        return {key for key in now.keys() | self.records.keys() if now.get(key) != self.records.get(key)}


def named(event: AuditEvent) -> Iterator[Key]:
    """The records that an event tells of."""
    room = event.action.partition(".")[0]
    about = {"account": Account, "course": Course, "term": Term, "section": Section, "enrollment": Enrollment}
    if room in ("user", "access_token"):
        assert event.subject_id
        yield User, event.subject_id
        further = FurtherSisId.objects.filter(user=event.subject_id)
        yield from ((FurtherSisId, pk) for pk in further.values_list("pk", flat=True))
    elif room in about:
        yield about[room], event.details[room]
    elif room == "admin":
        where = {"account": event.details["account"], "role": event.details["role"]}
        yield AccountAdmin, AccountAdmin.objects.get(user=event.subject_id, **where).pk
    elif room == "observing":
        observing = {"observer": event.details["observer"], "student": event.subject_id}
        if event.details["scope"] != "course":
            yield ObservationLink, ObservationLink.objects.get(**observing).pk
            # What a link does to enrollments goes without saying.
            there = Enrollment.objects.filter(user=observing["observer"], associated_user=observing["student"])
            yield from ((Enrollment, pk) for pk in there.values_list("pk", flat=True))


def check_told(before: State, made: SisImport, by: User | None) -> list[AuditEvent]:
    """Hold that what differs is told of, and nothing else; return the events of the change itself."""
    events = [event for event in before.events() if not event.action.startswith("sis_import.")]
    told = {key for event in events for key in named(event)}
    differing = before.differing()
    assert differing - told == set(), "changed, and not told"
    silent: set[Key] = {(Enrollment, pk) for pk in Enrollment.objects.values_list("pk", flat=True)}
    further = FurtherSisId.objects.in_bulk()
    silent |= {(FurtherSisId, pk) for pk in further}
    silent |= {(User, further[pk].user_id) for model, pk in differing if model is FurtherSisId}
    assert told - differing - silent == set(), "told, and not changed"
    assert {event.details.get("sis_import") for event in events} <= {made.pk}
    assert {event.actor for event in events} <= {by}
    return events


TERMS = "term_id,name,status,start_date,date_override_enrollment_type"
DATED = "section_id,user_id,role,status,associated_user_id,start_date,limit_section_privileges"


@pytest.fixture
def school(load) -> None:
    """Accounts, courses and people; PAT observes KIM by a link, SAM in one section."""
    load(
        accounts=table(ACCOUNTS, "HS,,High,active", "EMPTY,,Empty,active"),
        terms=table(TERMS, "T1,Fall,active,,", "T2,Spring,active,,"),
        courses=table(f"{COURSES},account_id", "C1,b,Biology,T1,published,HS", "C2,c,Chemistry,T1,published,"),
        sections=table(SECTIONS, "S1,C1,A,active", "S2,C1,B,active", "S3,C2,C,active"),
        users=people("KIM", "LEE", "PAT", "SAM", "TIM"),
        enrollments=table(
            "section_id,user_id,role,status,associated_user_id",
            *(
                "S1,KIM,student,active,",
                "S1,SAM,observer,active,KIM",
                "S3,LEE,student,active,",
                "S2,TIM,teacher,active,",
            ),
        ),
        user_observers=table(LINKS, "PAT,KIM,active"),
        admins=table(ADMINS, "TIM,HS,AccountAdmin,active"),
    )


NIGHTS: dict[str, dict[str, str]] = {
    "accounts": {"accounts": table(ACCOUNTS, "HS,,Upper,active", "NEW,HS,New,active", "EMPTY,,Empty,deleted")},
    "an account that moves": {"accounts": table(ACCOUNTS, "EMPTY,HS,Empty,active")},
    "terms": {"terms": table(TERMS, "T1,Autumn,active,2026-08-01,", "T2,Spring,deleted,,", "T3,Summer,active,,")},
    "dates of a term": {"terms": table(TERMS, "T1,,active,2026-08-01,StudentEnrollment")},
    "courses": {
        "courses": table(COURSES, "C1,b,Biology I,T2,published", "C2,c,Chemistry,T1,completed", "C3,p,Art,T1,active")
    },
    "a course that goes": {"courses": table(COURSES, "C1,b,Biology,T1,deleted")},
    "sections": {"sections": table(SECTIONS, "S2,C1,BB,active", "S4,C2,D,active")},
    "a section that goes": {"sections": table(SECTIONS, "S1,C1,A,deleted")},
    "a section that moves": {"sections": table(SECTIONS, "S1,C2,A,active")},
    "a section that is cross-listed": {"xlists": table("xlist_course_id,section_id,status", "C2,S1,active")},
    "a section cross-listed into a new course": {"xlists": table("xlist_course_id,section_id,status", "C9,S1,active")},
    "people": {
        "users": table(
            f"{USERS},full_name,email,password",
            *("KIM,kim,active,Kim Lee,kim@example.org,", "LEE,lee2,active,,,", "NEW,new,active,New Person,,"),
            *("TIM,tim,active,,,a-new-password", "PAT,pat,active,,,"),
        )
    },
    "people who are suspended": {"users": people("KIM", "NEW", status="suspended")},
    "people who go": {"users": people("KIM", "TIM", "NEW", status="deleted")},
    "an observer who goes": {"users": people("PAT", "SAM", status="deleted")},
    "enrollments": {
        "enrollments": table(
            DATED,
            *("S1,KIM,student,inactive,,,", "S3,LEE,student,active,,2026-08-01,", "S2,TIM,teacher,active,,,true"),
            *("S2,LEE,student,active,,,", "S3,PAT,observer,active,LEE,,", "S3,KIM,student,active,,,"),
        )
    },
    "enrollments that end": {
        "enrollments": table(
            ENROLLMENTS, "S1,KIM,student,deleted", "S3,LEE,student,completed", "S2,TIM,teacher,deleted"
        )
    },
    "a course without a section": {
        "courses": table(COURSES, "C3,p,Art,T1,active"),
        "enrollments": table("course_id,user_id,role,status", "C3,KIM,student,active"),
    },
    "links": {"user_observers": table(LINKS, "PAT,KIM,deleted", "SAM,LEE,active")},
    "admins": {"admins": table(ADMINS, "TIM,HS,AccountAdmin,deleted", "LEE,,AccountAdmin,active")},
    "logins": {"logins": table("user_id,login_id,existing_canvas_user_id", "HAND,hand,{hand}")},
    "further ids": {"logins": table("user_id,login_id,existing_user_id", "KIM-2,kim,KIM")},
    "ids": {
        "change_sis_id": table(
            "old_id,new_id,type",
            *("HS,HS2,account", "T1,T9,term", "C1,C9,course", "S1,S9,section", "KIM,KIM9,user"),
        )
    },
}


@pytest.fixture
def night(load, school) -> Any:
    """`night("people")` imports the roster of that name; returns what was before, and the import."""
    hand = User.objects.create(name="Hand Made", login_id="hand")

    def night(name: str, options: Options = EMPTIED) -> tuple[State, SisImport]:
        before = State.now()
        files = {kind: text.replace("{hand}", str(hand.pk)) for kind, text in NIGHTS[name].items()}
        return before, load(options=options, **files)

    return night


@pytest.mark.parametrize("name", NIGHTS)
def test_what_differs_is_told_and_nothing_else(night, admin, name):
    before, _made = night(name, Options(dry_run=True))
    assert [event.action for event in before.events()] == ["sis_import.started"], "a dry run leaves nothing"
    before, made = night(name)
    assert made.workflow_state == "imported"
    assert check_told(before, made, admin)
    check_told(*night(name), admin)


@pytest.mark.parametrize("name", NIGHTS)
def test_what_is_taken_back_is_told_too(night, root, admin, name):
    _before, made = night(name)
    between = State.now()
    begin_restoring(made, by=admin)
    work_off(root)
    check_told(between, made, admin)


def test_what_batch_mode_removes_is_told(load, school, admin):
    before = State.now()
    term = Term.objects.get(sis_term_id="T1").pk
    made = load(
        options=Options(batch_mode=True, batch_mode_term_id=term, ignore_deletion_brake=True),
        courses=table(COURSES, "C2,c,Chemistry,T1,published"),
        sections=table(SECTIONS, "S3,C2,C,active"),
        enrollments=table(ENROLLMENTS, "S3,LEE,student,active"),
    )
    actions = [event.action for event in check_told(before, made, admin)]
    assert (actions.count("section.deleted"), actions.count("course.deleted")) == (2, 1)
    assert actions.count("enrollment.changed") == 4


def test_a_further_id_that_ends_and_returns_is_told(load, school, admin):
    load(**NIGHTS["further ids"])
    for status in ("deleted", "active"):
        before = State.now()
        made = load(users=table(USERS, f"KIM-2,kim,{status}"))
        assert [event.action for event in check_told(before, made, admin)] == ["user.changed"]
        again = State.now()
        assert check_told(again, load(users=table(USERS, f"KIM-2,kim,{status}")), admin) == []


def test_who_gets_the_login_of_somebody_deleted_is_told_and_nothing_of_these(load, school, admin):
    load(users=people("TIM", status="deleted"))
    before = State.now()
    made = load(users=table(USERS, "TOM,tim,active"))
    events = check_told(before, made, admin)
    assert [event.action for event in events] == ["user.created"]


def sentences(person: User) -> list[tuple[str, int | None]]:
    return [(line.sentence, line.sis_import) for line in lines(events_of(person, ALL))]


def test_the_history_of_a_person_tells_what_rosters_did(load, school):
    kim = User.objects.get(sis_user_id="KIM")
    made = load(
        users=table(f"{USERS},full_name", "KIM,kim,active,Kim Lee"),
        enrollments=table(f"{ENROLLMENTS},start_date", "S1,KIM,student,active,2026-08-01", "S3,KIM,student,active,"),
    )
    assert {one for one in sentences(kim) if one[1] == made.pk} == {
        ("Alex Root changed the account of Kim Lee: name, display name, sortable name.", made.pk),
        ("Alex Root changed the enrollment of Kim Lee in Biology as Student: start.", made.pk),
        ("Alex Root set the enrollment of Kim Lee in Chemistry as Student to “Active”.", made.pk),
        ("pat began to observe Kim Lee in Chemistry.", made.pk),
    }


def test_the_history_of_a_clerk_tells_of_imports_and_not_of_each_record(load, school, admin):
    assert [sentence for sentence, _made in sentences(admin)] == [
        "The roster import by Alex Root has ended.",
        "Alex Root imported rosters.",
    ]


def test_the_history_of_a_clerk_is_found_by_an_index(load, school, admin):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    plan = events_of(admin, ALL).explain()
    assert "audit_events_of_actor" in plan
    assert "audit_events_on_behalf" in plan


@pytest.mark.parametrize(("dry_run", "place"), [(True, "never kept"), (False, "yes")])
def test_nobody_who_reads_the_record_waits_for_a_dry_run(load, school, dry_run, place):
    places = set()

    def look(execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        if "'enrollment.changed'" in sql:
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_setting(%s)", [EVENTS_HELD])
                places.add(cursor.fetchone()[0])
        return result

    with connection.execute_wrapper(look):
        load(
            options=Options(dry_run=dry_run, ignore_deletion_brake=True),
            enrollments=table(ENROLLMENTS, "S2,LEE,student,active"),
        )
    assert places == {place}


def test_any_number_is_told_with_the_same_statements(load, school):
    def counted(prefix: str, number: int) -> int:
        names = [f"{prefix}{n}" for n in range(number)]
        files = {
            "sections": table(SECTIONS, *(f"{name},C1,{name},active" for name in names)),
            "users": people(*names),
            "enrollments": table(ENROLLMENTS, *(f"S1,{name},student,active" for name in names)),
        }
        return statements(lambda: load(**files))

    assert counted("X", 2) == counted("Y", 30)


def test_each_enrollment_that_follows_a_student_is_told(load, school, admin):
    before = State.now()
    made = load(enrollments=table(ENROLLMENTS, "S1,KIM,student,completed"))
    events = check_told(before, made, admin)
    told = [event.read(EnrollmentChanged) for event in events if event.action == EnrollmentChanged.action]
    assert sorted((one.type, one.before, one.state) for one in told) == [
        ("ObserverEnrollment", "active", "completed"),
        ("ObserverEnrollment", "active", "completed"),
        ("StudentEnrollment", "active", "completed"),
    ]
    assert not [event for event in events if isinstance(event.data, Observing)], "they still see the student there"

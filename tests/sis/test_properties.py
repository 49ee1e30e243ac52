"""Invented rosters of every kind: what comes out is what the plain model says, however the files come."""

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.models import ObservationLink, User
from courses.models import Enrollment
from sis.imports import runner
from sis.imports.queue import work_off
from sis.options import Options
from tests.factories import CourseFactory, SectionFactory
from tests.sis.conftest import make
from tests.sis.plainly import SECTIONS, School

HEADERS = {
    "users": "user_id,login_id,status",
    "enrollments": "section_id,user_id,role,status,associated_user_id",
    "observers": "observer_id,student_id,status",
}
WHO = st.sampled_from(["A", "B", "C", "D"])
STATUS = st.sampled_from(["active", "active", "deleted", "inactive", "completed", "suspended", ""])
USERS = st.tuples(st.one_of(WHO, st.just("")), st.sampled_from(["a", "b", "c", "d", ""]), STATUS)
GOOD_USERS = WHO.map(lambda who: (who, who.lower(), "active"))
# Of several logins under one id nothing is left; so mostly each has their own.
OWN_LOGINS = st.tuples(WHO, STATUS).map(lambda it: (it[0], it[0].lower(), it[1]))
ENROLLMENTS = st.tuples(
    st.sampled_from([*SECTIONS, *SECTIONS, "S9", ""]),
    st.one_of(WHO, st.sampled_from(["X", ""])),
    st.sampled_from(["student", "student", "observer", "wizard"]),
    STATUS,
    st.one_of(WHO, st.sampled_from(["X", ""])),
)
OBSERVERS = st.tuples(st.one_of(WHO, st.just("X")), st.one_of(WHO, st.just("")), STATUS)
# What mostly works, so that much happens: three families in two sections.
EVERYBODY = [(who, who.lower(), "active") for who in "ABCD"]
PAIRS = st.sampled_from([("A", "C"), ("A", "D"), ("B", "C")])
STATE = st.sampled_from(["active", "active", "inactive", "completed", "deleted"])
STUDENTS = st.tuples(st.sampled_from(SECTIONS), st.sampled_from("CD"), st.just("student"), STATE, st.just(""))
BESIDE = st.tuples(st.sampled_from(SECTIONS), PAIRS, STATE).map(
    lambda it: (it[0], it[1][0], "observer", it[2], it[1][1])
)
LINKS = st.tuples(PAIRS, st.sampled_from(["active", "active", "deleted"])).map(lambda it: (*it[0], it[1]))


def rosters():
    return st.fixed_dictionaries(
        {
            "users": st.lists(st.one_of(GOOD_USERS, OWN_LOGINS, OWN_LOGINS, USERS), max_size=4).map(
                lambda rows: [*EVERYBODY, *rows]
            ),
            "enrollments": st.lists(st.one_of(STUDENTS, STUDENTS, BESIDE, ENROLLMENTS), max_size=8),
            "observers": st.lists(st.one_of(LINKS, LINKS, LINKS, OBSERVERS), max_size=6),
        }
    )


# Links that were made, though they look the wrong way round: a matter of other tests.
WONDERED_AT = ("never_student", "observed_back")
# Each example is a whole import, or two.
checked = settings(max_examples=settings().max_examples // 3)
rarely = settings(max_examples=settings().max_examples // 6)


@pytest.fixture
def school(root, admin, tmp_path, settings, monkeypatch, lock_watch):
    """`school(roster, roster)`: what there is, and what was said, after these imports, into an empty school."""
    settings.DATA_DIR = tmp_path / "data"
    monkeypatch.setattr(runner, "ROWS_PER_CHUNK", 4)
    course = CourseFactory(account=root)
    for name in SECTIONS:
        SectionFactory(course=course, sis_section_id=name)

    def school(*imports, **options):
        # The transaction that takes all of it back at the end is ours, and none of an import's.
        with transaction.atomic(), lock_watch.beginning_here():
            said = []
            for files in imports:
                texts = {
                    name: "\n".join([HEADERS[name.rstrip("0123456789")], *(",".join(row) for row in rows)])
                    for name, rows in files.items()
                }
                made = make(root, admin, Options(ignore_deletion_brake=True, **options), tmp_path, texts)
                work_off(root)
                made.refresh_from_db()
                assert made.workflow_state.startswith("imported" if files else "failed"), made.sis_import_errors.first()
                told = made.sis_import_errors.exclude(kind__in=WONDERED_AT).order_by("id")
                said += [(one.file, one.row, one.kind) for one in told if files]
            found = (*state(admin), said)
            transaction.set_rollback(True)
        return found

    return school


def state(admin):
    """People, enrollments and links as they are, in the plain model's words."""
    people = User.objects.exclude(pk=admin.pk).values_list("sis_user_id", "login_id", "state")
    short = {"StudentEnrollment": "student", "ObserverEnrollment": "observer"}
    enrollments = Enrollment.objects.values_list(
        "section__sis_section_id", "user__sis_user_id", "type", "associated_user__sis_user_id", "state"
    )
    links = ObservationLink.objects.values_list("observer__sis_user_id", "student__sis_user_id", "state")
    return (
        # The login of somebody deleted counts for nothing.
        {who: ("" if state == "deleted" else login, state) for who, login, state in people},
        {(section, who, short[type_], whom): state for section, who, type_, whom, state in enrollments},
        {(observer, student): state for observer, student, state in links},
    )


def plainly(*imports):
    model = School()
    for files in imports:
        model.load(files)
    people = {who: ("" if state == "deleted" else login, state) for who, (login, state) in model.people.items()}
    return people, model.enrollments, model.links, model.warnings


@checked
@given(roster=rosters())
def test_an_import_does_what_the_plain_model_says(school, roster):
    assert school(roster) == plainly(roster)


@checked
@given(first=rosters(), second=rosters())
def test_two_imports_do_what_the_plain_model_says(school, first, second):
    assert school(first, second) == plainly(first, second)


@rarely
@given(
    roster=st.fixed_dictionaries(
        {
            "users": st.lists(GOOD_USERS, max_size=6),
            "enrollments": st.lists(ENROLLMENTS, max_size=8, unique_by=lambda row: (row[:3], row[4])),
            "observers": st.lists(OBSERVERS, max_size=6, unique_by=lambda row: row[:2]),
        }
    )
)
def test_a_second_import_of_the_same_file_leaves_everybody_and_every_link_as_they_were(school, roster):
    # Removing is not listed twice: what is gone cannot go again, which is a warning.
    once, twice = school(roster), school(roster, roster)
    assert (once[0], once[2]) == (twice[0], twice[2])


@rarely
@given(roster=rosters(), order=st.permutations(list(HEADERS)))
def test_the_order_of_the_files_in_an_archive_means_nothing(school, roster, order):
    assert school({name: roster[name] for name in order}) == school(roster)


@rarely
@given(roster=rosters(), at=st.tuples(*[st.integers(0, 10)] * 3))
def test_a_roster_in_two_halves_is_the_roster(school, roster, at):
    halves = {}
    for (name, rows), cut in zip(roster.items(), at, strict=True):
        halves |= {f"{name}1": rows[:cut], f"{name}2": rows[cut:]}
    assert school(halves)[:3] == school(roster)[:3]


def data_sets():
    """What is settled once it is imported: observers listed by name follow their students besides."""
    return st.fixed_dictionaries(
        {
            "users": st.just(EVERYBODY),
            "enrollments": st.lists(STUDENTS, max_size=8, unique_by=lambda row: (row[:3], row[4])),
            "observers": st.lists(LINKS, max_size=3, unique_by=lambda row: row[:2]),
        }
    )


def written_by_hand(first, second):
    """What an admin would send who knew what differs: the rows that are new, and deletions of those that are gone."""
    keys = {"users": (0,), "enrollments": (0, 1, 2, 4), "observers": (0, 1)}
    found = {}
    for name, rows in second.items():
        listed = {tuple(row[at] for at in keys[name]) for row in rows}
        gone = [row for row in first[name] if tuple(row[at] for at in keys[name]) not in listed]
        at = HEADERS[name].split(",").index("status")
        deletions = [(*row[:at], "deleted", *row[at + 1 :]) for row in gone if row[at] != "deleted"]
        found[name] = [row for row in rows if row not in first[name]] + deletions
    return found


@checked
@given(first=data_sets(), second=data_sets())
def test_a_data_set_does_what_its_differences_written_by_hand_do(school, first, second):
    assert (
        school(first, second, diffing_data_set_identifier="x")[:3] == school(first, written_by_hand(first, second))[:3]
    )


# Somebody else's login is taken, whoever claims it.
HOLDER = ("H", "h", "active")


def right_uploads():
    """What a school sends when all is well: everybody once, under their own login, and only who is in it."""

    def of(known):
        places = [(section, who) for section in SECTIONS for who in known]
        pairs = [pair for pair in [("A", "C"), ("A", "D"), ("B", "C")] if set(pair) <= set(known)]
        return st.fixed_dictionaries(
            {
                "users": st.permutations([HOLDER, *((who, who.lower(), "active") for who in known)]),
                "enrollments": some_of(places).flatmap(
                    lambda some: st.tuples(
                        *(
                            st.sampled_from(["active", "active", "completed", "inactive"]).map(
                                lambda state, at=at: (*at, "student", state, "")
                            )
                            for at in some
                        )
                    ).map(list)
                ),
                "observers": some_of(pairs).map(lambda some: [(*pair, "active") for pair in some]),
            }
        )

    return some_of(["A", "B", "C", "D"]).flatmap(of)


def some_of(values):
    return st.lists(st.sampled_from(values), unique=True) if values else st.just([])


def nights():
    """Uploads that lack rows, have some twice, and some that are refused or wrong."""
    users = st.one_of(GOOD_USERS, GOOD_USERS, st.tuples(WHO, st.just("h"), st.just("active")), OWN_LOGINS)
    return st.fixed_dictionaries(
        {
            "users": st.lists(users, max_size=6).map(lambda rows: [HOLDER, *rows]),
            "enrollments": st.lists(st.one_of(STUDENTS, STUDENTS, BESIDE, ENROLLMENTS), max_size=6),
            "observers": st.lists(st.one_of(LINKS, LINKS, OBSERVERS), max_size=5),
        }
    )


def in_force(people, enrollments, links, *_said):
    """What there is, but for what is over: an observer's enrollment may outlast the student's as completed."""
    return (
        {who: person for who, person in people.items() if person[1] != "deleted"},
        {
            key: state
            for key, state in enrollments.items()
            if state != "deleted" and not (key[2] == "observer" and state == "completed")
        },
        {pair for pair, state in links.items() if state == "active"},
    )


@checked
@given(before=st.lists(nights(), min_size=1, max_size=3), right=right_uploads(), again=st.booleans())
def test_whatever_came_before_a_right_upload_leaves_what_it_alone_would_have_made(school, before, right, again):
    imports = [*([right] if again else []), *before, right]
    found = school(*imports, diffing_data_set_identifier="nightly")
    assert in_force(*found) == in_force(*plainly(right))

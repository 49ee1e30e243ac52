"""Rosters say who begins and who ends to observe whom in which course: once for each, and by which import."""

import pytest

from accounts.models import AuditEvent, ObservationLink, User
from courses.domain.observation import link
from courses.models import Course, Enrollment, Term
from sis.imports.queue import work_off
from sis.imports.restore import begin_restoring
from sis.models import SisImport
from sis.options import Options
from tests.database import statements
from tests.observing import Said, began, ended, observing_events, said
from tests.sis.texts import COURSES, ENROLLMENTS, LINKS, SECTIONS, USERS, table

XLISTS = "xlist_course_id,section_id,status"


def person(sis_id: str) -> User:
    return User.objects.get(sis_user_id=sis_id)


def course(sis_id: str) -> Course:
    return Course.objects.get(sis_course_id=sis_id)


@pytest.fixture
def school(load):
    """KIM in section S1 of course C1; PAT, who observes KIM by a link, and SAM; C2 with S3, S2 is of C1."""
    load(
        terms="term_id,name,status\nT1,Fall,active",
        users=table(USERS, *(f"{name},{name.lower()},active" for name in ("KIM", "LEE", "PAT", "SAM"))),
        courses=table(COURSES, "C1,b,Biology,T1,published", "C2,c,Chemistry,T1,published"),
        sections=table(SECTIONS, "S1,C1,A,active", "S2,C1,B,active", "S3,C2,C,active"),
        enrollments=table(ENROLLMENTS, "S1,KIM,student,active"),
    )
    link(person("PAT"), person("KIM"), origin=ObservationLink.Origin.CODE, by=None)


@pytest.fixture
def told_by(load, school, admin):
    """`told_by(enrollments="…")` imports files, and returns what the record says of it; each event names the import."""

    def told_by(*, options=None, **files: str) -> list[Said]:
        before = AuditEvent.objects.order_by("-id").values_list("id", flat=True)[0]
        made = load(options=options, **files)
        events = list(observing_events().filter(pk__gt=before))
        assert {(event.actor, event.data.sis_import) for event in events} <= {(admin, made.pk)}
        return sorted(said(event) for event in events)

    return told_by


def enrolled(*rows: str) -> str:
    return table("section_id,user_id,role,status,associated_user_id", *rows)


def test_links_begin_and_end(told_by):
    sam, kim = person("SAM"), person("KIM")
    assert told_by(observers=table(LINKS, "SAM,KIM,active", "SAM,LEE,active")) == sorted(
        [began(sam, kim), began(sam, person("LEE"))]
    )
    assert told_by(observers=table(LINKS, "SAM,KIM,active")) == []
    assert told_by(observers=table(LINKS, "SAM,KIM,deleted")) == [ended(sam, kim)]


def test_observers_follow_their_student_into_courses_and_out_of_them(told_by):
    pat, kim = person("PAT"), person("KIM")
    assert told_by(enrollments=enrolled("S3,KIM,student,active,")) == [began(pat, kim, course("C2"))]
    assert told_by(enrollments=enrolled("S3,KIM,student,active,")) == []
    assert told_by(enrollments=enrolled("S3,KIM,student,completed,")) == []
    assert told_by(enrollments=enrolled("S3,KIM,student,inactive,")) == [ended(pat, kim, course("C2"))]
    assert told_by(enrollments=enrolled("S3,KIM,student,active,")) == [began(pat, kim, course("C2"))]
    assert told_by(enrollments=enrolled("S3,KIM,student,deleted,")) == [ended(pat, kim, course("C2"))]


def test_a_student_who_moves_to_another_section_of_the_course_takes_them_along_in_silence(told_by):
    assert told_by(enrollments=enrolled("S1,KIM,student,deleted,", "S2,KIM,student,active,")) == []
    assert told_by(enrollments=enrolled("S2,KIM,student,deleted,")) == [
        ended(person("PAT"), person("KIM"), course("C1"))
    ]


def test_observers_who_are_listed_beside_a_student(told_by):
    here = (person("SAM"), person("KIM"), course("C1"))
    assert told_by(enrollments=enrolled("S1,SAM,observer,active,KIM", "S2,SAM,observer,active,KIM")) == [began(*here)]
    assert told_by(enrollments=enrolled("S1,SAM,observer,deleted,KIM", "S2,SAM,observer,active,KIM")) == []
    assert told_by(enrollments=enrolled("S2,SAM,observer,completed,KIM")) == []
    assert told_by(enrollments=enrolled("S2,SAM,observer,deleted,KIM")) == [ended(*here)]


def test_what_is_refused_and_what_a_dry_run_would_do_is_not_told(told_by):
    refused = enrolled("S1,SAM,observer,active,NOBODY", "S9,KIM,student,active,", "S1,KIM,observer,active,KIM")
    assert told_by(enrollments=refused) == []
    trial = Options(ignore_deletion_brake=True, dry_run=True)
    assert told_by(enrollments=enrolled("S3,KIM,student,active,"), options=trial) == []


def test_people_who_are_deleted(told_by):
    pat, kim = person("PAT"), person("KIM")
    told_by(enrollments=enrolled("S1,SAM,observer,active,KIM"))
    assert told_by(users=table(USERS, "KIM,kim,deleted")) == sorted(
        [ended(pat, kim, course("C1")), ended(person("SAM"), kim, course("C1"))]
    )


def test_a_section_that_is_deleted(told_by):
    here = (person("PAT"), person("KIM"), course("C1"))
    assert told_by(sections=table(SECTIONS, "S1,C1,A,deleted")) == [ended(*here)]


def test_a_course_that_is_deleted_and_comes_back(told_by):
    here = (person("PAT"), person("KIM"), course("C1"))
    gone = table(COURSES, "C1,b,Biology,T1,deleted")
    assert told_by(courses=gone) == [ended(*here)]
    assert told_by(courses=gone) == []
    assert told_by(courses=table(COURSES, "C1,b,Biology,T1,published")) == [began(*here)]
    removed = enrolled("S1,KIM,student,deleted,")
    assert told_by(courses=gone, enrollments=removed) == [ended(*here)], "once, though both end it"


@pytest.mark.parametrize("by", ["xlists", "sections"])
def test_a_section_that_moves_to_another_course(told_by, by):
    pat, kim = person("PAT"), person("KIM")
    one, other = course("C1"), course("C2")
    link(person("SAM"), kim, origin=ObservationLink.Origin.CODE, by=None, course=one)
    moves = {"xlists": table(XLISTS, "C2,S1,active"), "sections": table(SECTIONS, "S1,C2,A,active")}
    assert told_by(**{by: moves[by]}) == sorted(
        [ended(pat, kim, one), began(pat, kim, other), ended(person("SAM"), kim, one)]
    )


def test_a_section_that_moves_to_where_they_observe_already(told_by):
    pat, kim = person("PAT"), person("KIM")
    told_by(enrollments=enrolled("S3,KIM,student,active,"))
    assert told_by(xlists=table(XLISTS, "C2,S1,active")) == [ended(pat, kim, course("C1"))]


def test_what_is_listed_no_more(told_by):
    told_by(enrollments=enrolled("S1,SAM,observer,active,KIM", "S1,KIM,student,active,"))
    term = Term.objects.get(sis_term_id="T1").pk
    whole = Options(batch_mode=True, batch_mode_term_id=term, ignore_deletion_brake=True)
    kim = person("KIM")
    assert told_by(enrollments=enrolled("S3,LEE,student,active,"), options=whole) == sorted(
        [ended(person("SAM"), kim, course("C1")), ended(person("PAT"), kim, course("C1"))]
    )
    told_by(enrollments=enrolled("S1,KIM,student,active,"))
    assert told_by(courses=table(COURSES, "C2,c,Chemistry,T1,published"), options=whole) == [
        ended(person("PAT"), kim, course("C1"))
    ]


def test_what_is_taken_back(told_by, root, admin):
    pat, sam, kim = person("PAT"), person("SAM"), person("KIM")
    told_by(
        enrollments=enrolled("S3,KIM,student,active,", "S1,SAM,observer,active,KIM"),
        observers=table(LINKS, "SAM,LEE,active"),
    )
    last = AuditEvent.objects.latest("id").pk
    begin_restoring(SisImport.objects.latest("id"), by=admin)
    work_off(root)
    assert sorted(said(event) for event in observing_events().filter(pk__gt=last)) == sorted(
        [ended(pat, kim, course("C2")), ended(sam, kim, course("C1")), ended(sam, person("LEE"))]
    )


def test_the_record_agrees_with_who_observes_whom(told_by, load):
    """Whoever adds up the events about single courses knows what the database knows."""
    for rows in (
        ("S1,SAM,observer,active,KIM", "S2,SAM,observer,active,KIM", "S3,SAM,observer,active,LEE"),
        ("S1,SAM,observer,deleted,KIM", "S3,SAM,observer,inactive,LEE", "S3,PAT,observer,completed,LEE"),
        ("S3,KIM,student,active,", "S3,SAM,observer,active,LEE", "S2,SAM,observer,completed,KIM"),
        ("S3,KIM,student,deleted,", "S3,PAT,observer,deleted,LEE"),
    ):
        load(enrollments=enrolled(*rows))
        observing = set()
        for event in observing_events():
            word, *who = said(event)
            if who[2] == "all":
                # The link of the fixture, which was made while KIM was in C1 only.
                who[2] = course("C1").pk
            assert (tuple(who) in observing) is (word == "ended")
            observing ^= {tuple(who)}
        there = Enrollment.objects.filter(state__in=["active", "completed"], associated_user__isnull=False)
        assert observing == set(there.values_list("user", "associated_user", "section__course"))


def test_any_number_is_told_of_with_the_same_statements(told_by, load):
    def counted(number: int) -> int:
        names = [f"X{number}N{n}" for n in range(number)]
        load(users=table(USERS, *(f"{name},{name},active" for name in names)))
        for name in names:
            link(person("PAT"), person(name), origin=ObservationLink.Origin.CODE, by=None)
        rows = enrolled(*(f"S1,{name},student,active," for name in names))
        return statements(lambda: load(enrollments=rows))

    assert counted(1) == counted(20)

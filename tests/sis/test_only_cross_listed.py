"""Courses that only cross-listings name: they are like the course that their sections come from, and go with these."""

import pytest

from accounts.models import Action, AuditEvent, Role
from courses.domain.courses import edit_course, publish
from courses.models import Assignment, CalendarEvent, Course, DiscussionTopic, Section, Term
from sis.imports.queue import work_off
from sis.imports.restore import begin_restoring
from sis.options import Options
from tests.factories import SectionFactory
from tests.sis.conftest import warnings
from tests.sis.texts import ACCOUNTS, COURSES, ENROLLMENTS, SECTIONS, people, table

XLISTS = "xlist_course_id,section_id,status"
TERMS = "term_id,name,status"
NIGHTLY = Options(ignore_deletion_brake=True, diffing_data_set_identifier="nightly")
WHOLE = {
    "accounts": table(ACCOUNTS, "A1,,Lower,active"),
    "terms": table(TERMS, "T1,Fall,active"),
    "courses": table(f"{COURSES},account_id", "C1,b,Biology,T1,published,A1", "C2,c,Chemistry,T1,published,A1"),
    "sections": table(SECTIONS, "S1,C1,A,active", "S2,C2,B,active"),
    "xlists": table(XLISTS, "X1,S1,active", "X1,S2,active"),
}


def target(sis_id="X1"):
    return Course.objects.get(sis_course_id=sis_id)


@pytest.fixture
def send(load):
    """`send(xlists=…)`: a data set of `WHOLE`, save for these files; None leaves a file out."""

    def send(options=NIGHTLY, **files):
        return load(options=options, **{name: text for name, text in (WHOLE | files).items() if text})

    return send


def test_one_goes_with_its_last_cross_listing_so_that_its_term_and_account_can_go(send):
    send()
    assert (target().name, target().workflow_state) == ("Biology", "unpublished")
    send(xlists=table(XLISTS, "X1,S2,active"))
    assert target().workflow_state == "unpublished"
    made = send(xlists=XLISTS)
    assert (target().workflow_state, warnings(made)) == ("deleted", [])
    assert made.data["statistics"]["Course"]["deleted"] == 1
    deleted = AuditEvent.objects.filter(action=Action.COURSE_DELETED).get()
    assert deleted.details["course"] == target().pk
    emptied = {"courses": f"{COURSES},account_id", "sections": SECTIONS, "terms": TERMS, "accounts": ACCOUNTS}
    assert warnings(send(**emptied, xlists=XLISTS)) == []
    assert set(Term.objects.exclude(sis_term_id=None).values_list("workflow_state", flat=True)) == {"deleted"}


def test_all_goes_in_one_night_with_its_term_and_account(send):
    send()
    empty = {"courses": f"{COURSES},account_id", "sections": SECTIONS, "terms": TERMS, "accounts": ACCOUNTS}
    assert warnings(send(**empty, xlists=XLISTS)) == []
    assert target().workflow_state == "deleted"
    assert Term.objects.get(sis_term_id="T1").workflow_state == "deleted"


def test_it_goes_where_rows_say_so_and_where_its_sections_are_deleted(load):
    load(**WHOLE)
    load(xlists=table(XLISTS, "X1,S1,deleted"), sections=table(SECTIONS, "S2,C2,B,deleted"))
    assert target().workflow_state == "deleted"


def test_it_comes_back_with_its_cross_listing(send):
    send()
    send(xlists=XLISTS)
    send()
    assert (target().workflow_state, target().only_cross_listed) == ("unpublished", True)
    send(xlists=XLISTS)
    assert target().workflow_state == "deleted"


def test_it_is_like_the_course_of_its_first_section_whatever_becomes_of_that(send):
    send()
    courses = table(f"{COURSES},account_id", "C1,bio,Biology II,T2,published,", "C2,c,Chemistry,T1,published,A1")
    send(courses=courses, terms=table(TERMS, "T1,Fall,active", "T2,Spring,active"))
    found = target()
    assert (found.name, found.course_code, found.term.sis_term_id) == ("Biology II", "bio", "T2")
    changed = AuditEvent.objects.filter(action=Action.COURSE_CHANGED, details__course=found.pk).get()
    assert changed.details["fields"] == ["course_code", "name", "term"]
    # The order of rows does not matter, and so neither does which of them stood in the file before.
    send(xlists=table(XLISTS, "X1,S2,active"))
    assert target().name == "Chemistry"
    send(xlists=table(XLISTS, "X1,S2,active", "X1,S1,active"))
    assert target().name == "Biology"


def test_one_that_a_roster_lists_is_as_that_says_until_it_is_listed_no_more(send):
    listed = table(WHOLE["courses"], "X1,s,Science,T1,published,A1")
    send(courses=listed)
    assert (target().name, target().workflow_state) == ("Science", "available")
    send()
    assert (target().name, target().workflow_state) == ("Biology", "unpublished")
    send(courses=listed)
    assert (target().name, target().workflow_state) == ("Science", "available")
    send(courses=listed, xlists=XLISTS)
    assert target().workflow_state == "available"


@pytest.mark.parametrize(
    "by_hand",
    [
        lambda course, by: edit_course(course, by=by, name="Science"),
        lambda course, by: publish(course, by=by),
        lambda course, by: SectionFactory(course=course),
        lambda course, by: Assignment.objects.create(course=course, name="Essay"),
        lambda course, by: DiscussionTopic.objects.create(course=course, author=by, title="Welcome"),
        lambda course, by: CalendarEvent.objects.create(course=course, title="Visit"),
        lambda course, by: Course.objects.filter(pk=course.pk).update(front_page="Hello"),
        lambda course, by: Course.objects.filter(pk=course.pk).update(syllabus_body="Read this"),
    ],
    ids=["renamed", "published", "section", "assignment", "announcement", "event", "front page", "syllabus"],
)
def test_one_that_people_have_changed_or_filled_stays(send, admin, by_hand):
    send()
    by_hand(target(), admin)
    state = target().workflow_state
    send(xlists=XLISTS)
    assert target().workflow_state == state


def test_one_in_which_a_row_enrolls_people_goes_once_it_does_no_more(send):
    rows = "course_id,section_id,user_id,role,status"
    with_people = {"users": people("KIM"), "enrollments": table(rows, "X1,,KIM,student,active")}
    send(**with_people)
    send(**with_people)
    send(**with_people, xlists=XLISTS)
    assert target().workflow_state == "unpublished"
    send(users=people("KIM"), enrollments=rows, xlists=XLISTS)
    assert target().workflow_state == "deleted"


def test_courses_that_people_made_stay_without_sections(send, root, admin):
    by_hand = Course.objects.create(account=root, name="Art", course_code="art", sis_course_id="ART")
    send(xlists=table(XLISTS, "ART,S1,active"))
    send(xlists=XLISTS)
    by_hand.refresh_from_db()
    assert by_hand.workflow_state == "unpublished"


def test_it_moves_to_no_account_where_its_people_would_have_no_role(send, root):
    send()
    Role.objects.create(account=target().account, label="Lab helper", base_type="TaEnrollment")
    files = {"users": people("KIM"), "enrollments": table(ENROLLMENTS, "S2,KIM,Lab helper,active")}
    send(**files)
    courses = table(f"{COURSES},account_id", "C1,b,Biology,T1,published,A2", "C2,c,Chemistry,T1,published,A1")
    send(**files, courses=courses, accounts=table(WHOLE["accounts"], "A2,,Upper,active"))
    assert target().account.sis_account_id == "A1"


def test_batch_mode_leaves_what_a_section_is_in(load):
    load(**WHOLE)
    term = Term.objects.get(sis_term_id="T1").pk
    batch = Options(batch_mode=True, batch_mode_term_id=term)
    made = load(options=batch, **WHOLE)
    assert (made.workflow_state, target().workflow_state) == ("imported", "unpublished")
    without = {**WHOLE, "sections": SECTIONS, "xlists": None}
    load(
        options=Options(batch_mode=True, batch_mode_term_id=term, ignore_deletion_brake=True),
        **{name: text for name, text in without.items() if text},
    )
    assert target().workflow_state == "deleted"
    assert not Section.objects.filter(workflow_state="active", course=target()).exists()


def test_the_brake_counts_those_that_would_go(send):
    numbers = range(20)
    files = {
        "courses": table(f"{COURSES},account_id", "C1,b,Biology,T1,published,A1"),
        "sections": table(SECTIONS, *(f"S{number},C1,A,active" for number in numbers)),
    }
    send(**files, xlists=table(XLISTS, *(f"X{number},S{number},active" for number in numbers)))
    braked = Options(diffing_data_set_identifier="nightly")
    made = send(braked, **files, xlists=table(XLISTS, *(f"X{number},S{number},active" for number in range(10))))
    assert made.was_braked
    assert "10 of 21 active courses" in made.data["error_message"]
    assert send(braked, **files, xlists=XLISTS).was_braked
    assert not Course.objects.filter(workflow_state="deleted").exists()


def test_a_dry_run_tells_of_those_that_would_go_and_an_undone_import_brings_them_back(send, load, admin):
    send()
    dry = send(Options(ignore_deletion_brake=True, diffing_data_set_identifier="nightly", dry_run=True), xlists=XLISTS)
    assert dry.report["courses"]["removed"]["count"] == 1
    assert target().workflow_state == "unpublished"
    made = send(xlists=XLISTS)
    begin_restoring(made, by=admin)
    work_off(made.account)
    assert target().workflow_state == "unpublished"

"""X now observes Y, X observes Y no longer: said once for each scope, whatever has made or ended it."""

import ast
import re
from functools import partial

import pytest
from django.urls import reverse

from accounts.models import BaseType, CodeScope, ObservationLink, Role, User
from courses.domain.course_observers import link_students, stop_observing, unlink_student
from courses.domain.courses import delete_course
from courses.domain.enrollments import change_state, enroll
from courses.domain.events import ObservingBegan
from courses.domain.members import change_role, members_in, set_sections
from courses.domain.observation import link, narrow_all, unlink
from courses.domain.sections import delete_section
from courses.models import Enrollment
from pairing.domain.account_deletion import delete_user
from pairing.domain.codes import issue
from pairing.domain.credentials import link_with_password
from pairing.domain.redemption import redeem
from pairing.domain.sign_up import sign_up
from tests.database import statements
from tests.factories import (
    PASSWORD,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_student,
)
from tests.observing import began, ended, observing_events, role, said_by
from tests.pairing.test_sign_up import application
from tests.test_architecture import APPS, HOUSE, modules, parsed

NETWORK = "192.0.2.1"
API = ObservationLink.Origin.API


@pytest.fixture
def parent(school) -> User:
    return UserFactory(name="Pat New")


@pytest.fixture
def enrollment(school) -> Enrollment:
    """The student's enrollment, whom `school.observer` follows by a link."""
    return Enrollment.objects.get(user=school.student)


# By a link.


def test_redeeming_a_code_begins_to_observe_once(school, parent):
    text = issue(school.student, by=school.student).text
    use = partial(redeem, text, observer=parent, by=parent, network=NETWORK)
    assert said_by(use) == [began(parent, school.student)]
    assert said_by(use) == [], "pressed twice"


def test_a_code_for_one_course_begins_to_observe_there(school, parent):
    root = school.account.parent
    root.code_scope = CodeScope.COURSE
    root.save()
    text = issue(school.student, by=school.teacher, course=school.course).text
    use = partial(redeem, text, observer=parent, by=parent, network=NETWORK)
    assert said_by(use) == [began(parent, school.student, [school.course])]


def test_signing_up_with_a_code_begins_to_observe(school):
    text = issue(school.student, by=school.student).text
    made = said_by(partial(sign_up, application(), text, network=NETWORK))
    assert made == [began(User.objects.latest("id"), school.student)]


def test_the_students_login_and_password_begin_to_observe(school, parent):
    school.student.set_password(PASSWORD)
    school.student.save()
    use = partial(link_with_password, "mia", PASSWORD, observer=parent, by=parent, network=NETWORK)
    assert said_by(use) == [began(parent, school.student)]


def test_staff_begin_a_link_and_end_it(client, school, parent, root):
    client.force_login(school.admin)
    path = f"/accounts/{root.pk}/users/{school.student.pk}"
    assert said_by(partial(client.post, f"{path}/link/observer/{parent.pk}")) == [began(parent, school.student)]
    made = ObservationLink.objects.get(observer=parent)
    remove = f"{path}/observer_links/{made.pk}/remove"
    assert said_by(partial(client.post, remove)) == [ended(parent, school.student)]


def test_the_observer_ends_a_link(client, school):
    client.force_login(school.observer)
    remove = reverse("remove_observee", args=[school.student.pk])
    assert said_by(partial(client.post, remove)) == [ended(school.observer, school.student)]


def test_a_link_that_opens_more_says_what(school, parent):
    make = partial(link, parent, school.student, origin=API, by=None)
    other = EnrollmentFactory(user=school.student).section.course
    assert said_by(partial(make, course=school.course)) == [began(parent, school.student, [school.course])]
    assert said_by(partial(make, course=school.course)) == []
    assert said_by(partial(make, course=other)) == [began(parent, school.student, [other])]
    assert said_by(make) == [began(parent, school.student)]
    narrow = partial(narrow_all, [ObservationLink.objects.get(observer=parent).pk], by=None)
    both = [school.course, other]
    assert said_by(narrow) == [ended(parent, school.student), began(parent, school.student, both)]
    end = partial(unlink, ObservationLink.objects.get(observer=parent), by=None)
    assert said_by(end) == [ended(parent, school.student, both)]


def test_the_event_of_a_link_says_who_made_it_and_how(school, parent):
    link(parent, school.student, origin=ObservationLink.Origin.STAFF, by=school.admin)
    event = observing_events().last()
    assert (event.actor, event.subject, event.data) == (
        school.admin,
        school.student,
        ObservingBegan(parent.pk, "all", "staff"),
    )


def test_deleting_somebody_ends_all_there_is_on_both_sides(school, parent):
    watcher = EnrollmentFactory(section=school.section, type=BaseType.OBSERVER, associated_user=school.student).user
    link(school.student, school.classmate, origin=API, by=None)
    assert sorted(said_by(partial(delete_user, school.student, by=school.admin))) == sorted(
        [
            ended(school.observer, school.student),
            ended(school.student, school.classmate),
            ended(watcher, school.student, school.course),
        ]
    )


# In single courses.


def test_link_to_students_begins_in_the_course_and_ends_there(school, parent):
    EnrollmentFactory(section=school.section, type=BaseType.OBSERVER, user=parent)
    (observer,) = members_in(school.course, parent.pk, by=school.admin)
    students = [school.student.pk, school.classmate.pk]
    assert said_by(partial(link_students, observer, students, by=school.admin)) == [
        began(parent, school.student, school.course),
        began(parent, school.classmate, school.course),
    ]
    undo = partial(unlink_student, parent, school.classmate, school.course, by=school.admin)
    assert said_by(undo) == [ended(parent, school.classmate, school.course)]
    assert said_by(partial(stop_observing, parent, school.student)) == [ended(parent, school.student, school.course)]


def test_an_observer_enrolled_beside_a_student_begins_and_ends_with_that_enrollment(school, parent):
    add = partial(
        enroll, parent, school.section, role(BaseType.OBSERVER), by=school.admin, associated_user=school.student
    )
    here = (parent, school.student, school.course)
    assert said_by(add) == [began(*here)]
    assert said_by(add) == []
    mine = Enrollment.objects.get(user=parent)
    said = {state: said_by(partial(change_state, mine, state, by=school.admin)) for state in ("inactive", "active")}
    assert said == {"inactive": [ended(*here)], "active": [began(*here)]}
    assert said_by(partial(change_state, mine, "completed", by=school.admin)) == [], "who concluded can still read"
    assert said_by(partial(change_state, mine, "deleted", by=school.admin)) == [ended(*here)]


def test_observers_follow_their_student_into_a_course_and_out_of_it(school):
    new = SectionFactory()
    here = (school.observer, school.student, new.course)
    join = partial(enroll, school.student, new, role(BaseType.STUDENT), by=school.admin)
    assert said_by(join) == [began(*here)]
    assert said_by(join) == []
    event = observing_events().last()
    assert (event.actor, event.data.origin) == (school.admin, "link")
    theirs = Enrollment.objects.get(user=school.student, section=new)
    changes = ("completed", "inactive", "active", "deleted")
    said = [said_by(partial(change_state, theirs, state, by=school.admin)) for state in changes]
    assert said == [[], [ended(*here)], [began(*here)], [ended(*here)]]


def test_in_another_section_of_the_course_nobody_begins_anew_and_nobody_ends_before_the_last(school, enrollment):
    other = SectionFactory(course=school.course)
    assert said_by(partial(enroll, school.student, other, role(BaseType.STUDENT), by=None)) == []
    assert said_by(partial(change_state, enrollment, "deleted", by=None)) == []
    last = Enrollment.objects.get(user=school.student, section=other)
    here = (school.observer, school.student, school.course)
    assert said_by(partial(change_state, last, "deleted", by=None)) == [ended(*here)]


def test_other_sections_or_another_observer_role_in_the_course_neither_begin_nor_end_it(school, parent):
    enroll(parent, school.section, role(BaseType.OBSERVER), by=None, associated_user=school.student)
    (student,) = members_in(school.course, school.student.pk, by=school.admin)
    other = SectionFactory(course=school.course)
    assert said_by(partial(set_sections, student, [other], by=school.admin)) == []
    mentor = Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=school.account)
    (observer,) = members_in(school.course, parent.pk, by=school.admin)
    assert said_by(partial(change_role, observer, mentor, by=school.admin)) == []
    (observer,) = members_in(school.course, parent.pk, by=school.admin)
    assert said_by(partial(change_role, observer, role(BaseType.TEACHER), by=school.admin)) == [
        ended(parent, school.student, school.course)
    ]


def test_what_is_repaired_begins_anew(school):
    beside = Enrollment.objects.get(user=school.observer)
    here = (school.observer, school.student, school.course)
    assert said_by(partial(change_state, beside, "deleted", by=None)) == [ended(*here)]
    again = partial(link, school.observer, school.student, origin=API, by=None)
    assert said_by(again) == [began(*here)]


def test_a_course_or_section_that_is_deleted_ends_it_for_everybody_in_it(school, parent):
    section = SectionFactory(course=school.course)
    for student in (school.student, school.classmate):
        enroll(parent, school.section, role(BaseType.OBSERVER), by=None, associated_user=student)
    enroll(parent, section, role(BaseType.OBSERVER), by=None, associated_user=school.student)
    assert sorted(said_by(partial(delete_section, school.section, by=school.admin))) == sorted(
        [ended(parent, school.classmate, school.course), ended(school.observer, school.student, school.course)]
    )
    assert said_by(partial(delete_course, school.course, by=school.admin)) == [
        ended(parent, school.student, school.course)
    ]


def test_any_number_of_observers_is_told_of_with_the_same_statements(school):
    def join() -> None:
        enroll(make_one(), SectionFactory(), role(BaseType.STUDENT), by=None)

    def make_one() -> User:
        student = make_student()
        for observer in UserFactory.create_batch(observers):
            link(observer, student, origin=API, by=None)
        return student

    counted = {}
    for observers in (1, 4):
        student, section = make_one(), SectionFactory()
        counted[observers] = statements(partial(enroll, student, section, role(BaseType.STUDENT), by=None))
    assert counted[1] == counted[4]


def test_nothing_else_writes_these_events_or_changes_who_observes_without_them():
    names = {"ObservingBegan", "ObservingEnded"}
    writing = {
        module.name
        for module in modules(*APPS)
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    }
    assert writing == {"observation_events.py"}
    changing = re.compile(r"(UPDATE|INSERT INTO|DELETE FROM) courses_enrollment")
    silent = {
        str(module)
        for module in modules(*APPS)
        if changing.search(text := (HOUSE / module).read_text()) and "observation_events" not in text
    }
    assert silent == set()

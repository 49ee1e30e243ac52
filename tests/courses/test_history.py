"""What is recorded about somebody, as sentences."""

from accounts.domain.audit import record
from accounts.domain.events import AdminRemoved
from accounts.domain.users import edit_user
from accounts.models import Action, AuditEvent, ObservationLink
from accounts.models.audit import EVENTS
from accounts.permissions.registry import PERMISSIONS
from courses.domain.enrollments import change_state
from courses.domain.events import CourseCreated
from courses.domain.history import events_of, lines
from courses.domain.observation import link, unlink
from courses.models import Enrollment
from pairing.domain.codes import issue
from tests.database import statements
from tests.events import example
from tests.factories import UserFactory

ALL = frozenset(PERMISSIONS)


def told(person, keys=ALL):
    return [line.sentence for line in lines(events_of(person, keys))]


def test_every_kind_of_event_has_a_sentence_that_can_be_said(school):
    before = len(told(school.student))
    for kind in EVENTS.values():
        record(example(kind), by=school.admin, subject=school.student)
    assert len(told(school.student)) == before + len(Action)
    assert not any("%(" in sentence for sentence in told(school.student))


def test_a_kind_of_event_it_does_not_know_is_told_all_the_same(school):
    AuditEvent.objects.create(action="moon.landing", actor=school.admin, subject=school.student)
    assert told(school.student)[0] == "Alex Root: moon.landing."


def test_sentences_say_who_what_and_to_whom(school):
    edit_user(school.student, by=school.admin, email="m@example.org", name="Mia Sea")
    change_state(Enrollment.objects.get(user=school.student), "completed", by=school.teacher)
    assert told(school.student)[:2] == [
        "Tara Bloom set the enrollment of Mia Sea in Biology 7 as Student to “Completed”.",
        "Alex Root changed the account of Mia Sea: email, name, display name, sortable name.",
    ]
    assert told(school.student)[0] in told(school.teacher), "what somebody did is theirs too"
    follows = "Tara Bloom set the enrollment of Paula Lake in Biology 7 as Observer to “Completed”."
    assert follows in told(school.teacher), "and so is what follows from it"


def test_an_observer_is_found_in_the_events_about_the_student(school):
    link(UserFactory(name="Pat New"), school.student, origin=ObservationLink.Origin.STAFF, by=school.admin)
    sentence = "Alex Root linked Pat New as an observer of Mia Lake."
    observer = ObservationLink.objects.latest("id").observer
    assert told(observer) == [sentence]
    assert sentence in told(school.student)
    assert sentence not in told(school.classmate)


def test_who_observes_whom_is_for_those_who_manage_observers(school):
    assert "Paula Lake" in " ".join(told(school.student))
    assert "Paula Lake" not in " ".join(told(school.student, ALL - {"manage_user_observers"}))


def test_what_somebody_does_for_themselves_reads_so(school):
    link(school.teacher, school.student, origin=ObservationLink.Origin.CODE, by=school.teacher)
    unlink(ObservationLink.objects.get(observer=school.teacher), by=school.teacher)
    assert told(school.teacher) == [
        "Tara Bloom stopped observing Mia Lake.",
        "Tara Bloom became an observer of Mia Lake.",
    ]


def test_it_says_on_whose_behalf(school):
    school.teacher = school.teacher.acted_by(school.admin)
    edit_user(school.student, by=school.teacher, name="Mia Sea")
    (line,) = lines(events_of(school.student, ALL)[:1])
    assert (line.sentence.split(" changed")[0], line.on_behalf_of) == ("Alex Root", "Tara Bloom")
    assert lines(events_of(school.teacher, ALL))[0].on_behalf_of == "Tara Bloom"


def test_no_history_contains_a_pairing_code(school):
    code = issue(school.student, by=school.student).text
    assert told(school.student)[0] == "Mia Lake created a pairing code."
    assert code not in " ".join(told(school.student))


def test_five_statements_for_any_number_of_events(school):
    record(CourseCreated(school.course.pk, 1), by=school.admin, subject=school.student)
    record(AdminRemoved(school.account.pk, 1), by=school.admin, subject=school.student)
    few = statements(lambda: lines(events_of(school.student, ALL)))
    for number in range(5):
        record(CourseCreated(school.course.pk + number, 1), by=UserFactory(), subject=school.student)
        record(AdminRemoved(school.account.pk, 1), by=UserFactory(), subject=school.student)
    assert statements(lambda: lines(events_of(school.student, ALL))) == few
    assert AuditEvent.objects.filter(subject=school.student).count() > 10

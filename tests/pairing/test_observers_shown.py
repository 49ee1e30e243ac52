"""Who observes a student, as the student and the staff see it; and the report that somebody should not."""

import pytest
from django.urls import reverse

from accounts.models import Action, AuditEvent, BaseType, ObservationLink, Role, User
from courses.domain.enrollments import enroll
from courses.domain.observation import link
from courses.models import Section
from pairing.domain.objections import office_for
from pairing.models import Objection
from tests.database import statements
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_student,
)

SETTINGS = "/profile/settings"


@pytest.fixture
def section(root) -> Section:
    return SectionFactory(course=CourseFactory(name="Biology"))


@pytest.fixture
def student(section) -> User:
    return make_student(section, SectionFactory(course=CourseFactory(name="Chemistry")), name="Tess Ito")


def beside(student: User, section: Section, **person) -> User:
    """Somebody whom the school lets observe the student in this course only."""
    observer = UserFactory(**person)
    role = Role.objects.built_in(BaseType.OBSERVER)
    enroll(observer, section, role, by=None, associated_user=student)
    return observer


def page(client, reader: User, path: str) -> str:
    client.force_login(reader)
    return " ".join(client.get(path).content.decode().split())


def test_a_student_reads_everybody_who_observes_them_and_how_far(client, student, section):
    linked = UserFactory(name="Lin Linked")
    link(linked, student, origin=ObservationLink.Origin.CODE, by=linked)
    link(UserFactory(name="Cora Code"), student, origin=ObservationLink.Origin.CODE, by=None, course=section.course)
    beside(student, section, name="Sid Single")
    both = beside(student, section, name="Bo Both")
    link(both, student, origin=ObservationLink.Origin.STAFF, by=None)
    shown = page(client, student, SETTINGS)
    people = {
        name: shown.split(name)[1].split("</li>")[0] for name in ("Lin Linked", "Cora Code", "Sid Single", "Bo Both")
    }
    assert "Pairing code · All courses" in people["Lin Linked"]
    assert "Pairing code · Only: Biology" in people["Cora Code"]
    assert "Set up in individual courses · Only: Biology" in people["Sid Single"]
    assert "The school · All courses · added by the school in: Biology" in people["Bo Both"]


def test_whoever_no_longer_sees_anything_is_not_listed(client, student, section):
    observer = beside(student, section, name="Gone Gail")
    observer.observer_enrollments.model.objects.filter(user=observer).update(state="deleted")
    assert "Nobody is observing you." in page(client, student, SETTINGS)


def test_the_list_costs_the_same_for_one_observer_and_for_twenty(client, student, section):
    client.force_login(student)
    beside(student, section)
    for_one = statements(lambda: client.get(SETTINGS))
    for number in range(19):
        beside(student, section)
        if number % 2:
            link(UserFactory(), student, origin=ObservationLink.Origin.CODE, by=None, course=section.course)
    # One more: the courses of limited links, of which there were none.
    assert statements(lambda: client.get(SETTINGS)) <= for_one + 2


def test_user_details_list_whom_the_people_page_lists(client, student, section):
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    link(UserFactory(name="Lin Linked"), student, origin=ObservationLink.Origin.CODE, by=None)
    details = reverse("course_user", args=[section.course_id, student.pk])
    shown = page(client, teacher, details)
    assert "Nobody observes" not in shown
    assert "Accounts are linked" in shown.split("Lin Linked")[1]
    beside(student, section, name="Sid Single")
    assert "This course only" in page(client, teacher, details).split("Sid Single")[1]


def test_admins_read_of_observers_in_single_courses_on_both_sides(client, student, section):
    observer, admin = beside(student, section, name="Sid Single"), make_admin()
    root = section.course.account.parent_id
    for person, other in ((student, "Sid Single"), (observer, "Tess Ito")):
        shown = page(client, admin, reverse("account_user", args=[root, person.pk]))
        assert "Set up in individual courses, without a link:" in shown.split(other)[1]
        assert "obody" not in shown.split(other)[1][:200]


# This should not be


def report(client, student: User, observer: User):
    client.force_login(student)
    return client.post(reverse("report_observer", args=[observer.pk]), follow=True)


def test_a_student_reports_an_observer_once_and_reads_so(client, student, section):
    observer = beside(student, section, name="Sid Single")
    for _pressed in range(2):
        shown = report(client, student, observer).content.decode()
        assert "Report sent" in shown
        assert "Reported" in shown.split("Sid Single")[1]
    assert Objection.objects.get().observer == observer
    event = AuditEvent.objects.get(action=Action.OBSERVER_REPORTED)
    assert (event.actor, event.subject, event.details) == (student, student, {"observer": observer.pk})


def test_nobody_is_reported_who_does_not_observe(client, student):
    assert report(client, student, UserFactory()).status_code == 404
    assert not Objection.objects.exists()


def test_the_address_of_a_report_opened_by_itself_reports_nothing(client, student, section):
    observer = beside(student, section)
    client.force_login(student)
    assert client.get(reverse("report_observer", args=[observer.pk])).url == SETTINGS
    assert not Objection.objects.exists()


def test_those_who_manage_observers_read_reports_and_settle_them(client, student, section):
    observer, admin, school = beside(student, section, name="Sid Single"), make_admin(), section.course.account
    report(client, student, observer)
    reports = reverse("observer_reports", args=[school.pk])
    shown = page(client, admin, reports)
    assert "Tess Ito" in shown
    assert "Sid Single" in shown
    answer = client.post(reverse("settle_observer_report", args=[school.pk, Objection.objects.get().pk]), follow=True)
    assert "still observes Tess Ito" in answer.content.decode()
    assert "No open reports." in answer.content.decode()
    assert AuditEvent.objects.get(action=Action.REPORT_SETTLED).actor == admin
    assert "Reported</span>" not in page(client, student, SETTINGS)


def test_whoever_reads_reports_can_remove_the_link_and_nobody_else_reads_them(client, student, section):
    observer, school = UserFactory(), section.course.account
    made = link(observer, student, origin=ObservationLink.Origin.STAFF, by=None)
    report(client, student, observer)
    for admin, status in ((make_admin(school), 403), (make_admin(), 200)):
        client.force_login(admin)
        remove = reverse("remove_observer_link", args=[school.pk, student.pk, made.pk])
        for address in (reverse("observer_reports", args=[school.pk]), remove):
            assert client.get(address).status_code == status


def test_a_school_reads_the_reports_of_its_own_students_only(client, student, section):
    other = make_student()
    report(client, other, beside(other, other.enrollments.get().section))
    assert "No open reports." in page(
        client, make_admin(), reverse("observer_reports", args=[section.course.account_id])
    )


def test_who_may_not_manage_observers_does_not_read_reports(client, student, section):
    allow(BaseType.ACCOUNT_ADMIN, "manage_user_observers", enabled=False)
    client.force_login(make_admin())
    assert client.get(reverse("observer_reports", args=[section.course.account_id])).status_code == 403


def test_the_page_says_who_really_removes_a_link(client, student, section, root):
    beside(student, section)
    assert f"administrators of {root.name} who manage observers can remove them" in page(client, student, SETTINGS)
    assert "Tell a teacher" not in page(client, student, SETTINGS)
    for account, office in ((root, "office@district.example"), (section.course.account, "Ms Lake, room 12")):
        client.force_login(make_admin())
        client.post(reverse("edit_account", args=[account.pk]), {"name": account.name, "links_office": office})
        assert f"You can also ask {office}." in page(client, student, SETTINGS)


def test_whom_to_ask_costs_the_same_for_a_student_of_one_school_and_of_six(student, root):
    for_two = statements(lambda: office_for(student))
    for _number in range(4):
        EnrollmentFactory(user=student, section=SectionFactory(course=CourseFactory(account=AccountFactory())))
    assert statements(lambda: office_for(student)) == for_two

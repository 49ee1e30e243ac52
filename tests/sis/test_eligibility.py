"""Who may observe whom: every rule on every entrance. Pages and API refuse; rosters warn of what they apply."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import pytest
from django.test import Client

from accounts.domain.tokens import make_token
from accounts.models import AccountAdmin, BaseType, ObservationLink, Role, User
from courses.domain.observation import link, unlink
from courses.models import Enrollment, Section
from tests.factories import (
    PASSWORD,
    CodeFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
    make_student,
)
from tests.sis.conftest import warnings

pytestmark = pytest.mark.usefixtures("root")


@dataclass
class Case:
    """Of two people the first is to observe the second."""

    observer: User
    student: User
    section: Section
    admin: User

    def call(self, by: User, method: str, path: str, **body) -> int:
        client = Client(headers={"Authorization": f"Bearer {make_token(by, 'test', by=None)}"})
        return client.generic(method, f"/api/v1{path}", json.dumps(body), content_type="application/json").status_code

    def press(self, by: User, path: str, **body) -> int:
        client = Client()
        client.force_login(by)
        return client.post(path, body).status_code

    @property
    def member(self) -> str:
        """The address of the observer in the course, where they have been added as one."""
        EnrollmentFactory(user=self.observer, section=self.section, type=BaseType.OBSERVER)
        return f"/courses/{self.section.course_id}/users/{self.observer.pk}"

    @property
    def row(self) -> str:
        """The two in a roster."""
        return f"observer_id,student_id,status\n{self.observer.sis_user_id},{self.student.sis_user_id},active"

    def observes(self) -> bool:
        links = ObservationLink.objects.filter(observer=self.observer, student=self.student, state="active")
        beside = Enrollment.objects.filter(user=self.observer, associated_user=self.student)
        return links.exists() or beside.exclude(state__in=Enrollment.GONE).exists()


def by_code(case: Case) -> int:
    CodeFactory(student=case.student, text="abcdef", used_by=None)
    return case.call(case.observer, "POST", "/users/self/observees", pairing_code="abcdef")


def by_code_looked_at_first(case: Case) -> int:
    CodeFactory(student=case.student, text="abcdef", used_by=None)
    client = Client()
    client.force_login(case.observer)
    looked = client.post("/profile/observees", {"code": "abcdef"})
    if looked.status_code != 302:
        return looked.status_code
    return client.post("/profile/observees", {"step": "pair"}).status_code


def by_code_spent_by_staff(case: Case) -> int:
    CodeFactory(student=case.student, text="abcdef", used_by=None)
    return case.call(case.admin, "POST", f"/users/{case.observer.pk}/observees", pairing_code="abcdef")


def by_credentials(case: Case) -> int:
    case.student.set_password(PASSWORD)
    case.student.save()
    observee = {"unique_id": case.student.login_id, "password": PASSWORD}
    return case.call(case.observer, "POST", "/users/self/observees", observee=observee)


def by_token(case: Case) -> int:
    token = make_token(case.student, "proof", by=None)
    return case.call(case.observer, "POST", "/users/self/observees", access_token=token)


def by_put(case: Case) -> int:
    return case.call(case.admin, "PUT", f"/users/{case.observer.pk}/observees/{case.student.pk}")


def by_the_admins_page(case: Case) -> int:
    root = case.section.course.account.parent_id
    return case.press(case.admin, f"/accounts/{root}/users/{case.observer.pk}/link/student/{case.student.pk}")


def by_enrolling(case: Case) -> int:
    wanted = {"user_id": case.observer.pk, "type": "ObserverEnrollment", "associated_user_id": case.student.pk}
    return case.call(case.admin, "POST", f"/courses/{case.section.course_id}/enrollments", enrollment=wanted)


def by_link_to_students(case: Case) -> int:
    return case.press(case.admin, f"{case.member}/link_students", student=case.student.pk)


# Those in one course are for its students only.
IN_A_COURSE: list[Callable[[Case], int]] = [by_enrolling, by_link_to_students]
IN_ALL_COURSES: list[Callable[[Case], int]] = [
    by_code,
    by_code_looked_at_first,
    by_code_spent_by_staff,
    by_credentials,
    by_token,
    by_put,
    by_the_admins_page,
]
HANDS = [*IN_ALL_COURSES, *IN_A_COURSE]


def nothing_wrong(section: Section) -> tuple[User, User]:
    return UserFactory(), make_student(section)


def themselves(section: Section) -> tuple[User, User]:
    student = make_student(section)
    return student, student


def gone(section: Section) -> tuple[User, User]:
    return UserFactory(), make_student(section, state=User.State.DELETED)


def observed_back_by_link(section: Section) -> tuple[User, User]:
    observer, student = make_student(section), make_student(section)
    link(student, observer, origin=ObservationLink.Origin.STAFF, by=None)
    return observer, student


def observed_back_in_the_course(section: Section) -> tuple[User, User]:
    observer, student = make_student(section), make_student(section)
    EnrollmentFactory(user=student, section=section, type=BaseType.OBSERVER, associated_user=observer)
    return observer, student


def somebody_new(section: Section) -> tuple[User, User]:
    """The school has said nothing yet of the second."""
    return UserFactory(), UserFactory()


def a_mistake_put_right(section: Section) -> tuple[User, User]:
    """Whatever the second was made by mistake, it has been taken away."""
    child = UserFactory()
    EnrollmentFactory(user=child, section=section, type=BaseType.TEACHER, state=Enrollment.State.DELETED)
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    deleted = AccountAdmin.State.DELETED
    AccountAdmin.objects.create(user=child, account=section.course.account, role=role, workflow_state=deleted)
    unlink(link(child, make_student(section), origin=ObservationLink.Origin.STAFF, by=None), by=None)
    return UserFactory(), child


def declared_a_student(section: Section) -> tuple[User, User]:
    tutor = UserFactory(declared_user_type="student_other")
    EnrollmentFactory(user=tutor, section=section, type=BaseType.TA)
    return UserFactory(), tutor


def never_student(section: Section) -> tuple[User, User]:
    parent = UserFactory()
    EnrollmentFactory(user=parent, section=section, type=BaseType.TEACHER)
    return make_student(section), parent


def an_admin(section: Section) -> tuple[User, User]:
    return make_student(section), make_admin()


def an_observer(section: Section) -> tuple[User, User]:
    parent = UserFactory()
    link(parent, make_student(section), origin=ObservationLink.Origin.STAFF, by=None)
    return make_student(section), parent


def signed_up_as_an_observer(section: Section) -> tuple[User, User]:
    return make_student(section), UserFactory(initial_enrollment_type="observer")


def declared_a_teacher(section: Section) -> tuple[User, User]:
    return make_student(section), UserFactory(declared_user_type="teacher")


RULES: list[Callable[[Section], tuple[User, User]]] = [
    themselves,
    gone,
    observed_back_by_link,
    observed_back_in_the_course,
    never_student,
    an_admin,
    an_observer,
    signed_up_as_an_observer,
    declared_a_teacher,
]
NOTHING_PLAIN = [somebody_new, a_mistake_put_right, declared_a_student]


@pytest.mark.parametrize("hand", HANDS)
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_holds_on_every_entrance(rule, hand):
    section = SectionFactory()
    case = Case(*rule(section), section, make_admin())
    assert 400 <= hand(case) < 500
    assert not case.observes()


@pytest.mark.parametrize(
    ("people", "hand"), [*product([nothing_wrong], HANDS), *product(NOTHING_PLAIN, IN_ALL_COURSES)]
)
def test_every_entrance_is_open_where_nothing_is_plainly_wrong(people, hand):
    section = SectionFactory()
    case = Case(*people(section), section, make_admin())
    assert hand(case) < 400
    assert case.observes()


@pytest.mark.parametrize(
    ("rule", "kind"),
    [
        (nothing_wrong, None),
        *((people, None) for people in NOTHING_PLAIN),
        (observed_back_by_link, "observed_back"),
        (observed_back_in_the_course, "observed_back"),
        (never_student, "never_student"),
        (an_admin, "never_student"),
        (an_observer, "never_student"),
        (signed_up_as_an_observer, "never_student"),
        (declared_a_teacher, "never_student"),
    ],
)
def test_a_row_that_links_two_who_may_not_is_applied_and_warned_of(load, rule, kind):
    section = SectionFactory()
    case = Case(*rule(section), section, make_admin())
    made = load(
        user_observers=f"observer_id,student_id,status\n{case.observer.sis_user_id},{case.student.sis_user_id},active"
    )
    assert [found for _row, found in warnings(made)] == ([kind] if kind else [])
    assert ObservationLink.objects.live().filter(observer=case.observer, student=case.student).exists()


@pytest.mark.parametrize("rule", [themselves, gone])
def test_a_row_that_cannot_be_is_refused(load, rule):
    section = SectionFactory()
    case = Case(*rule(section), section, make_admin())
    load(user_observers=case.row)
    assert not case.observes()


def test_two_rows_that_let_two_people_observe_each_other_are_warned_of_at_the_second(load):
    one, other = make_student(), make_student()
    rows = f"{one.sis_user_id},{other.sis_user_id},active\n{other.sis_user_id},{one.sis_user_id},active"
    assert warnings(load(user_observers=f"observer_id,student_id,status\n{rows}")) == [(3, "observed_back")]


@pytest.mark.parametrize(
    ("people", "kind"),
    [
        (nothing_wrong, None),
        (somebody_new, None),
        (observed_back_in_the_course, "observed_back"),
        (never_student, "never_student"),
        (an_observer, "never_student"),
    ],
)
def test_a_row_that_enrolls_two_who_may_not_is_applied_and_warned_of(load, people, kind):
    section = SectionFactory(sis_section_id="S1")
    observer, student = people(section)
    row = f"S1,{observer.sis_user_id},observer,active,{student.sis_user_id}"
    made = load(enrollments=f"section_id,user_id,role,status,associated_user_id\n{row}")
    assert [found for _row, found in warnings(made)] == ([kind] if kind else [])
    assert Enrollment.objects.live().filter(user=observer, associated_user=student).exists()

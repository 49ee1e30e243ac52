"""What happens on the account side at the same moment."""

from functools import partial
from itertools import combinations

import pytest

from accounts.domain.admins import remove_admin
from accounts.errors import NotAllowed
from accounts.models import AccountAdmin, ObservationLink, User
from courses.domain.courses import delete_course
from courses.domain.enrollments import change_state
from courses.domain.observation import link
from courses.models import Enrollment
from pairing.domain.account_deletion import delete_user
from pairing.domain.codes import issue
from pairing.domain.redemption import Pairing, redeem
from pairing.errors import CodeRefused
from tests.factories import SectionFactory, UserFactory, make_admin, make_student
from tests.racing import at_once

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("raced_root")]


def fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def test_two_admins_who_take_each_others_role_leave_one():
    one, other = make_admin(), make_admin()
    held = {
        user: AccountAdmin.objects.select_related("user", "account", "role").get(user=user) for user in (one, other)
    }
    outcomes = at_once(
        [partial(remove_admin, held[other], by=fresh(one)), partial(remove_admin, held[one], by=fresh(other))]
    )
    assert [type(outcome) for outcome in outcomes].count(NotAllowed) == 1
    assert AccountAdmin.objects.filter(workflow_state="active").count() == 1


@pytest.mark.parametrize("_time", range(5))
def test_a_code_used_while_its_students_account_is_deleted_links_nobody(_time):
    admin, student, observer = make_admin(), make_student(), UserFactory()
    code = issue(student, by=student).text
    used, deleted = at_once(
        [
            partial(redeem, code, observer=observer, by=observer, network="192.0.2.1"),
            partial(delete_user, student, by=admin),
        ]
    )
    assert deleted is None
    assert isinstance(used, Pairing | CodeRefused)
    assert not ObservationLink.objects.filter(state="active").exists()
    assert not Enrollment.objects.filter(user=observer).exclude(state="deleted").exists()


def test_people_who_observe_each_the_next_are_deleted_at_once_without_waiting_for_ever():
    admin = make_admin()
    people = [make_student() for _number in range(4)]
    for observer, student in combinations(people, 2):
        link(observer, student, origin=ObservationLink.Origin.STAFF, by=None)
    outcomes = at_once([partial(delete_user, person, by=fresh(admin)) for person in people])
    assert outcomes == [None] * 4
    assert not ObservationLink.objects.filter(state="active").exists()
    assert not Enrollment.objects.exclude(state="deleted").exists()


def test_a_course_is_deleted_while_its_enrollments_change():
    admin, section = make_admin(), SectionFactory()
    students = [make_student(section) for _number in range(4)]
    for student in students:
        link(UserFactory(), student, origin=ObservationLink.Origin.CODE, by=None)
    enrollments = [Enrollment.objects.select_related("user").get(user=student) for student in students]
    outcomes = at_once(
        [partial(delete_course, section.course, by=admin)]
        + [partial(change_state, enrollment, "inactive", by=None) for enrollment in enrollments]
    )
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert not Enrollment.objects.present().exists()

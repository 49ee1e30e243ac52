"""The people of a course and of an account, through the API."""

import pytest

from accounts.models import BaseType, ObservationLink, User
from courses.domain.observation import link
from courses.models import Enrollment
from tests.api import Api, ids
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
    make_students,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def student(section):
    return EnrollmentFactory(section=section, user=UserFactory(name="Kim Abel", email="kim@example.org")).user


@pytest.fixture
def teacher(section):
    return EnrollmentFactory(section=section, user=UserFactory(name="Tess Zorn"), type=BaseType.TEACHER).user


@pytest.fixture
def observer(student):
    observer = UserFactory(name="Olga Miller")
    link(observer, student, origin=ObservationLink.Origin.API, by=None)
    return observer


@pytest.mark.parametrize("list_name", ["users", "search_users"])
def test_staff_list_everybody_by_name(student, teacher, observer, section, list_name):
    path = f"courses/{section.course_id}/{list_name}"
    for user in (teacher, make_admin()):
        assert ids(Api(user).get(path)) == [student.pk, observer.pk, teacher.pk]


@pytest.mark.parametrize("query", [{"enrollment_type": "student"}, {"enrollment_type": ["student"]}])
def test_a_type_may_come_alone_or_in_a_list(student, teacher, observer, section, query):
    assert ids(Api(teacher).get(f"courses/{section.course_id}/users", **query)) == [student.pk]


def test_only_those_asked_for_by_their_ids_are_listed_and_what_is_no_id_is_refused(student, teacher, section):
    path, api = f"courses/{section.course_id}/users", Api(teacher)
    assert ids(api.get(path, user_ids=[student.pk, 987_654_321])) == [student.pk]
    for given in (["x"], [student.pk, "9" * 30]):
        assert api.get(path, user_ids=given).json()["errors"].keys() == {"user_ids"}


def test_course_users_are_filtered_by_several_types_and_states(student, teacher, observer, section):
    Enrollment.objects.filter(user=student).update(state="completed")
    path, api = f"courses/{section.course_id}/users", Api(teacher)
    assert ids(api.get(path, enrollment_type=["student", "teacher"])) == [teacher.pk]
    assert ids(api.get(path, enrollment_type="student", enrollment_state=["completed"])) == [student.pk]
    assert ids(api.get(path, enrollment_type="student_view")) == []
    assert api.get(path, enrollment_type="students").json()["errors"].keys() == {"enrollment_type"}


def test_search_finds_by_what_the_reader_may_see(student, teacher, section):
    path = f"courses/{section.course_id}/users"
    ta = EnrollmentFactory(section=section, type=BaseType.TA, user=UserFactory(name="Ann Zeta")).user
    for user in (teacher, ta):
        assert ids(Api(user).get(path, search_term="abel")) == [student.pk]
    assert ids(Api(teacher).get(path, search_term=student.sis_user_id)) == [student.pk]
    assert ids(Api(ta).get(path, search_term=student.sis_user_id)) == []
    assert ids(Api(teacher).get(path, search_term="100%")) == []


def test_sis_ids_logins_and_mail_depend_on_permissions(student, teacher, section):
    ta = EnrollmentFactory(section=section, type=BaseType.TA).user
    designer = EnrollmentFactory(section=section, type=BaseType.DESIGNER).user
    path = f"courses/{section.course_id}/users/{student.pk}"
    for user, seen in (
        (teacher, {"sis_user_id", "integration_id", "login_id", "email"}),
        (ta, {"login_id", "email"}),
        (designer, set()),
    ):
        body = Api(user).get(path, include=["email"]).json()
        assert body.keys() & {"sis_user_id", "integration_id", "login_id", "email"} == seen


def test_enrollments_and_observed_students_on_request(student, teacher, observer, section):
    path = f"courses/{section.course_id}/users"
    query = {"include": ["enrollments", "observed_users", "avatar_url"], "enrollment_type": "observer"}
    (body,) = Api(teacher).get(path, **query).json()
    assert body["id"] == observer.pk
    assert [row["associated_user_id"] for row in body["enrollments"]] == [student.pk]
    assert [user["id"] for user in body["observed_users"]] == [student.pk]
    plain = Api(teacher).get(path).json()[0]
    assert not {"enrollments", "observed_users", "email", "avatar_url"} & plain.keys()


def test_observers_and_strangers_never_see_the_people(student, observer, section):
    for user in (observer, UserFactory(), make_admin(AccountFactory())):
        for path in ("users", "search_users", f"users/{student.pk}"):
            assert Api(user).get(f"courses/{section.course_id}/{path}").status_code == 403


def test_one_person_is_found_in_the_course_and_not_from_elsewhere(student, teacher, section):
    path = f"courses/{section.course_id}/users"
    assert Api(teacher).get(f"{path}/sis_user_id:{student.sis_user_id}").json()["id"] == student.pk
    assert Api(teacher).get(f"{path}/{EnrollmentFactory().user_id}").status_code == 404


def test_the_list_costs_the_same_for_many(section, teacher, django_assert_num_queries):
    api, query = Api(teacher), {"include": ["enrollments", "observed_users", "email"], "per_page": 100}
    for count in (1, 61):
        with django_assert_num_queries(7):
            assert len(api.get(f"courses/{section.course_id}/users", **query).json()) == count
        make_students(60, section)


def test_an_account_lists_its_own_people(root):
    school, other = AccountFactory(), AccountFactory()
    here = EnrollmentFactory(section=SectionFactory(course=CourseFactory(account=school))).user
    EnrollmentFactory(section=SectionFactory(course=CourseFactory(account=other)))
    assert ids(Api(make_admin(school)).get(f"accounts/{school.pk}/users")) == [here.pk]
    assert len(ids(Api(make_admin()).get("accounts/self/users", per_page=100))) == User.objects.count()
    assert ids(Api(make_admin()).get("accounts/self/users", search_term=here.name.split()[1])) == [here.pk]


def test_an_account_shows_its_people_to_its_own_staff_only(root, teacher, student, observer):
    school = AccountFactory()
    for user in (teacher, student, observer, make_admin(AccountFactory())):
        assert Api(user).get(f"accounts/{school.pk}/users").status_code == 403
    assert Api(make_admin(school)).get("accounts/self/users").status_code == 403
    assert Api().get("accounts/self/users").status_code == 401


def test_an_accounts_list_costs_the_same_for_many(section, django_assert_num_queries):
    api = Api(make_admin())
    for _size in range(2):
        with django_assert_num_queries(3):
            assert api.get("accounts/self/users", per_page=100).status_code == 200
        make_students(60, section)

"""What narrows or sorts a list, as Canvas documents it: it does so, for whoever may know what it is about."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from accounts.models import BaseType, Role, User
from courses.models import Course, Enrollment, Term
from tests.api import Api, ids
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    RootFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture
def district(root):
    """Two schools; in the first a course with teacher and student, an empty one, and one that is over."""
    school, other = AccountFactory(name="B School"), AccountFactory(name="A School")
    past = Term.objects.create(name="Past", sis_term_id="T1", end_at=timezone.now() - timedelta(days=1))
    art = CourseFactory(name="Art", account=school, sis_course_id="C2")
    biology = CourseFactory(name="Biology", account=school, workflow_state="unpublished", sis_course_id="C1")
    chess = CourseFactory(name="Chess", account=other, term=past)
    section = SectionFactory(course=art, sis_section_id="S1")
    there = EnrollmentFactory(section=section, type=BaseType.TEACHER, user__name="Zoe Young")
    EnrollmentFactory(section=SectionFactory(course=chess), type=BaseType.TEACHER, user__name="Al Adams")
    student = EnrollmentFactory(section=section, user__name="Kim Lee", user__email="a@example.org").user
    return SimpleNamespace(
        **{"school": school, "other": other, "past": past, "art": art, "biology": biology, "chess": chess},
        **{"section": section, "teacher": there.user, "student": student},
    )


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "art biology chess"),
        ({"published": True}, "art chess"),
        ({"published": False}, "biology"),
        ({"published": ""}, "art biology chess"),
        ({"with_enrollments": True}, "art chess"),
        ({"with_enrollments": False}, "biology"),
        ({"hide_enrollmentless_courses": True}, "art chess"),
        ({"completed": True}, "chess"),
        ({"completed": False}, "art biology"),
        ({"enrollment_type": ["student"]}, "art"),
        ({"enrollment_type": ["teacher", "student"]}, "art chess"),
        ({"enrollment_workflow_state": ["completed"]}, ""),
        ({"enrollment_workflow_state": ["active", "pending"]}, "art chess"),
        ({"by_teachers": ["{teacher}"]}, "art"),
        ({"by_teachers": ["{student}"]}, ""),
        ({"by_subaccounts": ["{other}"]}, "chess"),
        ({"by_subaccounts": ["{root}"]}, "art biology chess"),
        ({"enrollment_term_id": "sis_term_id:T1"}, "chess"),
        ({"enrollment_term_id": ["{past}"]}, "chess"),
        ({"state": ["created", "claimed"]}, "biology"),
        ({"state": ["available"]}, "art chess"),
        ({"state": ["all"]}, "art biology chess gone"),
        ({"state": ["deleted"]}, "gone"),
        ({"search_term": "adams", "search_by": "teacher"}, "chess"),
        ({"search_term": "adams"}, ""),
        ({"search_term": "che", "search_by": "course"}, "chess"),
        ({"starts_before": "2026-11-30"}, "art biology"),
        ({"ends_after": "2099-01-01"}, "art biology"),
        ({"sort": "course_name", "order": "desc"}, "chess biology art"),
        ({"sort": "sis_course_id"}, "biology art chess"),
        ({"sort": "account_name"}, "chess art biology"),
        ({"sort": "teacher"}, "chess art biology"),
        ({"sort": "course_status"}, "art chess biology"),
    ],
)
def test_the_courses_of_an_account_are_narrowed_and_sorted(district, root, query, found):
    gone = CourseFactory(name="Gone", account=district.school, workflow_state="deleted")
    Course.objects.filter(pk=district.chess.pk).update(start_at=NOW + timedelta(days=1))
    named = {"teacher": district.teacher.pk, "student": district.student.pk, "other": district.other.pk}
    named |= {"root": root.pk, "past": district.past.pk}
    sent = {
        key: [one.format_map(named) for one in value] if isinstance(value, list) else value
        for key, value in query.items()
    }
    wanted = [gone.pk if name == "gone" else getattr(district, name).pk for name in found.split()]
    assert ids(Api(make_admin()).get(f"accounts/{root.pk}/courses", **sent)) == wanted


@pytest.mark.parametrize(
    "query",
    [
        {"by_teachers": [1]},
        {"sort": "teacher"},
        {"search_by": "teacher", "search_term": "a"},
        {"sort": "sis_course_id"},
    ],
)
def test_courses_are_not_listed_by_what_the_reader_may_not_know(district, root, query):
    reader = make_admin()
    for key in ("read_roster", "read_sis"):
        allow(BaseType.ACCOUNT_ADMIN, key, enabled=False)
    assert Api(reader).get(f"accounts/{root.pk}/courses").status_code == 200
    assert Api(reader).get(f"accounts/{root.pk}/courses", **query).status_code == 403


def test_a_term_that_is_not_there_is_a_404_and_no_empty_list(district):
    api = Api(make_admin())
    for given in (["sis_term_id:none"], [district.past.pk, 987_654_321], "x"):
        assert api.get("accounts/self/courses", enrollment_term_id=given).status_code == 404


def test_the_people_of_an_account_are_those_enrolled_as_asked_for(district, root):
    admin = make_admin()
    for path in (f"accounts/{root.pk}/users", f"accounts/{district.school.pk}/users"):
        for wanted in ("student", "StudentEnrollment"):
            assert ids(Api(admin).get(path, enrollment_type=wanted)) == [district.student.pk]
        assert ids(Api(admin).get(path, enrollment_type=["observer"])) == []
        assert Api(admin).get(path, enrollment_type="pupil").status_code == 400
    EnrollmentFactory(section=district.section, state="invited", type=BaseType.TA)
    assert ids(Api(admin).get(f"accounts/{root.pk}/users", enrollment_type="ta")) == []


def test_people_are_sorted_by_what_the_reader_sees_of_them(root):
    one = UserFactory(name="Al A", email="c@example.org", sis_user_id="2", integration_id="x", last_login=NOW)
    two = UserFactory(name="Bo B", email="b@example.org", sis_user_id="3", integration_id="w")
    admin = make_admin(name="Zed Z", email="a@example.org", sis_user_id="1", integration_id="v")
    orders = {
        "username": [one, two, admin],
        "email": [admin, two, one],
        "sis_id": [admin, one, two],
        "integration_id": [admin, two, one],
        "id": [one, two, admin],
    }
    for sort, people in orders.items():
        wanted = [person.pk for person in people]
        assert ids(Api(admin).get("accounts/self/users", sort=sort)) == wanted
        assert ids(Api(admin).get("accounts/self/users", sort=sort, order="desc")) == wanted[::-1]
    assert ids(Api(admin).get("accounts/self/users", sort="last_login"))[0] == one.pk
    for key in ("view_user_logins", "read_sis"):
        allow(BaseType.ACCOUNT_ADMIN, key, enabled=False)
    for sort in ("email", "sis_id", "integration_id", "last_login"):
        assert Api(admin).get("accounts/self/users", sort=sort).status_code == 403


def test_whoever_is_only_invited_is_not_sorted_by_what_is_not_shown_of_them(district):
    invited = EnrollmentFactory(section=district.section, state="invited", user__email="0@example.org").user
    found = Api(district.teacher).get(f"courses/{district.art.pk}/users", sort="email")
    assert ids(found) == [district.teacher.pk, district.student.pk, invited.pk]


def test_the_people_of_a_course_are_those_of_a_section_and_role(district):
    other = SectionFactory(course=district.art)
    role = Role.objects.create(label="Tutor", base_type=BaseType.TA, account=district.school)
    tutor = EnrollmentFactory(section=other, type=BaseType.TA, role=role).user
    path, api = f"courses/{district.art.pk}/users", Api(make_admin())
    assert ids(api.get(path, section_ids=[other.pk])) == [tutor.pk]
    assert ids(api.get(path, enrollment_role="Tutor")) == [tutor.pk]
    # As in Canvas, the role goes before the type.
    assert ids(api.get(path, enrollment_role="Tutor", enrollment_type="student")) == [tutor.pk]
    assert api.get(path, enrollment_role="Coach").json()["errors"].keys() == {"enrollment_role"}
    Enrollment.objects.filter(user=tutor).update(state="inactive")
    inactive = {"enrollment_state": ["inactive", "active"], "section_ids": [other.pk]}
    assert ids(api.get(path, **inactive)) == [tutor.pk]
    assert ids(api.get(path, **inactive, exclude_inactive=True)) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"role": ["StudentEnrollment"]}, "student"),
        ({"role": ["StudentEnrollment"], "type": ["TeacherEnrollment"]}, "student"),
        ({"sis_user_id": ["KIM"]}, "student"),
        ({"sis_user_id": "KIM"}, "student"),
        ({"sis_section_id": ["S1"]}, "student teacher"),
        ({"sis_section_id": ["S9"]}, ""),
        ({"sis_course_id": ["C2"]}, "student teacher"),
        ({"sis_course_id": ["C1"]}, ""),
        ({"sis_account_id": ["A1"]}, "student teacher"),
        ({"sis_account_id": ["A2"]}, ""),
        ({"enrollment_term_id": "sis_term_id:T1"}, ""),
    ],
)
def test_enrollments_are_narrowed_by_ids_of_the_schools(district, query, found):
    User.objects.filter(pk=district.student.pk).update(sis_user_id="KIM")
    district.school.sis_account_id = "A1"
    district.school.save(update_fields=["sis_account_id"])
    wanted = [Enrollment.objects.get(user=getattr(district, name)).pk for name in found.split()]
    for reader in (district.teacher, make_admin()):
        assert ids(Api(reader).get(f"courses/{district.art.pk}/enrollments", **query)) == wanted
    whose = [pk for pk in wanted if Enrollment.objects.get(pk=pk).user == district.student]
    if query.get("role") is None:
        assert ids(Api(make_admin()).get(f"users/{district.student.pk}/enrollments", **query)) == whose


def test_enrollments_are_not_found_by_sis_ids_that_the_reader_may_not_see(district):
    User.objects.filter(pk=district.student.pk).update(sis_user_id="KIM")
    allow(BaseType.TEACHER, "read_sis", enabled=False)
    path = f"courses/{district.art.pk}/enrollments"
    assert ids(Api(district.teacher).get(path, sis_user_id=["KIM"])) == []
    for name in ("sis_section_id", "sis_course_id", "sis_account_id"):
        assert Api(district.teacher).get(path, **{name: ["S1"]}).status_code == 403
    # One's own is known to oneself.
    own = Api(district.student).get("users/self/enrollments", sis_user_id=["KIM"])
    assert [row["user_id"] for row in own.json()] == [district.student.pk]
    invited = EnrollmentFactory(section=district.section, state="invited", user__sis_user_id="NEW").user
    allow(BaseType.TEACHER, "read_sis")
    assert ids(Api(district.teacher).get(path, sis_user_id=[invited.sis_user_id])) == []


def test_a_role_that_does_not_exist_is_a_400_that_names_it(district):
    answer = Api(make_admin()).get(f"courses/{district.art.pk}/enrollments", role=["StudentEnrollment", "Pupil"])
    assert answer.status_code == 400
    assert answer.json()["errors"]["role"][0]["message"] == "There is no such role: “Pupil”."


def test_ones_own_courses_are_narrowed_by_role_and_account(district):
    role = Role.objects.create(label="Tutor", base_type=BaseType.TEACHER, account=RootFactory())
    chess = Enrollment.objects.get(section__course=district.chess)
    Enrollment.objects.filter(pk=chess.pk).update(role=role, user=district.teacher)
    api = Api(district.teacher)
    assert ids(api.get("courses")) == [district.art.pk, district.chess.pk]
    assert ids(api.get("courses", enrollment_role="Tutor", enrollment_type="student")) == [district.chess.pk]
    assert ids(api.get("courses", enrollment_role_id=role.pk)) == [district.chess.pk]
    assert ids(api.get("courses", account_id=district.school.pk)) == [district.art.pk]
    assert api.get("courses", enrollment_role="Coach").status_code == 400


def test_terms_are_listed_in_the_states_asked_for(district):
    gone = Term.objects.create(name="Gone", workflow_state="deleted")

    def found(**query):
        return [one["id"] for one in Api(make_admin()).get("accounts/self/terms", **query).json()["enrollment_terms"]]

    assert found() == found(workflow_state=["active"]) == [district.past.pk]
    assert found(workflow_state=["deleted"]) == [gone.pk]
    assert set(found(workflow_state=["all"])) == {district.past.pk, gone.pk}


def test_admins_and_sections_are_searched_and_accounts_sorted(district, root):
    admin, other = make_admin(name="Ann Root"), make_admin(name="Bob Base")
    api = Api(admin)
    assert [one["user"]["id"] for one in api.get("accounts/self/admins", search_term="base").json()] == [other.pk]
    assert [one["user"]["id"] for one in api.get("accounts/self/admins", user_id=["self"]).json()] == [admin.pk]
    assert api.get("accounts/self/admins", user_id=["x"]).status_code == 400
    assert ids(api.get(f"courses/{district.art.pk}/sections", search_term=district.section.name[:3])) == [
        district.section.pk
    ]
    assert ids(api.get(f"courses/{district.art.pk}/sections", search_term="none of these")) == []
    assert ids(api.get("accounts/self/sub_accounts")) == [district.other.pk, district.school.pk]
    assert ids(api.get("accounts/self/sub_accounts", order="id")) == [district.school.pk, district.other.pk]

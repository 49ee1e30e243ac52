"""Courses and sections through the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import AccountAdmin, AuditEvent, BaseType, ObservationLink, Role, RoleOverride
from courses.domain.observation import link
from courses.models import Assignment, Course, Enrollment, Section, Submission, Term
from tests.api import Api, ids
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
)

pytestmark = pytest.mark.django_db

API = ObservationLink.Origin.API


def make_enrollment(user=None, type=BaseType.STUDENT, **course):
    """An enrollment in a course of its own."""
    section = SectionFactory(course=CourseFactory(**course))
    return EnrollmentFactory(user=user or UserFactory(), section=section, type=type)


def observer_of(*students):
    observer = UserFactory()
    for student in students:
        link(observer, student, origin=API, by=None)
    return observer


def test_one_lists_the_courses_one_takes_and_teaches(root):
    taken = make_enrollment()
    taught = make_enrollment(taken.user, BaseType.TEACHER, workflow_state=Course.State.UNPUBLISHED)
    make_enrollment()
    make_enrollment(taken.user, workflow_state=Course.State.UNPUBLISHED)
    make_enrollment(taken.user, start_at=timezone.now() + timedelta(days=1))
    make_enrollment(taken.user, workflow_state=Course.State.DELETED)
    courses = {taken.section.course_id, taught.section.course_id}
    assert set(ids(Api(taken.user).get("courses"))) == courses
    assert ids(Api(taken.user).get("courses", enrollment_type="teacher")) == [taught.section.course_id]
    assert ids(Api(taken.user).get("courses", state=["available"])) == [taken.section.course_id]


def test_concluded_courses_are_listed_on_request(root):
    over = make_enrollment(workflow_state=Course.State.COMPLETED)
    api = Api(over.user)
    assert ids(api.get("courses")) == []
    assert ids(api.get("courses", state=["completed", "available"])) == [over.section.course_id]
    Enrollment.objects.update(state="completed")
    assert ids(api.get("courses", state=["completed"])) == [over.section.course_id]
    assert ids(api.get("courses", state=["completed"], enrollment_state="active")) == []


def test_a_course_has_the_keys_that_clients_need(root):
    term = Term.objects.create(name="Fall")
    mine = make_enrollment(term=term, syllabus_body="<p>Read <em>this</em>.</p><script>x</script>", sis_course_id="C-1")
    (body,) = Api(mine.user).get("courses", include=["term", "syllabus_body", "sections", "permissions"]).json()
    course = mine.section.course
    assert (body["id"], body["name"], body["course_code"]) == (course.pk, course.name, course.course_code)
    assert (body["account_id"], body["workflow_state"]) == (course.account_id, "available")
    assert body["term"] == {"id": term.pk, "name": "Fall", "start_at": None, "end_at": None}
    assert body["syllabus_body"] == "<p>Read <em>this</em>.</p>"
    assert [section["id"] for section in body["sections"]] == [mine.section_id]
    assert "sis_course_id" not in body
    (enrollment,) = body["enrollments"]
    assert (
        enrollment.items()
        >= {
            "type": "student",
            "role": "StudentEnrollment",
            "user_id": mine.user_id,
            "enrollment_state": "active",
        }.items()
    )


def test_with_observed_users_the_students_own_enrollment_stands_beside_the_observers(root):
    mine = make_enrollment()
    other = EnrollmentFactory(section=mine.section)
    observer = observer_of(mine.user)
    query = {"include": ["observed_users"], "enrollment_state": "active"}
    (body,) = Api(observer).get("courses", **query).json()
    assert {(row["type"], row["user_id"], row.get("associated_user_id")) for row in body["enrollments"]} == {
        ("observer", observer.pk, mine.user_id),
        ("student", mine.user_id, None),
    }
    assert str(other.user_id) not in str(body["enrollments"])
    single = Api(observer).get(f"courses/{body['id']}", include=["observed_users"]).json()
    assert single["enrollments"] == body["enrollments"]
    (calendar,) = Api(observer).get("courses", enrollment_type="observer", state=["available"]).json()
    assert [row["associated_user_id"] for row in calendar["enrollments"]] == [mine.user_id]


def test_an_observer_sees_the_students_released_total(root):
    mine = make_enrollment()
    for points, posted in ((9, True), (1, False)):
        assignment = Assignment.objects.create(
            course=mine.section.course, name="Quiz", points_possible=10, workflow_state="published"
        )
        Submission.objects.create(
            assignment=assignment,
            student=mine.user,
            score=points,
            posted_at=timezone.now() - timedelta(hours=1) if posted else None,
        )
    (body,) = Api(observer_of(mine.user)).get("courses", include=["observed_users", "total_scores"]).json()
    assert [row.get("computed_current_score") for row in body["enrollments"]] == [90.0, None]


def test_an_unpublished_course_is_not_there_for_students_and_observers(root):
    mine = make_enrollment(workflow_state=Course.State.UNPUBLISHED)
    for user in (mine.user, observer_of(mine.user)):
        assert ids(Api(user).get("courses")) == []
        assert Api(user).get(f"courses/{mine.section.course_id}").status_code == 403


def test_a_course_opens_for_those_in_it_and_for_admins_above(root):
    mine = make_enrollment(sis_course_id="BIO")
    course = mine.section.course
    for user in (mine.user, observer_of(mine.user), make_admin(), make_admin(course.account)):
        assert Api(user).get(f"courses/{course.pk}").status_code == 200
    assert Api(make_admin()).get("courses/sis_course_id:BIO").json()["sis_course_id"] == "BIO"
    for user in (UserFactory(), make_admin(AccountFactory())):
        assert Api(user).get(f"courses/{course.pk}").status_code == 403
    Course.objects.update(workflow_state="deleted")
    assert Api(make_admin()).get(f"courses/{course.pk}").status_code == 404


def test_the_courses_of_somebody_are_read_by_their_observers_and_staff(root):
    mine = make_enrollment()
    course, teacher = (
        mine.section.course_id,
        EnrollmentFactory(section=mine.section, type=BaseType.TEACHER).user,
    )
    make_enrollment(mine.user)
    path = f"users/{mine.user_id}/courses"
    assert len(ids(Api(observer_of(mine.user)).get(path))) == 2
    assert len(ids(Api(make_admin()).get(path))) == 2
    assert ids(Api(teacher).get(path)) == [course]
    assert Api(UserFactory()).get(path).status_code == 403


def test_listing_courses_costs_the_same_for_many(root, django_assert_num_queries):
    student = make_enrollment().user
    observer = observer_of(student)
    query = {"include": ["observed_users", "term", "sections", "total_scores"], "per_page": 50}
    api = Api(observer)
    with django_assert_num_queries(7):
        assert len(api.get("courses", **query).json()) == 1
    for _number in range(20):
        make_enrollment(student)
    link(observer, student, origin=API, by=None)
    with django_assert_num_queries(7):
        assert len(api.get("courses", **query).json()) == 21


def test_an_admin_makes_a_course(root):
    school = AccountFactory()
    admin = make_admin(school)
    given = {
        "name": "Biology 7",
        "course_code": "BIO7",
        "start_at": "2026-01-01T00:00:00Z",
    }
    body = Api(admin).post(f"accounts/{school.pk}/courses", course=given, offer=True, enroll_me=True).json()
    course = Course.objects.get(pk=body["id"])
    assert (course.name, course.account, course.workflow_state) == ("Biology 7", school, "available")
    assert course.sections.get().is_default
    assert [row["type"] for row in body["enrollments"]] == ["teacher"]
    assert AuditEvent.objects.filter(action="course.created", actor=admin).exists()
    refused = Api(admin).post(f"accounts/{school.pk}/courses", course={**given, "sis_course_id": "B7"})
    assert (refused.status_code, Course.objects.count()) == (403, 1)


@pytest.mark.parametrize(
    "given",
    [{"name": "x" * 256}, {"sis_course_id": "TAKEN"}, {"start_at": "2026-01-02", "end_at": "2026-01-01"}],
)
def test_a_course_that_cannot_be_is_a_400_and_not_made(root, given):
    CourseFactory(sis_course_id="TAKEN")
    answer = Api(make_admin()).post("accounts/self/courses", course={"name": "A", **given})
    assert answer.status_code == 400
    assert Course.objects.count() == 1


def test_courses_are_made_only_where_one_may(root):
    school = AccountFactory()
    for user in (UserFactory(), make_admin(AccountFactory()), make_enrollment(type=BaseType.TEACHER).user):
        assert Api(user).post(f"accounts/{school.pk}/courses", course={"name": "A"}).status_code == 403
    assert Api(make_admin(school)).post("accounts/self/courses", course={"name": "A"}).status_code == 403


def test_sections_are_made_and_read_by_staff(root):
    course = CourseFactory()
    path = f"courses/{course.pk}/sections"
    body = Api(make_admin()).post(path, course_section={"name": "Period 1", "sis_section_id": "P1"}).json()
    section = Section.objects.get(pk=body["id"])
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    student = EnrollmentFactory(section=section).user
    assert (body["course_id"], body["name"], body["sis_section_id"]) == (course.pk, "Period 1", "P1")
    assert ids(Api(teacher).get(path)) == [section.pk]
    assert Api(teacher).get("sections/sis_section_id:P1").json()["id"] == section.pk
    assert Api(teacher).post(path, course_section={"name": "Mine"}).status_code == 200
    # Ids of the school's are not a teacher's to give.
    assert Api(teacher).post(path, course_section={"name": "x", "sis_section_id": "P2"}).status_code == 403
    allow(BaseType.TEACHER, "manage_sections_add", enabled=False)
    assert Api(teacher).post(path, course_section={"name": "More"}).status_code == 403
    for user in (student, observer_of(student), UserFactory()):
        assert Api(user).get(path).status_code == 403
        assert Api(user).post(path, course_section={"name": "Mine"}).status_code == 403
        for method in ("GET", "PUT", "DELETE"):
            assert Api(user).send(method, f"sections/{section.pk}", {}).status_code == 403
    assert Api(make_admin()).post(path, course_section={"name": " "}).status_code == 400
    assert Api(make_admin()).post(path, course_section={"name": "x", "sis_section_id": "P1"}).status_code == 400


def test_a_section_is_renamed_and_what_is_not_given_stays(root):
    section = SectionFactory(name="Old", start_at="2026-01-01T00:00:00Z", end_at="2026-02-01T00:00:00Z")
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    path = f"sections/{section.pk}"
    body = Api(teacher).put(path, course_section={"name": "New", "end_at": ""}).json()
    assert (body["name"], body["start_at"], body["end_at"]) == ("New", "2026-01-01T00:00:00Z", None)
    assert Api(teacher).put(path, course_section={"end_at": "2025-01-01"}).status_code == 400
    assert Api(teacher).put(path, course_section={"name": ""}).status_code == 400
    assert Api(teacher).put(path, course_section={"sis_section_id": "MINE"}).status_code == 403
    assert Api(make_admin()).put(path, course_section={"sis_section_id": "S1"}).json()["sis_section_id"] == "S1"
    allow(BaseType.TEACHER, "manage_sections_edit", enabled=False)
    assert Api(teacher).put(path, course_section={"name": "Newer"}).status_code == 403


def test_a_section_is_deleted_with_its_enrollments_but_never_the_last_one(root):
    course = CourseFactory()
    section, other = SectionFactory(course=course), SectionFactory(course=course)
    teacher = EnrollmentFactory(section=other, type=BaseType.TEACHER).user
    mine = EnrollmentFactory(section=section)
    observer = observer_of(mine.user)
    allow(BaseType.TEACHER, "manage_sections_delete", enabled=False)
    assert Api(teacher).delete(f"sections/{section.pk}").status_code == 403
    assert Api(make_admin()).delete(f"sections/{section.pk}").json()["id"] == section.pk
    assert ids(Api(observer).get("courses")) == []
    assert Api(make_admin()).get(f"sections/{section.pk}").status_code == 404
    assert Api(make_admin()).delete(f"sections/{section.pk}").status_code == 404
    assert Api(make_admin()).delete(f"sections/{other.pk}").status_code == 400


def test_nobody_becomes_a_teacher_of_a_new_course_who_may_do_less_than_teachers(root):
    clerk = UserFactory()
    role = Role.objects.create(label="Clerk", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
    AccountAdmin.objects.create(user=clerk, account=root, role=role)
    RoleOverride.objects.create(account=root, role=role, permission="manage_courses_admin", enabled=True)
    RoleOverride.objects.create(account=root, role=role, permission="read_course_list", enabled=True)
    new = {"course": {"name": "A"}}
    assert Api(clerk).post("accounts/self/courses", **new, enroll_me=True).status_code == 403
    assert not Course.objects.exists()
    assert Api(clerk).post("accounts/self/courses", **new).status_code == 200

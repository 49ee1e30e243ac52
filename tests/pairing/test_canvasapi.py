"""canvasapi, the Python client written for Canvas, unchanged, against a running server."""

import pytest
from canvasapi import Canvas
from canvasapi.exceptions import (
    BadRequest,
    Forbidden,
    InvalidAccessToken,
    RateLimitExceeded,
    ResourceDoesNotExist,
    Unauthorized,
    UnprocessableEntity,
)

from accounts.domain.tokens import make_token
from accounts.models import BaseType
from courses.models import Enrollment
from tests.factories import (
    PASSWORD,
    EnrollmentFactory,
    RootFactory,
    SectionFactory,
    UserFactory,
    allow,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root(transactional_db):
    return RootFactory()


@pytest.fixture
def client_of(live_server):
    return lambda user: Canvas(live_server.url, make_token(user, "test", by=None))


@pytest.fixture
def student(root):
    return EnrollmentFactory(user=UserFactory(name="Kim Abel", password=PASSWORD)).user


@pytest.fixture
def observer(root):
    return UserFactory()


def test_canvasapi_reads_its_own_user(client_of, student):
    me = client_of(student).get_user("self")
    assert (me.id, me.name, str(me)) == (student.pk, "Kim Abel", f"Kim Abel ({student.pk})")
    assert client_of(student).get_current_user().id == student.pk
    assert me.get_profile()["sortable_name"] == "Abel, Kim"


def test_pairing_from_code_to_removal(client_of, student, observer):
    code = client_of(student).get_user("self").create_pairing_code()
    assert (code.user_id, code.workflow_state, len(code.code)) == (student.pk, "active", 6)
    assert code.expires_at_date
    me = client_of(observer).get_user("self")
    linked = me.add_observee_with_credentials(pairing_code=code.code)
    assert (linked.id, linked.name) == (student.pk, "Kim Abel")
    assert [user.id for user in me.get_observees()] == [student.pk]
    assert [user.id for user in client_of(student).get_user("self").get_observers()] == [observer.pk]
    assert me.show_observee(student.pk).id == student.pk
    (course,) = client_of(observer).get_courses(include=["observed_users"])
    assert {row["user_id"] for row in course.enrollments} == {student.pk, observer.pk}
    (enrollment,) = me.get_enrollments(include=["observed_users"])
    assert enrollment.observed_user["id"] == student.pk
    assert me.remove_observee(student.pk).id == student.pk
    assert list(me.get_observees()) == []


def test_canvasapi_links_with_the_students_login(client_of, student, observer):
    me = client_of(observer).get_user("self")
    login = {"unique_id": student.login_id, "password": PASSWORD}
    assert me.add_observee_with_credentials(observee=login).id == student.pk
    with pytest.raises(UnprocessableEntity, match="Unknown observee"):
        me.add_observee_with_credentials(observee={**login, "password": "wrong"})
    with pytest.raises(UnprocessableEntity, match="Unknown observee"):
        me.add_observee_with_credentials(observee={**login, "unique_id": "nobody"})


def test_canvasapi_lets_an_admin_link_by_id(client_of, admin, student, observer, root):
    them = client_of(admin).get_user(observer.pk)
    assert them.add_observee(student.pk, root_account_id=root.pk).id == student.pk
    assert them.show_observee(student.pk).id == student.pk
    (observee,) = them.get_observees(include=["avatar_url"], per_page=2)
    assert observee.sis_user_id == student.sis_user_id
    assert them.remove_observee(student.pk).id == student.pk


def test_an_admin_makes_an_account_with_a_code(client_of, admin, root, student):
    canvas = client_of(admin)
    account = canvas.get_account(root.pk)
    for number, shape in enumerate((lambda code: {"code": code}, lambda code: code)):
        code = canvas.get_user(student.pk).create_pairing_code().code
        made = account.create_user(
            {"unique_id": f"mum{number}@example.org", "password": "four-old-bicycles"},
            user={"name": "Mum", "terms_of_use": True, "initial_enrollment_type": "observer"},
            pairing_code=shape(code),
        )
        assert [user.id for user in made.get_observees()] == [student.pk]
    with pytest.raises(BadRequest, match="pairing_code"):
        account.create_user({"unique_id": "x@example.org"}, user={"name": "X", "initial_enrollment_type": "observer"})


def test_accounts_and_their_people_page_by_page(client_of, admin, root):
    UserFactory.create_batch(103)
    # Of the others' names one may begin another: Sam Person1, Sam Person10.
    one = UserFactory(name="Ada Alone")
    (account,) = client_of(admin).get_accounts()
    assert account.id == root.pk
    assert len({user.id for user in account.get_users(per_page=2)}) == 105
    assert [user.id for user in account.get_users(search_term=one.name)] == [one.pk]


def test_a_course_from_making_to_reactivating(client_of, admin, student, observer, root):
    canvas = client_of(admin)
    course = canvas.get_account(root.pk).create_course(course={"name": "Biology 7", "course_code": "B7"}, offer=True)
    assert canvas.get_course(course.id).name == "Biology 7"
    enrollment = course.enroll_user(student.pk, enrollment={"type": "StudentEnrollment", "enrollment_state": "active"})
    assert (enrollment.course_id, enrollment.type, enrollment.enrollment_state) == (
        course.id,
        "StudentEnrollment",
        "active",
    )
    with pytest.warns(DeprecationWarning, match="enrollment_type"):
        beside = course.enroll_user(observer.pk, "ObserverEnrollment", enrollment={"associated_user_id": student.pk})
    assert beside.associated_user_id == student.pk
    section = course.create_course_section(course_section={"name": "Period 2"})
    assert section.enroll_user(UserFactory().pk).course_section_id == section.id
    assert len(list(course.get_sections())) == 2
    assert [user.id for user in course.get_users(enrollment_type=["observer"])] == [observer.pk]
    assert course.get_user(student.pk, include=["enrollments"]).enrollments[0]["id"] == enrollment.id
    assert len(list(course.get_enrollments(state=["active"], type=["StudentEnrollment"]))) == 1
    assert len(list(canvas.get_user(student.pk).get_enrollments())) == 2
    for task, state in {"inactivate": "inactive", "deactivate": "inactive", "conclude": "completed"}.items():
        assert enrollment.deactivate(task).enrollment_state == state
        assert enrollment.reactivate().enrollment_state == "active"
    assert enrollment.deactivate("delete").enrollment_state == "deleted"


def test_a_teacher_enrolls_ends_and_takes_back_whom_they_may(client_of, student):
    section = Enrollment.objects.get(user=student).section
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    course = client_of(teacher).get_course(section.course_id)
    enrollment = course.enroll_user(UserFactory().pk, enrollment={"type": "TaEnrollment", "enrollment_state": "active"})
    assert enrollment.deactivate("inactivate").enrollment_state == "inactive"
    assert enrollment.reactivate().enrollment_state == "active"
    assert enrollment.deactivate("conclude").enrollment_state == "completed"
    allow(BaseType.TEACHER, "add_ta_to_course", enabled=False)
    with pytest.raises(Forbidden, match="Users - add TAs in courses"):
        enrollment.reactivate()
    with pytest.raises(Forbidden, match="Users - add TAs in courses"):
        course.enroll_user(UserFactory().pk, enrollment={"type": "TaEnrollment"})
    own = Enrollment.objects.get(user=teacher)
    (mine,) = [row for row in course.get_enrollments() if row.id == own.pk]
    with pytest.raises(Forbidden, match="cannot take yourself out"):
        mine.deactivate("delete")


def test_a_section_is_made_changed_and_deleted(client_of, student):
    section = Enrollment.objects.get(user=student).section
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    course = client_of(teacher).get_course(section.course_id)
    made = course.create_course_section(course_section={"name": "Evening"})
    assert made.edit(course_section={"name": "Late", "start_at": "2026-09-01T08:00:00Z"}).name == "Late"
    assert made.delete().id == made.id
    (left,) = course.get_sections()
    with pytest.raises(BadRequest, match="at least one"):
        left.delete()


def test_canvasapi_accepts_and_rejects_invitations(client_of, root):
    invited = EnrollmentFactory(state="invited")
    (row,) = client_of(invited.user).get_user("self").get_enrollments(state=["invited"])
    assert row.accept() is True
    refused = EnrollmentFactory(state="invited")
    (row,) = client_of(refused.user).get_user("self").get_enrollments(state=["invited"])
    assert row.reject() is True
    assert Enrollment.objects.get(pk=refused.pk).state == "rejected"


def test_self_registration_is_an_authentication_provider(client_of, admin, root, student):
    account = client_of(admin).get_account(root.pk)
    (provider,) = account.get_authentication_providers()
    assert provider.self_registration == "all"
    assert provider.update(self_registration="none") == "canvas"
    assert account.get_authentication_providers()[0].self_registration == "none"
    with pytest.raises(Forbidden, match="turned off pairing"):
        client_of(student).get_user("self").create_pairing_code()


def test_refusals_become_the_clients_own_exceptions(client_of, live_server, student, observer):
    with pytest.raises(InvalidAccessToken):
        Canvas(live_server.url, "nonsense").get_user("self")
    me = client_of(observer).get_user("self")
    with pytest.raises(Forbidden):
        me.create_pairing_code()
    with pytest.raises(ResourceDoesNotExist):
        me.show_observee(student.pk)
    with pytest.raises(BadRequest):
        me.add_observee_with_credentials()
    for _number in range(5):
        with pytest.raises(UnprocessableEntity, match="Invalid pairing code"):
            me.add_observee_with_credentials(pairing_code="abcdef")
    with pytest.raises(RateLimitExceeded, match=r"0\.0"):
        me.add_observee_with_credentials(pairing_code="abcdef")


def test_a_teacher_with_the_permission_makes_a_code(client_of, student):
    section = Enrollment.objects.get(user=student).section
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    allow(BaseType.TEACHER, "generate_observer_pairing_code")
    assert client_of(teacher).get_user(student.pk).create_pairing_code().user_id == student.pk


def test_a_teacher_reads_the_people_of_the_course(client_of, root):
    section = SectionFactory()
    teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
    pupils = [EnrollmentFactory(section=section).user for _number in range(3)]
    course = client_of(teacher).get_course(section.course_id)
    query = {"enrollment_type": ["student"], "include": ["enrollments", "observed_users"], "per_page": 2}
    assert {user.id for user in course.get_users(**query)} == {pupil.pk for pupil in pupils}


def test_an_admin_acts_as_a_student(client_of, admin, student):
    canvas = client_of(admin)
    assert [course.id for course in canvas.get_courses(as_user_id=student.pk)] == [
        student.enrollments.get().section.course_id
    ]
    assert list(canvas.get_courses()) == []
    assert canvas.get_user(student.pk).get_profile(as_user_id=student.pk)["id"] == student.pk
    with pytest.raises(Unauthorized):
        list(client_of(student).get_courses(as_user_id=admin.pk))

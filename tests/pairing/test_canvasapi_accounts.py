"""canvasapi, unchanged, on the account side: people, logins, admins, sub-accounts, terms, courses."""

import pytest
from canvasapi import Canvas
from canvasapi.exceptions import BadRequest, Forbidden, InvalidAccessToken, UnprocessableEntity

from accounts.domain.tokens import make_token
from accounts.models import Role, User
from tests.factories import AccountFactory, CourseFactory, RootFactory, make_admin, make_student

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root(transactional_db):
    return RootFactory()


@pytest.fixture
def client_of(live_server):
    return lambda user: Canvas(live_server.url, make_token(user, "test", by=None))


@pytest.fixture
def account(client_of, root):
    return client_of(make_admin()).get_account(root.pk)


@pytest.fixture
def student(root):
    return make_student(name="Kim Abel", login_id="kim")


def test_a_person_is_edited_suspended_signed_out_and_deleted(client_of, account, student):
    canvas = client_of(make_admin())
    user = canvas.get_user(student.pk)
    edited = user.edit(
        user={"name": "Kim Stone", "time_zone": "Europe/Berlin", "locale": "de", "email": "k@example.org"}
    )
    assert (edited.name, edited.sortable_name, edited.time_zone) == ("Kim Stone", "Stone, Kim", "Europe/Berlin")
    assert (edited.email, edited.locale) == ("k@example.org", "de")
    with pytest.raises(BadRequest, match="Enter a name"):
        user.edit(user={"name": ""})
    kim = client_of(student)
    user.edit(user={"event": "suspend"})
    with pytest.raises(InvalidAccessToken):
        kim.get_current_user()
    user.edit(user={"event": "unsuspend"})
    assert kim.get_current_user().id == student.pk
    assert user.terminate_sessions() == "ok"
    with pytest.raises(InvalidAccessToken):
        kim.get_current_user()
    assert account.delete_user(student.pk).id == student.pk
    assert User.objects.get(pk=student.pk).state == "deleted"


def test_a_login_is_read_and_edited(client_of, student, account):
    (login,) = client_of(make_admin()).get_user(student.pk).get_user_logins()
    assert (login.id, login.user_id, login.unique_id) == (student.pk, student.pk, "kim")
    edited = login.edit(login={"unique_id": "kim.stone", "sis_user_id": "K-1"})
    assert (edited.unique_id, edited.sis_user_id) == ("kim.stone", "K-1")
    login.edit(login={"password": "four-old-bicycles"})
    with pytest.raises(BadRequest, match="You cannot set a password"):
        login.edit(login={"password": "five-old-bicycles"})


def test_canvasapi_adds_and_removes_admins(account, student):
    made = account.create_admin(student.pk)
    assert (made.user["id"], made.role) == (student.pk, "AccountAdmin")
    assert {admin.user["id"] for admin in account.get_admins(per_page=1)} >= {student.pk}
    assert account.delete_admin(student.pk).workflow_state == "deleted"
    role = Role.objects.create(label="Help desk", base_type="AccountMembership", account_id=account.id)
    assert account.create_admin(student.pk, role_id=role.pk).role == "Help desk"
    assert account.delete_admin(student.pk, role_id=role.pk).user["id"] == student.pk
    assert [admin.user["id"] for admin in account.get_admins(user_id=[student.pk])] == []


def test_canvasapi_creates_and_deletes_sub_accounts(account):
    made = account.create_subaccount({"name": "North", "sis_account_id": "N"})
    assert (made.name, made.parent_account_id, made.sis_account_id) == ("North", account.id, "N")
    below = made.create_subaccount({"name": "North Annex"})
    assert [one.id for one in account.get_subaccounts()] == [made.id]
    assert [one.id for one in account.get_subaccounts(recursive=True)] == [made.id, below.id]
    assert made.update(account={"name": "North School"})
    with pytest.raises(UnprocessableEntity, match="North Annex"):
        made.delete()
    assert below.delete()
    assert made.delete()
    assert list(account.get_subaccounts()) == []


def test_canvasapi_creates_and_deletes_terms(account):
    made = account.create_enrollment_term(
        enrollment_term={"name": "Fall", "start_at": "2026-09-01T00:00:00Z", "sis_term_id": "F"}
    )
    assert (made.name, made.start_at, made.sis_term_id) == ("Fall", "2026-09-01T00:00:00Z", "F")
    for number in range(12):
        account.create_enrollment_term(enrollment_term={"name": f"Term {number}"})
    assert len(list(account.get_enrollment_terms(per_page=2))) == 13
    edited = made.edit(enrollment_term={"end_at": "2027-01-31T00:00:00Z"})
    assert (edited.name, edited.start_at, edited.end_at) == ("Fall", "2026-09-01T00:00:00Z", "2027-01-31T00:00:00Z")
    assert account.get_enrollment_term(made.id).name == "Fall"
    assert made.delete().workflow_state == "deleted"


def test_a_course_from_making_to_bringing_back(client_of, account, root):
    canvas = client_of(make_admin())
    course = account.create_course(course={"name": "Biology", "course_code": "B"})
    assert [one.id for one in account.get_courses(search_term="biol")] == [course.id]
    assert course.update(course={"name": "Botany", "sis_course_id": "BOT", "event": "offer"}) == "Botany"
    assert (course.workflow_state, course.sis_course_id) == ("available", "BOT")
    assert course.conclude()
    assert canvas.get_course(course.id).workflow_state == "completed"
    assert course.update(course={"event": "claim"})
    assert course.delete()
    assert list(account.get_courses()) == []
    assert course.update(course={"event": "undelete"}) == "Botany"
    assert canvas.get_course(course.id).workflow_state == "unpublished"


def test_a_schools_admin_meets_refusals_as_exceptions(client_of, root, student):
    school = AccountFactory()
    canvas = client_of(make_admin(school))
    with pytest.raises(Forbidden, match="root account"):
        canvas.get_account(school.pk).delete_user(student.pk)
    with pytest.raises(Forbidden):
        canvas.get_course(CourseFactory(account=school).pk).update(course={"sis_course_id": "X"})
    with pytest.raises(Forbidden):
        canvas.get_account(root.pk)

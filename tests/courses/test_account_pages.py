"""The pages of an account: for its administrators and those above, each within their reach."""

import pytest

from accounts.domain.audit import record
from accounts.domain.events import AdminCreated
from accounts.models import (
    Account,
    AccountAdmin,
    Action,
    AuditEvent,
    BaseType,
    ObservationLink,
    Role,
    RoleOverride,
    User,
)
from courses.domain.events import SectionCreated
from courses.domain.observation import link
from courses.models import Enrollment, Term
from tests.database import statements
from tests.factories import AccountFactory, CourseFactory, EnrollmentFactory, SectionFactory, UserFactory

CODE = ObservationLink.Origin.CODE
NOT_ADMINS = ["student", "classmate", "teacher", "teacher_elsewhere", "observer", "other_observer"]


def at(account, page=""):
    return f"/accounts/{account.pk}{page}"


def user_page(account, person):
    return at(account, f"/users/{person.pk}")


def removal(school, account):
    return f"{user_page(account, school.student)}/observer_links/{school.link.pk}/remove"


@pytest.fixture
def pages(school):
    return [at(school.account, page) for page in ("", "/users", "/courses", f"/users/{school.student.pk}")]


def test_account_pages_ask_to_sign_in(visit, school, pages):
    for path in (*pages, removal(school, school.account)):
        assert visit(None, path).status_code == 302


@pytest.mark.parametrize("who", [*NOT_ADMINS, "admin_elsewhere"])
def test_only_administrators_of_the_account_or_above_get_in(visit, school, pages, who):
    for path in (*pages, removal(school, school.account)):
        answer = visit(getattr(school, who), path)
        assert answer.status_code == 403
        assert "S-MIA" not in answer.content.decode()


@pytest.mark.parametrize("who", ["admin", "account_admin"])
def test_administrators_see_the_users_and_courses_of_their_account(visit, school, pages, who):
    to_users, users, courses, person = pages
    reader = getattr(school, who)
    assert visit(reader, to_users).headers["Location"] == users
    assert "Lake, Mia" in visit(reader, users).content.decode()
    assert "Biology 7" in visit(reader, courses).content.decode()
    assert "Mia Lake" in visit(reader, person).content.decode()


def test_who_observes_whom_is_for_those_who_manage_observers_in_the_institution(visit, school, pages):
    assert "Paula Lake" in visit(school.admin, pages[-1]).content.decode()
    assert "Paula Lake" not in visit(school.account_admin, pages[-1]).content.decode()


def test_unknown_and_deleted_accounts_are_not_found(visit, school):
    Account.objects.filter(pk=school.elsewhere.pk).update(workflow_state=Account.State.DELETED)
    for pk in (school.elsewhere.pk, 999_999, 10**20):
        assert visit(school.admin, f"/accounts/{pk}/users").status_code == 404


def test_the_root_has_everybody_and_a_sub_account_those_in_its_courses(visit, school, root):
    UserFactory(name="Nowhere Person")
    below = AccountFactory(parent=school.account)
    EnrollmentFactory(user__name="Deep Down", section__course__account=below)
    everybody = visit(school.admin, at(root, "/users")).content.decode()
    for name in ("Person, Nowhere", "Far, Olga", "Lake, Mia", "Down, Deep"):
        assert name in everybody
    north = visit(school.admin, at(school.account, "/users")).content.decode()
    assert "Lake, Mia" in north
    assert "Down, Deep" in north
    assert "Far, Olga" not in north
    assert "Person, Nowhere" not in north


def test_people_out_of_the_accounts_reach_are_not_found(visit, school, root):
    for person in (school.outsider, UserFactory()):
        assert visit(school.account_admin, user_page(school.account, person)).status_code == 404
        assert visit(school.account_admin, user_page(root, person)).status_code == 403
        assert visit(school.admin, user_page(root, person)).status_code == 200


def test_deleted_people_are_not_on_the_users_page(visit, school, root):
    User.objects.filter(pk=school.student.pk).update(state=User.State.DELETED)
    assert visit(school.admin, user_page(root, school.student)).status_code == 404


def test_a_sub_accounts_admin_sees_enrollments_of_that_account_only(visit, school, root):
    EnrollmentFactory(user=school.student, section__course=school.other_course)
    assert "Chemistry 9" in visit(school.admin, user_page(root, school.student)).content.decode()
    page = visit(school.account_admin, user_page(school.account, school.student)).content.decode()
    assert "Biology 7" in page
    assert "Chemistry 9" not in page


def test_courses_are_those_of_the_account_and_below_in_any_state(visit, school, root):
    CourseFactory(name="Not yet", account=AccountFactory(parent=school.account), workflow_state="unpublished")
    page = visit(school.admin, at(school.account, "/courses")).content.decode()
    assert "Biology 7" in page
    assert "Not yet" in page
    assert "Unpublished" in page
    assert "Chemistry 9" not in page
    assert "Chemistry 9" in visit(school.admin, at(root, "/courses")).content.decode()


@pytest.mark.parametrize("words", ["mia", "S-MIA", "lake, m"])
def test_the_users_page_searches_by_name(visit, school, words):
    page = visit(school.admin, at(school.account, "/users"), search=words).content.decode()
    assert "Lake, Mia" in page
    assert "Hill, Ben" not in page


def test_the_courses_page_searches_by_name_and_code(visit, school, root):
    page = visit(school.admin, at(root, "/courses"), search="chem").content.decode()
    assert "Chemistry 9" in page
    assert "Biology 7" not in page


def test_courses_are_narrowed_to_a_term_and_a_state(visit, school, root):
    term = Term.objects.create(name="Fall")
    CourseFactory(name="Drawing", account=school.account, term=term, workflow_state="completed")
    for narrowed in ({"term": term.pk}, {"state": "completed"}, {"term": term.pk, "state": "completed"}):
        page = visit(school.admin, at(root, "/courses"), **narrowed).content.decode()
        assert "Drawing" in page
        assert "Biology 7" not in page
    page = visit(school.admin, at(root, "/courses"), term=term.pk, state="available").content.decode()
    assert "No matching courses." in page
    for nonsense in ({"term": "x"}, {"term": 10**20}, {"state": "deleted"}):
        assert "Biology 7" in visit(school.admin, at(root, "/courses"), **nonsense).content.decode()


def test_sub_accounts_are_listed_and_lead_back(visit, school, root):
    assert at(school.account) in visit(school.admin, at(root, "/sub_accounts")).content.decode()
    assert f'href="{at(root)}"' in visit(school.admin, at(school.account, "/users")).content.decode()
    assert f'href="{at(root)}"' not in visit(school.account_admin, at(school.account, "/users")).content.decode()


@pytest.mark.parametrize(("permission", "secret"), [("view_user_logins", "person-login"), ("read_sis", "S-MIA")])
def test_logins_and_sis_ids_need_their_rights(visit, school, root, permission, secret):
    User.objects.filter(pk=school.student.pk).update(login_id="person-login", email="person-login@example.org")
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    RoleOverride.objects.create(account=root, role=role, permission=permission, enabled=False)
    for path in (at(root, "/users"), user_page(root, school.student)):
        assert secret not in visit(school.admin, path).content.decode()
    assert "Lake, Mia" not in visit(school.admin, at(root, "/users"), search=secret).content.decode()


def test_a_user_shows_observers_and_observed_with_origin_and_scope(visit, school, root):
    page = visit(school.admin, user_page(root, school.student)).content.decode()
    assert "Paula Lake" in page
    assert "Pairing code · All courses" in page
    page = visit(school.admin, user_page(root, school.observer)).content.decode()
    assert "Mia Lake" in page


def test_links_are_for_those_who_manage_observers(visit, school, root):
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    RoleOverride.objects.create(account=root, role=role, permission="manage_user_observers", enabled=False)
    assert "Paula Lake" not in visit(school.admin, user_page(root, school.student)).content.decode()
    assert visit(school.admin, removal(school, root)).status_code == 403


def test_removing_a_link_asks_first_and_then_takes_the_enrollments_along(client, school, root):
    client.force_login(school.admin)
    path = removal(school, root)
    assert path in client.get(user_page(root, school.student)).content.decode()
    assert "Paula Lake" in client.get(path).content.decode()
    assert ObservationLink.objects.live().filter(pk=school.link.pk).exists()
    answer = client.post(path, follow=True)
    assert "Paula Lake no longer observes Mia Lake." in answer.content.decode()
    assert not ObservationLink.objects.live().filter(pk=school.link.pk).exists()
    assert not Enrollment.objects.present().filter(user=school.observer).exists()
    event = AuditEvent.objects.filter(action=Action.OBSERVING_ENDED).get()
    assert (event.actor, event.subject) == (school.admin, school.student)
    assert client.post(path).status_code == 404


def test_an_admin_of_a_sub_account_cannot_remove_links(client, school):
    client.force_login(school.account_admin)
    path = removal(school, school.account)
    assert path not in client.get(user_page(school.account, school.student)).content.decode()
    assert client.post(path).status_code == 403
    assert ObservationLink.objects.live().filter(pk=school.link.pk).exists()


def test_a_link_of_other_people_is_not_removed_by_way_of_this_one(client, school, root):
    client.force_login(school.admin)
    path = f"{user_page(root, school.classmate)}/observer_links/{school.link.pk}/remove"
    assert client.post(path).status_code == 404
    assert ObservationLink.objects.live().filter(pk=school.link.pk).exists()


def test_the_number_of_statements_does_not_grow(client, school, root):
    client.force_login(school.admin)
    record(AdminCreated(root.pk), by=school.admin, subject=school.student)
    record(SectionCreated(1, 1, "A"), by=school.admin, subject=school.student)
    paths = [
        at(root, "/users"),
        at(root, "/courses"),
        at(root, "/sub_accounts"),
        at(root, "/admins"),
        at(root, "/admins/new?search=a"),
        user_page(root, school.student),
        user_page(root, school.student) + "/history",
        user_page(root, school.student) + "/link/observer?search=a",
        user_page(school.account, school.student),
        at(school.account, "/users"),
        at(school.account, f"/courses/{school.course.pk}"),
    ]
    Term.objects.create(name="Fall")
    paths.append(at(root, "/terms"))
    below = SectionFactory(course__account=AccountFactory(parent=school.account))
    EnrollmentFactory(user=school.student, section=below)
    few = [statements(lambda path=path: client.get(path)) for path in paths]
    # Session, reader, site with the account, the rights, guessing; the list, for courses also the terms and, with two,
    # in which accounts one may change them.
    assert few[:2] == [6, 8]
    # The most for a person in Admin: who observes them and whom they observe, by links and in single courses.
    assert max(few) <= 15
    for number in range(5):
        section = SectionFactory(course__account=AccountFactory(parent=school.account), course__term=Term.objects.get())
        EnrollmentFactory(user=school.student, section=section)
        EnrollmentFactory(section=SectionFactory(course=school.course))
        link(UserFactory(name=f"More {number}"), school.student, origin=CODE, by=None)
        AccountAdmin.objects.create(user=UserFactory(), account=root, role=Role.objects.built_in("AccountAdmin"))
        record(AdminCreated(root.pk), by=UserFactory(), subject=school.student)
        record(SectionCreated(number, 1, "A"), by=UserFactory(), subject=school.student)
    AccountFactory(parent=root)
    more = [statements(lambda path=path: client.get(path)) for path in paths]
    assert dict(zip(paths, more, strict=True)) == dict(zip(paths, few, strict=True))

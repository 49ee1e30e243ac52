"""Where a right is taken away below the account one looks from: one refusal on every entrance, and no button for it."""

import pytest
from django.test import Client, RequestFactory

from accounts.errors import Invalid, NotAllowed, TooManyTries
from accounts.models import AccountAdmin, BaseType
from config.middleware import RefusalMiddleware
from courses.domain.courses import create_course
from courses.models import Course
from tests.api import Api
from tests.factories import AccountFactory, allow, make_admin, make_clerk

REASON = "To manage courses here, you need the permission “Courses - manage” in this account."


def text(answer) -> str:
    return answer.content.decode().replace("&amp;", "&")


@pytest.fixture
def office(school) -> Client:
    client = Client()
    client.force_login(school.admin)
    return client


@pytest.fixture
def withheld(school):
    """In the school, Account Admins may not manage courses: the institution's neither."""
    allow(BaseType.ACCOUNT_ADMIN, "manage_courses_admin", school.account, enabled=False)


@pytest.fixture
def home(root, school) -> str:
    """The course, from the institution's pages."""
    return f"/accounts/{root.pk}/courses/{school.course.pk}"


@pytest.mark.usefixtures("withheld")
class TestCourses:
    @pytest.mark.parametrize(
        ("method", "page", "sent"),
        [
            ("get", "edit", {}),
            ("post", "edit", {"name": "Other"}),
            ("post", "state", {"event": "conclude"}),
            ("get", "delete", {}),
            ("post", "delete", {}),
        ],
    )
    def test_every_page_refuses_alike_who_does_not_manage_the_course(self, office, school, home, method, page, sent):
        before = Course.objects.filter(pk=school.course.pk).values().get()
        answer = getattr(office, method)(f"{home}/{page}", sent)
        assert (answer.status_code, REASON in text(answer)) == (403, True)
        assert Course.objects.filter(pk=school.course.pk).values().get() == before

    def test_no_page_offers_what_would_be_refused(self, office, school, home, root):
        page = text(office.get(home))
        assert "You do not manage the courses of" in page
        for word in ("edit", "delete", "state"):
            assert f"{home}/{word}" not in page
        listed = text(office.get(f"/accounts/{root.pk}/courses"))
        assert f'href="{home}"' in listed
        assert f"{home}/edit" not in listed
        assert f"{home}/delete" not in listed

    def test_no_course_is_made_there_or_moved_there(self, office, school, root):
        elsewhere = AccountFactory(name="Elsewhere")
        course = create_course(elsewhere, by=school.admin, name="Art")
        for page in (f"/accounts/{root.pk}/courses/new", f"/accounts/{root.pk}/courses/{course.pk}/edit"):
            offered = text(office.get(page))
            assert f'<option value="{school.account.pk}"' not in offered
            assert f'<option value="{elsewhere.pk}"' in offered
            sent = {"name": "New", "account": school.account.pk}
            assert office.post(page, sent).status_code == 422
        with pytest.raises(NotAllowed):
            create_course(school.account, by=school.admin, name="New")
        assert not Course.objects.filter(name="New").exists()

    def test_the_api_refuses_what_the_pages_refuse(self, school):
        api = Api(school.admin)
        path = f"courses/{school.course.pk}"
        assert api.put(path, course={"name": "Other"}).status_code == 403
        assert api.put(path, course={"event": "conclude"}).status_code == 403
        assert api.delete(path, event="delete").status_code == 403
        assert api.post(f"accounts/{school.account.pk}/courses", course={"name": "New"}).status_code == 403


def test_where_the_right_is_there_all_of_it_is_offered(office, home):
    page = text(office.get(home))
    assert all(f"{home}/{word}" in page for word in ("edit", "delete", "state"))


def test_a_sub_account_one_does_not_manage_has_no_menu(office, school, root):
    allow(BaseType.ACCOUNT_ADMIN, "manage_account_settings", school.account, enabled=False)
    other = AccountFactory(name="Other School")
    page = text(office.get(f"/accounts/{root.pk}/sub_accounts"))
    assert f"/accounts/{other.pk}/edit" in page
    assert f"/accounts/{school.account.pk}/edit" not in page
    assert f"/accounts/{school.account.pk}/delete" not in page
    assert office.get(f"/accounts/{school.account.pk}/edit").status_code == 403


def test_an_admin_who_may_do_more_is_not_offered_to_be_removed(root):
    clerk, boss = make_clerk("manage_account_memberships", name="Cleo Clerk"), make_admin(name="Bo Boss")
    equal = make_clerk("manage_account_memberships", name="Eve Equal")
    client = Client()
    client.force_login(clerk)
    page = text(client.get(f"/accounts/{root.pk}/admins"))
    of_boss, of_equal = (AccountAdmin.objects.get(user=user).pk for user in (boss, equal))
    assert f"/admins/{of_boss}/remove" not in page
    assert "Has permissions that you do not have" in page
    assert f"/admins/{of_equal}/remove" in page


def test_nobody_is_offered_to_act_as_one_whose_permissions_reach_further(school, root):
    desk = make_clerk("become_user", "read_roster")
    client = Client()
    client.force_login(desk)
    for person, offered in ((school.student, True), (school.teacher, False), (school.admin, False), (desk, False)):
        page = text(client.get(f"/accounts/{root.pk}/users/{person.pk}"))
        assert ("Act as this person" in page) is offered


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (NotAllowed("Not for you."), 403),
        (Invalid({"name": [("blank", "Give a name.")]}), 422),
        (TooManyTries(60), 429),
    ],
)
@pytest.mark.django_db
def test_what_a_rule_refuses_and_no_view_catches_is_a_page_with_the_reason(refusal, status):
    request = RequestFactory().post("/somewhere")
    answer = RefusalMiddleware(lambda request: None).process_exception(request, refusal)
    assert (answer.status_code, refusal.message in text(answer)) == (status, True)
    assert RefusalMiddleware(lambda request: None).process_exception(request, ValueError("ours")) is None

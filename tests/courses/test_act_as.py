"""Acting as somebody: who may, as whom, what it opens, what stays closed, and when it ends."""

import pytest
from django.test import Client

from accounts.errors import NotAllowed
from accounts.models import Account, AccountAdmin, Action, AuditEvent, BaseType, Role, User
from courses.access.accounts import reaches_further
from courses.access.act_as import acting_as, begin, check
from pairing.domain.codes import issue
from pairing.models import PairingCode
from tests.api import Api
from tests.database import statements
from tests.factories import (
    AccountFactory,
    CodeFactory,
    EnrollmentFactory,
    RootFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_student,
)

pytestmark = pytest.mark.usefixtures("root")


def helper(*keys: str) -> User:
    """A member of the institution who may act as others, and these things besides."""
    for key in ("become_user", *keys):
        allow(BaseType.ACCOUNT_MEMBERSHIP, key)
    user = UserFactory(name="Hal Desk")
    role = Role.objects.built_in(BaseType.ACCOUNT_MEMBERSHIP)
    AccountAdmin.objects.create(user=user, account=RootFactory(), role=role)
    return user


# Who, and as whom


def test_it_takes_the_permission_to_act_as_others():
    student = make_student()
    teacher = EnrollmentFactory(type=BaseType.TEACHER).user
    for nobody in (UserFactory(), teacher, make_student(), make_admin(AccountFactory())):
        with pytest.raises(NotAllowed, match="Users - act as"):
            check(nobody, student)
    check(make_admin(), student)
    check(helper(), student)


def test_nobody_acts_as_themselves_as_one_who_is_gone_or_through_somebody_else():
    admin, student = make_admin(), make_student()
    with pytest.raises(NotAllowed):
        check(admin, admin)
    for state in (User.State.SUSPENDED, User.State.DELETED):
        with pytest.raises(NotAllowed):
            check(admin, UserFactory(state=state))
    other_admin = make_admin()
    with pytest.raises(NotAllowed, match="already"):
        check(acting_as(admin, other_admin), student)


def test_nobody_acts_as_a_person_whose_permissions_reach_further():
    desk = helper()
    teacher = EnrollmentFactory(type=BaseType.TEACHER).user
    school_admin = make_admin(AccountFactory())
    for further in (make_admin(), teacher, school_admin):
        assert reaches_further(further, desk)
        with pytest.raises(NotAllowed, match="permissions that you do not have"):
            check(desk, further)
        check(make_admin(), further)
    observer = EnrollmentFactory(type=BaseType.OBSERVER).user
    check(desk, observer)


def test_in_some_places_less_and_in_one_place_more_is_more():
    desk = helper("read_roster")
    somebody = EnrollmentFactory(type=BaseType.OBSERVER).user
    assert not reaches_further(somebody, desk)
    allow(BaseType.OBSERVER, "generate_observer_pairing_code")
    assert reaches_further(somebody, desk)


def test_what_somebody_may_do_below_where_they_hold_their_role_counts_too():
    desk = helper("read_roster")
    school = AccountFactory()
    role = Role.objects.create(label="Office", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=RootFactory())
    clerk = UserFactory()
    AccountAdmin.objects.create(user=clerk, account=RootFactory(), role=role)
    check(desk, clerk)
    role.overrides.create(account=school, permission="manage_user_logins", enabled=True)
    with pytest.raises(NotAllowed, match="permissions that you do not have"):
        check(desk, clerk)


@pytest.mark.parametrize("of_the_actor", [False, True])
def test_what_an_override_makes_different_only_below_its_own_account_counts_too(of_the_actor):
    desk, root = helper("read_roster"), RootFactory()
    AccountFactory()
    role = Role.objects.create(label="Office", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
    role.overrides.create(account=root, permission="read_roster", enabled=True)
    clerk = UserFactory()
    AccountAdmin.objects.create(user=clerk, account=root, role=role)
    check(desk, clerk)
    if of_the_actor:
        held = Role.objects.built_in(BaseType.ACCOUNT_MEMBERSHIP)
        held.overrides.filter(permission="read_roster").update(applies_to_descendants=False)
    else:
        role.overrides.create(account=root, permission="manage_user_logins", enabled=True, applies_to_self=False)
    with pytest.raises(NotAllowed, match="permissions that you do not have"):
        check(desk, clerk)


def test_what_was_taken_from_the_actor_below_counts_too():
    school = AccountFactory()
    desk = helper("read_roster")
    role = Role.objects.create(label="Office", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=RootFactory())
    role.overrides.create(account=RootFactory(), permission="read_roster", enabled=True)
    clerk = UserFactory()
    AccountAdmin.objects.create(user=clerk, account=RootFactory(), role=role)
    check(desk, clerk)
    allow(BaseType.ACCOUNT_MEMBERSHIP, "read_roster", school, enabled=False)
    assert reaches_further(clerk, desk)


def test_a_role_on_a_deleted_account_still_counts():
    school = AccountFactory()
    clerk = make_admin(school)
    Account.objects.filter(pk=school.pk).update(workflow_state=Account.State.DELETED)
    assert reaches_further(clerk, helper())


def test_asking_costs_the_same_for_a_student_of_one_course_and_of_twenty():
    admin = make_admin()
    few, many = make_student(), make_student(*[SectionFactory() for _ in range(20)])
    assert statements(lambda: check(admin, few)) == statements(lambda: check(admin, many))


# On pages


@pytest.fixture
def student():
    return make_student(name="Mia Lake", login_id="mia@example.org")


@pytest.fixture
def admin():
    return make_admin(name="Alex Root")


@pytest.fixture
def browser(admin) -> Client:
    browser = Client()
    browser.force_login(admin)
    return browser


@pytest.fixture
def acting(browser, student) -> Client:
    """The admin's browser, acting as the student."""
    browser.post(f"/users/{student.pk}/masquerade")
    return browser


def text(response) -> str:
    return response.content.decode()


def test_a_page_says_what_it_means_before_it_begins(browser, student):
    page = text(browser.get(f"/users/{student.pk}/masquerade"))
    assert "Act as Mia Lake?" in page
    assert "recorded as done by Alex Root on behalf of Mia Lake" in page
    assert "Stop acting" not in text(browser.get("/"))


def test_every_page_says_whom_one_acts_as_with_a_way_to_stop(acting, admin):
    for path in ("/", "/profile/settings", "/profile/observees", "/terms", "/nothing/here"):
        page = text(acting.get(path))
        assert "You are acting as Mia Lake." in page
        assert "Stop acting" in page
    answer = acting.post("/masquerade/stop", follow=True)
    assert "You have stopped acting and are Alex Root again" in text(answer)
    assert "Stop acting" not in text(acting.get("/"))


def test_beginning_and_ending_to_act_are_recorded(acting, admin, student):
    acting.post("/masquerade/stop")
    events = AuditEvent.objects.filter(action__startswith="acting.").order_by("id")
    assert [(event.action, event.actor, event.subject) for event in events] == [
        (Action.ACTING_STARTED, admin, student),
        (Action.ACTING_STOPPED, admin, student),
    ]


def test_a_code_made_while_acting_is_the_actors_doing_on_behalf_of_the_student(acting, admin, student):
    answer = acting.post(f"/users/{student.pk}/observer_pairing_codes")
    assert answer.status_code == 200
    code = PairingCode.objects.get()
    assert (code.student, code.issued_by) == (student, admin)
    event = AuditEvent.objects.get(action=Action.CODE_ISSUED)
    assert (event.actor, event.acting_for, event.subject) == (admin, student, student)
    assert "Alex Root" in text(acting.get("/profile/settings"))


def test_who_lacks_the_permission_for_codes_reads_so_in_the_students_settings(student):
    browser = Client()
    browser.force_login(helper())
    browser.post(f"/users/{student.pk}/masquerade")
    page = text(browser.get("/profile/settings"))
    assert "Users - generate observer pairing codes for students" in page
    assert 'class="button">Pair with Observer' not in page
    assert browser.post(f"/users/{student.pk}/observer_pairing_codes").status_code == 403


@pytest.mark.parametrize(
    "path", ["/login/password/change", "/login/password/set", "/login/reauthenticate", "/login/password/reset"]
)
def test_nobody_changes_a_password_while_acting(acting, student, path):
    assert acting.get(path).status_code == 403
    before = User.objects.get(pk=student.pk).password
    acting.post(path, {"oldpassword": "x", "password1": "a-new-long-word", "password2": "a-new-long-word"})
    assert User.objects.get(pk=student.pk).password == before


def test_a_time_zone_saved_while_acting_is_the_actors_doing_too(acting, admin, student):
    acting.post("/profile/settings", {"time_zone": "Asia/Tokyo"})
    student.refresh_from_db()
    assert student.time_zone == "Asia/Tokyo"
    event = AuditEvent.objects.get(action=Action.USER_CHANGED)
    assert (event.actor, event.acting_for, event.details) == (admin, student, {"fields": ["time_zone"]})


def test_login_and_email_are_not_shown_while_acting(acting):
    for path in ("/", "/profile/settings"):
        assert "mia@example.org" not in text(acting.get(path))


def test_no_code_is_spent_while_acting(acting, student):
    other = make_student()
    acting.post("/masquerade/stop")
    acting.post(f"/users/{UserFactory().pk}/masquerade")
    code = issue(other, by=other)
    answer = acting.post("/profile/observees", {"code": code.text, "step": "pair"})
    assert answer.status_code == 403
    assert "You cannot pair someone while you act as them" in text(answer)
    assert PairingCode.objects.get(student=other).used_at is None


def test_nobody_acts_as_one_person_through_another(acting):
    assert acting.post(f"/users/{make_student().pk}/masquerade").status_code == 403
    assert "You are acting as Mia Lake." in text(acting.get("/"))


def test_it_ends_with_the_right_to_it_and_nothing_is_done_in_either_name(acting, admin, student):
    AccountAdmin.objects.filter(user=admin).update(workflow_state=AccountAdmin.State.DELETED)
    answer = acting.post(f"/users/{student.pk}/observer_pairing_codes")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    assert not PairingCode.objects.exists()
    assert "You are acting" not in text(acting.get("/"))


def test_it_ends_when_the_other_is_suspended_or_comes_to_reach_further(acting, student):
    allow(BaseType.ACCOUNT_ADMIN, "manage_sis", enabled=False)
    role = Role.objects.create(label="Sis desk", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=RootFactory())
    AccountAdmin.objects.create(user=student, account=RootFactory(), role=role)
    assert "You are acting as" in text(acting.get("/"))
    role.overrides.create(account=RootFactory(), permission="manage_sis", enabled=True)
    assert "permissions that you do not have" in text(acting.get("/", follow=True))


def test_signing_out_while_acting_signs_out_altogether_and_is_an_end_of_it(acting, admin, student):
    acting.post("/logout")
    assert acting.get("/").status_code == 302
    assert "_auth_user_id" not in acting.session
    event = AuditEvent.objects.get(action=Action.ACTING_STOPPED)
    assert (event.actor, event.subject) == (admin, student)


def test_signing_out_works_even_when_the_right_to_act_is_gone(acting, admin):
    AccountAdmin.objects.filter(user=admin).update(workflow_state=AccountAdmin.State.DELETED)
    acting.post("/logout")
    assert "_auth_user_id" not in acting.session


def test_it_does_not_come_back_with_an_actor_who_was_suspended_meanwhile(acting, admin):
    User.objects.filter(pk=admin.pk).update(state=User.State.SUSPENDED)
    assert acting.get("/").status_code == 302
    User.objects.filter(pk=admin.pk).update(state=User.State.REGISTERED)
    assert "You are acting" not in text(acting.get("/"))


def test_a_form_opened_before_acting_or_before_stopping_no_longer_counts(admin, student):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(admin)

    def post(path, token, **data):
        return strict.post(path, {"csrfmiddlewaretoken": token, **data})

    strict.get(f"/users/{student.pk}/masquerade")
    mine = strict.cookies["csrftoken"].value
    assert post(f"/users/{student.pk}/masquerade", mine).status_code == 302
    assert post("/profile/settings", mine, time_zone="Europe/Paris").status_code == 403
    theirs = strict.cookies["csrftoken"].value
    assert post("/masquerade/stop", theirs).status_code == 302
    assert post("/profile/settings", theirs, time_zone="Europe/Paris").status_code == 403
    assert not User.objects.filter(time_zone="Europe/Paris").exists()


def test_a_dialog_asked_for_when_the_right_is_gone_leads_home_as_a_whole_page(acting, admin, student):
    AccountAdmin.objects.filter(user=admin).update(workflow_state=AccountAdmin.State.DELETED)
    answer = acting.post(f"/users/{student.pk}/observer_pairing_codes", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/"
    assert not PairingCode.objects.exists()


def test_the_api_pays_no_heed_to_whom_a_browser_acts_as(acting, admin):
    headers = Api(admin).headers
    assert acting.get("/api/v1/users/self", headers=headers).json()["id"] == admin.pk


def test_stopping_without_having_begun_leads_home(browser):
    assert browser.post("/masquerade/stop").headers["Location"] == "/"
    assert browser.get("/masquerade/stop").status_code == 405


def test_those_without_the_permission_learn_nothing_of_who_is_there(student):
    browser = Client()
    browser.force_login(make_student())
    for pk in (student.pk, 999_999, 10**20):
        assert browser.get(f"/users/{pk}/masquerade").status_code in (403, 404)
    assert browser.get(f"/users/{student.pk}/masquerade").status_code == 403
    assert browser.get("/users/999999/masquerade").status_code == 403


def test_an_admin_who_is_a_student_too_makes_a_code_without_acting(admin):
    EnrollmentFactory(user=admin)
    browser = Client()
    browser.force_login(admin)
    assert "Pair with Observer" in text(browser.get("/profile/settings"))
    assert browser.post(f"/users/{admin.pk}/observer_pairing_codes").status_code == 200


# Through the API


def test_as_user_id_makes_the_other_the_caller(admin, student):
    api = Api(admin)
    for as_user_id in (student.pk, f"sis_user_id:{student.sis_user_id}", "sis_login_id:MIA@example.org"):
        assert api.get("users/self", as_user_id=as_user_id).json()["id"] == student.pk
    assert api.get("users/self").json()["id"] == admin.pk
    assert api.get("users/self", as_user_id=admin.pk).json()["id"] == admin.pk


def test_as_user_id_counts_in_query_form_and_json(admin, student):
    api = Api(admin)
    path = "users/self/observer_pairing_codes"
    answers = [
        api.post(f"{path}?as_user_id={student.pk}"),
        api.post(path, as_user_id=student.pk),
        api.raw("POST", path, f'{{"as_user_id": {student.pk}}}'),
    ]
    assert [answer.json()["user_id"] for answer in answers] == [student.pk] * 3
    event = AuditEvent.objects.filter(action=Action.CODE_ISSUED).first()
    assert (event.actor, event.acting_for) == (admin, student)


def test_a_bad_or_forbidden_as_user_id_is_refused_as_canvas_does(admin, student):
    desk = Api(helper())
    for api, wanted in [
        (Api(admin), "999999"),
        (Api(admin), "sis_user_id:nobody"),
        (Api(admin), "9" * 30),
        (Api(admin), "../1"),
        (Api(student), admin.pk),
        (desk, admin.pk),
        (Api(make_admin(AccountFactory())), student.pk),
    ]:
        answer = api.get("users/self", as_user_id=wanted)
        assert (answer.status_code, answer.json()) == (401, {"errors": "Invalid as_user_id"})
        # Not the token is at fault: clients are not to throw it away.
        assert "WWW-Authenticate" not in answer.headers


@pytest.mark.parametrize("query", ["as_user_id[]=1", "as_user_id[id]=1", "as_user_id=", "as_user_id=1&as_user_id="])
def test_what_may_be_meant_as_somebody_else_is_never_done_as_the_caller(admin, student, query):
    for answer in (
        Api(admin).get(f"users/self?{query}"),
        Api(admin).raw("POST", f"users/self/observees?{query}", "{}"),
        Api(admin).raw("POST", "users/self/observees", '{"as_user_id[]": "1"}'),
        Api(admin).raw("POST", "users/self/observees", '{"as_user_id": [1]}'),
    ):
        assert answer.status_code == 401


def test_nobody_is_signed_up_in_the_name_of_somebody_who_may_not(admin, student):
    code = issue(student, by=student).text
    form = {"user": {"name": "Ana", "terms_of_use": True, "initial_enrollment_type": "observer"}}
    form |= {"pseudonym": {"unique_id": "ana@example.org", "password": "a-long-enough-word"}}
    for pairing_code in ({}, {"pairing_code": {"code": code}}):
        answer = Api(admin).post("accounts/self/users", as_user_id=student.pk, **form, **pairing_code)
        assert answer.status_code == 403
    answer = Api(admin).post("accounts/self/users", as_user_id=make_admin().pk, **form, pairing_code={"code": code})
    assert answer.status_code == 403
    assert PairingCode.objects.get().used_at is None


def test_without_a_token_as_user_id_is_nobody(student):
    assert Api().get("users/self", as_user_id=student.pk).status_code == 401


def test_what_is_said_of_oneself_holds_no_login_and_no_email_for_the_one_acting(admin, student):
    api = Api(admin)
    for path in ("users/self", f"users/{student.pk}", "users/self/profile", "users/self/enrollments"):
        answer = api.get(path, as_user_id=student.pk, include=["email"])
        assert answer.status_code == 200
        assert "mia@example.org" not in answer.content.decode()


def test_observees_cannot_be_taken_while_acting(admin, student):
    CodeFactory(student=make_student(), text="abcdef")
    answer = Api(admin).post("users/self/observees", as_user_id=student.pk, pairing_code="abcdef")
    assert answer.status_code == 403
    answer = Api(admin).post(
        "users/self/observees", as_user_id=student.pk, observee={"unique_id": "mia@example.org", "password": "x"}
    )
    assert answer.status_code == 403


def test_begin_refuses_what_check_refuses(student):
    with pytest.raises(NotAllowed):
        begin(student, UserFactory())
    assert not AuditEvent.objects.filter(action=Action.ACTING_STARTED).exists()

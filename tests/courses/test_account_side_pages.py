"""The account's pages that change something: people, links, admins, courses, sub-accounts and terms."""

import pytest
from django.test import Client

from accounts.models import Account, AccountAdmin, BaseType, ObservationLink, Role, User
from courses.domain.enrollments import change_state, enroll
from courses.domain.observation import link
from courses.models import Course, Enrollment, Term
from pairing.domain.codes import issue
from tests.factories import PASSWORD, AccountFactory, EnrollmentFactory, UserFactory, allow, make_admin
from tests.jobs import work_off_jobs


def text(answer, status=200):
    assert answer.status_code == status, answer.content.decode()[-1500:]
    return answer.content.decode()


@pytest.fixture
def by():
    """`by(user)` is a browser in which that user has signed in."""

    def by(user):
        browser = Client()
        browser.force_login(user)
        return browser

    return by


@pytest.fixture
def pages(school):
    """Every page of this kind, in the school's account (terms: in the institution's)."""
    home, root = f"/accounts/{school.account.pk}", f"/accounts/{Account.objects.root().pk}"
    person, course = f"{home}/users/{school.student.pk}", f"{home}/courses/{school.course.pk}"
    term = Term.objects.create(name="Fall")
    held = AccountAdmin.objects.get(user=school.account_admin)
    return [
        f"{home}/users/new",
        *(f"{person}/{page}" for page in ("edit", "suspend", "sign_out", "delete", "history")),
        *(f"{person}/link/{page}" for page in ("student", "observer", f"observer/{school.classmate.pk}")),
        f"{home}/courses/new",
        course,
        f"{course}/edit",
        f"{course}/delete",
        f"{home}/sub_accounts/new",
        f"{home}/edit",
        f"{home}/delete",
        f"{home}/admins",
        f"{home}/admins/new",
        f"{home}/admins/new/{school.classmate.pk}",
        f"{home}/admins/{held.pk}/remove",
        *(f"{root}/terms{page}" for page in ("", "/new", f"/{term.pk}/edit", f"/{term.pk}/delete")),
    ]


def snapshot():
    tables = (User, AccountAdmin, Account, Course, Term, ObservationLink)
    return [list(table.objects.order_by("id").values()) for table in tables]


@pytest.mark.parametrize("who", ["student", "classmate", "teacher", "observer", "admin_elsewhere"])
def test_only_admins_open_the_pages_of_an_account(school, pages, by, who):
    browser, before = by(getattr(school, who)), None
    posted = [f"/accounts/{school.account.pk}/users/{school.student.pk}/reactivate"]
    posted.append(f"/accounts/{school.account.pk}/courses/{school.course.pk}/state")
    before = snapshot()
    for path in pages:
        assert browser.get(path).status_code == 403, path
    for path in [*pages, *posted]:
        assert browser.post(path, {"name": "X", "login_id": "x", "event": "conclude"}).status_code in (403, 405), path
    assert snapshot() == before


def test_the_pages_of_an_account_ask_to_sign_in(pages, client):
    for path in pages:
        assert client.get(path).status_code == 302


def test_the_institutions_admin_may_open_them_all(school, pages, by):
    browser = by(school.admin)
    for path in pages:
        assert browser.get(path).status_code == 200, path


def test_a_school_admin_is_kept_out_of_another_school_and_of_the_institution(school, root, by):
    browser = by(school.account_admin)
    for home in (root, school.elsewhere):
        for page in ("users/new", "courses/new", "sub_accounts/new", "edit", "admins", "terms"):
            assert browser.get(f"/accounts/{home.pk}/{page}").status_code == 403
    home = f"/accounts/{school.account.pk}"
    for page in (
        f"users/{school.outsider.pk}/edit",
        f"courses/{school.other_course.pk}",
        f"courses/{school.other_course.pk}/delete",
        f"admins/{AccountAdmin.objects.get(user=school.admin_elsewhere).pk}/remove",
        f"admins/new/{school.outsider.pk}",
        f"users/{'9' * 20}/edit",
        "terms",
    ):
        assert browser.get(f"{home}/{page}").status_code in (403, 404), page
    assert browser.get(f"{home}/terms").status_code == 404


def test_a_person_is_added_without_a_password(school, root, by):
    browser, path = by(school.admin), f"/accounts/{root.pk}/users/new"
    assert "Forgot your password?" in text(browser.get(path))
    given = {"name": "Nia New", "login_id": "nia", "email": "nia@example.org", "sis_user_id": "S-NIA"}
    page = text(browser.post(path, given, follow=True))
    assert "Account created for Nia New." in page
    made = User.objects.get(login_id="nia")
    assert (made.email, made.sis_user_id, made.state) == ("nia@example.org", "S-NIA", "pre_registered")
    assert not made.has_usable_password()
    again = text(browser.post(path, {**given, "login_id": "NIA", "sis_user_id": "", "name": "Somebody"}), 422)
    assert "An account with this login already exists." in again
    assert 'value="Somebody"' in again
    assert "Must be" not in again
    assert text(browser.post(path, {"name": "", "login_id": "x", "email": "no"}), 422).count("errorlist") == 2


def test_a_school_admin_adds_a_person_but_no_sis_id(school, by):
    browser, path = by(school.account_admin), f"/accounts/{school.account.pk}/users/new"
    assert "sis_user_id" not in text(browser.get(path))
    page = text(browser.post(path, {"name": "Nia New", "login_id": "nia", "sis_user_id": "X"}, follow=True))
    assert "once they are enrolled in a course of North School" in page
    assert User.objects.get(login_id="nia").sis_user_id is None


def test_a_person_is_edited_and_a_mistake_loses_nothing(school, by):
    browser, path = by(school.account_admin), f"/accounts/{school.account.pk}/users/{school.student.pk}"
    form = {
        "name": "Mia Sea",
        "short_name": "Mimi",
        "sortable_name": "",
        "login_id": "ben",
        "email": "",
        "time_zone": "",
    }
    page = text(browser.post(f"{path}/edit", form), 422)
    assert 'value="Mia Sea"' in page
    assert "already" in page
    assert User.objects.get(pk=school.student.pk).name == "Mia Lake"
    page = text(browser.post(f"{path}/edit", {**form, "login_id": "mia.sea"}, follow=True))
    assert "Changes saved." in page
    found = User.objects.get(pk=school.student.pk)
    assert (found.name, found.short_name, found.sortable_name) == ("Mia Sea", "Mimi", "Sea, Mia")
    assert (found.login_id, found.sis_user_id) == ("mia.sea", "S-MIA")


def test_what_nobody_touched_follows_the_name(school, by):
    browser, path = by(school.admin), f"/accounts/{school.account.pk}/users/{school.student.pk}/edit"
    shown = {"short_name": "Mia Lake", "sortable_name": "Lake, Mia", "login_id": "mia", "sis_user_id": "S-MIA"}
    text(browser.post(path, {**shown, "name": "Mia Sea"}, follow=True))
    found = User.objects.get(pk=school.student.pk)
    assert (found.short_name, found.sortable_name, found.login_id) == ("Mia Sea", "Sea, Mia", "mia")


def test_one_who_may_not_see_logins_does_not_change_them(school, by):
    allow(BaseType.ACCOUNT_ADMIN, "view_user_logins", enabled=False)
    browser, path = by(school.admin), f"/accounts/{school.account.pk}/users/{school.student.pk}/edit"
    assert "login_id" not in text(browser.get(path))
    text(browser.post(path, {"name": "Mia Sea", "login_id": "stolen", "email": "stolen@example.org"}, follow=True))
    assert User.objects.get(pk=school.student.pk).login_id == "mia"


def test_the_page_says_in_one_line_why_somebody_is_out_of_reach(school, by):
    EnrollmentFactory(user=school.student, section__course=school.other_course)
    browser, path = by(school.account_admin), f"/accounts/{school.account.pk}/users/{school.student.pk}"
    page = text(browser.get(path))
    assert "in every account this person belongs to" in page
    assert "Manage account" not in page
    for action in ("edit", "suspend", "sign_out", "delete"):
        assert browser.post(f"{path}/{action}", {"name": "X"}).status_code == 403
    assert User.objects.get(pk=school.student.pk).state == "registered"


def test_suspending_asks_first_and_can_be_taken_back(school, by):
    browser, path = by(school.account_admin), f"/accounts/{school.account.pk}/users/{school.student.pk}"
    student = by(school.student)
    assert "signed out everywhere right away" in text(browser.get(f"{path}/suspend"))
    assert student.get("/").status_code == 200
    page = text(browser.post(f"{path}/suspend", follow=True))
    assert "Mia Lake can no longer sign in." in page
    assert "Suspended" in page
    assert student.get("/").status_code == 302
    page = text(browser.post(f"{path}/reactivate", follow=True))
    assert "Mia Lake can sign in again." in page
    assert browser.get(f"{path}/reactivate").status_code == 405


def test_signing_a_person_out_everywhere_ends_sessions_and_tokens(school, by):
    browser, student = by(school.admin), by(school.student)
    path = f"/accounts/{school.account.pk}/users/{school.student.pk}/sign_out"
    text(browser.get(path))
    assert student.get("/").status_code == 200
    text(browser.post(path, follow=True))
    assert student.get("/").status_code == 302


def test_deleting_says_in_numbers_what_goes(school, root, by):
    browser, path = by(school.admin), f"/accounts/{root.pk}/users/{school.student.pk}/delete"
    issue(school.student, by=school.student)
    page = text(browser.get(path))
    for words in ("1 enrollment<", "1 observer loses access", "1 active pairing code<"):
        assert words in page
    assert "admin role" not in page
    page = text(browser.post(path, follow=True))
    assert "The login mia can be used again." in page
    assert "Lake, Mia" not in page
    assert not Enrollment.objects.present().filter(user=school.observer).exists()
    assert browser.get(path).status_code == 404


def test_nobody_deletes_or_suspends_themselves(school, root, by):
    browser, path = by(school.admin), f"/accounts/{root.pk}/users/{school.admin.pk}"
    assert "/delete" not in text(browser.get(path))
    for action in ("delete", "suspend"):
        assert "You cannot" in text(browser.post(f"{path}/{action}"), 403)
    assert User.objects.get(pk=school.admin.pk).state == "registered"


def test_staff_link_two_people_after_seeing_both_names(school, root, by):
    browser, path = by(school.admin), f"/accounts/{root.pk}/users/{school.classmate.pk}"
    assert f"{path}/link/observer" in text(browser.get(path))
    assert "Choose" not in text(browser.get(f"{path}/link/observer")), "nobody is listed before one searches"
    found = text(browser.get(f"{path}/link/observer", {"search": "paula"}))
    assert f"{path}/link/observer/{school.observer.pk}" in found
    page = text(browser.get(f"{path}/link/observer/{school.observer.pk}"))
    for words in ("Let Paula Lake observe Ben Hill?", "Biology 7"):
        assert words in page
    assert not ObservationLink.objects.filter(student=school.classmate).exists()
    page = text(browser.post(f"{path}/link/observer/{school.observer.pk}", follow=True))
    assert "Paula Lake now observes Ben Hill." in page
    assert "The school · All courses" in page
    made = ObservationLink.objects.get(student=school.classmate)
    assert (made.observer, made.origin) == (school.observer, "staff")
    assert Enrollment.objects.filter(user=school.observer, associated_user=school.classmate, state="active").exists()
    assert "Already linked" in text(browser.get(f"{path}/link/observer", {"search": "paula"}))


def test_it_works_from_the_observers_page_too(school, root, by):
    browser, path = by(school.admin), f"/accounts/{root.pk}/users/{school.observer.pk}/link/student"
    assert "Already linked" in text(browser.get(path, {"search": "S-MIA"}))
    text(browser.post(f"{path}/{school.classmate.pk}", follow=True))
    assert ObservationLink.objects.filter(observer=school.observer, student=school.classmate, state="active").exists()


def test_a_link_is_made_with_people_only(school, root, by):
    browser, path = by(school.admin), f"/accounts/{root.pk}/users/{school.student.pk}/link"
    gone = UserFactory(state="deleted")
    for page in (f"observer/{school.student.pk}", f"observer/{gone.pk}", f"observer/{'9' * 20}", "teacher"):
        assert browser.post(f"{path}/{page}").status_code == 404
    assert ObservationLink.objects.count() == 2


def test_a_school_admin_makes_no_links(school, by):
    browser, path = by(school.account_admin), f"/accounts/{school.account.pk}/users/{school.classmate.pk}"
    assert "/link/" not in text(browser.get(path))
    for page in ("observer", f"observer/{school.observer.pk}"):
        assert browser.get(f"{path}/link/{page}").status_code == 403
        assert browser.post(f"{path}/link/{page}").status_code == 403
    assert not ObservationLink.objects.filter(student=school.classmate).exists()


def test_an_admin_is_found_made_and_removed(school, by):
    browser, path = by(school.account_admin), f"/accounts/{school.account.pk}/admins"
    found = text(browser.get(f"{path}/new", {"search": "bloom"}))
    assert f"{path}/new/{school.teacher.pk}" in found
    assert "Olga" not in text(browser.get(f"{path}/new", {"search": "olga"})).partition("rows")[2]
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    page = text(browser.post(f"{path}/new/{school.teacher.pk}", {"role": role.pk}, follow=True))
    assert "Tara Bloom is now an admin of North School." in page
    held = AccountAdmin.objects.get(user=school.teacher)
    assert "Account Admin" in text(browser.get(f"/accounts/{school.account.pk}/users/{school.teacher.pk}"))
    assert "Remove the role Account Admin from Tara Bloom?" in text(browser.get(f"{path}/{held.pk}/remove"))
    text(browser.post(f"{path}/{held.pk}/remove", follow=True))
    assert AccountAdmin.objects.get(pk=held.pk).workflow_state == "deleted"
    own = AccountAdmin.objects.get(user=school.account_admin)
    assert "own last" in text(browser.post(f"{path}/{own.pk}/remove"), 403)


def test_only_roles_one_may_give_are_offered_and_taken(school, root, by):
    helper = Role.objects.create(label="Helper", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
    helper.overrides.create(account=root, permission="manage_account_memberships", enabled=True)
    helper.overrides.create(account=root, permission="read_roster", enabled=True)
    weak = UserFactory()
    AccountAdmin.objects.create(user=weak, account=root, role=helper)
    browser, path = by(weak), f"/accounts/{root.pk}/admins/new/{school.classmate.pk}"
    page = text(browser.get(path))
    assert "Helper" in page
    assert "Account Admin<" not in page
    strong = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    text(browser.post(path, {"role": strong.pk}), 422)
    assert not AccountAdmin.objects.filter(user=school.classmate).exists()


def test_a_course_is_made_published_concluded_opened_and_deleted(school, by):
    browser, path = by(school.account_admin), f"/accounts/{school.account.pk}/courses"
    term = Term.objects.create(name="Fall")
    page = text(browser.post(f"{path}/new", {"name": "", "account": school.account.pk}), 422)
    assert "This field is required" in page
    given = {"name": "Art 7", "account": school.account.pk, "term": term.pk, "start_at": "2026-09-01T08:00"}
    page = text(browser.post(f"{path}/new", given, follow=True))
    assert "It is not published yet." in page
    course = Course.objects.get(name="Art 7")
    assert (course.course_code, course.term, course.workflow_state) == ("Art 7", term, "unpublished")
    for event, state in (
        ("offer", "available"),
        ("claim", "unpublished"),
        ("offer", "available"),
        ("conclude", "completed"),
    ):
        text(browser.post(f"{path}/{course.pk}/state", {"event": event}, follow=True))
        assert Course.objects.get(pk=course.pk).workflow_state == state
    assert "Reopen" in text(browser.get(f"{path}/{course.pk}"))
    text(browser.post(f"{path}/{course.pk}/state", {"event": "explode"}, follow=True))
    page = text(browser.post(f"{path}/{course.pk}/delete", follow=True))
    assert "Course Art 7 deleted." in page
    assert browser.get(f"{path}/{course.pk}").status_code == 404


def test_a_course_is_edited_and_moved_within_reach(school, by):
    browser, path = by(school.account_admin), f"/accounts/{school.account.pk}/courses/{school.course.pk}"
    below = AccountFactory(parent=school.account, name="Annex")
    page = text(browser.get(f"{path}/edit"))
    assert "Annex" in page
    assert "South School" not in page
    assert "sis_course_id" not in page
    given = {"name": "Botany", "course_code": "BOT", "account": below.pk, "end_at": "2026-09-01T08:00"}
    text(browser.post(f"{path}/edit", {**given, "account": school.elsewhere.pk}), 422)
    text(browser.post(f"{path}/edit", {**given, "start_at": "2026-09-02T08:00"}), 422)
    text(browser.post(f"{path}/edit", given, follow=True))
    course = Course.objects.get(pk=school.course.pk)
    assert (course.name, course.account, course.sis_course_id) == ("Botany", below, None)


def test_a_course_with_grades_says_that_it_cannot_be_unpublished(school, work, by):
    browser, path = by(school.admin), f"/accounts/{school.account.pk}/courses/{school.course.pk}"
    page = text(browser.get(path))
    assert "cannot be unpublished" in page
    assert 'value="claim"' not in page
    assert "has been graded" in text(browser.post(f"{path}/state", {"event": "claim"}), 422)
    assert Course.objects.get(pk=school.course.pk).workflow_state == "available"


def test_deleting_a_course_says_numbers_first(school, work, by):
    page = text(by(school.admin).get(f"/accounts/{school.account.pk}/courses/{school.course.pk}/delete"))
    assert "4 enrollments end right away (students: 2, observers: 1, staff: 1)." in page
    assert "3 pieces of work in it have been graded" in page


def test_a_sub_account_is_made_renamed_and_deleted_when_empty(school, root, by):
    browser, path = by(school.admin), f"/accounts/{root.pk}/sub_accounts"
    text(browser.post(f"{path}/new", {"name": ""}), 422)
    page = text(browser.post(f"{path}/new", {"name": "West School", "sis_account_id": "W"}, follow=True))
    assert "West School" in page
    made = Account.objects.get(name="West School")
    text(browser.post(f"/accounts/{made.pk}/edit", {"name": "East School", "sis_account_id": "W"}, follow=True))
    page = text(browser.get(f"/accounts/{school.account.pk}/delete"))
    assert "1 course (Biology 7)" in page
    assert "Delete sub-account" not in page
    assert "Biology 7" in text(browser.post(f"/accounts/{school.account.pk}/delete"), 422)
    page = text(browser.post(f"/accounts/{made.pk}/delete", follow=True))
    assert "Sub-account East School deleted." in page
    assert browser.get(f"/accounts/{root.pk}/delete").status_code == 404


def test_a_school_admin_does_not_delete_the_school(school, by):
    browser = by(school.account_admin)
    assert browser.get(f"/accounts/{school.account.pk}/delete").status_code == 403
    assert text(browser.get(f"/accounts/{school.account.pk}/sub_accounts"))


def test_a_term_is_made_dated_and_deleted_when_unused(school, root, by):
    browser, path = by(school.admin), f"/accounts/{root.pk}/terms"
    assert "There are no terms yet" in text(browser.get(path))
    page = text(browser.post(f"{path}/new", {"name": "Fall", "start_at": "2026-09-01T08:00"}, follow=True))
    assert "Term Fall saved." in page
    term = Term.objects.get()
    text(
        browser.post(f"{path}/{term.pk}/edit", {"name": "Fall", "start_at": "2026-09-01", "end_at": "2026-08-01"}), 422
    )
    text(browser.post(f"{path}/{term.pk}/edit", {"name": "Autumn"}, follow=True))
    assert Term.objects.get().start_at is None
    Course.objects.filter(pk=school.course.pk).update(term=term)
    assert "1 course is in this term" in text(browser.post(f"{path}/{term.pk}/delete"), 422)
    Course.objects.update(term=None)
    assert "Term Autumn deleted." in text(browser.post(f"{path}/{term.pk}/delete", follow=True))


def test_times_are_given_and_shown_in_the_readers_zone(school, root, by):
    User.objects.filter(pk=school.admin.pk).update(time_zone="Europe/Berlin")
    browser, path = by(User.objects.get(pk=school.admin.pk)), f"/accounts/{root.pk}/terms"
    browser.post(f"{path}/new", {"name": "Fall", "start_at": "2026-09-01T08:00"})
    assert Term.objects.get().start_at.isoformat() == "2026-09-01T06:00:00+00:00"
    assert 'value="2026-09-01T08:00"' in text(browser.get(f"{path}/{Term.objects.get().pk}/edit"))


def test_history_is_for_those_who_may_read_reports_and_of_people_of_this_account_alone(school, root, by):
    school_page = f"/accounts/{school.account.pk}/users/{school.student.pk}"
    page = text(by(school.admin).get(f"/accounts/{root.pk}/users/{school.student.pk}"))
    assert "History" in page
    assert "observer Paula Lake" not in text(by(school.account_admin).get(school_page))
    assert "linked Paula Lake" in page
    assert "linked Paula Lake" not in text(by(school.account_admin).get(f"{school_page}/history"))
    EnrollmentFactory(user=school.student, section__course=school.other_course)
    assert "history-title" not in text(by(school.account_admin).get(school_page))
    assert by(school.account_admin).get(f"{school_page}/history").status_code == 403
    allow(BaseType.ACCOUNT_ADMIN, "read_reports", enabled=False)
    assert "history-title" not in text(by(school.admin).get(school_page))
    assert by(school.admin).get(f"{school_page}/history").status_code == 403


def test_the_user_page_offers_pairing(school, root, by):
    assert "Pair with Observer" in text(by(school.admin).get(f"/accounts/{root.pk}/users/{school.student.pk}"))


def test_long_lists_on_a_users_page_come_in_pages(school, root, by):
    browser, path = by(school.admin), f"/accounts/{root.pk}/users/{school.student.pk}"
    for number in range(51):
        link(UserFactory(name=f"Relative {number:02}"), school.student, origin=ObservationLink.Origin.CODE, by=None)
        make_admin()
    assert "?observers=2#observers-title" in text(browser.get(path))
    assert "Relative 50" in text(browser.get(path, {"observers": 2}))
    assert 'rel="next"' in text(browser.get(f"/accounts/{root.pk}/admins"))


def test_somebody_added_can_choose_a_password_and_sign_in(school, root, by, mailoutbox):
    path = f"/accounts/{root.pk}/users/new"
    by(school.admin).post(path, {"name": "Nia New", "login_id": "nia", "email": "nia@example.org"})
    browser = Client()
    browser.post("/login/password/reset", {"email": "nia@example.org"})
    work_off_jobs()
    (mail,) = mailoutbox
    address = next(word for word in mail.body.split() if "/login/password/reset/key/" in word)
    key_page = browser.get(address.replace("http://testserver", ""), follow=True)
    browser.post(key_page.redirect_chain[-1][0], {"password1": PASSWORD, "password2": PASSWORD})
    assert Client().login(username="nia", password=PASSWORD)


@pytest.mark.parametrize("page", ["admins/new", "users/{0.pk}/link/observer"])
def test_finding_people_shows_no_more_of_them_than_the_list_they_come_from(school, root, by, page):
    role = Role.objects.create(label="Desk", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
    for key in ("read_roster", "manage_user_observers", "manage_account_memberships"):
        role.overrides.create(account=root, permission=key, enabled=True)
    AccountAdmin.objects.create(user=school.account_admin, account=root, role=role)
    User.objects.filter(pk=school.outsider.pk).update(login_id="olga@secret.example", sis_user_id="S-OLGA")
    browser, path = by(school.account_admin), f"/accounts/{school.account.pk}/{page.format(school.student)}"
    for words in ("olga@secret", "S-OLGA"):
        assert "Olga Far" not in text(browser.get(path, {"search": words}))
    shown = text(browser.get(path, {"search": "Olga"}))
    assert "Olga Far" in shown
    for secret in ("olga@secret.example", "S-OLGA", "Beginning of a name, login"):
        assert secret not in shown
    assert "olga@secret.example" in text(by(school.admin).get(path, {"search": "Olga"}))


def test_which_terms_there_are_is_not_told_to_strangers(school, root, by):
    term = Term.objects.create(name="Fall")
    for pk in (term.pk, term.pk + 1000):
        for page in ("edit", "delete"):
            assert by(school.account_admin).get(f"/accounts/{root.pk}/terms/{pk}/{page}").status_code == 403
    assert by(school.admin).get(f"/accounts/{root.pk}/terms/{term.pk + 1000}/edit").status_code == 404


@pytest.mark.parametrize("key", ["import_sis", "manage_sis"])
def test_whoever_only_brings_in_rosters_is_led_to_them(root, by, key):
    role = Role.objects.create(label="Rosters", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)
    role.overrides.create(account=root, permission=key, enabled=True)
    user = UserFactory()
    AccountAdmin.objects.create(user=user, account=root, role=role)
    answer = by(user).get(f"/accounts/{root.pk}", follow=True)
    assert answer.status_code == 200
    assert answer.redirect_chain[-1][0].endswith("/sis_import")


def test_the_history_is_not_for_a_school_where_somebody_left_another_one(school, root, by):
    home = f"/accounts/{school.account.pk}/users/{school.student.pk}"
    browser = by(school.account_admin)
    allow(BaseType.ACCOUNT_ADMIN, "read_reports")
    assert browser.get(f"{home}/history").status_code == 200
    role = Role.objects.built_in(BaseType.STUDENT)
    section = school.outsider.enrollments.get().section
    enrollment = enroll(school.student, section, role, by=school.admin)
    change_state(enrollment, "deleted", by=school.admin)
    assert browser.get(f"{home}/history").status_code == 403
    assert "Chemistry 9" not in text(browser.get(home))
    assert "Chemistry 9" in text(by(school.admin).get(f"/accounts/{root.pk}/users/{school.student.pk}/history"))


def test_the_history_of_somebody_merely_invited_is_not_for_the_school_that_invites(school, by):
    allow(BaseType.ACCOUNT_ADMIN, "read_reports")
    stranger = UserFactory()
    EnrollmentFactory(user=stranger, section=school.section, state="invited")
    path = f"/accounts/{school.account.pk}/users/{stranger.pk}"
    for page in (path, f"{path}/history"):
        assert by(school.account_admin).get(page).status_code == 404

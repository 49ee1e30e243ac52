"""The lists and forms of an account: what they count, what they show of what is stored, and where they lead."""

import pytest
from django.test import Client

from accounts.models import Account, AuditEvent, User
from courses.models import Course, Term
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
    make_clerk,
)


@pytest.fixture
def office(root) -> Client:
    client = Client()
    client.force_login(make_admin())
    return client


def by(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


class TestCounts:
    def test_sub_accounts_and_terms_count_the_courses_in_them_that_are_not_deleted(self, office, root):
        school, term = AccountFactory(name="North"), Term.objects.create(name="Fall")
        empty, unused = AccountFactory(name="South"), Term.objects.create(name="Spring")
        for state in Course.State:
            CourseFactory(account=school, term=term, workflow_state=state)
        CourseFactory(account=AccountFactory(parent=school))
        listed = office.get(f"/accounts/{root.pk}/sub_accounts").context["page"].items
        assert {each.pk: str(each.course_count) for each in listed} == {school.pk: "3", empty.pk: "0"}
        listed = office.get(f"/accounts/{root.pk}/terms").context["page"].items
        assert {each.pk: str(each.course_count) for each in listed} == {term.pk: "3", unused.pk: "0"}

    def test_a_course_in_the_account_says_who_is_in_it(self, office, root):
        section = SectionFactory(course=CourseFactory(account=root))
        for state in ("active", "completed", "deleted"):
            EnrollmentFactory(section=section, state=state)
        inside = office.get(f"/accounts/{root.pk}/courses/{section.course_id}").context["inside"]
        assert (inside.enrollments, inside.students) == (2, 2)


class TestForms:
    def test_the_form_of_a_course_shows_what_is_stored_and_saves_it_unchanged(self, office, root):
        term = Term.objects.create(name="Fall")
        course = CourseFactory(
            account=root,
            term=term,
            name="Art",
            course_code="A",
            sis_course_id="S",
            start_at="2029-09-01T08:00:00Z",
            end_at="2029-12-01T08:00:00Z",
            restrict_enrollments_to_course_dates=True,
        )
        before = Course.objects.filter(pk=course.pk).values().get()
        path = f"/accounts/{root.pk}/courses/{course.pk}/edit"
        form = office.get(path).context["form"]
        sent = {name: "" if form[name].value() is None else form[name].value() for name in form.fields}
        sent |= {"account": root.pk, "term": term.pk, "restrict_enrollments_to_course_dates": "on"}
        sent |= {"start_at": "2029-09-01T08:00", "end_at": "2029-12-01T08:00"}
        assert office.post(path, sent).status_code == 302
        assert Course.objects.filter(pk=course.pk).values().get() == before
        assert not AuditEvent.objects.filter(action="course.changed").exists()

    def test_a_box_that_is_not_ticked_lifts_what_it_said(self, office, root):
        course = CourseFactory(account=root, restrict_enrollments_to_course_dates=True)
        path = f"/accounts/{root.pk}/courses/{course.pk}/edit"
        assert office.post(path, {"name": course.name, "account": root.pk}).status_code == 302
        assert not Course.objects.get(pk=course.pk).restrict_enrollments_to_course_dates

    def test_only_terms_that_are_there_are_offered_and_no_term_too(self, office, root):
        Term.objects.create(name="Gone", workflow_state="deleted")
        Term.objects.create(name="Fall")
        page = office.get(f"/accounts/{root.pk}/courses/new").content.decode()
        assert ">Fall</option>" in page
        assert ">None</option>" in page
        assert "Gone" not in page

    def test_the_sis_id_of_a_course_is_offered_only_to_those_who_may_set_it(self, root):
        course = CourseFactory(account=root)
        for user, offered in ((make_admin(), True), (make_clerk("manage_courses_admin"), False)):
            for page in ("new", f"{course.pk}/edit"):
                shown = by(user).get(f"/accounts/{root.pk}/courses/{page}").content.decode()
                assert ('name="sis_course_id"' in shown) is offered
        sent = {"name": "Art", "account": root.pk, "sis_course_id": "S"}
        by(make_clerk("manage_courses_admin")).post(f"/accounts/{root.pk}/courses/{course.pk}/edit", sent)
        assert Course.objects.get(pk=course.pk).sis_course_id is None

    @pytest.mark.parametrize("event", ["offer", "claim", "conclude"])
    def test_a_change_of_state_says_what_it_means(self, office, root, event):
        course = CourseFactory(account=root, name="Art")
        said = {
            "offer": "Art published. Its students and their observers can see it.",
            "claim": "Art unpublished. Students and observers cannot see it.",
            "conclude": "Art concluded. It can still be read.",
        }
        path = f"/accounts/{root.pk}/courses/{course.pk}"
        assert said[event] in office.post(f"{path}/state", {"event": event}, follow=True).content.decode()
        assert office.get(f"{path}/state").status_code == 405


class TestTheFirstPage:
    @pytest.mark.parametrize(
        ("keys", "page"),
        [
            (["read_roster", "read_course_list"], "users"),
            (["read_course_list", "manage_role_overrides"], "courses"),
            (["manage_role_overrides"], "permissions"),
            (["manage_account_settings"], "sub_accounts"),
        ],
    )
    def test_an_account_opens_with_the_first_page_that_the_reader_may_open(self, root, keys, page):
        school = AccountFactory()
        reader = by(make_clerk(*keys, account=school))
        answer = reader.get(f"/accounts/{school.pk}")
        assert answer.headers["Location"] == f"/accounts/{school.pk}/{page}"
        assert reader.get(answer.headers["Location"]).status_code == 200

    def test_the_way_up_leads_only_to_accounts_that_the_reader_may_open(self, root):
        school = AccountFactory(name="North School")
        below = AccountFactory(parent=school, name="Annex")
        for user, is_open in ((make_admin(school), True), (make_admin(below), False), (make_admin(), True)):
            page = by(user).get(f"/accounts/{below.pk}/users").content.decode()
            assert (f'href="/accounts/{school.pk}"' in page) is is_open


class TestDeletingASubAccount:
    def test_the_page_names_what_is_in_the_way_and_who_may_delete(self, root):
        school = AccountFactory(name="North School")
        course = CourseFactory(account=school, name="Art")
        admin = by(make_admin())
        page = admin.get(f"/accounts/{school.pk}/delete").content.decode()
        assert "Only an empty account can be deleted. North School still has 1 course (Art)." in page
        Course.objects.filter(pk=course.pk).update(workflow_state="deleted")
        assert "Delete sub-account" in admin.get(f"/accounts/{school.pk}/delete").content.decode()
        assert by(make_admin(school)).post(f"/accounts/{school.pk}/delete").status_code == 403
        assert by(UserFactory()).post(f"/accounts/{school.pk}/delete").status_code == 403
        assert Account.objects.get(pk=school.pk).workflow_state == "active"
        assert admin.post(f"/accounts/{root.pk}/delete").status_code == 404

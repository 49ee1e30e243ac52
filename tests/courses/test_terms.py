"""Terms: who reads and changes them through the API, and that a deleted one is neither shown nor used."""

from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import Client

from accounts.errors import Invalid, NotAllowed, NotPossible
from accounts.models import AuditEvent
from courses.domain.courses import create_course, edit_course
from courses.domain.terms import delete_term, save_term
from courses.models import Course, Term
from tests.api import Api
from tests.factories import AccountFactory, CourseFactory, UserFactory, allow, make_admin, make_clerk

NOON = datetime(2026, 9, 1, 12, tzinfo=UTC)


@pytest.fixture
def term(root) -> Term:
    return Term.objects.create(name="Fall", sis_term_id="F26", start_at=NOON)


def delete_by_roster(term: Term) -> None:
    """What a roster leaves of a term: the row, marked."""
    Term.objects.filter(pk=term.pk).update(workflow_state=Term.State.DELETED)


class TestThroughTheApi:
    def test_a_term_is_created_with_what_is_given_and_recorded(self, admin):
        given = {"name": " Fall ", "start_at": "2026-09-01T12:00:00Z", "sis_term_id": "F26"}
        body = Api(admin).post("accounts/self/terms", enrollment_term=given).json()
        made = Term.objects.get()
        assert (made.name, made.start_at, made.end_at, made.sis_term_id) == ("Fall", NOON, None, "F26")
        assert (body["id"], body["name"], body["workflow_state"], body["overrides"]) == (made.pk, "Fall", "active", {})
        event = AuditEvent.objects.get(action="term.created")
        assert (event.actor, event.details) == (admin, {"term": made.pk, "name": "Fall"})

    def test_what_is_not_given_stays_and_what_is_given_empty_goes(self, admin, term):
        path = f"accounts/self/terms/{term.pk}"
        body = Api(admin).put(path, enrollment_term={"end_at": "2027-01-31T12:00:00Z"}).json()
        assert (body["name"], body["start_at"], body["sis_term_id"]) == ("Fall", "2026-09-01T12:00:00Z", "F26")
        body = Api(admin).put(path, enrollment_term={"start_at": "", "sis_term_id": ""}).json()
        assert (body["start_at"], body["end_at"], body["sis_term_id"]) == (None, "2027-01-31T12:00:00Z", None)
        assert AuditEvent.objects.filter(action="term.changed").count() == 2

    @pytest.mark.parametrize(
        ("given", "field", "message"),
        [
            ({}, "name", "Enter a name."),
            ({"name": "x" * 256}, "name", "This is too long. Use at most 255 characters."),
            ({"name": "A", "sis_term_id": "F26"}, "sis_term_id", "Another term already has this SIS ID."),
            ({"name": "A", "start_at": "2026-02-02", "end_at": "2026-02-01"}, "end_at", "must be after the start"),
        ],
    )
    def test_a_term_that_cannot_be_says_which_field_and_why(self, admin, term, given, field, message):
        answer = Api(admin).post("accounts/self/terms", enrollment_term=given)
        assert answer.status_code == 400
        (complaint,) = answer.json()["errors"][f"enrollment_term.{field}"]
        assert message in complaint["message"]
        assert Term.objects.count() == 1

    def test_a_deleted_term_is_answered_once_more_and_then_gone(self, admin, term):
        path = f"accounts/self/terms/{term.pk}"
        body = Api(admin).delete(path).json()
        assert (body["name"], body["workflow_state"]) == ("Fall", "deleted")
        assert Api(admin).get(path).status_code == 404
        assert AuditEvent.objects.get(action="term.deleted").details == {"term": term.pk, "name": "Fall"}

    def test_with_courses_in_it_the_answer_says_how_many(self, admin, term):
        for _number in range(2):
            CourseFactory(term=term)
        answer = Api(admin).delete(f"accounts/self/terms/{term.pk}")
        assert answer.status_code == 422
        assert "2 courses are in this term. Only a term without courses can be deleted." in answer.content.decode()

    def test_whoever_has_a_role_in_an_account_reads_terms_there_and_sis_ids_only_with_that_permission(self, root, term):
        school = AccountFactory()
        clerk = make_clerk("read_course_list", account=school)
        (listed,) = Api(clerk).get(f"accounts/{school.pk}/terms").json()["enrollment_terms"]
        single = Api(clerk).get(f"accounts/{school.pk}/terms/{term.pk}").json()
        assert listed == single
        assert (single["name"], "sis_term_id" in single) == ("Fall", False)
        reader = make_clerk("read_sis", account=school)
        assert Api(reader).get(f"accounts/{school.pk}/terms/{term.pk}").json()["sis_term_id"] == "F26"
        assert Api(reader).get(f"accounts/{school.pk}/terms/sis_term_id:F26").json()["id"] == term.pk
        for nobody in (UserFactory(), make_clerk(account=school), make_admin(AccountFactory())):
            assert Api(nobody).get(f"accounts/{school.pk}/terms").status_code == 403
            assert Api(nobody).get(f"accounts/{school.pk}/terms/{term.pk}").status_code == 403

    def test_terms_are_listed_latest_first_and_those_without_dates_last(self, admin, term):
        undated = Term.objects.create(name="Default")
        later = Term.objects.create(name="Spring", start_at=NOON.replace(year=2027))
        found = Api(admin).get("accounts/self/terms").json()["enrollment_terms"]
        assert [one["id"] for one in found] == [later.pk, term.pk, undated.pk]


class TestSisIds:
    def test_who_manages_the_settings_but_no_sis_data_neither_sets_nor_takes_the_id(self, root, term):
        clerk = make_clerk("manage_account_settings")
        for sis_id in ("F27", ""):
            with pytest.raises(NotAllowed, match="SIS Data - manage"):
                save_term(term, by=clerk, name="Autumn", sis_term_id=sis_id)
        with pytest.raises(NotAllowed, match="SIS Data - manage"):
            save_term(None, by=clerk, name="Spring", sis_term_id="S27")
        save_term(term, by=clerk, name="Autumn", sis_term_id="F26")
        assert Term.objects.get().name == "Autumn"

    def test_the_form_offers_the_id_only_to_those_who_may_set_it(self, root, term):
        for by, offered in ((make_admin(), True), (make_clerk("manage_account_settings"), False)):
            browser = Client()
            browser.force_login(by)
            for page in ("new", f"{term.pk}/edit"):
                shown = browser.get(f"/accounts/{root.pk}/terms/{page}").content.decode()
                assert ('name="sis_term_id"' in shown) is offered


class TestADeletedTerm:
    def test_no_page_and_no_call_finds_a_term_that_a_roster_has_deleted(self, admin, root, term):
        delete_by_roster(term)
        api, browser = Api(admin), Client()
        browser.force_login(admin)
        for name in (term.pk, "sis_term_id:F26"):
            path = f"accounts/self/terms/{name}"
            assert api.get(path).status_code == 404
            assert api.put(path, enrollment_term={"name": "X"}).status_code == 404
            assert api.delete(path).status_code == 404
        for word in ("edit", "delete"):
            assert browser.get(f"/accounts/{root.pk}/terms/{term.pk}/{word}").status_code == 404
            assert browser.post(f"/accounts/{root.pk}/terms/{term.pk}/{word}", {"name": "X"}).status_code == 404
        assert "Fall" not in browser.get(f"/accounts/{root.pk}/terms").content.decode()
        assert api.get("accounts/self/courses", enrollment_term_id=term.pk).status_code == 404
        assert Term.objects.get().name == "Fall"

    def test_no_course_is_put_into_it(self, admin, root, term):
        course = CourseFactory(account=root)
        delete_by_roster(term)
        api, browser = Api(admin), Client()
        browser.force_login(admin)
        assert api.put(f"courses/{course.pk}", course={"term_id": term.pk}).status_code == 404
        assert api.post("accounts/self/courses", course={"name": "A", "term_id": term.pk}).status_code == 404
        for page in ("new", f"{course.pk}/edit"):
            form = {"name": "A", "account": root.pk, "term": term.pk}
            assert browser.post(f"/accounts/{root.pk}/courses/{page}", form).status_code == 422
        assert list(Course.objects.values_list("term", flat=True)) == [None]

    @pytest.mark.parametrize("delete", [delete_by_roster, lambda term: Term.objects.filter(pk=term.pk).delete()])
    def test_a_course_that_was_to_go_into_it_is_refused_with_the_reason(self, admin, root, term, delete):
        course = CourseFactory(account=root, name="Art")
        delete(term)
        for change in (
            lambda: create_course(root, by=admin, name="New", term=term),
            lambda: edit_course(course, by=admin, name="New", term=term),
        ):
            with pytest.raises(Invalid, match="This term has been deleted") as refused:
                change()
            assert (list(refused.value.errors), refused.value.of) == (["term"], "course")
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        assert list(Course.objects.values_list("name", "term")) == [("Art", None)]

    @pytest.mark.parametrize("delete", [delete_by_roster, lambda term: Term.objects.filter(pk=term.pk).delete()])
    def test_an_edit_does_not_bring_it_back_and_it_is_not_deleted_twice(self, admin, term, delete):
        stale = Term.objects.get(pk=term.pk)
        delete(term)
        for change in (lambda: save_term(stale, by=admin, name="Autumn"), lambda: delete_term(stale, by=admin)):
            with pytest.raises(NotPossible, match="This term has been deleted"):
                change()
        assert not Term.objects.filter(workflow_state=Term.State.ACTIVE).exists()
        assert not AuditEvent.objects.filter(action__startswith="term.").exists()

    def test_deleting_it_by_hand_takes_it_off_the_courses_that_were_deleted_in_it(self, admin, term):
        gone = CourseFactory(term=term, workflow_state=Course.State.DELETED)
        delete_term(term, by=admin)
        gone.refresh_from_db()
        assert gone.term is None


def test_the_permission_to_change_terms_can_be_taken_from_a_role(root, admin, term):
    allow("AccountAdmin", "manage_account_settings", enabled=False)
    for change in (lambda: save_term(term, by=admin, name="X"), lambda: delete_term(term, by=admin)):
        with pytest.raises(NotAllowed, match="manage the account settings of the institution"):
            change()
    assert Api(admin).post("accounts/self/terms", enrollment_term={"name": "X"}).status_code == 403

"""Creating, editing, publishing, concluding, deleting and restoring a course: what is stored, recorded and refused."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.errors import Invalid, NotAllowed, NotPossible
from accounts.models import Account, AuditEvent, BaseType, User
from courses.domain.courses import (
    conclude,
    create_course,
    delete_course,
    edit_and_change_state,
    edit_course,
    has_grades,
    publish,
    undelete,
    unpublish,
    what_is_inside,
    where_managed,
)
from courses.domain.enrollments import enroll
from courses.models import Assignment, Course, Enrollment, Submission, Term
from tests.api import Api, ids
from tests.factories import AccountFactory, CourseFactory, EnrollmentFactory, SectionFactory, make_admin, make_clerk
from tests.observing import began, ended, pair, role, said_by

FALL, WINTER = datetime(2029, 9, 1, tzinfo=UTC), datetime(2029, 12, 1, tzinfo=UTC)


def recorded() -> list[tuple[str, dict]]:
    return list(AuditEvent.objects.filter(action__startswith="course.").order_by("id").values_list("action", "details"))


class TestCreating:
    def test_a_course_has_what_was_given_and_a_default_section_of_its_name(self, admin, root):
        term = Term.objects.create(name="Fall")
        made = create_course(
            root,
            by=admin,
            name=" Art ",
            course_code="A 1",
            sis_course_id=" ART ",
            term=term,
            start_at=FALL,
            end_at=WINTER,
            restrict_enrollments_to_course_dates=True,
            syllabus_body="Draw.",
        )
        made.refresh_from_db()
        assert (made.name, made.course_code, made.sis_course_id, made.term) == ("Art", "A 1", "ART", term)
        assert (made.start_at, made.end_at, made.restrict_enrollments_to_course_dates) == (FALL, WINTER, True)
        assert (made.syllabus_body, made.workflow_state) == ("Draw.", "unpublished")
        section = made.sections.get()
        assert (section.name, section.is_default) == ("Art", True)
        assert recorded() == [("course.created", {"course": made.pk, "account": root.pk})]

    def test_without_a_code_the_name_serves_and_without_an_id_there_is_none(self, admin, root):
        made = create_course(root, by=admin, name="Art", sis_course_id=" ", publish=True)
        assert (made.course_code, made.sis_course_id, made.workflow_state) == ("Art", None, "available")

    @pytest.mark.parametrize(
        ("given", "field", "message"),
        [
            ({"name": " "}, "name", "Enter a name."),
            ({"name": "x" * 256}, "name", "Use at most 255 characters."),
            ({"course_code": "x" * 256}, "course_code", "Use at most 255 characters."),
            ({"sis_course_id": "TAKEN"}, "sis_course_id", "Something else already has this SIS ID."),
            ({"start_at": WINTER, "end_at": FALL}, "end_at", "The end must be after the start."),
            ({"start_at": FALL, "end_at": FALL}, "end_at", "The end must be after the start."),
        ],
    )
    def test_a_course_that_cannot_be_says_which_field_and_why_and_leaves_nothing(
        self, admin, root, given, field, message
    ):
        other = CourseFactory(sis_course_id="TAKEN", account=root)
        for change in (
            lambda: create_course(root, by=admin, **{"name": "Art", **given}),
            lambda: edit_course(CourseFactory(account=root), by=admin, **given),
        ):
            with pytest.raises(Invalid) as refused:
                change()
            assert (list(refused.value.errors), refused.value.of, refused.value.message) == ([field], "course", message)
        assert Course.objects.exclude(pk=other.pk).filter(name="Art").count() == 0
        assert recorded() == []

    def test_only_who_manages_sis_data_sets_changes_or_takes_a_sis_id(self, root):
        clerk, course = make_clerk("manage_courses_admin"), CourseFactory(sis_course_id="C", account=root)
        with pytest.raises(NotAllowed, match="SIS Data - manage"):
            create_course(root, by=clerk, name="Art", sis_course_id="A")
        for sis_id in ("D", ""):
            with pytest.raises(NotAllowed, match="SIS Data - manage"):
                edit_course(course, by=clerk, sis_course_id=sis_id)
        assert edit_course(course, by=clerk, sis_course_id=" C ", name="Art").name == "Art"
        assert edit_course(course, by=make_admin(), sis_course_id="").sis_course_id is None


class TestStates:
    def test_each_change_of_state_is_recorded_once_with_the_state_before(self, admin):
        course = CourseFactory()
        for change in (publish, unpublish, unpublish, publish, conclude, conclude, publish):
            change(Course.objects.get(pk=course.pk), by=admin)
        states = [(details["before"], details["state"]) for _action, details in recorded()]
        assert states == [
            ("available", "unpublished"),
            ("unpublished", "available"),
            ("available", "completed"),
            ("completed", "available"),
        ]

    def test_an_edit_that_changes_nothing_is_not_recorded_and_one_that_does_says_what(self, admin):
        course = CourseFactory(name="Art", course_code="A")
        edit_course(course, by=admin, name=" Art ", course_code="", start_at=None)
        assert recorded() == []
        edit_course(course, by=admin, end_at=WINTER, name="Music")
        assert recorded() == [("course.changed", {"course": course.pk, "fields": ["end_at", "name"]})]

    def test_a_course_that_is_there_is_not_restored(self, admin):
        for state in (Course.State.AVAILABLE, Course.State.COMPLETED):
            course = CourseFactory(workflow_state=state)
            undelete(course, by=admin)
            assert Course.objects.get(pk=course.pk).workflow_state == state
        assert recorded() == []

    @pytest.mark.parametrize("change", [publish, conclude])
    def test_a_course_deleted_meanwhile_is_not_published_or_concluded(self, admin, change):
        course = CourseFactory()
        stale = Course.objects.select_related("account").get(pk=course.pk)
        delete_course(course, by=admin)
        with pytest.raises(Invalid, match="changed in the meantime"):
            change(stale, by=admin)
        assert Course.objects.get(pk=course.pk).workflow_state == "deleted"

    def test_a_course_moved_meanwhile_is_looked_at_again_with_the_rights_of_its_new_account(self, root):
        here, there = AccountFactory(), AccountFactory()
        course = CourseFactory(account=here)
        stale = Course.objects.select_related("account").get(pk=course.pk)
        edit_course(course, by=make_admin(), account=there)
        with pytest.raises(Invalid, match="changed in the meantime"):
            conclude(stale, by=make_admin(here))
        assert Course.objects.get(pk=course.pk).workflow_state == "available"

    @pytest.mark.parametrize(("score", "is_graded"), [(None, False), ("0", True), ("7.5", True)])
    def test_only_graded_work_keeps_a_course_published(self, admin, score, is_graded):
        enrollment = EnrollmentFactory()
        course = enrollment.section.course
        work = Assignment.objects.create(course=course, name="Quiz")
        Submission.objects.create(assignment=work, student=enrollment.user, score=score)
        assert has_grades(course) is is_graded
        assert not has_grades(CourseFactory())
        if is_graded:
            with pytest.raises(NotPossible, match="You can conclude it"):
                unpublish(course, by=admin)
        else:
            unpublish(course, by=admin)


class TestDeleting:
    def test_the_numbers_before_are_those_of_the_people_who_are_there(self, section):
        for state in Enrollment.State:
            EnrollmentFactory(section=section, state=state)
        EnrollmentFactory(section=section, type=BaseType.TEACHER)
        EnrollmentFactory(section=section, type=BaseType.OBSERVER)
        EnrollmentFactory(section=SectionFactory(course=section.course, workflow_state="deleted"))
        EnrollmentFactory()
        inside = what_is_inside(section.course)
        assert (inside.enrollments, inside.students, inside.observers, inside.graded) == (7, 5, 1, 0)

    def test_deleting_ends_observing_there_and_restoring_brings_nobody_back(self, admin, section, student):
        pair(parent := _user(), student)
        here = (parent, student, section.course)
        assert said_by(lambda: delete_course(section.course, by=admin)) == [ended(*here)]
        assert said_by(lambda: undelete(Course.objects.get(pk=section.course_id), by=admin)) == []
        again = lambda: enroll(student, section, role(BaseType.STUDENT), by=admin)  # noqa: E731
        section.course.refresh_from_db()
        assert said_by(again) == [began(*here)]

    def test_restoring_what_a_roster_has_deleted_lets_those_observe_again_who_are_still_there(
        self, admin, section, student
    ):
        """A roster leaves the enrollments in a course as they are."""
        pair(parent := _user(), student)
        Course.objects.filter(pk=section.course_id).update(workflow_state="deleted")
        restore = said_by(lambda: undelete(Course.objects.get(pk=section.course_id), by=admin))
        assert restore == [began(parent, student, section.course)]

    def test_a_course_is_edited_and_deleted_together_or_not_at_all(self, admin):
        course = CourseFactory(name="Art")
        with pytest.raises(Invalid):
            edit_and_change_state(course, delete_course, by=admin, name="")
        assert Course.objects.get(pk=course.pk).workflow_state == "available"
        edit_and_change_state(course, delete_course, by=admin, name="Last")
        found = Course.objects.get(pk=course.pk)
        assert (found.name, found.workflow_state) == ("Last", "deleted")
        assert [action for action, _details in recorded()] == ["course.changed", "course.deleted"]

    def test_the_record_keeps_the_name_the_state_and_how_many_enrollments_ended(self, admin, section, student):
        course = section.course
        delete_course(course, by=admin)
        (event,) = recorded()
        assert event == (
            "course.deleted",
            {"course": course.pk, "name": course.name, "before": "available", "enrollments": 1},
        )


def _user() -> User:
    return EnrollmentFactory(state="deleted").user


def test_the_accounts_whose_courses_one_manages_are_those_with_the_permission(root):
    here, there = AccountFactory(), AccountFactory()
    below = AccountFactory(parent=here)
    clerk = make_clerk("manage_courses_admin", account=here)
    accounts = [root, here, there, below]
    assert where_managed(accounts, by=clerk) == {here.pk, below.pk}
    assert where_managed(accounts, by=make_clerk("read_course_list")) == set()


class TestTheListOfAnAccount:
    def test_courses_are_found_by_sis_id_only_by_those_who_may_read_it(self, root):
        course = CourseFactory(name="Art", course_code="A", sis_course_id="SECRET-1", account=root)
        CourseFactory(name="Music", sis_course_id="OTHER", account=root)
        reader, clerk = make_clerk("read_course_list", "read_sis"), make_clerk("read_course_list")
        for words in ("secret", "SEC"):
            assert ids(Api(reader).get("accounts/self/courses", search_term=words)) == [course.pk]
            assert ids(Api(clerk).get("accounts/self/courses", search_term=words)) == []
            page = f"/accounts/{root.pk}/courses"
            for by, found in ((reader, True), (clerk, False)):
                browser = Client()
                browser.force_login(by)
                shown = browser.get(page, {"search": words}).content.decode()
                assert (f"/courses/{course.pk}" in shown) is found
        bodies = [Api(by).get("accounts/self/courses", search_term="Art").json()[0] for by in (reader, clerk)]
        assert ["sis_course_id" in body for body in bodies] == [True, False]

    def test_deleted_courses_are_listed_only_when_asked_for(self, admin, root):
        gone = CourseFactory(account=root, workflow_state="deleted")
        there = CourseFactory(account=AccountFactory())
        assert ids(Api(admin).get("accounts/self/courses")) == [there.pk]
        assert ids(Api(admin).get("accounts/self/courses", state=["deleted"])) == [gone.pk]

    def test_includes_are_given_on_request_only(self, admin, root):
        term = Term.objects.create(name="Fall")
        CourseFactory(account=root, term=term, syllabus_body="<p>Draw this.</p>")
        (plain,) = Api(admin).get("accounts/self/courses").json()
        assert not {"term", "syllabus_body", "permissions"} & plain.keys()
        assert plain["enrollment_term_id"] == term.pk
        (full,) = Api(admin).get("accounts/self/courses", include=["term", "syllabus_body", "permissions"]).json()
        assert full["term"]["name"] == "Fall"
        assert full["syllabus_body"] == "<p>Draw this.</p>"
        assert full["permissions"] == {"create_announcement": False, "create_discussion_topic": False}


class TestThroughTheApi:
    @pytest.mark.parametrize(
        ("event", "before", "after"),
        [
            ("offer", "unpublished", "available"),
            ("claim", "available", "unpublished"),
            ("conclude", "available", "completed"),
            ("delete", "available", "deleted"),
            ("undelete", "deleted", "unpublished"),
        ],
    )
    def test_an_event_does_what_canvas_calls_so(self, admin, event, before, after):
        course = CourseFactory(workflow_state=before)
        body = Api(admin).put(f"courses/{course.pk}", course={"event": event}).json()
        assert body["workflow_state"] == after
        assert Course.objects.get(pk=course.pk).workflow_state == after

    @pytest.mark.parametrize(("event", "state"), [("delete", "deleted"), ("conclude", "completed")])
    def test_an_ending_is_answered_with_its_own_word(self, admin, event, state):
        course = CourseFactory()
        assert Api(admin).delete(f"courses/{course.pk}", event=event).json() == {event: True}
        assert Course.objects.get(pk=course.pk).workflow_state == state

    def test_a_refused_event_takes_the_change_beside_it_along(self, admin):
        enrollment = EnrollmentFactory(section__course__name="Art")
        course = enrollment.section.course
        work = Assignment.objects.create(course=course, name="Quiz")
        Submission.objects.create(assignment=work, student=enrollment.user, score=1)
        answer = Api(admin).put(f"courses/{course.pk}", course={"name": "New", "event": "claim"})
        assert answer.status_code == 422
        assert Course.objects.get(pk=course.pk).name == "Art"
        assert recorded() == []

    def test_an_empty_term_takes_the_course_out_of_it_and_of_two_names_the_second_counts(self, admin):
        fall, spring = (Term.objects.create(name=name) for name in ("Fall", "Spring"))
        course = CourseFactory(term=fall)
        path = f"courses/{course.pk}"
        given = {"enrollment_term_id": fall.pk, "term_id": spring.pk}
        assert Api(admin).put(path, course=given).json()["enrollment_term_id"] == spring.pk
        assert Api(admin).put(path, course={"term_id": ""}).json()["enrollment_term_id"] is None

    def test_an_account_is_deleted_only_from_the_account_above_it(self, admin, root):
        above = AccountFactory()
        below = AccountFactory(parent=above, sis_account_id="B")
        assert Api(admin).delete(f"accounts/{root.pk}/sub_accounts/{below.pk}").status_code == 404
        answer = Api(admin).delete(f"accounts/{above.pk}/sub_accounts/{below.pk}")
        assert (answer.json()["id"], answer.json()["workflow_state"]) == (below.pk, "deleted")
        # Rosters know by it that people deleted this account.
        assert Account.objects.get(pk=below.pk).sis_account_id == "B"
        assert AuditEvent.objects.get(action="account.deleted").details == {"account": below.pk, "name": below.name}

"""Who is limited to their sections of a course sees and changes the people of these sections only, on every way in."""

from types import SimpleNamespace

import pytest
from django.test import Client

from accounts.models import BaseType, ObservationLink, Role
from courses.access.act_as import reaches_further
from courses.domain.members import members_in, set_sections
from courses.domain.observation import link
from courses.models import Enrollment, Section
from tests.api import Api, ids
from tests.factories import EnrollmentFactory, SectionFactory, UserFactory, allow, make_admin, make_clerk, make_student

LIMIT = "limit_privileges_to_course_section"
CODES = "generate_observer_pairing_code"


@pytest.fixture
def here(root):
    """A course with a student, their observer and a teacher in each of the sections A and B; `limited` is in A only."""
    allow(BaseType.TEACHER, CODES)
    a = SectionFactory(name="Class A")
    b = SectionFactory(name="Class B", course=a.course)
    kid_a, kid_b = make_student(a, name="Ann Able"), make_student(b, name="Ben Baker")
    for section, kid in ((a, kid_a), (b, kid_b)):
        EnrollmentFactory(
            section=section, type=BaseType.OBSERVER, associated_user=kid, user__name=f"Parent of {kid.name}"
        )
        EnrollmentFactory(section=section, type=BaseType.TEACHER, user__name=f"Teacher of {section.name}")
    limited = EnrollmentFactory(section=a, type=BaseType.TEACHER, **{LIMIT: True}, user__name="Lim Ited").user
    return SimpleNamespace(course=a.course, a=a, b=b, kid_a=kid_a, kid_b=kid_b, limited=limited)


@pytest.fixture
def visit_as():
    def visit_as(user):
        browser = Client()
        browser.force_login(user)
        return browser

    return visit_as


def at(here, *more):
    return "/".join(["", "courses", str(here.course.pk), *(str(part) for part in more)])


def enrollment_of(user, section) -> Enrollment:
    return Enrollment.objects.get(user=user, section=section)


class TestWhatIsSeen:
    def test_the_people_page_shows_the_own_section_and_nobody_of_another(self, here, visit_as):
        browser = visit_as(here.limited)
        for query in ("", "?state=all", "?search=Baker", "?search=Class", f"?section={here.b.pk}"):
            page = browser.get(at(here, "users") + query).content.decode()
            assert "Ben Baker" not in page
            assert "Class B" not in page
        assert "Ann Able" in browser.get(at(here, "users")).content.decode()

    @pytest.mark.parametrize(
        "path",
        ["users/{0}", "grades?student={0}", *(f"users/{{0}}/{action}" for action in ("remove", "role", "sections"))],
    )
    def test_no_page_about_somebody_of_another_section(self, here, visit_as, path):
        browser = visit_as(here.limited)
        assert browser.get(at(here, path.format(here.kid_a.pk))).status_code == 200
        assert browser.get(at(here, path.format(here.kid_b.pk))).status_code == 404

    def test_the_sections_page_lists_the_own_ones_and_makes_none(self, here, visit_as):
        browser = visit_as(here.limited)
        page = browser.get(at(here, "sections")).content.decode()
        assert "Class A" in page
        assert "Class B" not in page
        assert browser.post(at(here, "sections"), {"name": "Mine"}).status_code == 403
        assert not Section.objects.filter(name="Mine").exists()
        assert browser.get(at(here, "sections", here.b.pk, "edit")).status_code == 404

    def test_lists_of_the_api_hold_the_own_section_only(self, here):
        api, base = Api(here.limited), f"courses/{here.course.pk}"
        everybody = {"state": ["active"], "enrollment_state": ["active"], "per_page": 100}
        there = set(Enrollment.objects.filter(section=here.a).values_list("user", flat=True))
        assert set(ids(api.get(f"{base}/users", **everybody))) == there
        assert set(ids(api.get(f"{base}/search_users", **everybody))) == there
        assert ids(api.get(f"{base}/users", search_term="Baker")) == []
        assert {row["user_id"] for row in api.get(f"{base}/enrollments", **everybody).json()} == there
        assert ids(api.get(f"{base}/sections")) == [here.a.pk]
        assert ids(api.get(f"sections/{here.b.pk}/enrollments")) == []
        assert api.get(f"{base}/enrollments", user_id=here.kid_b.pk).json() == []

    def test_single_records_of_the_api_are_those_of_the_own_section_only(self, here):
        api, base = Api(here.limited), f"courses/{here.course.pk}"
        for kid, section, codes in ((here.kid_a, here.a, {200}), (here.kid_b, here.b, {403, 404})):
            for path in (
                f"{base}/users/{kid.pk}",
                f"{base}/enrollments/{enrollment_of(kid, section).pk}",
                f"sections/{section.pk}",
                f"users/{kid.pk}",
                f"users/{kid.pk}/profile",
                f"users/{kid.pk}/enrollments",
                f"users/{kid.pk}/courses",
            ):
                assert api.get(path).status_code in codes, path

    def test_somebody_in_both_sections_is_seen_as_far_as_they_are_in_the_own(self, here, visit_as):
        EnrollmentFactory(user=here.kid_a, section=here.b)
        rows = Api(here.limited).get(f"users/{here.kid_a.pk}/enrollments").json()
        assert [row["course_section_id"] for row in rows] == [here.a.pk]
        assert "Class B" not in visit_as(here.limited).get(at(here, "users", here.kid_a.pk)).content.decode()


class TestCodes:
    def test_codes_are_made_for_students_of_the_own_section_only(self, here, visit_as):
        assert Api(here.limited).post(f"users/{here.kid_a.pk}/observer_pairing_codes").status_code == 200
        assert Api(here.limited).post(f"users/{here.kid_b.pk}/observer_pairing_codes").status_code == 403
        browser, form = visit_as(here.limited), {"course": here.course.pk}
        assert browser.post(f"/users/{here.kid_a.pk}/observer_pairing_codes", form).status_code == 200
        assert browser.post(f"/users/{here.kid_b.pk}/observer_pairing_codes", form).status_code == 403

    def test_the_export_counts_and_holds_the_own_section_only(self, here, visit_as):
        browser = visit_as(here.limited)
        assert "Ben" not in browser.get(at(here, "observer_pairing_codes")).content.decode()
        file = browser.post(at(here, "observer_pairing_codes.csv")).content.decode()
        assert "Able" in file
        assert "Baker" not in file


class TestActions:
    def test_nothing_is_done_to_enrollments_of_another_section(self, here):
        api, theirs = Api(here.limited), enrollment_of(here.kid_b, here.b)
        for task in ("conclude", "delete", "inactivate"):
            assert api.delete(f"courses/{here.course.pk}/enrollments/{theirs.pk}", task=task).status_code == 403
        Enrollment.objects.filter(pk=theirs.pk).update(state="inactive")
        assert api.put(f"courses/{here.course.pk}/enrollments/{theirs.pk}/reactivate").status_code == 403
        theirs.refresh_from_db()
        assert theirs.state == "inactive"

    def test_people_are_added_to_the_own_section_only_and_to_it_by_default(self, here, visit_as):
        newcomer = UserFactory(login_id="new@example.org")
        wanted = {"user_id": newcomer.pk, "type": "StudentEnrollment", "enrollment_state": "active"}
        api = Api(here.limited)
        path = f"courses/{here.course.pk}/enrollments"
        assert api.post(path, enrollment={**wanted, "course_section_id": here.b.pk}).status_code == 403
        assert api.post(f"sections/{here.b.pk}/enrollments", enrollment=wanted).status_code == 403
        student = Role.objects.built_in(BaseType.STUDENT).pk
        form = {"people": "new@example.org", "kind": "login", "role": student, "section": here.b.pk, "step": "add"}
        assert visit_as(here.limited).post(at(here, "users", "add"), form).status_code == 422
        assert not newcomer.enrollments.exists()
        assert api.post(path, enrollment=wanted).json()["course_section_id"] == here.a.pk

    def test_nobody_is_moved_to_another_section(self, here, visit_as):
        form = {"section": [here.a.pk, here.b.pk]}
        visit_as(here.limited).post(at(here, "users", here.kid_a.pk, "sections"), form)
        assert set(here.kid_a.enrollments.values_list("section", flat=True)) == {here.a.pk}

    def test_observers_are_linked_to_students_of_the_own_section_only(self, here, visit_as):
        watcher = EnrollmentFactory(section=here.a, type=BaseType.OBSERVER).user
        browser, path = visit_as(here.limited), at(here, "users", watcher.pk, "link_students")
        assert "Ben Baker" not in browser.get(path).content.decode()
        assert browser.post(path, {"student": here.kid_b.pk}).status_code == 422
        wanted = {"user_id": watcher.pk, "type": "ObserverEnrollment", "associated_user_id": here.kid_b.pk}
        answer = Api(here.limited).post(f"courses/{here.course.pk}/enrollments", enrollment=wanted)
        assert answer.status_code in (400, 403, 404)
        assert not Enrollment.objects.filter(user=watcher, associated_user=here.kid_b).exists()

    def test_sections_of_others_are_neither_changed_nor_deleted(self, here):
        api = Api(here.limited)
        assert api.put(f"sections/{here.b.pk}", course_section={"name": "Mine"}).status_code == 403
        assert api.delete(f"sections/{here.b.pk}").status_code == 403
        assert api.post(f"courses/{here.course.pk}/sections", course_section={"name": "Mine"}).status_code == 403
        assert set(Section.objects.values_list("name", "workflow_state")) == {
            ("Class A", "active"),
            ("Class B", "active"),
        }


class TestWhoIsLimited:
    def test_the_sections_of_several_limited_enrollments_are_seen_together(self, here):
        EnrollmentFactory(user=here.limited, section=here.b, type=BaseType.TA, **{LIMIT: True})
        assert Api(here.limited).get(f"users/{here.kid_b.pk}").status_code == 200

    def test_an_enrollment_without_the_limit_by_which_somebody_runs_the_course_opens_all_of_it(self, here):
        EnrollmentFactory(user=here.limited, section=here.a, type=BaseType.TA)
        assert Api(here.limited).get(f"users/{here.kid_b.pk}").status_code == 200

    @pytest.mark.parametrize("state", ["invited", "inactive", "completed", "deleted"])
    def test_one_that_is_not_active_opens_nothing(self, here, state):
        EnrollmentFactory(user=here.limited, section=here.a, type=BaseType.TA, state=state)
        assert Api(here.limited).get(f"users/{here.kid_b.pk}").status_code == 403

    def test_being_a_student_or_observer_there_as_well_opens_no_more(self, here):
        EnrollmentFactory(user=here.limited, section=here.b)
        EnrollmentFactory(user=here.limited, section=here.b, type=BaseType.OBSERVER)
        assert here.kid_b.pk not in ids(Api(here.limited).get(f"courses/{here.course.pk}/users", per_page=100))

    def test_whoever_sees_the_people_of_the_account_sees_them_all(self, here):
        admin = make_admin(here.course.account)
        EnrollmentFactory(user=admin, section=here.a, type=BaseType.TEACHER, **{LIMIT: True})
        assert here.kid_b.pk in ids(Api(admin).get(f"courses/{here.course.pk}/users", per_page=100))

    def test_a_right_on_the_account_holds_for_every_section(self, here):
        clerk = make_clerk(CODES, account=here.course.account)
        assert Api(clerk).post(f"users/{here.kid_b.pk}/observer_pairing_codes").status_code == 200

    def test_an_observer_of_a_student_elsewhere_keeps_seeing_the_student(self, here):
        link(here.limited, here.kid_b, origin=ObservationLink.Origin.CODE, by=None)
        assert "sis_user_id" not in Api(here.limited).get(f"users/{here.kid_b.pk}").json()
        rows = Api(here.limited).get(f"users/{here.kid_b.pk}/enrollments").json()
        assert [row["course_section_id"] for row in rows] == [here.b.pk]
        assert "sis_course_id" not in rows[0]

    def test_nobody_acts_as_somebody_who_sees_more_sections(self, here):
        colleague = EnrollmentFactory(section=here.b, type=BaseType.TEACHER).user
        assert reaches_further(colleague, here.limited)
        assert not reaches_further(here.limited, colleague)


class TestGivingTheLimit:
    def wanted(self, user, section, **more):
        return {
            "user_id": user.pk,
            "type": "TeacherEnrollment",
            "enrollment_state": "active",
            "course_section_id": section.pk,
            **more,
        }

    def test_the_api_takes_it_and_keeps_it_until_told_otherwise(self, here):
        api, new, path = Api(make_admin()), UserFactory(), f"courses/{here.course.pk}/enrollments"
        for given, then in (({LIMIT: True}, True), ({}, True), ({LIMIT: "false"}, False), ({}, False)):
            assert api.post(path, enrollment=self.wanted(new, here.a, **given)).json()[LIMIT] is then
            assert (Api(new).get(f"users/{here.kid_b.pk}").status_code == 403) is then
        assert api.post(path, enrollment=self.wanted(new, here.a, **{LIMIT: "perhaps"})).status_code == 400

    def test_whoever_is_limited_gives_no_more_than_that(self, here):
        allow(BaseType.TEACHER, "add_teacher_to_course")
        new = UserFactory()
        path = f"courses/{here.course.pk}/enrollments"
        for person in (new, here.limited):
            answer = Api(here.limited).post(path, enrollment=self.wanted(person, here.a, **{LIMIT: False}))
            assert answer.status_code == 403
            assert "people you enroll cannot see more" in answer.text
        assert not new.enrollments.exists()
        assert getattr(enrollment_of(here.limited, here.a), LIMIT) is True
        for more in ({}, {LIMIT: True}):
            answer = Api(here.limited).post(path, enrollment=self.wanted(new, here.a, **more))
            assert answer.json()[LIMIT] is True

    def test_whoever_is_limited_limits_nobody_who_is_not(self, here, visit_as):
        """The head of the course is added once more by somebody who sees one section, and keeps all of it."""
        allow(BaseType.TEACHER, "add_teacher_to_course")
        head = EnrollmentFactory(section=here.a, type=BaseType.TEACHER).user
        path = f"courses/{here.course.pk}/enrollments"
        for more in ({}, {LIMIT: False}):
            answer = Api(here.limited).post(path, enrollment=self.wanted(head, here.a, **more))
            assert answer.json()[LIMIT] is False
        answer = Api(here.limited).post(path, enrollment=self.wanted(head, here.a, **{LIMIT: True}))
        assert answer.status_code == 403
        assert "you cannot limit them" in answer.text
        role = Role.objects.built_in(BaseType.TEACHER).pk
        form = {"people": head.login_id, "kind": "login", "role": role, "section": here.a.pk, "limited": "on"}
        visit_as(here.limited).post(at(here, "users", "add"), {**form, "step": "add"})
        (member,) = members_in(here.course, head.pk, by=here.limited)
        set_sections(member, [here.a], by=here.limited, is_limited=True)
        assert getattr(enrollment_of(head, here.a), LIMIT) is False

    def test_nobody_who_sees_more_is_let_back_in(self, here):
        allow(BaseType.TEACHER, "add_teacher_to_course")
        enrollment = EnrollmentFactory(section=here.a, type=BaseType.TEACHER, state="completed")
        path = f"courses/{here.course.pk}/enrollments/{enrollment.pk}/reactivate"
        assert Api(here.limited).put(path).status_code == 403
        Enrollment.objects.filter(pk=enrollment.pk).update(**{LIMIT: True})
        assert Api(here.limited).put(path).status_code == 200

    def test_people_are_added_with_it_on_the_page(self, here, visit_as):
        new = UserFactory(login_id="new@example.org")
        form = {
            "people": "new@example.org",
            "kind": "login",
            "role": Role.objects.built_in(BaseType.TA).pk,
            "section": here.a.pk,
            "limited": "on",
        }
        browser = visit_as(make_admin())
        preview = browser.post(at(here, "users", "add"), {**form, "step": "preview"}).content.decode()
        assert "They will only see and change people in this section." in preview
        assert 'name="limited" value="on"' in preview
        browser.post(at(here, "users", "add"), {**form, "step": "add"})
        assert getattr(enrollment_of(new, here.a), LIMIT) is True

    def test_the_page_of_sections_sets_and_lifts_it(self, here, visit_as):
        browser, path = visit_as(make_admin()), at(here, "users", here.limited.pk, "sections")
        assert 'name="limited" checked' in browser.get(path).content.decode()
        browser.post(path, {"section": [here.a.pk, here.b.pk]})
        assert set(here.limited.enrollments.values_list("section", LIMIT)) == {(here.a.pk, False), (here.b.pk, False)}
        browser.post(path, {"section": [here.b.pk], "limited": "on"})
        assert Api(here.limited).get(f"users/{here.kid_a.pk}").status_code == 403
        assert Api(here.limited).get(f"users/{here.kid_b.pk}").status_code == 200
        assert 'name="limited"' not in browser.get(at(here, "users", here.kid_b.pk, "sections")).content.decode()

    def test_whoever_is_limited_cannot_lift_it_there(self, here, visit_as):
        allow(BaseType.TEACHER, "add_teacher_to_course")
        path = at(here, "users", here.limited.pk, "sections")
        browser = visit_as(here.limited)
        assert 'name="limited"' not in browser.get(path).content.decode()
        browser.post(path, {"section": [here.a.pk]})
        assert getattr(enrollment_of(here.limited, here.a), LIMIT) is True

    def test_user_details_say_so(self, here, visit_as):
        page = visit_as(make_admin()).get(at(here, "users", here.limited.pk)).content.decode()
        assert "this section only" in page

"""What the API's filters find, and what its bodies hold for one reader and not for another."""

import pytest

from accounts.models import AccountAdmin, BaseType, Role, User
from courses.models import Assignment, Course, Enrollment, Section, Submission
from tests.api import Api, ids
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_clerk,
    make_student,
)
from tests.observing import pair

LIVE = {"active", "invited", "creation_pending"}


class TestFiltersOfEnrollments:
    @pytest.mark.parametrize(
        ("words", "states"),
        [
            ([], LIVE),
            (["active"], {"active"}),
            (["current_and_invited"], LIVE),
            (["current_and_future"], LIVE),
            (["current_future_and_restricted"], LIVE),
            (["current_and_concluded"], {"active", "completed"}),
            (["inactive", "rejected"], {"inactive", "rejected"}),
            (["deleted", "current_and_concluded"], {"deleted", "active", "completed"}),
        ],
    )
    @pytest.mark.parametrize("name", ["enrollments", "users"])
    def test_canvas_words_for_states_mean_these(self, section, words, states, name):
        by_state = {state: EnrollmentFactory(section=section, state=state) for state in Enrollment.State}
        admin, path = Api(make_admin()), f"courses/{section.course_id}/{name}"
        wanted = {"state" if name == "enrollments" else "enrollment_state": words} if words else {}
        found = admin.get(path, **wanted, per_page=100)
        # As Canvas documents it, lists of enrollments have the inactive ones too for admins who ask for no state.
        states = states | ({"inactive"} if name == "enrollments" and not words else set())
        expected = [by_state[state] for state in by_state if state in states]
        if name == "enrollments":
            assert set(ids(found)) == {enrollment.pk for enrollment in expected}
        else:
            assert set(ids(found)) == {enrollment.user_id for enrollment in expected}

    def test_inactive_enrollments_are_listed_unasked_to_admins_of_the_account_only(self, section, student):
        teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER).user
        inactive = EnrollmentFactory(section=section, state="inactive")
        course = section.course
        for path in (f"courses/{course.pk}/enrollments", f"sections/{section.pk}/enrollments"):
            for reader in (make_admin(), make_admin(course.account)):
                assert inactive.pk in ids(Api(reader).get(path))
                assert inactive.pk not in ids(Api(reader).get(path, state=["active"]))
            assert inactive.pk not in ids(Api(teacher).get(path))
            assert ids(Api(teacher).get(path, state=["inactive"])) == [inactive.pk]
            assert len(ids(Api(student).get(path))) == 1
        assert ids(Api(make_admin()).get(f"users/{inactive.user_id}/enrollments")) == []

    def test_roles_are_named_by_type_or_label_and_people_by_any_of_their_ids(self, section, student):
        mentor = Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=section.course.account)
        watching = EnrollmentFactory(section=section, type=BaseType.OBSERVER, role=mentor, associated_user=student)
        plain = EnrollmentFactory(section=section, type=BaseType.OBSERVER)
        own = Enrollment.objects.get(user=student)
        api, path = Api(make_admin()), f"courses/{section.course_id}/enrollments"
        for query, expected in (
            ({"role": ["Mentor"]}, {watching.pk}),
            ({"role": ["ObserverEnrollment"]}, {plain.pk}),
            ({"role": ["Mentor", "StudentEnrollment"]}, {watching.pk, own.pk}),
            ({"type": ["ObserverEnrollment"]}, {watching.pk, plain.pk}),
            ({"type": ["StudentViewEnrollment"]}, set()),
            ({"user_id": student.pk}, {own.pk}),
            ({"user_id": f"sis_user_id:{student.sis_user_id}"}, {own.pk}),
            ({"associated_user_id": student.pk}, {watching.pk}),
            ({"user_id": plain.user_id, "associated_user_id": student.pk}, set()),
        ):
            assert set(ids(api.get(path, **query))) == expected, query
        for query in ({"type": ["Student"]}, {"state": ["gone"]}):
            assert api.get(path, **query).status_code == 400

    def test_of_deleted_people_and_in_deleted_sections_there_are_none(self, section):
        EnrollmentFactory(section=section, user__state=User.State.DELETED)
        EnrollmentFactory(section=SectionFactory(course=section.course, workflow_state="deleted"))
        assert ids(Api(make_admin()).get(f"courses/{section.course_id}/enrollments", state=["active"])) == []


class TestFiltersOfPeople:
    def test_a_role_narrows_the_list_and_short_words_and_full_ones_mean_the_same(self, section, student, teacher):
        path, api = f"courses/{section.course_id}/users", Api(make_admin())
        helper = Role.objects.create(label="Helper", base_type=BaseType.STUDENT, account=section.course.account)
        person = EnrollmentFactory(section=section, role=helper).user
        assert ids(api.get(path, enrollment_role_id=helper.pk)) == [person.pk]
        for word in ("student", "StudentEnrollment"):
            assert set(ids(api.get(path, enrollment_type=word))) == {student.pk, person.pk}
        assert ids(api.get(path, enrollment_type=["teacher", "ObserverEnrollment"])) == [teacher.pk]

    def test_somebody_in_the_course_in_several_ways_is_listed_once_with_all_of_them(self, section, student):
        EnrollmentFactory(section=SectionFactory(course=section.course), user=student)
        (body,) = Api(make_admin()).get(f"courses/{section.course_id}/users", include=["enrollments"]).json()
        assert len(body["enrollments"]) == 2
        assert "user" not in body["enrollments"][0]

    def test_one_who_is_gone_is_not_found_and_one_who_has_concluded_is(self, section, teacher):
        for state, status in (("completed", 200), ("inactive", 200), ("deleted", 404), ("rejected", 404)):
            person = EnrollmentFactory(section=section, state=state).user
            assert Api(teacher).get(f"courses/{section.course_id}/users/{person.pk}").status_code == status


class TestWhatABodyHolds:
    @pytest.fixture
    def graded(self, section, student):
        work = Assignment.objects.create(
            course=section.course, name="Quiz", points_possible=10, workflow_state="published"
        )
        Submission.objects.create(assignment=work, student=student, score="7.25", posted_at="2020-01-01T00:00:00Z")
        Course.objects.update(sis_course_id="C-1")
        Section.objects.update(sis_section_id="S-1")
        return student

    def body(self, reader: User, person: User, **query) -> dict:
        course = person.enrollments.get().section.course_id
        path = f"courses/{course}/enrollments"
        (body,) = Api(reader).get(path, user_id=person.pk, **query).json()
        return body

    def test_grades_are_for_the_student_the_observers_and_staff_with_that_permission(self, graded, teacher):
        pair(parent := UserFactory(), graded)
        for reader in (graded, parent, teacher, make_admin()):
            assert self.body(reader, graded)["grades"]["current_score"] == 72.5
        allow(BaseType.TEACHER, "view_all_grades", enabled=False)
        assert "grades" not in self.body(teacher, graded)
        assert "grades" not in self.body(make_admin(), teacher), "who teaches has none"

    def test_ids_of_the_school_are_for_those_who_may_read_them_and_of_oneself(self, graded, teacher, assistant):
        pair(parent := UserFactory(), graded)
        of_course = {"sis_course_id": "C-1", "sis_section_id": "S-1"}
        for reader, person, course in ((teacher, True, True), (assistant, False, False), (parent, False, False)):
            body = self.body(reader, graded)
            assert ("sis_user_id" in body, of_course.items() <= body.items()) == (person, course)
            assert ("sis_user_id" in body["user"]) is person
        own = self.body(graded, graded)
        assert own["sis_user_id"] == graded.sis_user_id
        assert not own.keys() & of_course.keys()

    def test_the_observed_student_stands_beside_the_observer_on_request_only(self, section, teacher, student):
        watching = EnrollmentFactory(section=section, type=BaseType.OBSERVER, associated_user=student).user
        assert "observed_user" not in self.body(teacher, watching)
        observed = self.body(teacher, watching, include=["observed_users"])["observed_user"]
        assert (observed["id"], observed["login_id"]) == (student.pk, student.login_id)
        own = self.body(watching, watching, include=["observed_users"])["observed_user"]
        assert own["id"] == student.pk
        assert "login_id" not in own

    def test_an_email_is_given_on_request_to_those_who_may_read_it(self, section, teacher):
        person = EnrollmentFactory(section=section, user__email="mia@post.example").user
        assert "email" not in self.body(teacher, person)["user"]
        assert self.body(teacher, person, include=["email"])["user"]["email"] == "mia@post.example"
        assert self.body(teacher, person, include=["avatar_url"])["user"]["avatar_url"] is None
        designer = EnrollmentFactory(section=section, type=BaseType.DESIGNER).user
        assert "email" not in self.body(designer, person, include=["email"])["user"]

    def test_a_course_says_what_pages_it_begins_with_and_whose_time_it_keeps(self, section, student):
        section.course.account.default_time_zone = "Asia/Tokyo"
        section.course.account.save()
        body = Api(student).get(f"courses/{section.course_id}").json()
        assert (body["default_view"], body["time_zone"]) == ("assignments", "Asia/Tokyo")
        assert (body["root_account_id"], body["account_id"]) == (
            section.course.account.parent_id,
            section.course.account_id,
        )
        Course.objects.update(front_page="Hello.")
        assert Api(student).get(f"courses/{section.course_id}").json()["default_view"] == "wiki"
        body = Api(student).get(f"courses/{section.course_id}", include=["syllabus_body", "term"]).json()
        assert (body["syllabus_body"], body["term"]) == (None, None)


class TestFindingRecords:
    @pytest.fixture
    def named(self, section) -> Section:
        Course.objects.update(sis_course_id="C-1", integration_id="C-INT")
        Section.objects.update(sis_section_id="S-1", integration_id="S-INT")
        section.refresh_from_db()
        return section

    def test_courses_and_sections_are_found_by_each_of_their_ids(self, named, teacher):
        course, api = named.course, Api(teacher)
        for name in (course.pk, "sis_course_id:C-1", "sis_integration_id:C-INT"):
            assert api.get(f"courses/{name}").json()["id"] == course.pk
        for name in (named.pk, "sis_section_id:S-1", "sis_integration_id:S-INT"):
            assert api.get(f"sections/{name}").json()["id"] == named.pk

    @pytest.mark.parametrize(
        "name", ["0", "x", "9" * 30, "sis_course_id:", "sis_user_id:C-1", "sis_course_id:c-1", "-1"]
    )
    def test_what_names_no_course_is_not_found(self, named, name):
        for rest in ("", "/users", "/enrollments", "/sections", "/permissions"):
            assert Api(make_admin()).get(f"courses/{name}{rest}").status_code == 404

    def test_what_was_deleted_is_not_found_but_a_course_by_who_restores_it(self, named, teacher):
        admin, other = Api(make_admin()), SectionFactory(course=named.course, workflow_state="deleted")
        assert admin.get(f"sections/{other.pk}").status_code == 404
        Course.objects.update(workflow_state="deleted")
        for path in (f"sections/{named.pk}", f"courses/{named.course_id}", "courses/sis_course_id:C-1"):
            assert admin.get(path).status_code == 404
        for stranger in (UserFactory(), make_admin(AccountFactory())):
            for name, status in ((named.course_id, 403), ("sis_course_id:C-1", 404)):
                answer = Api(stranger).put(f"courses/{name}", course={"event": "undelete"})
                assert answer.status_code == status
        restored = admin.put("courses/sis_course_id:C-1", course={"event": "undelete"})
        assert restored.json()["workflow_state"] == "unpublished"

    def test_an_enrollment_is_found_by_its_id_only_while_it_is_there(self, named, student):
        own = Enrollment.objects.get(user=student)
        path = f"courses/{named.course_id}/enrollments"
        for name in ("x", "9" * 30, f"sis_user_id:{student.sis_user_id}", own.pk + 1000):
            assert Api(student).get(f"{path}/{name}").status_code == 404
        Enrollment.objects.update(state="deleted")
        assert Api(make_admin()).get(f"{path}/{own.pk}").status_code == 404


class TestPermissionsInACourse:
    def test_each_reads_their_own_and_strangers_nothing(self, section, student, teacher):
        path = f"courses/{section.course_id}/permissions"
        keys = ["read_roster", "manage_grades", "become_user"]
        assert Api(teacher).get(path, permissions=keys).json() == {
            "read_roster": True,
            "manage_grades": True,
            "become_user": False,
        }
        assert set(Api(student).get(path, permissions=keys).json().values()) == {False}
        assert Api(UserFactory()).get(path).status_code == 403


class TestCoursesOfSomebody:
    @pytest.mark.parametrize(
        ("query", "names"),
        [
            ({}, ["Now", "Taught"]),
            ({"enrollment_type": ["student"]}, ["Now"]),
            ({"enrollment_type": ["student", "teacher"]}, ["Now", "Taught"]),
            ({"enrollment_state": "active"}, ["Now", "Taught"]),
            ({"enrollment_state": "completed"}, ["Done"]),
            ({"enrollment_state": "invited_or_pending"}, []),
            ({"state": ["unpublished"]}, ["Taught"]),
            ({"state": ["available", "completed"]}, ["Concluded", "Done", "Now"]),
        ],
    )
    def test_the_filters_of_ones_own_list_find_these(self, root, query, names):
        person = UserFactory()
        for name, base, course, own in (
            ("Now", BaseType.STUDENT, {}, {}),
            ("Done", BaseType.STUDENT, {}, {"state": "completed"}),
            ("Concluded", BaseType.STUDENT, {"workflow_state": "completed"}, {}),
            ("Hidden", BaseType.STUDENT, {"workflow_state": "unpublished"}, {}),
            ("Taught", BaseType.TEACHER, {"workflow_state": "unpublished"}, {}),
            ("Invited", BaseType.STUDENT, {}, {"state": "invited"}),
            ("Inactive", BaseType.STUDENT, {}, {"state": "inactive"}),
        ):
            section = SectionFactory(course=CourseFactory(name=name, **course))
            EnrollmentFactory(section=section, user=person, type=base, **own)
        found = Api(person).get("courses", **query).json()
        assert [course["name"] for course in found] == names

    def test_a_word_that_is_none_is_refused(self, root):
        for query in ({"enrollment_type": "pupil"}, {"enrollment_state": "gone"}, {"state": ["open"]}):
            assert Api(UserFactory()).get("courses", **query).status_code == 400


class TestAdmins:
    @pytest.fixture
    def office(self, root) -> Role:
        return Role.objects.create(label="Office", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=root)

    def test_a_role_is_given_by_id_by_label_or_by_default_and_taken_by_the_same_words(self, root, office):
        api = Api(make_admin())
        for asked, label in (({"role_id": office.pk}, "Office"), ({"role": "Office"}, "Office"), ({}, "AccountAdmin")):
            person = UserFactory()
            body = api.post("accounts/self/admins", user_id=person.pk, **asked).json()
            assert (body["role"], body["user"]["id"], body["workflow_state"]) == (label, person.pk, "active")
            assert ids(api.get("accounts/self/admins", user_id=[person.pk])) == [body["id"]]
            other = {"role": "AccountAdmin"} if asked else {"role": "Office"}
            assert api.delete(f"accounts/self/admins/{person.pk}", **other).status_code == 404
            gone = api.delete(f"accounts/self/admins/{person.pk}", **asked).json()
            assert (gone["id"], gone["workflow_state"]) == (body["id"], "deleted")
            assert ids(api.get("accounts/self/admins", user_id=[person.pk])) == []

    def test_a_role_that_the_account_does_not_have_is_refused_with_the_reason(self, root):
        elsewhere = Role.objects.create(label="Far", base_type=BaseType.ACCOUNT_MEMBERSHIP, account=AccountFactory())
        for asked in ({"role_id": elsewhere.pk}, {"role": "Far"}, {"role": "StudentEnrollment"}):
            answer = Api(make_admin()).post("accounts/self/admins", user_id=UserFactory().pk, **asked)
            assert answer.status_code == 400
            assert "This account has no such admin role." in answer.content.decode()
        assert AccountAdmin.objects.filter(role=elsewhere).count() == 0

    def test_logins_in_the_list_are_for_those_who_may_read_them(self, root, office):
        clerk = make_clerk("manage_account_memberships")
        (body,) = Api(clerk).get("accounts/self/admins", user_id=[clerk.pk]).json()
        assert "login_id" not in body["user"]
        (body,) = Api(make_admin()).get("accounts/self/admins", user_id=[clerk.pk]).json()
        assert body["user"]["login_id"] == clerk.login_id


class TestLogins:
    def test_a_login_is_suspended_and_let_in_again_together_with_its_change(self, root):
        api, person = Api(make_admin()), UserFactory()
        path = f"accounts/self/logins/{person.pk}"
        body = api.put(path, login={"workflow_state": "suspended", "unique_id": "new@x.org"}).json()
        assert (body["workflow_state"], body["unique_id"]) == ("suspended", "new@x.org")
        assert User.objects.get(pk=person.pk).state == User.State.SUSPENDED
        assert api.put(path, login={"workflow_state": "active"}).json()["workflow_state"] == "active"
        taken = UserFactory()
        answer = api.put(path, login={"workflow_state": "suspended", "unique_id": taken.login_id})
        assert answer.status_code == 400
        assert User.objects.get(pk=person.pk).is_active, "neither was done"

    def test_a_login_is_changed_only_in_an_account_where_the_person_is_found(self, root):
        school = AccountFactory()
        inside, outside = make_student(SectionFactory(course__account=school)), make_student()
        clerk = make_clerk("manage_user_logins", "view_user_logins")
        for person, status in ((inside, 200), (outside, 404)):
            answer = Api(clerk).put(f"accounts/{school.pk}/logins/{person.pk}", login={"unique_id": f"x{person.pk}"})
            assert answer.status_code == status
        assert User.objects.get(pk=outside.pk).login_id == outside.login_id


class TestUsers:
    def test_somebody_is_suspended_and_let_in_again(self, root):
        api, person = Api(make_admin()), UserFactory()
        for event, state in (("suspend", User.State.SUSPENDED), ("unsuspend", User.State.PRE_REGISTERED)):
            assert api.put(f"users/{person.pk}", user={"event": event}).status_code == 200
            assert User.objects.get(pk=person.pk).is_active is (state != User.State.SUSPENDED)

    def test_a_refused_event_takes_the_change_beside_it_along(self, root):
        admin = make_admin(name="Alex Root")
        answer = Api(admin).put(f"users/{admin.pk}", user={"name": "Other", "event": "suspend"})
        assert answer.status_code == 403
        assert User.objects.get(pk=admin.pk).name == "Alex Root"

    def test_others_sessions_are_ended_by_those_who_may_change_the_account(self, section, teacher, student):
        mine = Api(student)
        assert Api(teacher).delete(f"users/{student.pk}/sessions").status_code == 403
        assert mine.get("users/self").status_code == 200
        assert Api(make_admin()).delete(f"users/{student.pk}/sessions").json() == "ok"
        assert mine.get("users/self").status_code == 401

    def test_a_teacher_reads_a_students_profile_and_a_stranger_does_not(self, section, teacher, student):
        body = Api(teacher).get(f"users/{student.pk}/profile").json()
        assert (body["id"], body["login_id"]) == (student.pk, student.login_id)
        assert Api(make_student()).get(f"users/{student.pk}/profile").status_code == 403
        allow(BaseType.TEACHER, "view_user_logins", enabled=False)
        assert "login_id" not in Api(teacher).get(f"users/{student.pk}/profile").json()

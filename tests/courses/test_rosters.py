"""Lists of people: who is in a course or belongs to an account, and as far as whom a reader may find somebody."""

import pytest

from accounts.models import AccountAdmin, BaseType, ObservationLink, Role, User
from accounts.models.numbers import Number
from courses.domain import people_lists
from courses.domain.observers import who_observes
from courses.domain.roster_lines import lines
from courses.domain.rosters import (
    Shown,
    Sort,
    View,
    findable,
    holders_of,
    known_of_findable,
    observed_by,
    observers_in,
    observers_of,
    people_of,
    roles_in,
    roster,
    searched,
    settled_in,
    teachers_of,
)
from courses.models import Enrollment
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    make_admin,
    make_clerk,
    make_student,
)
from tests.observing import pair, role

STATES = Enrollment.State


def in_each_state(section, **more) -> dict[str, User]:
    return {state: EnrollmentFactory(section=section, state=state, **more).user for state in STATES}


class TestTheRosterOfACourse:
    @pytest.mark.parametrize(
        ("shown", "states"),
        [
            (Shown.CURRENT, {"active", "invited", "creation_pending"}),
            (Shown.INACTIVE, {"inactive"}),
            (Shown.CONCLUDED, {"completed"}),
            (Shown.ALL, {"active", "invited", "creation_pending", "inactive", "completed"}),
        ],
    )
    def test_each_choice_shows_the_people_in_these_states_and_never_who_is_gone(self, section, shown, states):
        people = in_each_state(section)
        found = roster(section.course, View(shown=shown), by=make_admin())
        assert set(found) == {people[state] for state in states}

    def test_deleted_people_and_deleted_sections_have_nobody_in_it(self, section):
        student = make_student(section, state=User.State.DELETED)
        EnrollmentFactory(section=SectionFactory(course=section.course, workflow_state="deleted"))
        assert not roster(section.course, by=make_admin()).filter(pk=student.pk).exists()
        assert not roster(section.course, by=make_admin()).exists()

    def test_a_line_has_all_enrollments_of_a_person_whatever_is_asked_for(self, section):
        other = SectionFactory(course=section.course, name="Zoo")
        person = make_student(section, other)
        EnrollmentFactory(user=person, section=section, type=BaseType.TA, state="inactive")
        EnrollmentFactory(user=person)
        view = View(role_id=role(BaseType.TA).pk, shown=Shown.INACTIVE)
        admin = make_admin()
        (line,) = lines(roster(section.course, view, by=admin), section.course, by=admin)
        assert [*line.sections.values()] == [section, other]
        assert [(one.type, one.state) for one in line.roles.values()] == [
            (BaseType.STUDENT, "active"),
            (BaseType.TA, "inactive"),
        ]

    @pytest.mark.parametrize(("state", "settled"), [("active", True), ("completed", True), ("invited", False)])
    def test_of_who_has_not_agreed_to_be_there_only_the_name_is_to_be_shown(self, section, state, settled):
        person = EnrollmentFactory(section=section, state=state).user
        EnrollmentFactory(user=person)
        admin = make_admin()
        (line,) = lines(roster(section.course, by=admin), section.course, by=admin)
        assert line.is_settled is settled
        assert User.objects.filter(settled_in(section.course, by=admin), pk=person.pk).exists() is settled

    def test_staff_come_before_students_and_observers_and_within_a_role_by_name(self, section):
        for base, name in (
            (BaseType.OBSERVER, "Abe Able"),
            (BaseType.STUDENT, "Zed Zorn"),
            (BaseType.STUDENT, "Ann Able"),
            (BaseType.DESIGNER, "Dee Doe"),
            (BaseType.TA, "Tim Tam"),
            (BaseType.TEACHER, "Zoe Zorn"),
        ):
            EnrollmentFactory(section=section, type=base, user__name=name)
        found = roster(section.course, View(sort=Sort.ROLE), by=make_admin())
        expected = ["Zoe Zorn", "Tim Tam", "Dee Doe", "Ann Able", "Zed Zorn", "Abe Able"]
        assert [person.name for person in found] == expected

    def test_the_roles_to_filter_by_are_those_of_people_there(self, section):
        EnrollmentFactory(section=section, type=BaseType.TA)
        EnrollmentFactory(section=section, type=BaseType.DESIGNER, state="deleted")
        EnrollmentFactory(type=BaseType.TEACHER)
        assert list(roles_in(section.course, by=make_admin())) == [role(BaseType.TA)]


class TestWhoTeaches:
    @pytest.mark.parametrize(("state", "named"), [(state, state in ("active", "completed")) for state in STATES])
    def test_those_are_named_who_teach_it_or_taught_it_to_its_end(self, section, state, named):
        teacher = EnrollmentFactory(section=section, type=BaseType.TEACHER, state=state).user
        assert (teacher in teachers_of(section.course)) is named

    def test_others_are_named_only_when_asked_for_and_deleted_people_never(self, section):
        assistant = EnrollmentFactory(section=section, type=BaseType.TA).user
        EnrollmentFactory(section=section, type=BaseType.TEACHER, user__state=User.State.DELETED)
        assert not teachers_of(section.course)
        assert list(teachers_of(section.course, [BaseType.TA])) == [assistant]


class TestThePeopleOfAnAccount:
    def test_they_are_those_who_agreed_to_be_in_a_course_of_it_or_below_and_may_have_left(self, root):
        school, elsewhere = AccountFactory(), AccountFactory()
        below = AccountFactory(parent=school)
        section = SectionFactory(course__account=below)
        people = in_each_state(section)
        EnrollmentFactory(section=SectionFactory(course__account=elsewhere))
        EnrollmentFactory(section=section, user__state=User.State.DELETED)
        EnrollmentFactory(section=SectionFactory(course=CourseFactory(account=school, workflow_state="deleted")))
        assert set(people_of(school)) == {people[state] for state in ("active", "inactive", "completed")}
        assert not people_of(AccountFactory(parent=below))

    @pytest.mark.parametrize(("along", "rare"), [(0, 0), (0, 1_000), (1_000, 0)])
    def test_a_list_of_them_has_the_same_whatever_the_size_of_the_account(self, root, along, rare, monkeypatch):
        monkeypatch.setattr(people_lists, "ALONG", along)
        monkeypatch.setattr(people_lists, "RARE", rare)
        school, taught = AccountFactory(), set[User]()
        for account in (school, AccountFactory(parent=school), root):
            section = SectionFactory(course__account=account)
            person = in_each_state(section)["active"]
            EnrollmentFactory(user=person, section=SectionFactory(course=section.course))
            taught.add(EnrollmentFactory(section=section, type=BaseType.TEACHER).user)
            EnrollmentFactory(section=section, user__state=User.State.DELETED)
        for account in (school, root):
            assert list(people_lists.people_listed(account)) == list(people_of(account))
            assert len(people_of(account)) > 2
            teachers = set(people_lists.people_listed(account, [BaseType.TEACHER, BaseType.TA]))
            assert teachers == {person for person in taught if person in people_of(account)}

    def test_the_institution_has_everybody_who_is_not_deleted(self, root):
        here, _gone = UserFactory(), UserFactory(state=User.State.DELETED)
        suspended = UserFactory(state=User.State.SUSPENDED)
        assert set(people_of(root)) == {here, suspended}

    def test_who_sees_everybody_finds_everybody_and_others_those_of_their_account(self, root):
        school = AccountFactory()
        inside, outside = EnrollmentFactory(section__course__account=school).user, UserFactory()
        school_admin, clerk = make_admin(school), make_clerk("read_roster")
        AccountAdmin.objects.create(user=clerk, account=school, role=role(BaseType.ACCOUNT_ADMIN))
        assert set(findable(school, by=school_admin)) == {inside}
        assert outside in findable(school, by=clerk)
        # Where everybody is found, what is shown of them is what one may see of everybody.
        assert known_of_findable(school, by=clerk) == {"read_roster"}
        assert "view_user_logins" in known_of_findable(school, by=school_admin)


class TestSearching:
    @pytest.mark.parametrize(
        ("words", "keys", "found"),
        [
            ("lake", set(), True),
            ("ml77", set(), False),
            ("ml77", {"view_user_logins"}, True),
            ("M@post", {"view_user_logins"}, True),
            ("post.example", {"view_user_logins"}, False),
            ("S-MI", {"view_user_logins"}, False),
            ("S-MI", {"read_sis"}, True),
            ("ml77", {"read_sis"}, False),
            ("", set(), True),
        ],
    )
    def test_people_are_found_by_what_the_reader_may_see_of_them(self, root, words, keys, found):
        mia = UserFactory(name="Mia Lake", login_id="ml77@x.org", email="m@post.example", sis_user_id="S-MIA")
        people = User.objects.all()
        assert searched(people, words, keys).filter(pk=mia.pk).exists() is found

    def test_who_is_merely_invited_is_found_by_the_name_only(self, section):
        admin, keys = make_admin(), {"view_user_logins", "read_sis"}
        known, invited = (
            EnrollmentFactory(section=section, state=state, user__name=f"Lake {state}", user__sis_user_id=f"LK-{state}")
            for state in ("active", "invited")
        )
        there = User.objects.filter(enrollments__section=section)
        condition = settled_in(section.course, by=admin)
        assert set(searched(there, "Lake", keys, known=condition)) == {known.user, invited.user}
        assert set(searched(there, "LK-", keys, known=condition)) == {known.user}


class TestWhoObserves:
    def test_links_are_listed_by_name_without_those_that_ended_and_deleted_people(self, root):
        student = make_student()
        last, first, gone, former = (UserFactory(name=name) for name in ("Zoe Zorn", "Ann Able", "Del Gone", "For Mer"))
        for observer in (last, first, gone, former):
            pair(observer, student)
        User.objects.filter(pk=gone.pk).update(state=User.State.DELETED)
        ObservationLink.objects.filter(observer=former).update(state="deleted")
        assert [link.observer for link in observers_of(student)] == [first, last]
        assert [link.student for link in observed_by(last)] == [student]
        assert not observed_by(former)

    def test_in_a_course_each_enrollment_says_whether_a_link_made_it(self, section, student):
        pair(parent := UserFactory(name="Pat Parent"), student)
        mentor = EnrollmentFactory(
            section=section, type=BaseType.OBSERVER, associated_user=student, user__name="Mo Mentor"
        ).user
        EnrollmentFactory(section=section, type=BaseType.OBSERVER, user__name="Al One")
        admin = make_admin()
        found = [(one.enrollment.user, one.is_by_link) for one in observers_in(student, section.course, by=admin)]
        assert found == [(mentor, False), (parent, True)]
        User.objects.filter(pk=mentor.pk).update(state=User.State.DELETED)
        assert [one.enrollment.user for one in observers_in(student, section.course, by=admin)] == [parent]

    def test_who_observes_in_two_sections_of_a_course_is_told_with_the_course_once(self, section):
        other = SectionFactory(course=section.course)
        student, mentor = make_student(section, other), UserFactory()
        for where in (section, other):
            EnrollmentFactory(section=where, type=BaseType.OBSERVER, associated_user=student, user=mentor)
        (observer,) = who_observes(student)
        assert (observer.person, observer.courses, observer.opens_all) == (mentor, (section.course,), False)
        assert observer.course_names == [section.course.name]


def test_a_deleted_person_holds_no_role(root):
    mentor = Role.objects.create(label="Mentor", base_type=BaseType.TEACHER, account=root)
    EnrollmentFactory(type=BaseType.TEACHER, role=mentor)
    EnrollmentFactory(type=BaseType.TEACHER, role=mentor, user__state=User.State.DELETED)
    EnrollmentFactory(type=BaseType.TEACHER, role=mentor, section__course__workflow_state="deleted")
    assert holders_of(mentor) == Number(1)

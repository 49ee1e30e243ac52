"""What staff do with the people of a course: adding many, ending, changing sections and roles, linking to students."""

from datetime import timedelta

import pytest
from django.db import IntegrityError
from django.utils import timezone

from accounts.errors import Invalid, NotAllowed
from accounts.models import AuditEvent, BaseType, ObservationLink, Role, User
from accounts.permissions.resolver import remembering
from courses.access.enrollment_actions import EnrollmentAction, check, check_enrolls, enrollment_permissions, needed
from courses.domain.add_people import MOST, Kind, add_people, entries_of, kinds_for, look_up
from courses.domain.course_observers import link_students, observed_in, students_for, unlink_student
from courses.domain.enrollments import EnrollmentSpec, change_states, enroll, enroll_many
from courses.domain.members import Member, carry_out, change_role, members_in, set_sections, watchers_of
from courses.domain.observation import link
from courses.domain.sections import counted, delete_section, sections_of
from courses.models import Enrollment, Section
from tests.database import refuse_new_rows, statements
from tests.factories import (
    AccountFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_student,
    make_students,
)
from tests.observing import role

pytestmark = pytest.mark.usefixtures("root")


def pair(observer: User, student: User, **more) -> ObservationLink:
    return link(observer, student, origin=ObservationLink.Origin.CODE, by=None, **more)


def places(user: User) -> dict[tuple[int, str], str]:
    """By section and type, the states somebody is in."""
    rows = Enrollment.objects.filter(user=user).values_list("section", "type", "state")
    return {(section, type): state for section, type, state in rows}


def as_member(user: User, section: Section) -> Member:
    (found,) = members_in(section.course, user.pk, by=user)
    return found


@pytest.fixture
def section(root) -> Section:
    return SectionFactory()


@pytest.fixture
def teacher(section) -> User:
    return EnrollmentFactory(section=section, type=BaseType.TEACHER).user


@pytest.fixture
def assistant(section) -> User:
    return EnrollmentFactory(section=section, type=BaseType.TA).user


@pytest.fixture
def student(section) -> User:
    return make_student(section)


# Many at once


def test_many_are_enrolled_as_one_by_one(section, teacher):
    def mixed() -> list[User]:
        """Somebody new, and one who was here in each state."""
        people: list[User] = [UserFactory(initial_enrollment_type="student") for _state in [None, *Enrollment.State]]
        for person, state in zip(people[1:], Enrollment.State, strict=True):
            EnrollmentFactory(user=person, section=section, state=state)
        for person in people:
            pair(UserFactory(), person)
        return people

    def outcome(people: list[User]) -> list[tuple[str | None, ...]]:
        return [
            (
                Enrollment.objects.get(user=person, section=section).state,
                Enrollment.objects.filter(associated_user=person, section=section)
                .values_list("state", flat=True)
                .first(),
                *AuditEvent.objects.filter(subject=person, actor=teacher).values_list("details__before", flat=True),
            )
            for person in people
        ]

    for state in (None, "active", "completed"):
        one_by_one, at_once = mixed(), mixed()
        for person in one_by_one:
            enroll(person, section, role(BaseType.STUDENT), by=teacher, state=state)
        enroll_many(
            [EnrollmentSpec(person, section, role(BaseType.STUDENT), state=state) for person in at_once], by=teacher
        )
        assert outcome(one_by_one) == outcome(at_once)


def test_enrolling_500_takes_as_many_statements_as_one(section):
    def fresh(count: int) -> list[EnrollmentSpec]:
        ids = make_students(count, SectionFactory())
        people = User.objects.filter(pk__in=ids)
        return [EnrollmentSpec(person, section, role(BaseType.STUDENT), state=None) for person in people]

    one, many = fresh(1), fresh(500)
    assert statements(lambda: enroll_many(one, by=None)) == statements(lambda: enroll_many(many, by=None))
    assert Enrollment.objects.filter(section=section, state="invited").count() == 501


def test_ending_500_takes_as_many_statements_as_one(section):
    make_students(501, section)
    one, *many = Enrollment.objects.filter(section=section)
    few = statements(lambda: change_states([one], "inactive", by=None))
    assert statements(lambda: change_states(many, "inactive", by=None)) == few
    assert AuditEvent.objects.filter(action="enrollment.changed").count() == 501


def test_either_all_of_the_people_are_enrolled_or_nobody(section, student):
    good = EnrollmentSpec(UserFactory(), section, role(BaseType.STUDENT))
    with pytest.raises(Invalid):
        enroll_many([good, EnrollmentSpec(UserFactory(state="deleted"), section, role(BaseType.STUDENT))], by=None)
    refuse_new_rows("accounts_auditevent")
    with pytest.raises(IntegrityError):
        enroll_many([good, EnrollmentSpec(UserFactory(), section, role(BaseType.STUDENT))], by=None)
    assert Enrollment.objects.count() == 1


def test_a_seat_named_twice_is_taken_once(section):
    spec = EnrollmentSpec(UserFactory(), section, role(BaseType.STUDENT))
    assert len(enroll_many([spec, spec], by=None)) == 1


# Who may


@pytest.mark.parametrize(
    ("action", "base_type", "keys"),
    [
        (EnrollmentAction.ENROLL, BaseType.TA, {"add_ta_to_course"}),
        (EnrollmentAction.REACTIVATE, BaseType.STUDENT, {"add_student_to_course"}),
        (EnrollmentAction.REMOVE, BaseType.STUDENT, {"remove_student_from_course"}),
        (EnrollmentAction.CONCLUDE, BaseType.STUDENT, {"manage_students"}),
        (EnrollmentAction.DEACTIVATE, BaseType.OBSERVER, {"manage_students"}),
        (EnrollmentAction.MOVE, BaseType.STUDENT, {"manage_students"}),
        (EnrollmentAction.CONCLUDE, BaseType.TEACHER, {"remove_teacher_from_course"}),
        (EnrollmentAction.DEACTIVATE, BaseType.DESIGNER, {"remove_designer_from_course"}),
        (EnrollmentAction.MOVE, BaseType.TA, {"add_ta_to_course"}),
    ],
)
def test_each_action_takes_its_permission_and_no_other(section, teacher, action, base_type, keys):
    assert needed(action, base_type) == keys
    place = EnrollmentFactory(section=section, type=base_type)
    check(action, place, section.course, by=teacher)
    assert enrollment_permissions(teacher, section.course).may(action, place)
    for key in keys:
        allow(BaseType.TEACHER, key, enabled=False)
        with pytest.raises(NotAllowed):
            check(action, place, section.course, by=teacher)
        assert not enrollment_permissions(teacher, section.course).may(action, place)
        allow(BaseType.TEACHER, key)


def test_concluding_an_inactive_person_lets_them_read_again_and_takes_the_right_to_that(section, teacher):
    ended = EnrollmentFactory(section=section, state="inactive")
    check(EnrollmentAction.CONCLUDE, ended, section.course, by=teacher)
    allow(BaseType.TEACHER, "add_student_to_course", enabled=False)
    with pytest.raises(NotAllowed):
        check(EnrollmentAction.CONCLUDE, ended, section.course, by=teacher)
    check(EnrollmentAction.CONCLUDE, EnrollmentFactory(section=section), section.course, by=teacher)


def test_a_custom_role_counts_as_what_it_is_at_bottom(section, assistant):
    monitor = Role.objects.create(label="Monitor", base_type=BaseType.STUDENT, account=section.course.account)
    coach = Role.objects.create(label="Coach", base_type=BaseType.TEACHER, account=section.course.account)
    check_enrolls(monitor, section.course, by=assistant)
    with pytest.raises(NotAllowed):
        check_enrolls(coach, section.course, by=assistant)
    assert monitor in enrollment_permissions(assistant, section.course).roles_to_give()
    assert coach not in enrollment_permissions(assistant, section.course).roles_to_give()


def test_nobody_takes_themselves_out_unless_they_could_come_back(section, teacher):
    mine = as_member(teacher, section)
    for action in (EnrollmentAction.CONCLUDE, EnrollmentAction.DEACTIVATE, EnrollmentAction.REMOVE):
        with pytest.raises(NotAllowed, match="yourself"):
            carry_out(mine, action, by=teacher)
        assert not enrollment_permissions(teacher, section.course).may(action, mine.enrollments[0])
    with pytest.raises(NotAllowed, match="yourself"):
        change_role(mine, role(BaseType.TA), by=teacher)
    admin = make_admin()
    EnrollmentFactory(section=section, type=BaseType.TEACHER, user=admin)
    carry_out(as_member(admin, section), EnrollmentAction.REMOVE, by=admin)
    assert not members_in(section.course, admin.pk, by=admin)


def test_what_one_may_counts_only_in_the_course_where_one_may_it(section, student):
    elsewhere = EnrollmentFactory(type=BaseType.TEACHER).user
    for by in (elsewhere, make_admin(AccountFactory()), student, UserFactory()):
        for action in (EnrollmentAction.CONCLUDE, EnrollmentAction.DEACTIVATE, EnrollmentAction.REMOVE):
            with pytest.raises(NotAllowed):
                carry_out(as_member(student, section), action, by=by)
        with pytest.raises(NotAllowed):
            add_people(section.course, [by], role(BaseType.STUDENT), section, by=by)
    assert places(student) == {(section.pk, BaseType.STUDENT): "active"}


def test_a_change_of_permissions_within_a_request_counts_at_once(section, teacher):
    with remembering():
        add_people(section.course, [UserFactory()], role(BaseType.TEACHER), section, by=teacher)
        Enrollment.objects.filter(user=teacher).update(state="deleted")
        add_people(section.course, [], role(BaseType.TEACHER), section, by=make_admin())
        enroll(UserFactory(), section, role(BaseType.STUDENT), by=None)
        with pytest.raises(NotAllowed):
            add_people(section.course, [UserFactory()], role(BaseType.TEACHER), section, by=teacher)


# Adding by a list


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        ("ana, ben;cem\nana", ["ana", "ben", "cem"]),
        ("  ana  \r\n\r\n ben\t", ["ana", "ben"]),
        ('Ana Diaz <ana@x.org>, "Lake, Ben" <ben@x.org>\nc@x.org', ["ana@x.org", "ben@x.org", "c@x.org"]),
        ("<ana@x.org><ben@x.org>", ["ana@x.org", "ben@x.org"]),
        ("S-1 2", ["S-1 2"]),
        ("dan, Eva Fox <eva@x.org>;fay", ["dan", "eva@x.org", "fay"]),
        ("a < b\nc > d, <", ["a < b", "c > d", "<"]),
    ],
)
def test_a_pasted_list_is_read_however_it_is_written(text, entries):
    assert entries_of(text) == entries


@pytest.mark.parametrize("text", ["", " ,;\n<>", "x" * 300_000, "\n".join(str(n) for n in range(MOST + 1))])
def test_a_list_of_nobody_or_of_too_many_is_refused(text):
    with pytest.raises(Invalid):
        entries_of(text)


def test_people_are_found_by_what_they_are_known_by(section, teacher):
    ana = UserFactory(login_id="Ana", email="ana@X.org", sis_user_id="S-1")
    for kind, entry in ((Kind.LOGIN, "aNA"), (Kind.EMAIL, "ANA@x.org"), (Kind.SIS, "S-1")):
        (found,) = look_up(section.course, kind, [entry], by=teacher).found
        assert (found.person, found.entry) == (ana, entry)
        assert look_up(section.course, kind, ["nobody"], by=teacher).missing == ["nobody"]
    assert look_up(section.course, Kind.SIS, ["s-1"], by=teacher).missing == ["s-1"]


def test_who_is_meant_by_two_entries_is_found_once_and_an_address_of_two_is_ambiguous(section, teacher):
    UserFactory(login_id="ana", email="shared@x.org")
    UserFactory(email="shared@x.org")
    assert len(look_up(section.course, Kind.LOGIN, ["ana", "ANA"], by=teacher).found) == 1
    result = look_up(section.course, Kind.EMAIL, ["shared@x.org"], by=teacher)
    assert (result.found, result.ambiguous, result.left_out) == ([], ["shared@x.org"], 1)


def test_suspended_and_deleted_people_are_not_found(section, teacher):
    UserFactory(login_id="away", state="suspended")
    UserFactory(login_id="gone", state="deleted")
    UserFactory(login_id="new", state="pre_registered")
    result = look_up(section.course, Kind.LOGIN, ["away", "gone", "new"], by=teacher)
    assert (result.suspended, result.missing) == (["away"], ["gone"])
    assert [found.entry for found in result.found] == ["new"]


def test_nobody_is_found_by_what_one_may_not_see(section, assistant, teacher):
    assert kinds_for({"view_user_logins", "read_sis"}) == [Kind.LOGIN, Kind.EMAIL, Kind.SIS]
    assert kinds_for(set()) == [Kind.LOGIN]
    with pytest.raises(NotAllowed):
        look_up(section.course, Kind.SIS, ["S-1"], by=assistant)
    allow(BaseType.TEACHER, "view_user_logins", enabled=False)
    with pytest.raises(NotAllowed):
        look_up(section.course, Kind.EMAIL, ["x@x.org"], by=teacher)


def test_what_somebody_is_here_already_is_told(section, teacher, student):
    (found,) = look_up(section.course, Kind.LOGIN, [student.login_id], by=teacher).found
    assert [place.role for place in found.here] == [role(BaseType.STUDENT)]
    EnrollmentFactory(user=student)
    (found,) = look_up(section.course, Kind.LOGIN, [student.login_id], by=teacher).found
    assert len(found.here) == 1


@pytest.mark.parametrize("entry", ["\0", "\ud800", "x" * 300, "%", "'; --", "{", '{"a"}', "NULL"])
def test_odd_entries_find_nobody_and_do_no_harm(section, teacher, entry):
    for kind in Kind:
        assert look_up(section.course, kind, [entry], by=teacher).missing == [entry]


def test_looking_up_and_adding_500_takes_as_many_statements_as_one(section, teacher):
    def run(count: int) -> int:
        people = User.objects.filter(pk__in=make_students(count, SectionFactory()))
        logins = [person.login_id for person in people]

        def both() -> None:
            found = look_up(section.course, Kind.LOGIN, logins, by=teacher).found
            assert len(found) == count
            add_people(section.course, [one.person for one in found], role(BaseType.STUDENT), section, by=teacher)

        return statements(both)

    assert run(1) == run(500)


def test_added_people_are_invited_observers_are_in_and_who_is_there_stays(section, teacher, student):
    newcomer, watcher = UserFactory(), UserFactory()
    assert add_people(section.course, [newcomer, student], role(BaseType.STUDENT), section, by=teacher) == 1
    add_people(section.course, [watcher], role(BaseType.OBSERVER), section, by=teacher)
    assert places(newcomer) == {(section.pk, BaseType.STUDENT): "invited"}
    assert places(student) == {(section.pk, BaseType.STUDENT): "active"}
    assert places(watcher) == {(section.pk, BaseType.OBSERVER): "active"}


def test_nobody_is_added_to_another_courses_section_or_with_a_suspended_account(section, teacher):
    for whom, where in ((UserFactory(), SectionFactory()), (UserFactory(state="suspended"), section)):
        with pytest.raises(Invalid):
            add_people(section.course, [whom], role(BaseType.STUDENT), where, by=teacher)


# Ending and coming back


def test_a_deed_is_done_to_all_enrollments_of_that_role_and_to_no_other(section, teacher):
    second, other_course = SectionFactory(course=section.course), SectionFactory()
    student = make_student(section, second, other_course)
    EnrollmentFactory(user=student, section=section, type=BaseType.OBSERVER)
    as_student, as_observer = members_in(section.course, student.pk, by=student)
    assert (as_student.role, as_observer.role) == (role(BaseType.STUDENT), role(BaseType.OBSERVER))
    carry_out(as_student, EnrollmentAction.DEACTIVATE, by=teacher)
    assert places(student) == {
        (section.pk, BaseType.STUDENT): "inactive",
        (second.pk, BaseType.STUDENT): "inactive",
        (section.pk, BaseType.OBSERVER): "active",
        (other_course.pk, BaseType.STUDENT): "active",
    }
    with pytest.raises(Invalid):
        carry_out(members_in(section.course, student.pk, by=student)[0], EnrollmentAction.DEACTIVATE, by=teacher)


def test_observers_lose_sight_and_get_it_back_with_the_student(section, teacher, student):
    pair(observer := UserFactory(), student)
    assert watchers_of(as_member(student, section)) == 1
    for action, state in (
        (EnrollmentAction.DEACTIVATE, "inactive"),
        (EnrollmentAction.REACTIVATE, "active"),
        (EnrollmentAction.CONCLUDE, "completed"),
    ):
        carry_out(as_member(student, section), action, by=teacher)
        assert places(observer) == {(section.pk, BaseType.OBSERVER): state}
    carry_out(as_member(student, section), EnrollmentAction.REMOVE, by=teacher)
    assert members_in(section.course, student.pk, by=student) == []
    assert places(observer) == {(section.pk, BaseType.OBSERVER): "deleted"}


# Sections


def test_somebody_is_put_into_exactly_the_sections_chosen(section, teacher):
    first, second, third = (SectionFactory(course=section.course) for _ in range(3))
    end = timezone.now() + timedelta(days=5)
    student = UserFactory()
    EnrollmentFactory(user=student, section=first, state="inactive")
    EnrollmentFactory(user=student, section=second, end_at=end)
    set_sections(as_member(student, section), [second, third], by=teacher)
    assert {section: state for (section, _type), state in places(student).items()} == {
        first.pk: "deleted",
        second.pk: "active",
        third.pk: "active",
    }
    assert Enrollment.objects.get(user=student, section=third).end_at == end


def test_observers_go_along_to_other_sections_those_of_this_course_only_too(section, teacher, student):
    new = SectionFactory(course=section.course)
    pair(parent := UserFactory(), student)
    mentor = UserFactory()
    enroll(mentor, section, role(BaseType.OBSERVER), by=None, associated_user=student)
    set_sections(as_member(student, section), [new], by=teacher)
    for observer in (parent, mentor):
        assert places(observer) == {(section.pk, BaseType.OBSERVER): "deleted", (new.pk, BaseType.OBSERVER): "active"}
    assert ObservationLink.objects.count() == 1


def test_sections_are_of_the_course_and_at_least_one(section, teacher, student):
    for wanted in ([], [SectionFactory()], [section, SectionFactory()]):
        with pytest.raises(Invalid):
            set_sections(as_member(student, section), wanted, by=teacher)
    assert places(student) == {(section.pk, BaseType.STUDENT): "active"}


def test_an_observer_of_a_student_stays_where_the_student_is(section, teacher, student):
    watcher = UserFactory()
    enroll(watcher, section, role(BaseType.OBSERVER), by=None, associated_user=student)
    with pytest.raises(Invalid):
        set_sections(as_member(watcher, section), [SectionFactory(course=section.course)], by=teacher)


# Roles


def test_a_role_is_changed_in_all_sections_and_the_state_stays(section, teacher):
    second = SectionFactory(course=section.course)
    person = UserFactory()
    EnrollmentFactory(user=person, section=section, type=BaseType.TA)
    EnrollmentFactory(user=person, section=second, type=BaseType.TA, state="completed")
    change_role(as_member(person, section), role(BaseType.DESIGNER), by=teacher)
    assert places(person) == {
        (section.pk, BaseType.TA): "deleted",
        (second.pk, BaseType.TA): "deleted",
        (section.pk, BaseType.DESIGNER): "active",
        (second.pk, BaseType.DESIGNER): "completed",
    }


def test_changing_a_role_takes_what_removing_and_adding_take(section, teacher, student):
    for key in ("remove_student_from_course", "add_ta_to_course"):
        allow(BaseType.TEACHER, key, enabled=False)
        with pytest.raises(NotAllowed):
            change_role(as_member(student, section), role(BaseType.TA), by=teacher)
        allow(BaseType.TEACHER, key)
    allow(BaseType.TEACHER, "manage_grades", enabled=False)
    with pytest.raises(NotAllowed, match="more permissions"):
        change_role(as_member(student, section), role(BaseType.TA), by=teacher)
    assert places(student) == {(section.pk, BaseType.STUDENT): "active"}


def test_observers_follow_a_student_into_another_role_of_students_and_into_no_other(section, teacher, student):
    pair(observer := UserFactory(), student)
    helper = Role.objects.create(label="Helper", base_type=BaseType.STUDENT, account=section.course.account)
    change_role(as_member(student, section), helper, by=teacher)
    assert places(observer) == {(section.pk, BaseType.OBSERVER): "active"}
    change_role(as_member(student, section), role(BaseType.TA), by=teacher)
    assert places(observer) == {(section.pk, BaseType.OBSERVER): "deleted"}


def test_an_observer_keeps_their_students_only_as_an_observer(section, teacher):
    watcher, students = UserFactory(), [make_student(section) for _ in range(2)]
    mentor = Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=section.course.account)
    for each in students:
        enroll(watcher, section, role(BaseType.OBSERVER), by=None, associated_user=each)
    change_role(as_member(watcher, section), mentor, by=teacher)
    assert {place.associated_user for place in as_member(watcher, section).enrollments} == set(students)
    change_role(as_member(watcher, section), role(BaseType.TA), by=teacher)
    (place,) = as_member(watcher, section).enrollments
    assert (place.type, place.associated_user) == (BaseType.TA, None)


def test_an_active_place_with_the_new_role_is_not_put_out_by_an_inactive_one(section, teacher):
    person = UserFactory()
    EnrollmentFactory(user=person, section=section, type=BaseType.TA)
    EnrollmentFactory(user=person, section=section, type=BaseType.STUDENT, state="inactive")
    as_student, _as_assistant = members_in(section.course, person.pk, by=person)
    change_role(as_student, role(BaseType.TA), by=teacher)
    assert places(person) == {(section.pk, BaseType.TA): "active", (section.pk, BaseType.STUDENT): "deleted"}


# Linking an observer to students of one course


@pytest.fixture
def watcher(section) -> Member:
    user = EnrollmentFactory(section=section, type=BaseType.OBSERVER).user
    return as_member(user, section)


def test_an_observer_is_linked_beside_the_student_in_every_section_and_in_no_other_course(section, teacher, watcher):
    second, elsewhere = SectionFactory(course=section.course), SectionFactory()
    student = make_student(section, second, elsewhere)
    assert link_students(watcher, [student.pk], by=teacher) == 1
    beside = Enrollment.objects.filter(user=watcher.person, associated_user=student)
    assert set(beside.values_list("section", "state")) == {(section.pk, "active"), (second.pk, "active")}
    assert not ObservationLink.objects.exists()
    enroll(student, SectionFactory(), role(BaseType.STUDENT), by=None)
    assert beside.count() == 2
    assert link_students(watcher, [student.pk], by=teacher) == 0


def test_linking_keeps_to_the_observers_own_role_and_the_students_state(section, teacher):
    mentor = Role.objects.create(label="Mentor", base_type=BaseType.OBSERVER, account=section.course.account)
    user = EnrollmentFactory(section=section, type=BaseType.OBSERVER, role=mentor).user
    ended = EnrollmentFactory(section=section, state="completed").user
    link_students(as_member(user, section), [ended.pk], by=teacher)
    beside = Enrollment.objects.get(associated_user=ended)
    assert (beside.role, beside.state) == (mentor, "completed")


@pytest.mark.parametrize("missing", ["manage_students", "add_observer_to_course"])
def test_linking_takes_both_permissions(section, teacher, watcher, student, missing):
    allow(BaseType.TEACHER, missing, enabled=False)
    with pytest.raises(NotAllowed):
        link_students(watcher, [student.pk], by=teacher)
    assert not observed_in(section.course, watcher.person, 5, by=watcher.person)


@pytest.mark.parametrize("missing", ["manage_students", "remove_observer_from_course"])
def test_unlinking_takes_both_permissions(section, teacher, watcher, student, missing):
    link_students(watcher, [student.pk], by=teacher)
    allow(BaseType.TEACHER, missing, enabled=False)
    with pytest.raises(NotAllowed):
        unlink_student(watcher.person, student, section.course, by=teacher)
    assert observed_in(section.course, watcher.person, 5, by=watcher.person)


def test_only_students_of_the_course_can_be_linked_and_never_oneself(section, teacher, watcher, student):
    inactive = EnrollmentFactory(section=section, state="inactive").user
    itself = EnrollmentFactory(section=section, user=watcher.person).user
    for whom in (make_student(), teacher, inactive, UserFactory(), itself):
        with pytest.raises(Invalid):
            link_students(watcher, [student.pk, whom.pk], by=teacher)
    for ids in ([], [2**62], range(501)):
        with pytest.raises(Invalid):
            link_students(watcher, list(ids), by=teacher)
    assert not observed_in(section.course, watcher.person, 5, by=watcher.person)


def test_two_students_cannot_observe_each_other(section, teacher):
    one, other = make_student(section), make_student(section)
    EnrollmentFactory(user=one, section=section, type=BaseType.OBSERVER)
    EnrollmentFactory(user=other, section=section, type=BaseType.OBSERVER)
    _student, observer = members_in(section.course, one.pk, by=one)
    link_students(observer, [other.pk], by=teacher)
    _student, observer = members_in(section.course, other.pk, by=other)
    with pytest.raises(Invalid, match="each other"):
        link_students(observer, [one.pk], by=teacher)


def test_unlinking_ends_sight_in_this_course_and_a_link_between_accounts_is_not_ended_here(
    section, teacher, watcher, student
):
    other = make_student(section)
    pair(watcher.person, other)
    link_students(watcher, [student.pk], by=teacher)
    seen = {each.student: each.is_by_link for each in observed_in(section.course, watcher.person, 5, by=watcher.person)}
    assert seen == {student: False, other: True}
    assert set(students_for(watcher.person, section.course, by=watcher.person).values_list("pk", "is_linked")) == {
        (student.pk, True),
        (other.pk, True),
    }
    unlink_student(watcher.person, student, section.course, by=teacher)
    with pytest.raises(Invalid, match="whole school"):
        unlink_student(watcher.person, other, section.course, by=teacher)
    with pytest.raises(Invalid):
        unlink_student(watcher.person, student, section.course, by=teacher)
    assert [each.student for each in observed_in(section.course, watcher.person, 5, by=watcher.person)] == [other]


def test_who_lost_sight_with_a_student_who_was_away_is_linked_again(section, teacher, watcher, student):
    link_students(watcher, [student.pk], by=teacher)
    carry_out(as_member(student, section), EnrollmentAction.DEACTIVATE, by=teacher)
    carry_out(as_member(student, section), EnrollmentAction.REACTIVATE, by=teacher)
    (seen,) = observed_in(section.course, watcher.person, 5, by=watcher.person)
    assert (seen.student, seen.enrollment.state) == (student, "inactive")
    (offered,) = students_for(watcher.person, section.course, by=watcher.person)
    assert not offered.is_linked
    assert link_students(watcher, [student.pk], by=teacher) == 1
    (seen,) = observed_in(section.course, watcher.person, 5, by=watcher.person)
    assert seen.enrollment.state == "active"


def test_a_link_limited_to_another_course_is_not_what_lets_one_see_here(section, teacher, watcher, student):
    elsewhere = SectionFactory()
    EnrollmentFactory(user=student, section=elsewhere)
    pair(watcher.person, student, course=elsewhere.course)
    link_students(watcher, [student.pk], by=teacher)
    assert [each.is_by_link for each in observed_in(section.course, watcher.person, 5, by=watcher.person)] == [False]
    unlink_student(watcher.person, student, section.course, by=teacher)
    assert places(watcher.person)[elsewhere.pk, BaseType.OBSERVER] == "active"


def test_linking_100_students_takes_as_many_statements_as_one(section, teacher, watcher):
    one, *many = make_students(101, section)
    few = statements(lambda: link_students(watcher, [one], by=teacher))
    assert statements(lambda: link_students(watcher, many, by=teacher)) == few


# Sections of the course


def test_deleting_a_section_takes_its_enrollments_and_observers_but_nothing_else(section, teacher, student):
    other = SectionFactory(course=section.course)
    both = make_student(section, other)
    pair(observer := UserFactory(), student)
    pair(of_both := UserFactory(), both)
    assert [each.people for each in counted(sections_of(section.course)).order_by("pk")] == [5, 2]
    delete_section(section, by=make_admin())
    assert places(student) == {(section.pk, BaseType.STUDENT): "deleted"}
    assert places(observer) == {(section.pk, BaseType.OBSERVER): "deleted"}
    assert {pk: state for (pk, _type), state in places(of_both).items()} == {section.pk: "deleted", other.pk: "active"}


def test_the_last_section_stays_and_another_becomes_the_default(section, teacher):
    default = SectionFactory(course=section.course, is_default=True)
    delete_section(default, by=teacher)
    section.refresh_from_db()
    assert section.is_default
    with pytest.raises(Invalid, match="at least one"):
        delete_section(section, by=teacher)


def test_deleting_a_section_of_500_takes_as_many_statements_as_one_of_two(teacher):
    def run(count: int) -> int:
        section = SectionFactory()
        SectionFactory(course=section.course)
        make_students(count, section)
        return statements(lambda: delete_section(section, by=admin))

    admin = make_admin()
    assert run(2) == run(500)


def test_an_observer_taken_out_by_hand_does_not_come_back_when_the_role_changes(section, teacher, student):
    pair(observer := UserFactory(), student)
    change_states(Enrollment.objects.filter(user=observer), "deleted", by=teacher)
    helper = Role.objects.create(label="Helper", base_type=BaseType.STUDENT, account=section.course.account)
    change_role(as_member(student, section), helper, by=teacher)
    assert places(observer) == {(section.pk, BaseType.OBSERVER): "deleted"}
    change_role(as_member(student, section), role(BaseType.STUDENT), by=teacher)
    assert places(observer) == {(section.pk, BaseType.OBSERVER): "deleted"}
    # Who really comes back brings them along.
    carry_out(as_member(student, section), EnrollmentAction.DEACTIVATE, by=teacher)
    carry_out(as_member(student, section), EnrollmentAction.REACTIVATE, by=teacher)
    assert places(observer) == {(section.pk, BaseType.OBSERVER): "active"}

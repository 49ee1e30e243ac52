"""Adding people by a pasted list: how it is read, who is found by it, and as what they are added."""

import pytest

from accounts.errors import Invalid, NotAllowed
from accounts.models import BaseType, User
from courses.domain.add_people import MOST, Kind, add_people, entries_of, kinds_for, look_up
from courses.models import Enrollment
from tests.courses.people import states_of
from tests.database import statements
from tests.factories import (
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_students,
)
from tests.observing import role

pytestmark = pytest.mark.usefixtures("root")


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
    assert [enrollment.role for enrollment in found.here] == [role(BaseType.STUDENT)]
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
    assert states_of(newcomer) == {(section.pk, BaseType.STUDENT): "invited"}
    assert states_of(student) == {(section.pk, BaseType.STUDENT): "active"}
    assert states_of(watcher) == {(section.pk, BaseType.OBSERVER): "active"}


def test_nobody_is_added_to_another_courses_section_or_with_a_suspended_account(section, teacher):
    for whom, where in ((UserFactory(), SectionFactory()), (UserFactory(state="suspended"), section)):
        with pytest.raises(Invalid):
            add_people(section.course, [whom], role(BaseType.STUDENT), where, by=teacher)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Enter the people you want to add."),
        (" , ;\n", "Enter the people you want to add."),
        ("\n".join(str(n) for n in range(MOST + 1)), "You entered 501 people. Add at most 500 at once."),
        ("x" * 200_001, "This list is too long. Add at most 500 people at once."),
    ],
)
def test_the_reason_says_how_many_can_be_added_at_once(text, message):
    with pytest.raises(Invalid) as refused:
        entries_of(text)
    assert (list(refused.value.errors), refused.value.message) == (["people"], message)


def test_a_list_of_exactly_so_many_is_taken_and_one_named_twice_counts_once():
    names = [f"p{n}" for n in range(MOST)]
    assert entries_of("\n".join([*names, *names])) == names


def test_the_rule_itself_adds_no_more_than_that_at_once(section, teacher):
    people = list(User.objects.filter(pk__in=make_students(MOST + 1, SectionFactory())))
    with pytest.raises(Invalid, match="Add at most 500 people with active accounts at once"):
        add_people(section.course, people, role(BaseType.STUDENT), section, by=teacher)
    assert not Enrollment.objects.filter(section=section).exclude(user=teacher).exists()


def test_a_deleted_section_takes_nobody_and_says_so(section, teacher):
    gone = SectionFactory(course=section.course, workflow_state="deleted")
    with pytest.raises(Invalid, match="does not belong to this course") as refused:
        add_people(section.course, [UserFactory()], role(BaseType.STUDENT), gone, by=teacher)
    assert list(refused.value.errors) == ["section"]


def test_entries_keep_their_order_in_what_is_told(section, teacher):
    for login in ("ben", "ana"):
        UserFactory(login_id=login)
    result = look_up(section.course, Kind.LOGIN, ["x2", "ben", "x1", "ana"], by=teacher)
    assert [found.entry for found in result.found] == ["ben", "ana"]
    assert (result.missing, result.left_out) == (["x2", "x1"], 2)


def test_what_somebody_is_in_another_section_is_not_told_to_who_is_limited_to_ones_own(section):
    limited = EnrollmentFactory(section=section, type=BaseType.TEACHER, limit_privileges_to_course_section=True).user
    other = EnrollmentFactory(section=SectionFactory(course=section.course)).user
    (found,) = look_up(section.course, Kind.LOGIN, [other.login_id], by=limited).found
    assert list(found.here) == []


def test_one_suspended_and_one_active_account_with_an_address_mean_the_active_one(section, teacher):
    UserFactory(email="shared@x.org", state="suspended")
    active = UserFactory(email="shared@x.org")
    (found,) = look_up(section.course, Kind.EMAIL, ["shared@x.org"], by=teacher).found
    assert found.person == active


@pytest.mark.parametrize("is_limited", [True, False])
def test_new_staff_are_limited_to_the_section_on_request_and_who_is_there_keeps_what_they_see(
    section, teacher, is_limited
):
    new, back = UserFactory(), EnrollmentFactory(section=section, type=BaseType.TA, state="inactive").user
    free, limited = (
        EnrollmentFactory(section=section, type=BaseType.TA, limit_privileges_to_course_section=limit).user
        for limit in (False, True)
    )
    people, assistant = [new, back, free, limited], role(BaseType.TA)
    assert add_people(section.course, people, assistant, section, by=teacher, is_limited=is_limited) == 2
    found = Enrollment.objects.filter(section=section, type=BaseType.TA)
    assert dict(found.values_list("user", "limit_privileges_to_course_section")) == {
        new.pk: is_limited,
        back.pk: is_limited,
        free.pk: False,
        limited.pk: True,
    }

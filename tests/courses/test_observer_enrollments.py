"""The enrollments that a link makes beside a student's: whose consent they carry, and how far they follow."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from accounts.models import BaseType, ObservationLink, User
from courses.domain.enrollments import change_state, enroll
from courses.domain.members import answer
from courses.domain.observation import link_all, repair, unlink, unlink_all
from courses.models import Course, Enrollment, LinkCourse
from tests.factories import AccountFactory, CourseFactory, EnrollmentFactory, SectionFactory, UserFactory, make_student
from tests.observing import pair, role, states

pytestmark = pytest.mark.usefixtures("root")
Through = Enrollment.Through
SIS = ObservationLink.Origin.SIS


@pytest.fixture
def observer(root) -> User:
    return UserFactory()


def beside(observer: User) -> Enrollment:
    return Enrollment.objects.get(user=observer)


class TestConsent:
    @pytest.mark.parametrize(
        ("state", "through"), [("active", "link"), ("inactive", "link"), ("invited", ""), ("creation_pending", "")]
    )
    def test_an_observer_has_agreed_where_the_student_has_and_not_before(self, observer, state, through):
        enrollment = EnrollmentFactory(state=state)
        pair(observer, enrollment.user)
        made = beside(observer)
        assert (made.accepted_through, made.accepted_at is not None) == (through, bool(through))
        assert (made.only_by_link, made.limit_privileges_to_course_section) == (True, False)

    def test_when_the_student_accepts_the_observer_has_too_and_a_refusal_ends_both(self, observer):
        invited = EnrollmentFactory(state="invited")
        pair(observer, invited.user)
        answer(invited, accepts=True, by=invited.user)
        assert (beside(observer).state, beside(observer).accepted_through) == ("active", Through.LINK)
        other = UserFactory()
        refused = EnrollmentFactory(state="invited")
        pair(other, refused.user)
        answer(refused, accepts=False, by=refused.user)
        assert (beside(other).state, beside(other).accepted_at) == ("deleted", None)

    def test_what_an_observer_agreed_to_before_the_link_is_kept(self, observer, section, student):
        agreed = timezone.now() - timedelta(days=9)
        EnrollmentFactory(
            section=section,
            type=BaseType.OBSERVER,
            user=observer,
            associated_user=student,
            state="inactive",
            accepted_at=agreed,
            accepted_through=Through.PERSON,
        )
        pair(observer, student)
        made = beside(observer)
        assert (made.state, made.accepted_at, made.accepted_through) == ("active", agreed, Through.PERSON)
        assert not made.only_by_link, "the school has set it up"

    def test_what_was_removed_before_comes_with_the_link_and_goes_with_it(self, observer, section, student):
        EnrollmentFactory(
            section=section, type=BaseType.OBSERVER, user=observer, associated_user=student, state="deleted"
        )
        made = pair(observer, student)
        assert (beside(observer).only_by_link, beside(observer).accepted_through) == (True, Through.LINK)
        unlink(made, by=None)
        assert beside(observer).state == "deleted"


class TestHowFarALinkFollows:
    def test_a_link_to_a_course_follows_into_its_sections_and_into_no_other_course(self, observer, section, student):
        pair(observer, student, course=section.course)
        more, elsewhere = SectionFactory(course=section.course), SectionFactory()
        for where in (more, elsewhere):
            enroll(student, where, role(BaseType.STUDENT), by=None)
        assert states(observer) == {section.pk: "active", more.pk: "active"}

    def test_a_link_to_an_account_opens_what_the_student_takes_there_now_and_no_more_later(self, observer):
        school = AccountFactory()
        here = SectionFactory(course__account=school)
        below = SectionFactory(course__account=AccountFactory(parent=school))
        concluded = SectionFactory(course__account=school)
        elsewhere, gone = SectionFactory(), SectionFactory(course=CourseFactory(account=school))
        student = make_student(here, below, elsewhere)
        EnrollmentFactory(user=student, section=concluded, state="completed")
        EnrollmentFactory(user=student, section=gone, state="deleted")
        EnrollmentFactory(user=student, section=SectionFactory(course__account=school), state="invited")
        made = pair(observer, student, account=school)
        named = set(LinkCourse.objects.filter(link=made).values_list("course", flat=True))
        assert named == {one.course_id for one in (here, below, concluded)}
        assert states(observer) == {here.pk: "active", below.pk: "active"}
        enroll(student, SectionFactory(course__account=school), role(BaseType.STUDENT), by=None)
        assert set(states(observer)) == {here.pk, below.pk}

    def test_a_wider_link_takes_the_others_in_and_a_narrower_one_takes_nothing_away(self, observer):
        here, there = SectionFactory(), SectionFactory()
        student = make_student(here, there)
        first = pair(observer, student, course=here.course)
        second = pair(observer, student)
        third = pair(observer, student, course=here.course)
        assert first.pk == second.pk == third.pk
        assert (second.scope, third.scope) == (ObservationLink.Scope.ALL, ObservationLink.Scope.ALL)
        assert states(observer) == {here.pk: "active", there.pk: "active"}

    def test_an_observer_whose_account_was_deleted_comes_back_to_nothing(self, section, student):
        made = pair(observer := UserFactory(), student)
        User.objects.filter(pk=observer.pk).update(state=User.State.DELETED)
        Enrollment.objects.filter(user=observer).update(state="deleted")
        change_state(Enrollment.objects.get(user=student), "inactive", by=None)
        change_state(Enrollment.objects.get(user=student), "active", by=None)
        assert set(states(observer).values()) == {"deleted"}
        assert made.pk

    def test_nothing_is_touched_where_nothing_changes(self, observer, section, student):
        pair(observer, student)
        Enrollment.objects.update(updated_at="2020-01-01T00:00:00Z")
        pair(observer, student)
        assert beside(observer).updated_at.year == 2020


class TestRepairing:
    def test_what_is_missing_comes_back_and_a_link_that_ended_is_not_repaired(self, observer, section, student):
        made = pair(observer, student)
        Enrollment.objects.filter(user=observer).update(state="deleted")
        with transaction.atomic():
            found = repair(observer, student, by=student)
        assert (found, states(observer)) == (made, {section.pk: "active"})
        unlink(made, by=None)
        with pytest.raises(ObservationLink.DoesNotExist), transaction.atomic():
            repair(observer, student, by=student)


class TestManyAtOnce:
    def test_many_pairs_are_linked_as_one_by_one_and_those_there_already_keep_their_origin(self, section):
        students = [make_student(section) for _ in range(3)]
        parents = [UserFactory() for _ in range(3)]
        old = pair(parents[0], students[0])
        Enrollment.objects.filter(user=parents[0]).update(state="deleted")
        pairs = [(parent.pk, child.pk) for parent, child in zip(parents, students, strict=True)]
        links = link_all(pairs, origin=SIS, by=None)
        assert len(links) == 3
        assert old.pk in links
        origins = dict(ObservationLink.objects.values_list("observer", "origin"))
        assert origins == {parents[0].pk: "api", parents[1].pk: "sis", parents[2].pk: "sis"}
        for parent in parents:
            assert states(parent) == {section.pk: "active"}

    def test_ending_many_counts_the_live_ones_only_and_names_no_course_afterwards(self, section):
        here, there = make_student(section), make_student(section)
        one, other, stranger = UserFactory(), UserFactory(), UserFactory()
        pair(one, here, course=section.course)
        pair(other, there)
        pairs = [(one.pk, here.pk), (other.pk, there.pk), (stranger.pk, here.pk)]
        assert unlink_all(pairs, by=None) == 2
        assert unlink_all(pairs, by=None) == 0
        assert not LinkCourse.objects.exists()
        assert {**states(one), **states(other)} == {section.pk: "deleted"}

    def test_a_link_without_a_course_is_made_for_a_student_who_takes_none(self):
        student, parent = UserFactory(initial_enrollment_type="student"), UserFactory()
        (pk,) = link_all([(parent.pk, student.pk)], origin=SIS, by=None)
        assert ObservationLink.objects.live().get().pk == pk
        assert states(parent) == {}
        assert Course.objects.count() == 0

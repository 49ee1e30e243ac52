"""What a code opens comes from the right to make it, and from no field of a form; observers' rights end with theirs."""

import pytest
from django.test import Client

from accounts.models import BaseType, CodeScope, ObservationLink
from courses.domain.observation import link, unlink
from courses.models import Enrollment, LinkCourse
from pairing.domain.codes import issue
from pairing.domain.eligibility import Why, refusal_for, right_for, why_not_for_class
from pairing.domain.export import export
from pairing.domain.redemption import redeem
from pairing.errors import CodeRefused
from pairing.models import PairingCode
from tests.api import Api
from tests.factories import (
    AccountFactory,
    CourseFactory,
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_student,
)

PERMISSION = "generate_observer_pairing_code"
State, Through = Enrollment.State, Enrollment.Through


@pytest.fixture
def limited(root):
    """The institution has chosen that codes made from a course open that course only."""
    root.code_scope = CodeScope.COURSE
    root.save()


@pytest.fixture
def school(root):
    return AccountFactory(name="North School")


@pytest.fixture
def here(school):
    return SectionFactory(course=CourseFactory(account=school, name="Biology 7"))


@pytest.fixture
def there(root):
    """A course of another school."""
    return SectionFactory(course=CourseFactory(account=AccountFactory(), name="Chemistry 9"))


@pytest.fixture
def pupil(here, there):
    return make_student(here, there)


@pytest.fixture
def teacher(here):
    allow(BaseType.TEACHER, PERMISSION)
    return EnrollmentFactory(section=here, type=BaseType.TEACHER).user


def by_page(by, student, **body):
    browser = Client()
    browser.force_login(by)
    assert browser.post(f"/users/{student.pk}/observer_pairing_codes", body).status_code == 200
    return PairingCode.objects.latest("id")


def by_api(by, student, **body):
    assert Api(by).post(f"users/{student.pk}/observer_pairing_codes", **body).status_code == 200
    return PairingCode.objects.latest("id")


def opened(code_text):
    """The courses that a new observer sees with this code."""
    observer = UserFactory()
    redeem(code_text, observer=observer, by=observer, network="192.0.2.1")
    return set(Enrollment.objects.filter(user=observer).values_list("section__course__name", flat=True))


@pytest.mark.parametrize("make", [by_page, by_api])
def test_a_teachers_code_opens_the_teachers_course_only_with_and_without_the_field(
    limited, make, teacher, pupil, here, there
):
    assert make(teacher, pupil).course == here.course
    assert make(teacher, pupil, course=here.course_id).course == here.course


def test_no_field_of_the_form_widens_a_code_to_another_course(limited, teacher, pupil, there):
    browser = Client()
    browser.force_login(teacher)
    page = f"/users/{pupil.pk}/observer_pairing_codes"
    assert browser.post(page, {"course": there.course_id}).status_code == 403
    assert browser.post(page, {"course": ""}).status_code == 404
    assert not PairingCode.objects.exists()


@pytest.mark.parametrize("make", [by_page, by_api])
def test_the_code_of_a_schools_admin_opens_the_courses_of_that_school(limited, make, school, pupil, here):
    below = SectionFactory(course=CourseFactory(account=AccountFactory(parent=school), name="Art 7"))
    EnrollmentFactory(user=pupil, section=below)
    admin = make_admin(school)
    code = make(admin, pupil)
    assert (code.course, code.account) == (None, school)
    right = right_for(pupil, by=admin)
    text = issue(pupil, by=admin, account=right.account).text
    assert opened(text) == {"Biology 7", "Art 7"}
    assert LinkCourse.objects.count() == 2


def test_the_code_of_a_schools_admin_sent_twice_by_the_same_person_is_the_same_success(limited, school, pupil):
    parent, code = UserFactory(), issue(pupil, by=make_admin(school), account=school).text
    first, again = (redeem(code, observer=parent, by=parent, network="192.0.2.1") for _ in range(2))
    assert (first.is_new, again.is_new) == (True, False)
    assert again.link == first.link
    unlink(again.link, by=parent)
    with pytest.raises(CodeRefused):
        redeem(code, observer=parent, by=parent, network="192.0.2.1")


@pytest.mark.parametrize("make", [by_page, by_api])
def test_the_codes_of_the_student_and_of_the_institution_open_all_courses(limited, make, pupil):
    for by in (pupil, make_admin()):
        code = make(by, pupil)
        assert (code.course, code.account) == (None, None)
    assert opened(issue(pupil, by=pupil).text) == {"Biology 7", "Chemistry 9"}


def test_where_the_institution_has_chosen_so_a_teachers_code_opens_all_courses(teacher, pupil):
    code = by_api(teacher, pupil)
    assert (code.course, code.account) == (None, None)


def test_what_staff_alone_say_of_a_student_opens_nothing_that_is_added_elsewhere(school, here, there, teacher):
    newcomer = UserFactory()
    enrollment = EnrollmentFactory(user=newcomer, section=here, accepted_through=Through.STAFF)
    assert by_api(teacher, newcomer).course == here.course
    assert by_api(make_admin(school), newcomer).account == school
    list(export(here.course, by=teacher, zone=None))
    assert PairingCode.objects.latest("id").course == here.course
    assert by_api(make_admin(), newcomer).course is None
    Enrollment.objects.filter(pk=enrollment.pk).update(accepted_through=Through.PERSON)
    assert by_api(teacher, newcomer).course is None


def test_an_observer_given_the_permission_makes_codes_for_whom_they_observe_and_nobody_else(here, there, pupil):
    classmate = make_student(here)
    parent = EnrollmentFactory(section=here, type=BaseType.OBSERVER, associated_user=pupil).user
    allow(BaseType.OBSERVER, PERMISSION)
    allow(BaseType.OBSERVER, "read_roster")
    assert by_api(parent, pupil).course == here.course
    assert refusal_for(classmate, by=parent).why is Why.NO_PERMISSION
    assert refusal_for(classmate, by=parent, course=here.course, on_details=True).why is Why.NO_PERMISSION
    assert Api(parent).post(f"users/{classmate.pk}/observer_pairing_codes").status_code == 403
    assert why_not_for_class(here.course, by=parent).why is Why.NO_PERMISSION
    browser = Client()
    browser.force_login(parent)
    assert browser.post(f"/courses/{here.course_id}/observer_pairing_codes.csv").status_code == 403
    link(parent, pupil, origin=ObservationLink.Origin.SIS, by=None)
    assert by_api(parent, pupil).course is None


def test_the_class_list_with_codes_takes_the_right_to_see_the_class(here, teacher):
    assert why_not_for_class(here.course, by=teacher) is None
    allow(BaseType.TEACHER, "read_roster", enabled=False)
    refusal = why_not_for_class(here.course, by=teacher)
    assert refusal.why is Why.NO_PERMISSION
    assert refusal.permission == "read_roster"


def test_whether_somebody_is_a_student_is_told_to_nobody_who_may_not_know_it(pupil, root):
    stranger, nobody_yet = UserFactory(), UserFactory()
    said = {str(refusal_for(somebody, by=stranger, on_details=True)) for somebody in (pupil, nobody_yet, make_admin())}
    assert len(said) == 1
    assert refusal_for(nobody_yet, by=make_admin()).why is Why.NOT_A_STUDENT


def test_of_somebody_invited_the_missing_answer_is_named_and_no_permission_that_is_there(here, teacher):
    invited = EnrollmentFactory(section=here, type=BaseType.STUDENT, state=State.INVITED).user
    for by in (teacher, make_admin()):
        assert refusal_for(invited, by=by, course=here.course, on_details=True).why is Why.INVITED
    elsewhere = EnrollmentFactory(section=SectionFactory(), type=BaseType.TEACHER).user
    assert refusal_for(invited, by=elsewhere, course=here.course).why is Why.NO_PERMISSION
    in_other_section = EnrollmentFactory(
        section=SectionFactory(course=here.course), type=BaseType.TEACHER, limit_privileges_to_course_section=True
    ).user
    assert refusal_for(invited, by=in_other_section, course=here.course).why is Why.NO_PERMISSION
    ta = EnrollmentFactory(section=here, type=BaseType.TA).user
    refusal = refusal_for(invited, by=ta, course=here.course, on_details=True)
    assert (refusal.why, refusal.permission) == (Why.NO_PERMISSION, PERMISSION)


def test_no_code_is_made_for_somebody_suspended(here, teacher):
    suspended = make_student(here, state="suspended")
    for by in (teacher, make_admin()):
        assert refusal_for(suspended, by=by).why is Why.SUSPENDED
    assert refusal_for(suspended, by=UserFactory()).why is Why.NO_PERMISSION

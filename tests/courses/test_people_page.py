"""The People page and User Details: for staff who may see the roster, and for nobody else."""

from datetime import date

import pytest
from django.utils import timezone

from accounts.models import BaseType, ObservationLink, Role, RoleOverride, User
from accounts.web.pagination import SIZE
from courses.domain.observation import link
from courses.models import Enrollment
from tests.factories import EnrollmentFactory, RootFactory, SectionFactory, UserFactory, allow, make_students

STAFF = ["teacher", "admin", "account_admin"]
CODE = ObservationLink.Origin.CODE


def people_of(school):
    return f"/courses/{school.course.pk}/users"


def details_of(school, person):
    return f"{people_of(school)}/{person.pk}"


def forbid(base_type, permission):
    RoleOverride.objects.create(
        account=RootFactory(), role=Role.objects.built_in(base_type), permission=permission, enabled=False
    )


@pytest.mark.parametrize("who", STAFF)
def test_staff_see_the_roster_and_the_details(visit, school, who):
    reader = getattr(school, who)
    page = visit(reader, people_of(school)).content.decode()
    for expected in ("Lake, Mia", "Hill, Ben", "Bloom, Tara", "mia", "S-MIA", "Biology 7 A"):
        assert expected in page
    details = visit(reader, details_of(school, school.student))
    assert details.status_code == 200
    assert "S-MIA" in details.content.decode()


@pytest.mark.parametrize("who", ["student", "classmate", "observer"])
def test_students_and_observers_do_not_see_the_people_page(visit, school, who):
    for path in (people_of(school), details_of(school, school.student), details_of(school, school.classmate)):
        answer = visit(getattr(school, who), path)
        assert answer.status_code == 403
        assert "Hill, Ben" not in answer.content.decode()


@pytest.mark.parametrize("who", ["outsider", "teacher_elsewhere", "other_observer", "admin_elsewhere"])
def test_for_everybody_else_there_is_no_such_course(visit, school, who):
    assert visit(getattr(school, who), people_of(school)).status_code == 404
    assert visit(getattr(school, who), details_of(school, school.student)).status_code == 404


def test_a_teacher_without_the_right_to_the_roster_does_not_see_it(visit, school):
    forbid(BaseType.TEACHER, "read_roster")
    assert visit(school.teacher, people_of(school)).status_code == 403
    assert people_of(school) not in visit(school.teacher, f"/courses/{school.course.pk}").content.decode()


def test_observers_are_listed_with_whom_they_observe(visit, school):
    page = visit(school.teacher, people_of(school)).content.decode()
    assert "Lake, Paula" in page
    assert "observes Mia Lake" in page


def test_whoever_is_in_two_sections_stands_there_once(visit, school):
    second = SectionFactory(course=school.course, name="Biology 7 B")
    EnrollmentFactory(user=school.student, section=second)
    page = visit(school.teacher, people_of(school)).content.decode()
    assert page.count("Lake, Mia") == 1
    assert "Biology 7 B" in page


def test_removed_people_are_not_listed(visit, school):
    Enrollment.objects.filter(user=school.classmate).update(state=Enrollment.State.DELETED)
    assert "Hill, Ben" not in visit(school.teacher, people_of(school)).content.decode()
    assert visit(school.teacher, details_of(school, school.classmate)).status_code == 404


@pytest.mark.parametrize(
    ("permission", "secret"), [("view_user_logins", "very-own-login"), ("read_sis", "VERY-OWN-SIS-ID")]
)
def test_logins_and_sis_ids_are_neither_shown_nor_found_without_the_right(visit, school, permission, secret):
    User.objects.filter(pk=school.student.pk).update(login_id="very-own-login", sis_user_id="VERY-OWN-SIS-ID")
    assert "Lake, Mia" in visit(school.teacher, people_of(school), search=secret).content.decode()
    forbid(BaseType.TEACHER, permission)
    assert secret not in visit(school.teacher, people_of(school)).content.decode()
    assert secret not in visit(school.teacher, details_of(school, school.student)).content.decode()
    assert "Lake, Mia" not in visit(school.teacher, people_of(school), search=secret).content.decode()


@pytest.mark.parametrize("words", ["LAKE, M", "mia l", "S-mia", "  mia  "])
def test_people_are_found_by_name_login_and_sis_id(visit, school, words):
    page = visit(school.teacher, people_of(school), search=words).content.decode()
    assert "Lake, Mia" in page
    assert "Hill, Ben" not in page


@pytest.mark.parametrize("words", ["nobody", "%", "_", "\0", "'; --", "<script>alert(1)</script>"])
def test_odd_searches_on_the_people_page_do_no_harm(visit, school, words):
    answer = visit(school.teacher, people_of(school), search=words, page="-1", role="x")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()


def test_the_roster_can_be_narrowed_to_a_role(visit, school):
    role = Role.objects.built_in(BaseType.TEACHER)
    page = visit(school.teacher, people_of(school), role=role.pk).content.decode()
    assert "Bloom, Tara" in page
    assert "Lake, Mia" not in page


def test_long_rosters_come_in_pages_that_keep_the_search(visit, school):
    for number in range(SIZE + 1):
        EnrollmentFactory(user__name=f"Pupil {number:03}", section=school.section)
    first = visit(school.teacher, people_of(school), search="pupil").content.decode()
    assert "?search=pupil&amp;page=2" in first
    assert "000, Pupil" in first
    assert f"{SIZE:03}, Pupil" not in first
    second = visit(school.teacher, people_of(school), search="pupil", page=2).content.decode()
    assert f"{SIZE:03}, Pupil" in second
    assert 'rel="next"' not in second


def test_the_export_is_offered_to_those_who_may(visit, school):
    assert "Export Pairing Codes" in visit(school.admin, people_of(school)).content.decode()
    assert "Export Pairing Codes" not in visit(school.teacher, people_of(school)).content.decode()
    allow(BaseType.TEACHER, "generate_observer_pairing_code")
    assert "Export Pairing Codes" in visit(school.teacher, people_of(school)).content.decode()


def test_pairing_is_offered_on_a_students_details_to_those_who_may(visit, school):
    allow(BaseType.TEACHER, "generate_observer_pairing_code")
    assert "Pair with Observer" in visit(school.teacher, details_of(school, school.student)).content.decode()
    assert "Pair with Observer" not in visit(school.teacher, details_of(school, school.teacher)).content.decode()


def test_when_and_how_a_link_was_made_is_for_those_who_manage_observers(visit, school):
    ObservationLink.objects.filter(pk=school.link.pk).update(updated_at=timezone.make_aware(_day(2026, 3, 5)))
    page = visit(school.admin, details_of(school, school.student)).content.decode()
    assert "Paula Lake" in page
    assert "since 5 March 2026" in page
    # Others who see the people of the course learn what its People page says: that she observes a student there.
    for reader in (school.account_admin, school.teacher):
        page = visit(reader, details_of(school, school.student)).content.decode()
        assert "Paula Lake" in page
        assert "Accounts are linked" in page
        assert "5 March 2026" not in page
        assert str(ObservationLink.Origin.CODE.label) not in page


def _day(*ymd):
    return timezone.datetime.combine(date(*ymd), timezone.datetime.min.time())


def test_people_who_are_not_in_the_course_have_no_details_there(visit, school):
    for person in (school.outsider, school.admin, UserFactory()):
        assert visit(school.teacher, details_of(school, person)).status_code == 404


def test_the_number_of_statements_does_not_grow(client, school, django_assert_num_queries):
    client.force_login(school.admin)
    # Session, reader, course, four for the access, site, observing; roles, sections, people and their
    # enrollments; four for what the roles of this course may do; one for what may be offered.
    with django_assert_num_queries(17):
        client.get(people_of(school))
    # No roles to filter by; observers by link and without.
    with django_assert_num_queries(19):
        client.get(details_of(school, school.student))
    for _number in range(5):
        student = EnrollmentFactory(section=school.section).user
        link(school.observer, student, origin=CODE, by=None)
        link(UserFactory(), school.student, origin=CODE, by=None)
        EnrollmentFactory(section=SectionFactory(course=school.course), user=school.student)
    with django_assert_num_queries(17):
        client.get(people_of(school))
    with django_assert_num_queries(19):
        client.get(details_of(school, school.student))


def test_5000_people_take_as_many_statements_as_30(client, school, django_assert_num_queries):
    client.force_login(school.admin)
    for count in (30, 4970):
        make_students(count, school.section)
        for query in ({}, {"sort": "section", "order": "desc"}, {"sort": "role", "search": "pupil"}):
            with django_assert_num_queries(17):
                page = client.get(people_of(school), {**query, "page": 2 if count > 30 else 1})
            assert page.content.decode().count('scope="row"') == SIZE if count > 30 else 30

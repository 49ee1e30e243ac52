"""The People page and User Details: for staff who may see the roster, and for nobody else."""

from datetime import UTC, datetime

import pytest

from accounts.models import BaseType, ObservationLink, Role, User
from accounts.web.pagination import SIZE
from courses.access.enrollment_actions import enrollment_permissions
from courses.domain.course_observers import link_students
from courses.domain.enrollments import enroll
from courses.domain.members import members_in
from courses.domain.observation import link
from courses.domain.roster_lines import lines
from courses.domain.rosters import roster
from courses.domain.sections import list_sections_open_to
from courses.models import Enrollment
from courses.views.person_menu import Menu
from tests.courses.people import PAGES, people_of, text
from tests.factories import (
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_student,
    make_students,
)

STAFF = ["teacher", "admin", "account_admin"]
CODE = ObservationLink.Origin.CODE


@pytest.mark.parametrize("who", STAFF)
def test_staff_see_the_roster_and_the_details(visit, school, who):
    reader = getattr(school, who)
    page = visit(reader, people_of(school)).content.decode()
    for expected in ("Lake, Mia", "Hill, Ben", "Bloom, Tara", "mia", "S-MIA", "Biology 7 A"):
        assert expected in page
    details = visit(reader, people_of(school, school.student.pk))
    assert details.status_code == 200
    assert "S-MIA" in details.content.decode()


@pytest.mark.parametrize("who", ["student", "classmate", "observer"])
def test_students_and_observers_do_not_see_the_people_page(visit, school, who):
    for path in (people_of(school), people_of(school, school.student.pk), people_of(school, school.classmate.pk)):
        answer = visit(getattr(school, who), path)
        assert answer.status_code == 403
        assert "Hill, Ben" not in answer.content.decode()


@pytest.mark.parametrize("who", ["outsider", "teacher_elsewhere", "other_observer", "admin_elsewhere"])
def test_for_everybody_else_there_is_no_such_course(visit, school, who):
    assert visit(getattr(school, who), people_of(school)).status_code == 404
    assert visit(getattr(school, who), people_of(school, school.student.pk)).status_code == 404


def test_a_teacher_without_the_right_to_the_roster_does_not_see_it(visit, school):
    allow(BaseType.TEACHER, "read_roster", enabled=False)
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
    assert visit(school.teacher, people_of(school, school.classmate.pk)).status_code == 404


@pytest.mark.parametrize(
    ("permission", "secret"), [("view_user_logins", "very-own-login"), ("read_sis", "VERY-OWN-SIS-ID")]
)
def test_logins_and_sis_ids_are_neither_shown_nor_found_without_the_right(visit, school, permission, secret):
    User.objects.filter(pk=school.student.pk).update(login_id="very-own-login", sis_user_id="VERY-OWN-SIS-ID")
    assert "Lake, Mia" in visit(school.teacher, people_of(school), search=secret).content.decode()
    allow(BaseType.TEACHER, permission, enabled=False)
    assert secret not in visit(school.teacher, people_of(school)).content.decode()
    assert secret not in visit(school.teacher, people_of(school, school.student.pk)).content.decode()
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
    assert "Pair with Observer" in visit(school.teacher, people_of(school, school.student.pk)).content.decode()
    assert "Pair with Observer" not in visit(school.teacher, people_of(school, school.teacher.pk)).content.decode()


def test_when_and_how_a_link_was_made_is_for_those_who_manage_observers(visit, school):
    ObservationLink.objects.filter(pk=school.link.pk).update(updated_at=datetime(2026, 3, 5, tzinfo=UTC))
    page = visit(school.admin, people_of(school, school.student.pk)).content.decode()
    assert "Paula Lake" in page
    assert "since 5 March 2026" in page
    # Others who see the people of the course learn what its People page says: that she observes a student there.
    for reader in (school.account_admin, school.teacher):
        page = visit(reader, people_of(school, school.student.pk)).content.decode()
        assert "Paula Lake" in page
        assert "Accounts are linked" in page
        assert "5 March 2026" not in page
        assert str(ObservationLink.Origin.CODE.label) not in page


def test_people_who_are_not_in_the_course_have_no_details_there(visit, school):
    for person in (school.outsider, school.admin, UserFactory()):
        assert visit(school.teacher, people_of(school, person.pk)).status_code == 404


def test_the_number_of_statements_does_not_grow(client, school, django_assert_num_queries):
    client.force_login(school.admin)
    # Session, reader, site, course, three for the access; roles, sections, people and their enrollments; two for what
    # the roles of this course may do.
    with django_assert_num_queries(13):
        client.get(people_of(school))
    # No roles to filter by; observers by link and without.
    with django_assert_num_queries(14):
        client.get(people_of(school, school.student.pk))
    for _number in range(5):
        student = EnrollmentFactory(section=school.section).user
        link(school.observer, student, origin=CODE, by=None)
        link(UserFactory(), school.student, origin=CODE, by=None)
        EnrollmentFactory(section=SectionFactory(course=school.course), user=school.student)
    with django_assert_num_queries(13):
        client.get(people_of(school))
    with django_assert_num_queries(14):
        client.get(people_of(school, school.student.pk))


def test_5000_people_take_as_many_statements_as_30(client, school, django_assert_num_queries):
    client.force_login(school.admin)
    for count in (30, 4970):
        make_students(count, school.section)
        for query in ({}, {"sort": "section", "order": "desc"}, {"sort": "role", "search": "pupil"}):
            with django_assert_num_queries(13):
                page = client.get(people_of(school), {**query, "page": 2 if count > 30 else 1})
            assert page.content.decode().count('scope="row"') == SIZE if count > 30 else 30


# The list: narrowed, sorted, and what its rows offer


def test_inactive_and_concluded_people_are_shown_when_asked_for(visit, school):
    Enrollment.objects.filter(user=school.classmate).update(state="inactive")
    concluded = EnrollmentFactory(section=school.section, state="completed", user__name="Cleo Done").user
    invited = EnrollmentFactory(section=school.section, state="invited", user__name="Ivo Asked").user

    def shown(**query):
        page = text(visit(school.teacher, people_of(school), **query))
        everybody = (school.student, school.classmate, concluded, invited)
        return {person for person in everybody if person.sortable_name in page}

    assert shown() == {school.student, invited}
    assert shown(state="inactive") == {school.classmate}
    assert shown(state="concluded") == {concluded}
    assert shown(state="all") == {school.student, school.classmate, concluded, invited}
    assert "It leaves out inactive and concluded people" in text(visit(school.teacher, people_of(school)))
    page = text(visit(school.teacher, people_of(school), state="all"))
    for badge in ("Inactive", "Concluded", "Invited"):
        assert f'<span class="badge">{badge}' in page


def test_the_list_can_be_narrowed_to_a_section(visit, school, second_section):
    make_student(second_section, name="Bea Only")
    page = text(visit(school.teacher, people_of(school), section=second_section.pk))
    assert "Only, Bea" in page
    assert "Lake, Mia" not in page
    foreign = SectionFactory()
    assert "Lake, Mia" in text(visit(school.teacher, people_of(school), section=foreign.pk))


def test_the_list_can_be_sorted_either_way_and_says_so(visit, school, second_section):
    make_student(second_section, name="Ada Zorn")
    names = ["Bloom, Tara", "Hill, Ben", "Lake, Mia", "Zorn, Ada"]

    def order(**query):
        page = text(visit(school.teacher, people_of(school), **query))
        return [name for _at, name in sorted((page.index(f">{name}<"), name) for name in names)], page

    assert order()[0] == names
    assert order(sort="name", order="desc")[0] == names[::-1]
    assert order(sort="section")[0] == names
    assert order(sort="section", order="desc")[0] == ["Zorn, Ada", "Bloom, Tara", "Hill, Ben", "Lake, Mia"]
    assert order(sort="role")[0] == names
    found, page = order(sort="role", order="desc")
    assert found == ["Hill, Ben", "Lake, Mia", "Zorn, Ada", "Bloom, Tara"]
    assert page.count("aria-sort") == 1
    assert 'aria-sort="descending"><a class="sort" href="?sort=role&amp;order=asc"' in page


def test_the_pages_of_a_roster_keep_its_filters_and_order(visit, school):
    make_students(SIZE + 1, school.section)
    page = text(visit(school.teacher, people_of(school), sort="name", order="desc", search="pupil", state="all"))
    assert "sort=name&amp;order=desc&amp;search=pupil&amp;state=all&amp;page=2" in page


@pytest.mark.parametrize(
    "query",
    [{"sort": "x"}, {"order": "\0"}, {"state": "deleted"}, {"section": "9" * 30}, {"role": "-1"}, {"page": "0"}],
)
def test_odd_filters_of_the_roster_do_no_harm(visit, school, query):
    assert "Lake, Mia" in text(visit(school.teacher, people_of(school), **query))


def test_rows_offer_only_what_the_reader_may(visit, school, second_section):
    page = text(visit(school.teacher, people_of(school)))
    for part in ("sections", "role", "conclude", "deactivate", "remove"):
        assert f"{people_of(school, school.student.pk, part)}?role=" in page
    assert people_of(school, school.student.pk, "reactivate") not in page
    # Oneself one does not take out.
    assert people_of(school, school.teacher.pk, "remove") not in page
    assistant = EnrollmentFactory(section=school.section, type=BaseType.TA).user
    page = text(visit(assistant, people_of(school)))
    assert people_of(school, school.student.pk, "remove") in page
    for part in PAGES:
        assert people_of(school, school.teacher.pk, part) not in page
    for key in ("manage_students", "remove_student_from_course", "add_student_to_course"):
        allow(BaseType.TA, key, enabled=False)
    page = text(visit(assistant, people_of(school)))
    for part in PAGES:
        assert people_of(school, school.student.pk, part) not in page


@pytest.mark.parametrize("who", ["admin", "teacher", "limited"])
def test_in_a_list_everybody_has_the_menu_that_they_would_have_alone(school, second_section, who):
    """What is offered for people who are there alike is written once, for all others anew."""
    limited = UserFactory()
    EnrollmentFactory(
        user=limited, section=second_section, type="TaEnrollment", limit_privileges_to_course_section=True
    )
    for number, state in enumerate([*Enrollment.ACCEPTED, *Enrollment.ACCEPTED]):
        section = second_section if number < 3 else school.section
        EnrollmentFactory(user=UserFactory(), section=section, state=state)
        EnrollmentFactory(user=UserFactory(), section=section, state=state, type="TeacherEnrollment")
    EnrollmentFactory(user=school.classmate, section=school.section, type="TaEnrollment")
    course, by = school.course, limited if who == "limited" else getattr(school, who)
    rights, sections = enrollment_permissions(by, course), list_sections_open_to(by, course)
    shown, menu = lines(roster(course, by=by), course, by=by), Menu(rights, sections, has_details=True)
    found = {line.person.pk: menu.of(line.person.pk, line.enrollments) for line in shown}
    alone = {
        line.person.pk: Menu(rights, sections, has_details=True).of(line.person.pk, line.enrollments) for line in shown
    }
    assert found == alone
    assert all(f'href="{people_of(school, pk)}"' in links for pk, links in found.items())
    assert len({links.replace(str(pk), "") for pk, links in found.items()}) > 2, "not all are alike"


# User Details


def test_user_details_show_who_observes_with_and_without_a_link(visit, school, watcher):
    link_students(members_in(school.course, watcher.pk, by=school.teacher)[0], [school.student.pk], by=school.teacher)
    Enrollment.objects.filter(user=watcher).update(created_at=datetime(2026, 3, 5, 12, tzinfo=UTC))
    path = people_of(school, school.student.pk)
    for_teacher, for_admin = text(visit(school.teacher, path)), text(visit(school.admin, path))
    assert "Wil Watch" in for_teacher
    assert "since 5 March 2026 · Section Biology 7 A · This course only" in for_teacher
    assert for_teacher.count("Paula Lake") == 1, "whom the People page lists"
    assert for_admin.count("Paula Lake") == 1
    assert for_admin.count("Wil Watch") == 1


def test_an_observers_details_tell_links_from_what_is_for_this_course(visit, school):
    other = make_student(school.section, name="Olli Other")
    role = Role.objects.built_in(BaseType.OBSERVER)
    enroll(school.observer, school.section, role, by=None, associated_user=other)
    page = text(visit(school.teacher, people_of(school, school.observer.pk)))
    assert "linked accounts" in page.split("observes Mia Lake")[1][:120]
    assert "this course only" in page.split("observes Olli Other")[1][:120]


def test_the_way_to_a_students_grades_is_for_those_who_may_see_them(visit, school):
    grades = f"/courses/{school.course.pk}/grades?student={school.student.pk}"
    assert grades in text(visit(school.teacher, people_of(school, school.student.pk)))
    assert "/grades?student" not in text(visit(school.teacher, people_of(school, school.teacher.pk)))
    allow(BaseType.TEACHER, "view_all_grades", enabled=False)
    assert grades not in text(visit(school.teacher, people_of(school, school.student.pk)))

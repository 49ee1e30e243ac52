"""Adding people to a course by a list, on its page: looked up, previewed and added."""

import re

from django.test import Client

from accounts.models import BaseType, ObservationLink, Role, User
from courses.domain.observation import link
from courses.models import Enrollment, Section
from tests.courses.people import people_of, state_of, text
from tests.factories import (
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_student,
    make_students,
)


def test_adding_is_offered_to_those_who_may_add_somebody(visit, school):
    designer = EnrollmentFactory(section=school.section, type=BaseType.DESIGNER).user
    allow(BaseType.DESIGNER, "add_student_to_course", enabled=False)
    assert people_of(school, "add") in text(visit(school.teacher, people_of(school)))
    assert people_of(school, "add") not in text(visit(designer, people_of(school)))
    assert visit(designer, people_of(school, "add")).status_code == 403


def fill(school, people, **more):
    role = Role.objects.built_in(more.pop("type", BaseType.STUDENT))
    form = {"people": people, "kind": "login", "role": role.pk, "section": school.section.pk, "step": "preview"}
    return form | more


def test_a_list_is_previewed_and_nobody_is_added_before_that(visit, post, school):
    assert "Add people" in text(visit(school.teacher, people_of(school, "add")))
    UserFactory(login_id="new", name="Nora New", email="nora@x.org", sis_user_id="S-NEW")
    UserFactory(login_id="away", name="Secret Name", state="suspended")
    page = text(post(school.teacher, people_of(school, "add"), **fill(school, "new; mia, nobody\naway")))
    for expected in ("Nora New", "nobody", "away", "Account suspended", "Add 2 people", "Biology 7 A · Active"):
        assert expected in page
    # A login tells the name, and nothing else.
    for secret in ("nora@x.org", "S-NEW", "Secret Name"):
        assert secret not in page
    assert Enrollment.objects.filter(section=school.section).count() == 4


def test_those_found_are_added_and_those_left_out_are_counted(visit, post, school):
    UserFactory(login_id="new", name="Nora New")
    answer = post(school.teacher, people_of(school, "add"), **fill(school, "new ; mia ; nobody", step="add"))
    assert answer.status_code == 302
    assert answer.url == people_of(school)
    assert state_of(User.objects.get(login_id="new"), school.section) == "invited"
    assert state_of(school.student, school.section) == "active"
    browser = Client()
    browser.force_login(school.teacher)
    UserFactory(login_id="newer")
    browser.post(people_of(school, "add"), fill(school, "new ; newer ; nobody", step="add"))
    page = text(browser.get(people_of(school)))
    assert "One person added as Student." in page
    assert "1 entry was left out." in page


def test_only_those_who_are_new_are_counted_as_added(school):
    UserFactory(login_id="new", name="Nora New")
    browser = Client()
    browser.force_login(school.teacher)
    for expected in ("One person added as Student.", "Nobody was added"):
        browser.post(people_of(school, "add"), fill(school, "new ; mia ; ben", step="add"))
        page = text(browser.get(people_of(school)))
        assert expected in page
        assert "3 people" not in page


def test_back_from_the_preview_the_list_is_still_there(post, school):
    page = text(post(school.teacher, people_of(school, "add"), **fill(school, "new ; mia", step="change", kind="sis")))
    assert "new ; mia" in page
    (radio,) = re.findall(r'<input type="radio"[^>]*value="sis"[^>]*>', page)
    assert "checked" in radio
    assert "errorlist" not in page


def test_a_refused_list_comes_back_with_the_complaint_and_nothing_lost(post, school):
    path = people_of(school, "add")
    for form, complaint in (
        (fill(school, " , "), "Enter the people you want to add."),
        (fill(school, "\n".join(f"x{n}" for n in range(501))), "Add at most 500 at once."),
        (fill(school, "mia", kind="magic"), "Select a valid choice"),
        (fill(school, "mia", role="99999"), "Select a valid choice"),
        (fill(school, "mia", section=SectionFactory().pk), "Select a valid choice"),
        (fill(school, "mia\0"), "Null characters"),
    ):
        answer = post(school.teacher, path, **form)
        assert answer.status_code == 422
        page = answer.content.decode()
        assert complaint in page
        assert form["people"].strip()[:3].replace("\0", "") in page


def test_nobody_is_added_with_what_one_may_not_use(post, school):
    assistant = EnrollmentFactory(section=school.section, type=BaseType.TA).user
    path, newcomer = people_of(school, "add"), UserFactory(login_id="new", sis_user_id="S-NEW")
    for form in (
        fill(school, "new", type=BaseType.TEACHER, step="add"),
        fill(school, "S-NEW", kind="sis", step="add"),
    ):
        assert post(assistant, path, **form).status_code == 422
    for user in (school.student, school.observer, school.outsider, school.teacher_elsewhere):
        assert post(user, path, **fill(school, "new", step="add")).status_code in (403, 404)
    assert not Enrollment.objects.filter(user=newcomer).exists()


def test_a_course_without_a_section_gets_its_default_one(post, school):
    Enrollment.objects.filter(section=school.section).update(state="deleted")
    Section.objects.filter(pk=school.section.pk).update(workflow_state="deleted")
    UserFactory(login_id="new")
    form = fill(school, "new", step="add", section="")
    assert post(school.admin, people_of(school, "add"), **form).status_code == 302
    made = Section.objects.get(course=school.course, is_default=True)
    assert state_of(User.objects.get(login_id="new"), made) == "invited"


def test_previewing_500_takes_as_many_statements_as_one(client, school, django_assert_num_queries):
    client.force_login(school.teacher)
    elsewhere = SectionFactory()
    for count in (1, 500):
        logins = User.objects.filter(pk__in=make_students(count, elsewhere)).values_list("login_id", flat=True)
        form = fill(school, "\n".join(logins))
        with django_assert_num_queries(12):
            page = text(client.post(people_of(school, "add"), form))
        assert page.count('scope="row"') == count


def test_an_admin_in_nobodys_course_manages_its_people_too(post, school):
    admin = make_admin(school.account)
    UserFactory(login_id="new")
    assert (
        post(admin, people_of(school, "add"), **fill(school, "new", type=BaseType.TEACHER, step="add")).status_code
        == 302
    )
    other = make_student(school.section)
    link(UserFactory(), other, origin=ObservationLink.Origin.CODE, by=None)
    assert post(admin, people_of(school, other.pk, "remove")).status_code == 302

"""Courses, sub-accounts and terms, searched and ordered as people are: without accents and case, as readers expect."""

import json
import re

import pytest
from django.test import Client

from accounts.domain.tokens import make_token
from accounts.models import User
from courses.models import Term
from tests.factories import AccountFactory, CourseFactory, EnrollmentFactory, SectionFactory, UserFactory

# As a reader expects them: not by bytes, where capitals come first and letters with marks last.
NAMES = ["algebra", "École du soir", "Éducation physique", "Études", "Física", "Zoology"]
# What is typed, and what it finds: accents composed or not, any case, words in any order.
SEARCHES = {
    "educacion": [],
    "EDUCATION": ["Éducation physique"],
    "physique éducation": ["Éducation physique"],
    "e\u0301cole": ["École du soir"],
    "fisica": ["Física"],
    "ed": ["Éducation physique"],
    "ducation": [],
    "e": ["École du soir", "Éducation physique", "Études"],
    "zz": [],
}


@pytest.fixture(params=["courses", "sub_accounts", "terms"])
def kind(request, root) -> str:
    """A kind of which there is one of each name, made in another order."""
    for name in reversed(NAMES):
        if request.param == "courses":
            CourseFactory(account=root, name=name, course_code="C")
        elif request.param == "sub_accounts":
            AccountFactory(parent=root, name=name)
        else:
            Term.objects.create(name=name)
    return request.param


def by_api(admin: User, root, kind: str, words: str) -> list[str]:
    client = Client(headers={"Authorization": f"Bearer {make_token(admin, 'test', by=None)}"})
    searched = {"term_name" if kind == "terms" else "search_term": words} if words else {}
    found = json.loads(client.get(f"/api/v1/accounts/{root.pk}/{kind}", searched).content)
    return [one["name"] for one in (found["enrollment_terms"] if kind == "terms" else found)]


def on_the_page(admin: User, root, kind: str, words: str) -> list[str]:
    client = Client()
    client.force_login(admin)
    page = client.get(f"/accounts/{root.pk}/{kind}", {"search": words}).context["page"]
    return [one.name for one in page.items]


@pytest.mark.parametrize("listed", [by_api, on_the_page])
def test_lists_of_people_are_in_the_order_a_reader_expects(admin, root, kind, listed):
    assert [name for name in listed(admin, root, kind, "") if name in NAMES] == NAMES


@pytest.mark.parametrize("listed", [by_api, on_the_page])
def test_a_search_minds_neither_accents_nor_case(admin, root, kind, listed):
    assert {words: listed(admin, root, kind, words) for words in SEARCHES} == SEARCHES


@pytest.mark.parametrize("listed", [by_api, on_the_page])
def test_a_course_is_found_by_its_code_too(admin, root, listed):
    CourseFactory(account=root, name="Éducation physique", course_code="EPS-3É")
    CourseFactory(account=root, name="Biology", course_code="BIO101")
    assert listed(admin, root, "courses", "101") == listed(admin, root, "courses", "bio 10") == ["Biology"]
    for words in ("eps 3e", "eps-3é", "eps3", "3", "eps education"):
        assert listed(admin, root, "courses", words) == ["Éducation physique"]
    assert listed(admin, root, "courses", "eps-4") == []


def test_a_changed_name_is_found_and_ordered_anew(admin, root):
    course = CourseFactory(account=root, name="Zoology", course_code="Z")
    CourseFactory(account=root, name="Botany", course_code="B")
    course.name = "Ångström"
    course.save()
    assert on_the_page(admin, root, "courses", "") == ["Ångström", "Botany"]
    assert on_the_page(admin, root, "courses", "angstrom") == ["Ångström"]


def sections_by_api(admin: User, course) -> list[str]:
    client = Client(headers={"Authorization": f"Bearer {make_token(admin, 'test', by=None)}"})
    found = json.loads(client.get(f"/api/v1/courses/{course.pk}/sections").content)
    return [one["name"] for one in found]


def sections_with_a_course_by_api(_admin: User, course) -> list[str]:
    teacher = EnrollmentFactory(type="TeacherEnrollment", section=course.sections.first()).user
    client = Client(headers={"Authorization": f"Bearer {make_token(teacher, 'test', by=None)}"})
    found = json.loads(client.get(f"/api/v1/courses/{course.pk}?include[]=sections").content)
    return [one["name"] for one in found["sections"]]


def sections_to_filter_people_by(admin: User, course) -> list[str]:
    client = Client()
    client.force_login(admin)
    return [one.name for one in client.get(f"/courses/{course.pk}/users").context["sections"]]


def sections_of_a_person(admin: User, course) -> list[str]:
    student = UserFactory()
    for section in course.sections.all():
        EnrollmentFactory(user=student, section=section)
    client = Client()
    client.force_login(admin)
    (row,) = client.get(f"/courses/{course.pk}/users", {"search": student.login_id}).context["rows"]
    return re.findall("<li>([^<]+)</li>", row["sections"])


@pytest.mark.parametrize(
    "listed",
    [sections_by_api, sections_with_a_course_by_api, sections_to_filter_people_by, sections_of_a_person],
)
def test_the_sections_of_a_course_are_in_the_same_order(admin, listed):
    course = CourseFactory()
    for name in reversed(NAMES):
        SectionFactory(course=course, name=name)
    assert listed(admin, course) == NAMES


def test_ones_own_courses_are_in_the_same_order(root):
    teacher = EnrollmentFactory(type="TeacherEnrollment", section__course__name=NAMES[0]).user
    for name in reversed(NAMES[1:]):
        section = SectionFactory(course=CourseFactory(name=name))
        EnrollmentFactory(user=teacher, section=section, type="TeacherEnrollment")
    client = Client()
    client.force_login(teacher)
    page = client.get("/").content.decode()
    assert sorted(NAMES, key=page.index) == NAMES
    token = make_token(teacher, "test", by=None)
    found = json.loads(client.get("/api/v1/courses", headers={"Authorization": f"Bearer {token}"}).content)
    assert [one["name"] for one in found] == NAMES

"""The pages of a course's sections."""

import pytest

from accounts.models import BaseType
from courses.models import Section
from tests.courses.people import people_of, text
from tests.factories import (
    SectionFactory,
    allow,
    make_student,
    make_students,
)


def sections_of(school, *more):
    return "/".join(["", "courses", str(school.course.pk), "sections", *(str(part) for part in more)])


def test_sections_are_listed_added_changed_and_deleted(visit, post, school):
    teacher = school.teacher
    assert sections_of(school) in text(visit(teacher, people_of(school)))
    form = {"name": "Evening", "start_at": "2026-09-01T08:00", "end_at": "2027-06-30T15:00"}
    assert post(teacher, sections_of(school), **form).url == sections_of(school)
    made = Section.objects.get(name="Evening")
    page = text(visit(teacher, sections_of(school)))
    assert "Evening" in page
    assert "starts 1 September 2026, 08:00" in page
    path = sections_of(school, made.pk, "edit")
    assert 'value="2026-09-01T08:00"' in text(visit(teacher, path))
    assert post(teacher, path, name="Late", start_at="", end_at="").status_code == 302
    made.refresh_from_db()
    assert (made.name, made.start_at) == ("Late", None)
    make_student(made)
    path = sections_of(school, made.pk, "delete")
    assert "One person is in this section" in text(visit(teacher, path))
    assert post(teacher, path).status_code == 302
    assert "Late" not in text(visit(teacher, sections_of(school)))
    only = sections_of(school, school.section.pk, "delete")
    assert "A course needs at least one." in text(visit(teacher, only))
    assert post(teacher, only).status_code == 422


@pytest.mark.parametrize(
    "form",
    [
        {"name": " "},
        {"name": "x" * 256},
        {"name": "x\0"},
        {"name": "x", "start_at": "2026-02-02T00:00", "end_at": "2026-02-01T00:00"},
        {"name": "x", "start_at": "tomorrow"},
        {"name": "x", "start_at": "0001-01-01T00:00"},
        {"name": "x", "end_at": "9999-12-31T23:59"},
    ],
)
def test_a_section_that_cannot_be_is_refused_with_the_form_again(post, school, form):
    for path in (sections_of(school), sections_of(school, school.section.pk, "edit")):
        answer = post(school.teacher, path, **form)
        assert answer.status_code == 422
        assert "errorlist" in text(answer)
    assert list(Section.objects.filter(course=school.course).values_list("name", flat=True)) == ["Biology 7 A"]


def test_each_right_to_sections_is_its_own(visit, post, school, second_section):
    rights = {"manage_sections_add": sections_of(school)}
    rights |= {f"manage_sections_{word}": sections_of(school, second_section.pk, word) for word in ("edit", "delete")}
    for key in rights:
        allow(BaseType.TEACHER, key, enabled=False)
    page = text(visit(school.teacher, sections_of(school)))
    assert "Biology 7 B" in page
    for hidden in ("Add section", "/edit", "/delete"):
        assert hidden not in page
    for path in rights.values():
        assert post(school.teacher, path, name="Mine").status_code == 403
    for user in (school.student, school.observer, school.outsider):
        for path in rights.values():
            assert post(user, path, name="Mine").status_code in (403, 404)
    foreign = SectionFactory()
    for word in ("edit", "delete"):
        assert visit(school.admin, sections_of(school, foreign.pk, word)).status_code == 404
        assert post(school.admin, sections_of(school, 10**25, word)).status_code == 404
    assert set(Section.objects.filter(course=school.course)) == {school.section, second_section}


def test_the_list_of_sections_takes_as_many_statements_for_many(client, school, django_assert_num_queries):
    client.force_login(school.teacher)
    for _number in range(2):
        with django_assert_num_queries(8):
            text(client.get(sections_of(school)))
        for _more in range(10):
            make_students(2, SectionFactory(course=school.course))

"""The pages of one person of a course: sections, role, conclude, deactivate, reactivate, remove."""

import pytest

from accounts.models import AuditEvent, BaseType, Role, User
from courses.domain.members import members_in
from courses.models import Enrollment
from tests.courses.people import PAGES, people_of, state_of, text
from tests.factories import (
    EnrollmentFactory,
    SectionFactory,
    allow,
)


@pytest.mark.parametrize("page", [*PAGES, "link_students"])
def test_pages_of_a_person_are_for_those_who_may(visit, post, school, second_section, page):
    watcher = EnrollmentFactory(section=school.section, type=BaseType.OBSERVER).user
    whom = watcher if page == "link_students" else school.student
    path = people_of(school, whom.pk, page)
    if page == "reactivate":
        Enrollment.objects.filter(user=whom).update(state="inactive")
    assert visit(school.teacher, path).status_code == 200
    before = set(Enrollment.objects.values_list("pk", "state", "section"))
    for key in ("manage_students", "add_student_to_course", "remove_student_from_course"):
        allow(BaseType.TEACHER, key, enabled=False)
    for user, status in (
        (None, 302),
        (school.teacher, 403),
        (school.student, 404 if page == "reactivate" else 403),
        (school.observer, 404 if page == "reactivate" else 403),
        (school.outsider, 404),
        (school.teacher_elsewhere, 404),
        (school.admin_elsewhere, 404),
    ):
        form = {
            "section": second_section.pk,
            "student": school.classmate.pk,
            "new_role": Role.objects.built_in("TaEnrollment").pk,
        }
        assert visit(user, path).status_code == status, user
        assert post(user, path, **form).status_code == status, user
    assert set(Enrollment.objects.values_list("pk", "state", "section")) == before


@pytest.mark.parametrize("page", [*PAGES, "link_students", "link_students/5/remove"])
def test_absurd_and_foreign_ids_find_nobody(visit, post, school, page):
    for user_id in (school.outsider.pk, school.admin.pk, 0, 10**18, 10**25):
        assert visit(school.admin, people_of(school, user_id, page)).status_code == 404
        assert post(school.admin, people_of(school, user_id, page)).status_code == 404
    for role in ("x", "-1", "9" * 18, "9" * 30, "\0"):
        answer = visit(school.admin, people_of(school, school.student.pk, page), role=role)
        assert answer.status_code == 404


def test_sections_are_chosen_by_ticking(visit, post, school, second_section):
    path = people_of(school, school.student.pk, "sections")
    page = text(visit(school.teacher, path))
    assert f'value="{school.section.pk}" checked' in page
    assert f'value="{second_section.pk}" checked' not in page
    assert post(school.teacher, path, section=second_section.pk).url == people_of(school, school.student.pk)
    assert (state_of(school.student, school.section), state_of(school.student, second_section)) == ("deleted", "active")
    assert state_of(school.observer, second_section, BaseType.OBSERVER) == "active"
    refused = post(school.teacher, path)
    assert refused.status_code == 422
    assert "Choose at least one section" in text(refused)
    for odd in (SectionFactory().pk, "x", "9" * 30):
        assert post(school.teacher, path, section=odd).status_code == 422


def test_a_role_is_chosen_among_those_one_may_give(visit, post, school):
    path = people_of(school, school.student.pk, "role")
    page = text(visit(school.teacher, path))
    assert "One person observes this student here." in page
    refused = post(school.teacher, path, new_role=Role.objects.built_in("AccountAdmin").pk)
    assert refused.status_code == 422
    assert "Choose a role." in text(refused)
    assistant = Role.objects.built_in(BaseType.TA)
    assert post(school.teacher, path, new_role=assistant.pk).status_code == 302
    (now,) = members_in(school.course, school.student.pk, by=school.teacher)
    assert now.role == assistant
    assert state_of(school.observer, school.section, BaseType.OBSERVER) == "deleted"


@pytest.mark.parametrize(
    ("action", "state", "words"),
    [
        ("conclude", "completed", "can still read"),
        ("deactivate", "inactive", "They lose access to this course right away"),
        ("remove", "deleted", "They lose access to this course right away"),
    ],
)
def test_ending_asks_first_says_what_it_means_and_for_how_many_observers(visit, post, school, action, state, words):
    path = people_of(school, school.student.pk, action)
    page = text(visit(school.teacher, path))
    assert words in page
    assert "One person observes this student here." in page
    assert state_of(school.student, school.section) == "active"
    assert post(school.teacher, path).url == people_of(school)
    assert state_of(school.student, school.section) == state
    assert state_of(school.observer, school.section, BaseType.OBSERVER) == state
    recorded = AuditEvent.objects.filter(actor=school.teacher, subject=school.student).order_by("id")
    # Whoever concluded can still read, and observes.
    ended = [] if state == "completed" else ["observing.ended"]
    assert sorted(recorded.values_list("action", flat=True)) == ["enrollment.changed", *ended]
    # Doing it again changes nothing, and says so.
    assert post(school.teacher, path).status_code == (404 if action == "remove" else 422)


def test_an_inactive_person_can_be_reactivated(visit, post, school):
    Enrollment.objects.filter(user=school.student).update(state="inactive")
    page = text(visit(school.teacher, people_of(school), state="inactive"))
    assert people_of(school, school.student.pk, "reactivate") in page
    assert post(school.teacher, people_of(school, school.student.pk, "reactivate")).status_code == 302
    assert state_of(school.student, school.section) == "active"


def test_an_action_is_about_the_role_that_is_named(visit, post, school):
    EnrollmentFactory(user=school.student, section=school.section, type=BaseType.TA)
    assistant = Role.objects.built_in(BaseType.TA)
    page = text(visit(school.teacher, people_of(school)))
    assert f"{people_of(school, school.student.pk, 'remove')}?role={assistant.pk}" in page
    assert "Remove from course (TA)" in page
    post(school.teacher, people_of(school, school.student.pk, "remove"), role_id=assistant.pk)
    assert state_of(school.student, school.section) == "active"
    assert state_of(school.student, school.section, BaseType.TA) == "deleted"


def test_of_several_sections_one_can_be_named(visit, post, school, second_section):
    EnrollmentFactory(user=school.student, section=second_section)
    path = people_of(school, school.student.pk, "deactivate")
    assert "Only in Biology 7 B" in text(visit(school.teacher, path))
    assert post(school.teacher, path, section=second_section.pk).status_code == 302
    assert (state_of(school.student, school.section), state_of(school.student, second_section)) == (
        "active",
        "inactive",
    )
    assert "Only in" not in text(visit(school.teacher, path))
    post(school.teacher, path, section="")
    assert state_of(school.student, school.section) == "inactive"


def test_names_are_never_read_as_markup(visit, school):
    User.objects.filter(pk=school.student.pk).update(name="<b>Mia</b>", sortable_name="<b>Lake</b>")
    for page in ("", *(f"/{school.student.pk}/{page}" for page in PAGES)):
        assert "<b>" not in text(visit(school.teacher, people_of(school) + page))

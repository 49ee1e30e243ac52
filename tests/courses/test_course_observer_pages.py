"""Link to Students, as staff of a course use it."""

from accounts.models import BaseType, ObservationLink, Role
from accounts.web.pagination import SIZE
from courses.domain.course_observers import link_students
from courses.domain.enrollments import enroll
from courses.domain.members import members_in
from courses.models import Enrollment
from tests.courses.people import people_of, text
from tests.factories import (
    UserFactory,
    make_students,
)


def test_an_observer_is_linked_to_students_seen_and_unlinked(visit, post, school, watcher):
    assert people_of(school, watcher.pk, "link_students") in text(visit(school.teacher, people_of(school)))
    path = people_of(school, watcher.pk, "link_students")
    page = text(visit(school.teacher, path))
    for expected in (
        "this course only",
        "A pairing code that the student creates links the two accounts",
        "Lake, Mia",
        "is not observing anyone",
    ):
        assert expected in page
    assert post(school.teacher, path, student=[school.student.pk, school.classmate.pk]).status_code == 302
    page = text(visit(school.teacher, path))
    assert page.count("checked disabled") == 2
    assert not ObservationLink.objects.filter(observer=watcher).exists()
    assert visit(watcher, f"/courses/{school.course.pk}").status_code == 200
    remove = f"{path}/{school.student.pk}/remove"
    assert remove in page
    assert "loses access to Mia Lake" in text(visit(school.teacher, remove))
    assert post(school.teacher, remove).status_code == 302
    assert visit(school.teacher, remove).status_code == 404
    assert f"{path}/{school.classmate.pk}/remove" in text(visit(school.teacher, path))
    assert "observes Ben Hill" in text(visit(school.teacher, people_of(school)))
    assert "observes Mia Lake" not in text(visit(school.teacher, people_of(school, watcher.pk)))


def test_links_of_the_whole_school_are_shown_and_not_removed_here(visit, post, school):
    path = people_of(school, school.observer.pk, "link_students")
    page = text(visit(school.teacher, path))
    assert "You cannot remove that link here." in page
    assert "An administrator can" in page
    assert f"/users/{school.observer.pk}" in text(visit(school.admin, path))
    remove = f"{path}/{school.student.pk}/remove"
    for user in (school.teacher, school.admin):
        assert visit(user, remove).status_code == 404
        assert post(user, remove).status_code == 404
    assert school.link.pk in ObservationLink.objects.live().values_list("pk", flat=True)


def test_what_cannot_be_linked_is_refused_with_the_page_again(post, school, watcher):
    path = people_of(school, watcher.pk, "link_students")
    for student in ([], [school.outsider.pk], [watcher.pk], ["x"], ["9" * 30], [school.student.pk, "\0"]):
        answer = post(school.teacher, path, student=student)
        assert answer.status_code == 422
        assert 'role="alert"' in text(answer)
    assert not Enrollment.objects.filter(user=watcher, associated_user__isnull=False).exists()


def test_only_observers_have_a_page_to_be_linked(visit, school):
    assert visit(school.teacher, people_of(school, school.student.pk, "link_students")).status_code == 404
    page = text(visit(school.teacher, people_of(school)))
    assert people_of(school, school.student.pk, "link_students") not in page


def test_who_loses_the_last_student_leaves_the_course(post, school):
    mentor = UserFactory()
    enroll(mentor, school.section, Role.objects.built_in(BaseType.OBSERVER), by=None, associated_user=school.student)
    path = people_of(school, mentor.pk, "link_students", school.student.pk, "remove")
    assert post(school.teacher, path).url == people_of(school)
    assert not Enrollment.objects.present().filter(user=mentor).exists()


def test_linking_is_found_by_search_and_takes_as_many_statements_for_5000(
    client, school, watcher, django_assert_num_queries
):
    client.force_login(school.teacher)
    path = people_of(school, watcher.pk, "link_students")
    assert "Hill, Ben" not in text(client.get(path, {"search": "mia"}))
    observer = members_in(school.course, watcher.pk, by=school.teacher)[0]
    for count in (30, 4970):
        link_students(observer, make_students(count, school.section)[:80], by=school.teacher)
        with django_assert_num_queries(12):
            page = text(client.get(path))
        assert page.count('name="student"') == (32 if count == 30 else SIZE)

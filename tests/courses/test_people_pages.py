"""What hangs on the People page: adding, sections, roles, ending, linking to students. Pages by HTTP."""

import re
from datetime import UTC, datetime

import pytest
from django.test import Client

from accounts.models import AuditEvent, BaseType, ObservationLink, Role, User
from accounts.web.pagination import SIZE
from courses.domain.course_observers import link_students
from courses.domain.enrollments import enroll
from courses.domain.members import members_in
from courses.domain.observation import link
from courses.models import Enrollment, Section
from tests.factories import (
    EnrollmentFactory,
    SectionFactory,
    UserFactory,
    allow,
    make_admin,
    make_student,
    make_students,
)

ACTIONS = ["conclude", "deactivate", "reactivate", "remove"]
PAGES = ["sections", "role", *ACTIONS]


def people_of(school, *more):
    return "/".join(["", "courses", str(school.course.pk), "users", *(str(part) for part in more)])


@pytest.fixture
def post():
    """`post(user, path, **form)` sends a form as that user, without following the redirect."""

    def post(user, path, **form):
        browser = Client()
        if user:
            browser.force_login(user)
        return browser.post(path, form)

    return post


@pytest.fixture
def second(school) -> Section:
    return SectionFactory(course=school.course, name="Biology 7 B")


def state_of(user, section, type=BaseType.STUDENT):
    return Enrollment.objects.filter(user=user, section=section, type=type).values_list("state", flat=True).first()


def text(answer) -> str:
    assert answer.status_code in (200, 422), answer.status_code
    return answer.content.decode()


# The list


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


def test_the_list_can_be_narrowed_to_a_section(visit, school, second):
    make_student(second, name="Bea Only")
    page = text(visit(school.teacher, people_of(school), section=second.pk))
    assert "Only, Bea" in page
    assert "Lake, Mia" not in page
    foreign = SectionFactory()
    assert "Lake, Mia" in text(visit(school.teacher, people_of(school), section=foreign.pk))


def test_the_list_can_be_sorted_either_way_and_says_so(visit, school, second):
    make_student(second, name="Ada Zorn")
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


def test_rows_offer_only_what_the_reader_may(visit, school, second):
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


def test_adding_is_offered_to_those_who_may_add_somebody(visit, school):
    designer = EnrollmentFactory(section=school.section, type=BaseType.DESIGNER).user
    allow(BaseType.DESIGNER, "add_student_to_course", enabled=False)
    assert people_of(school, "add") in text(visit(school.teacher, people_of(school)))
    assert people_of(school, "add") not in text(visit(designer, people_of(school)))
    assert visit(designer, people_of(school, "add")).status_code == 403


# Adding


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
        with django_assert_num_queries(15):
            page = text(client.post(people_of(school, "add"), form))
        assert page.count('scope="row"') == count


# Invitations


def test_an_invited_person_finds_the_invitation_and_accepts_it(visit, post, school):
    invited = EnrollmentFactory(section=school.section, state="invited")
    path = f"/invitations/{invited.pk}"
    assert path in text(visit(invited.user, "/"))
    assert visit(invited.user, people_of(school)).status_code == 404
    assert "as <strong>Student</strong>" in text(visit(invited.user, path))
    assert post(invited.user, path, answer="accept").url == f"/courses/{school.course.pk}"
    assert visit(invited.user, f"/courses/{school.course.pk}").status_code == 200
    assert path not in text(visit(invited.user, "/"))
    assert post(invited.user, path, answer="refuse").status_code == 404


def test_an_invitation_is_refused_only_by_whom_it_is_for(visit, post, school):
    invited = EnrollmentFactory(section=school.section, state="invited")
    path = f"/invitations/{invited.pk}"
    for user in (school.student, school.teacher, school.admin):
        assert visit(user, path).status_code == 404
        assert post(user, path, answer="refuse").status_code == 404
    text(post(invited.user, path, answer="maybe"))
    assert state_of(invited.user, school.section) == "invited"
    assert post(invited.user, path, answer="refuse").url == "/"
    assert state_of(invited.user, school.section) == "rejected"


def test_invitations_to_unpublished_courses_are_for_staff(visit, school):
    school.course.workflow_state = "unpublished"
    school.course.save()
    pupil = EnrollmentFactory(section=school.section, state="invited")
    helper = EnrollmentFactory(section=school.section, state="invited", type=BaseType.TA)
    assert "/invitations/" not in text(visit(pupil.user, "/"))
    assert f"/invitations/{helper.pk}" in text(visit(helper.user, "/"))


# Pages of one person


@pytest.mark.parametrize("page", [*PAGES, "link_students"])
def test_pages_of_a_person_are_for_those_who_may(visit, post, school, second, page):
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
            "section": second.pk,
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


def test_sections_are_chosen_by_ticking(visit, post, school, second):
    path = people_of(school, school.student.pk, "sections")
    page = text(visit(school.teacher, path))
    assert f'value="{school.section.pk}" checked' in page
    assert f'value="{second.pk}" checked' not in page
    assert post(school.teacher, path, section=second.pk).url == people_of(school, school.student.pk)
    assert (state_of(school.student, school.section), state_of(school.student, second)) == ("deleted", "active")
    assert state_of(school.observer, second, BaseType.OBSERVER) == "active"
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


def test_a_deed_is_about_the_role_that_is_named(visit, post, school):
    EnrollmentFactory(user=school.student, section=school.section, type=BaseType.TA)
    assistant = Role.objects.built_in(BaseType.TA)
    page = text(visit(school.teacher, people_of(school)))
    assert f"{people_of(school, school.student.pk, 'remove')}?role={assistant.pk}" in page
    assert "Remove from course (TA)" in page
    post(school.teacher, people_of(school, school.student.pk, "remove"), role_id=assistant.pk)
    assert state_of(school.student, school.section) == "active"
    assert state_of(school.student, school.section, BaseType.TA) == "deleted"


def test_of_several_sections_one_can_be_named(visit, post, school, second):
    EnrollmentFactory(user=school.student, section=second)
    path = people_of(school, school.student.pk, "deactivate")
    assert "Only in Biology 7 B" in text(visit(school.teacher, path))
    assert post(school.teacher, path, section=second.pk).status_code == 302
    assert (state_of(school.student, school.section), state_of(school.student, second)) == ("active", "inactive")
    assert "Only in" not in text(visit(school.teacher, path))
    post(school.teacher, path, section="")
    assert state_of(school.student, school.section) == "inactive"


def test_names_are_never_read_as_markup(visit, school):
    User.objects.filter(pk=school.student.pk).update(name="<b>Mia</b>", sortable_name="<b>Lake</b>")
    for page in ("", *(f"/{school.student.pk}/{page}" for page in PAGES)):
        assert "<b>" not in text(visit(school.teacher, people_of(school) + page))


# Linking


@pytest.fixture
def watcher(school):
    return EnrollmentFactory(section=school.section, type=BaseType.OBSERVER, user__name="Wil Watch").user


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
        with django_assert_num_queries(16):
            page = text(client.get(path))
        assert page.count('name="student"') == (32 if count == 30 else SIZE)


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


# Sections


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


def test_each_right_to_sections_is_its_own(visit, post, school, second):
    rights = {"manage_sections_add": sections_of(school)}
    rights |= {f"manage_sections_{word}": sections_of(school, second.pk, word) for word in ("edit", "delete")}
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
    assert set(Section.objects.filter(course=school.course)) == {school.section, second}


def test_the_list_of_sections_takes_as_many_statements_for_many(client, school, django_assert_num_queries):
    client.force_login(school.teacher)
    for _number in range(2):
        with django_assert_num_queries(10):
            text(client.get(sections_of(school)))
        for _more in range(10):
            make_students(2, SectionFactory(course=school.course))


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

"""What observers see, as promised here, as the table says it, and as pages and the API show it."""

from datetime import timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Account, BaseType, ObservationLink, User
from courses.access.sight import Audience, Sight
from courses.domain.observation import link, unlink
from courses.domain.observer_guide import guide
from courses.models import Assignment, AssignmentDate, Course, DiscussionTopic, Submission
from courses.visibility import BUILT, SCHOOL, TABLE, CourseState, Element, Sees, Switch
from tests.api import Api
from tests.factories import CourseFactory, EnrollmentFactory, SectionFactory, UserFactory, make_student

NOW = timezone.now()
DAY = timedelta(days=1)

# Element, what an observer of a student there sees, what one without a student sees, the states of the course, the
# setting and how it stands unless somebody chooses. R running, E ended, P not started, X closed, * always, - never.
PROMISED = """
card                   yes           yes      PREX  -
home                   as_student    as_student RE  -
syllabus               as_student    as_student RE  hidden_tabs
announcements          as_student    for_all    RE  hidden_tabs
notifications          yes           yes      *     -
assignments            as_student    for_all    RE  hidden_tabs
assignment_text        as_student    as_student RE  hidden_tabs
assignments_of_others  no            no         -   -
status                 own           no         RE  -
handed_in              own           no         RE  observer_sees_submissions off
score                  own           no         RE  restrict_quantitative_data letters
comments               own           no         RE  observer_sees_comments on
total                  own           no         RE  hide_final_grades
statistics             yes           no         RE  observer_sees_statistics off
calendar               as_student    for_all    RE  -
personal_calendar      no            no         -   -
modules                as_student    as_student RE  -
pages                  as_student    as_student RE  -
files                  as_student    as_student RE  observer_sees_files on
discussions            as_student    as_student RE  -
own_entries            own           no         RE  observer_sees_discussions off
other_entries          yes           no         RE  observer_sees_classmates off
quizzes                as_student    as_student RE  -
questions              no            no         -   -
rubrics                as_student    as_student RE  -
outcomes               own           no         RE  -
people                 no            no         -   -
picture                own_and_staff staff      RE  -
inbox                  yours         yours      RE  observer_inbox on
chat                   no            no         -   -
analytics              no            no         -   -
attendance             own           no         RE  observer_sees_attendance on
tools                  link          link       R   observer_opens_tools off
student_settings       no            no         -   -
alerts                 yes           no         RE  -
feed                   yes           yes        RE  observer_feeds on
"""
LETTERS_OF = {
    CourseState.UNPUBLISHED: "U",
    CourseState.AHEAD: "P",
    CourseState.RUNNING: "R",
    CourseState.ENDED: "E",
    CourseState.CLOSED: "X",
    CourseState.DELETED: "D",
}
PROMISES = {cells[0]: cells for line in PROMISED.strip().splitlines() if (cells := line.split())}


def as_written(element: Element) -> list[str]:
    """A row of the table as it is written above."""
    row = TABLE[element]
    states = "".join(letter for state, letter in LETTERS_OF.items() if state in row.states) or "-"
    found = [element.value, row.linked.value, row.alone.value, "*" if len(states) == 6 else states]
    if row.switch is None:
        return [*found, "-"]
    more = {True: ["on"], False: ["off"]}[SCHOOL[row.switch]] if row.switch in SCHOOL else []
    return [*found, row.switch.value, *more, *([row.otherwise.value] if row.otherwise is not Sees.NO else [])]


def test_every_cell_of_the_table_is_as_promised():
    assert len(PROMISES) == 36
    assert {element.value: as_written(element) for element in Element} == PROMISES
    assert list(TABLE) == list(Element)


AUDIENCES = ("linked", "alone", "other", "none", "suspended", "ended")
STATES = "UPREXD"
# What proves that an element is seen: a page, and a text on it.
PROOF = {
    Element.CARD: ("/", "Marine Biology"),
    Element.HOME: ("/courses/{course}", "Front text"),
    Element.SYLLABUS: ("/courses/{course}/assignments/syllabus", "Syllabus text"),
    Element.ANNOUNCEMENTS: ("/courses/{course}/announcements", "News for all"),
    Element.ASSIGNMENTS: ("/courses/{course}/assignments", "Essay on whales"),
    Element.ASSIGNMENT_TEXT: ("/courses/{course}/assignments/{essay}", "Task text"),
    Element.ASSIGNMENTS_OF_OTHERS: ("/courses/{course}/assignments", "Essay for Ben"),
    Element.STATUS: ("/courses/{course}/assignments", ">Graded<"),
    Element.HANDED_IN: ("/courses/{course}/assignments/{essay}", "Handed in text"),
    Element.SCORE: ("/courses/{course}/grades", "17.5 of 20"),
    Element.COMMENTS: ("/courses/{course}/grades", "Comment text"),
    Element.TOTAL: ("/courses/{course}/grades", "Total of released grades"),
    Element.PEOPLE: ("/courses/{course}/users", "Ben Hill"),
}
# Where the API says the same of an element.
IN_API = {
    Element.SYLLABUS: ("courses/{course}?include[]=syllabus_body", "Syllabus text"),
    Element.HOME: ("courses/{course}/tabs", '"id":"home"'),
    Element.ANNOUNCEMENTS: ("courses/{course}/tabs", '"id":"announcements"'),
    Element.ASSIGNMENTS: ("courses/{course}/tabs", '"id":"assignments"'),
    Element.TOTAL: ("courses?include[]=observed_users&state[]=available&state[]=completed", "87.5"),
}
# Each setting but those of what is not here yet: how it is turned, and of what pages.
TURNS: dict[str | None, dict[str, Any]] = {
    None: {},
    "observer_sees_submissions": {},
    "observer_sees_comments": {},
    "restrict_quantitative_data": {"restrict_quantitative_data": True},
    "hide_final_grades": {"hide_final_grades": True},
    "hidden syllabus": {"hidden_tabs": ["syllabus"]},
    "hidden announcements": {"hidden_tabs": ["announcements"]},
    "hidden assignments": {"hidden_tabs": ["assignments"]},
    "hidden grades": {"hidden_tabs": ["grades"]},
    "barred": {"observers_allowed": False, "observers_reason": "Ask Ms. Bloom."},
}
HIDES = {
    "hidden syllabus": {Element.SYLLABUS},
    "hidden announcements": {Element.ANNOUNCEMENTS},
    "hidden assignments": {
        *(Element.ASSIGNMENTS, Element.ASSIGNMENT_TEXT, Element.ASSIGNMENTS_OF_OTHERS, Element.STATUS),
        Element.HANDED_IN,
    },
    "hidden grades": {Element.SCORE, Element.COMMENTS, Element.TOTAL},
}
OPENED = {"observer_sees_submissions": {Element.HANDED_IN}}
CLOSED = {
    "observer_sees_comments": {Element.COMMENTS},
    "restrict_quantitative_data": {Element.SCORE},
    "hide_final_grades": {Element.TOTAL},
}


def promised(element: Element, audience: str, state: str, turn: str | None) -> bool:
    """Whether the element is seen, as written above."""
    _element, linked, alone, states, *switch = PROMISES[element.value]
    if audience in ("none", "suspended", "ended"):
        return False
    if audience == "other" and element is Element.ASSIGNMENTS_OF_OTHERS:
        # It is their student's.
        return state in "RE" and turn not in ("barred", "hidden assignments")
    cell = alone if audience == "alone" else linked
    if cell == "no" or state not in states or (turn == "barred" and element is not Element.CARD):
        return False
    if element in HIDES.get(turn or "", ()) or element in CLOSED.get(turn or "", ()):
        return False
    if "off" in switch and element not in OPENED.get(turn or "", ()):
        return False
    return not (audience == "other" and cell == "own" and element not in OF_ANY)


# Of their own student they see these words, too.
OF_ANY = {Element.TOTAL}


@pytest.fixture
def world(root):
    section = SectionFactory(course=CourseFactory(name="Marine Biology", account=root))
    Course.objects.update(front_page="<p>Front text</p>", syllabus_body="<p>Syllabus text</p>")
    course = Course.objects.get()
    student, classmate = make_student(section, name="Mia Lake"), make_student(section, name="Ben Hill")
    fields = {"course": course, "workflow_state": "published", "submission_types": ["online_text_entry"]}
    essay = Assignment.objects.create(**fields, name="Essay on whales", description="Task text", points_possible=20)
    other = Assignment.objects.create(**fields, name="Essay for Ben", only_visible_to_overrides=True)
    AssignmentDate.objects.create(assignment=other, student=classmate, due_at=NOW + DAY)
    work = Submission.objects.create(
        assignment=essay,
        student=student,
        score="17.5",
        posted_at=NOW - DAY,
        submitted_at=NOW - DAY,
        body="Handed in text",
    )
    work.comments.create(author_name="Ms. Bloom", comment="Comment text")
    DiscussionTopic.objects.create(course=course, title="News for all", author_name="Ms. Bloom", posted_at=NOW - DAY)
    people = SimpleNamespace(
        linked=UserFactory(),
        alone=EnrollmentFactory(section=section, type=BaseType.OBSERVER).user,
        other=UserFactory(),
        none=UserFactory(),
        suspended=UserFactory(),
        ended=UserFactory(),
    )
    for name, whom in (("linked", student), ("other", classmate), ("suspended", student), ("ended", student)):
        made = link(getattr(people, name), whom, origin=ObservationLink.Origin.CODE, by=None)
        if name == "ended":
            unlink(made, by=None)
    User.objects.filter(pk=people.suspended.pk).update(state=User.State.SUSPENDED)
    return SimpleNamespace(root=root, course=course, essay=essay, student=student, section=section, people=people)


def put_into(world, state: str, turn: str | None) -> None:
    """Put the course into a state, with a setting turned."""
    restricted = {"restrict_enrollments_to_course_dates": True}
    by_state: dict[str, dict[str, Any]] = {
        "U": {"workflow_state": "unpublished"},
        "P": {"workflow_state": "available", "start_at": NOW + DAY, **restricted},
        "R": {"workflow_state": "available"},
        "E": {"workflow_state": "completed"},
        "X": {"workflow_state": "available", "end_at": NOW - DAY, **restricted},
        "D": {"workflow_state": "deleted"},
    }
    plain: dict[str, Any] = {
        "start_at": None,
        "end_at": None,
        "hidden_tabs": [],
        "observers_allowed": True,
        "observers_reason": "",
    }
    more = {"restrict_quantitative_data": False, "hide_final_grades": False}
    Course.objects.update(**{**plain, **more, **by_state[state], **TURNS[turn]})
    switches = [*(["observer_reads_past_courses"] if state == "X" else []), *([turn] if turn in SCHOOL else [])]
    Account.objects.filter(pk=world.root.pk).update(observer_switches=switches)


def seen(world, audience: str) -> dict[Element, bool]:
    """What of all elements a person sees on pages."""
    browser, reader = Client(), getattr(world.people, audience)
    if audience != "suspended":
        browser.force_login(reader)
    ids = {"course": world.course.pk, "essay": world.essay.pk}
    pages = {path: browser.get(path.format(**ids)).content.decode() for path in {path for path, _ in PROOF.values()}}
    return {element: text in pages[path] for element, (path, text) in PROOF.items()}


def seen_in_api(world, audience: str) -> dict[Element, bool]:
    ids = {"course": world.course.pk}
    api = Api(getattr(world.people, audience))
    answers = {
        path: api.get(path.format(**ids)).content.decode().replace(" ", "")
        for path in {path for path, _ in IN_API.values()}
    }
    return {element: text.replace(" ", "") in answers[path] for element, (path, text) in IN_API.items()}


@pytest.mark.parametrize(("audience", "state"), [*product(AUDIENCES, STATES)])
def test_pages_show_each_element_to_whom_and_when_the_table_says_so(world, audience, state):
    turns = TURNS if audience in ("linked", "alone") and state in "REX" else [None]
    for turn in turns:
        put_into(world, state, turn)
        assert seen(world, audience) == {each: promised(each, audience, state, turn) for each in PROOF}, turn


@pytest.mark.parametrize("audience", ["linked", "alone", "other", "none", "ended"])
def test_the_api_tells_of_each_element_what_pages_show(world, audience):
    turned = [*product("RE", TURNS)] if audience in ("linked", "alone") else []
    for state, turn in [*product(STATES, [None]), *turned]:
        put_into(world, state, turn)
        expected = {each: promised(each, audience, state, turn) for each in IN_API}
        if turn in ("hidden grades", "hide_final_grades", "restrict_quantitative_data") or audience == "other":
            # Figures, not the word for them.
            expected[Element.TOTAL] = audience == "linked" and turn == "hidden grades" and state in "RE"
        assert seen_in_api(world, audience) == expected, (state, turn)


@pytest.mark.parametrize(
    "element", [each for each in PROOF if each not in (Element.PEOPLE, Element.ASSIGNMENTS_OF_OTHERS)]
)
def test_pages_read_the_table(world, monkeypatch, element):
    put_into(world, "R", "observer_sees_submissions")
    assert seen(world, "linked")[element]
    row = TABLE[element]
    otherwise = Sees.LETTERS if element is Element.SCORE else Sees.NO
    changed = type(row)(row.what, otherwise, row.alone, row.states, row.may, row.switch, row.otherwise)
    monkeypatch.setitem(TABLE, element, changed)
    assert not seen(world, "linked")[element]


def test_a_page_that_is_not_for_observers_says_why(world):
    reader, course = Client(), f"/courses/{world.course.pk}"
    reader.force_login(world.people.linked)
    for state, turn, path, status, said in (
        ("R", "hidden syllabus", "/assignments/syllabus", 404, "The teacher does not use this page"),
        ("R", "hidden grades", "/grades", 404, "The teacher does not use this page"),
        ("R", "barred", "", 403, "has not opened this course to observers. Ask Ms. Bloom."),
        ("X", None, "/grades", 403, "your school has closed ended courses to observers"),
    ):
        put_into(world, state, turn)
        answer = reader.get(course + path)
        assert (answer.status_code, said in answer.content.decode()) == (status, True), (turn, state)


def test_a_card_of_a_course_that_is_closed_to_observers_says_so_and_leads_nowhere(world):
    reader = Client()
    reader.force_login(world.people.linked)
    for state, turn, said in (("R", "barred", "Ask Ms. Bloom."), ("X", None, "closed ended courses")):
        put_into(world, state, turn)
        page = reader.get("/").content.decode()
        assert said in page
        assert f'href="/courses/{world.course.pk}' not in page


def test_settings_for_observers_take_nothing_from_students_and_hidden_pages_do(world):
    reader, course = Client(), f"/courses/{world.course.pk}"
    reader.force_login(world.student)
    for turn in ("barred", "observer_sees_comments"):
        put_into(world, "R", turn)
        page = reader.get(f"{course}/grades").content.decode()
        assert ("Comment text" in page, "17.5 of 20" in page) == (True, True)
    put_into(world, "X", None)
    assert reader.get(f"{course}/grades").status_code == 200
    put_into(world, "R", "hidden assignments")
    assert reader.get(f"{course}/assignments").status_code == 404
    put_into(world, "R", "hide_final_grades")
    assert "Total of released" not in reader.get(f"{course}/grades").content.decode()


def test_staff_see_a_course_as_it_is(world):
    teacher, course = (
        EnrollmentFactory(section=world.section, type=BaseType.TEACHER).user,
        f"/courses/{world.course.pk}",
    )
    reader = Client()
    reader.force_login(teacher)
    for turn in TURNS:
        put_into(world, "R", turn)
        for path in ("", "/announcements", "/assignments", "/assignments/syllabus", f"/grades/{world.student.pk}"):
            assert reader.get(course + path).status_code == 200, (turn, path)
        assert "17.5 of 20" in reader.get(f"{course}/grades/{world.student.pk}").content.decode()


def test_a_course_that_shows_no_numbers_shows_the_letters_of_its_scheme_or_nothing(world):
    put_into(world, "R", "restrict_quantitative_data")
    reader = Client()
    reader.force_login(world.people.linked)
    for scheme, shown in (([["Good", 0.8], ["Fair", 0]], True), (None, False)):
        Course.objects.update(grading_scheme=scheme)
        page = reader.get(f"/courses/{world.course.pk}/grades").content.decode()
        assert page.count(">Good<") == (2 if shown else 0)
        assert "17.5" not in page
        (course,) = Api(world.people.linked).get("courses", include=["observed_users"]).json()
        grades = next(each for each in course["enrollments"] if each["type"] == "student")
        assert grades["computed_current_score"] is None
        assert grades["computed_current_grade"] == ("Good" if shown else None)


def test_a_grade_that_is_a_number_in_words_is_no_letter(world):
    put_into(world, "R", "restrict_quantitative_data")
    Submission.objects.update(grade="17.5")
    reader = Client()
    reader.force_login(world.people.linked)
    assert "17.5" not in reader.get(f"/courses/{world.course.pk}/grades").content.decode()


def test_announcements_to_one_section_reach_its_students_and_their_observers(world):
    DiscussionTopic.objects.get().sections.add(SectionFactory(course=world.course))
    put_into(world, "R", None)
    assert not seen(world, "linked")[Element.ANNOUNCEMENTS]
    DiscussionTopic.objects.get().sections.add(world.section)
    assert [seen(world, who)[Element.ANNOUNCEMENTS] for who in ("linked", "other", "alone")] == [True, True, False]


def test_the_text_of_an_assignment_opens_on_its_day(world):
    put_into(world, "R", None)
    Assignment.objects.update(unlock_at=NOW + DAY)
    assert not seen(world, "linked")[Element.ASSIGNMENT_TEXT]
    AssignmentDate.objects.create(assignment=world.essay, student=world.student, unlock_at=NOW - DAY)
    assert seen(world, "linked")[Element.ASSIGNMENT_TEXT]
    assert not seen(world, "alone")[Element.ASSIGNMENT_TEXT]


def test_the_guide_has_a_sentence_for_each_row_as_the_institution_has_set_it(root, client):
    told = {each.element: each for each in guide(root)}
    never = {element for element, row in TABLE.items() if row.linked is Sees.NO}
    assert told.keys() == BUILT | never
    # What is told has a page that shows it.
    assert PROOF.keys() - never == BUILT
    assert told[Element.HANDED_IN].linked is Sees.NO
    assert told[Element.COMMENTS].linked is Sees.OWN
    root.observer_switches = [Switch.SUBMISSIONS.value, Switch.COMMENTS.value]
    root.save()
    told = {each.element: each for each in guide(root)}
    assert (told[Element.HANDED_IN].linked, told[Element.COMMENTS].linked) == (Sees.OWN, Sees.NO)
    client.force_login(UserFactory())
    page = client.get("/observing/guide").content.decode()
    assert page.count('<th scope="row">') == len(BUILT | never)


def test_students_are_asked_no_setting_that_is_about_observers(root):
    course = CourseFactory(observers_allowed=False)
    root.observer_switches = list(SCHOOL)
    assert Sight(course, Audience.STUDENT).sees(Element.COMMENTS) is Sees.OWN
    assert Sight(course, Audience.LINKED).sees(Element.HOME) is Sees.NO

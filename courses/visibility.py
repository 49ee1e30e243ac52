"""What an observer sees of a course: one table, which pages, the API, the help page and docs/observers.md read.

A row says of one element what is seen by an observer of a student in the course and by one without a student there,
what they may do with it, in which states of the course, and which setting can take it away. Who observes whom is for
others to say (courses/access/): without a live link there is nothing to ask here.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import TextChoices
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class Sees(TextChoices):
    """How much of an element somebody sees."""

    YES = "yes", _("Yes")
    AS_STUDENT = "as_student", _("As the student sees it")
    OWN = "own", _("Of the student you observe only")
    YOURS = "yours", _("Your own only")
    OWN_AND_STAFF = "own_and_staff", _("Of the student you observe, and of staff")
    STAFF = "staff", _("Of staff only")
    FOR_ALL = "for_all", _("What is for everyone in the course")
    LINK = "link", _("A link only")
    LETTERS = "letters", _("Letters instead of numbers")
    NO = "no", _("No")


class CourseState(TextChoices):
    """Where a course stands for its reader."""

    UNPUBLISHED = "unpublished", _("Not published")
    AHEAD = "ahead", _("Not started yet")
    RUNNING = "running", _("Running")
    ENDED = "ended", _("Ended")
    CLOSED = "closed", _("Ended and closed to observers")
    DELETED = "deleted", _("Deleted")


class Switch(TextChoices):
    """A setting that takes an element away: of the institution, or of a course."""

    # Of the institution: SCHOOL says how they stand unless somebody chooses otherwise.
    SUBMISSIONS = "observer_sees_submissions", _("Observers see what the student handed in")
    COMMENTS = "observer_sees_comments", _("Observers see comments on the student's work")
    STATISTICS = "observer_sees_statistics", _("Observers see the mean, highest and lowest score of the class")
    FILES = "observer_sees_files", _("Observers see files of a course")
    DISCUSSIONS = "observer_sees_discussions", _("Observers see what the student wrote in discussions")
    CLASSMATES = "observer_sees_classmates", _("Observers see what others wrote in discussions, with their names")
    INBOX = "observer_inbox", _("Observers write messages")
    ATTENDANCE = "observer_sees_attendance", _("Observers see the student's attendance")
    TOOLS = "observer_opens_tools", _("Observers open external tools")
    FEEDS = "observer_feeds", _("Observers subscribe to calendars")
    PAST_COURSES = "observer_reads_past_courses", _("Observers read courses that have ended")
    # Of a course.
    TAB = "hidden_tabs", _("The teacher uses this page in the course")
    NUMBERS = "restrict_quantitative_data", _("The course shows numbers, not only letters")
    TOTALS = "hide_final_grades", _("The course shows totals")


# How the settings of the institution stand by default.
SCHOOL: dict[Switch, bool] = {
    Switch.SUBMISSIONS: False,
    Switch.COMMENTS: True,
    Switch.STATISTICS: False,
    Switch.FILES: True,
    Switch.DISCUSSIONS: False,
    Switch.CLASSMATES: False,
    Switch.INBOX: True,
    Switch.ATTENDANCE: True,
    Switch.TOOLS: False,
    Switch.FEEDS: True,
    Switch.PAST_COURSES: True,
}

NOWHERE = frozenset[CourseState]()
ALWAYS = frozenset(CourseState)
OPEN = frozenset({CourseState.RUNNING, CourseState.ENDED})
RUNNING = frozenset({CourseState.RUNNING})
# A course has a card before it begins, and when it can no longer be read.
CARD = OPEN | {CourseState.AHEAD, CourseState.CLOSED}


@dataclass(frozen=True)
class Row:
    """What is seen of an element by an observer with a student in the course (`linked`), and by one without (`alone`).

    `may` is what they may do with it, empty for nothing. With the switch off, they see `otherwise`.
    """

    what: str | Promise
    linked: Sees
    alone: Sees
    states: frozenset[CourseState] = OPEN
    may: str | Promise = ""
    switch: Switch | None = None
    otherwise: Sees = Sees.NO


class Element(TextChoices):
    """What there is in and around a course, as the rows of the table."""

    CARD = "card"
    HOME = "home"
    SYLLABUS = "syllabus"
    ANNOUNCEMENTS = "announcements"
    NOTIFICATIONS = "notifications"
    ASSIGNMENTS = "assignments"
    ASSIGNMENT_TEXT = "assignment_text"
    ASSIGNMENTS_OF_OTHERS = "assignments_of_others"
    STATUS = "status"
    HANDED_IN = "handed_in"
    SCORE = "score"
    COMMENTS = "comments"
    TOTAL = "total"
    STATISTICS = "statistics"
    CALENDAR = "calendar"
    PERSONAL_CALENDAR = "personal_calendar"
    MODULES = "modules"
    PAGES = "pages"
    FILES = "files"
    DISCUSSIONS = "discussions"
    OWN_ENTRIES = "own_entries"
    OTHER_ENTRIES = "other_entries"
    QUIZZES = "quizzes"
    QUESTIONS = "questions"
    RUBRICS = "rubrics"
    OUTCOMES = "outcomes"
    PEOPLE = "people"
    PICTURE = "picture"
    INBOX = "inbox"
    CHAT = "chat"
    ANALYTICS = "analytics"
    ATTENDANCE = "attendance"
    TOOLS = "tools"
    STUDENT_SETTINGS = "student_settings"
    ALERTS = "alerts"
    FEED = "feed"


Y, T, OWN, N = Sees.YES, Sees.AS_STUDENT, Sees.OWN, Sees.NO

TABLE: dict[Element, Row] = {
    Element.CARD: Row(_("Name, code and term of the course, and its teachers' names"), Y, Y, CARD),
    Element.HOME: Row(_("Home page of the course"), T, T),
    Element.SYLLABUS: Row(_("Syllabus, with dates"), T, T, may=_("print"), switch=Switch.TAB),
    Element.ANNOUNCEMENTS: Row(
        _("Announcements to the student's sections, once they are posted"), T, Sees.FOR_ALL, switch=Switch.TAB
    ),
    Element.NOTIFICATIONS: Row(_("Announcements of the institution"), Y, Y, ALWAYS, may=_("close them for yourself")),
    Element.ASSIGNMENTS: Row(
        _("List of assignments: name, group, due date, points and type"), T, Sees.FOR_ALL, switch=Switch.TAB
    ),
    Element.ASSIGNMENT_TEXT: Row(_("Text of an assignment, once it is unlocked"), T, T, switch=Switch.TAB),
    Element.ASSIGNMENTS_OF_OTHERS: Row(_("Assignments that only other students have"), N, N, NOWHERE),
    Element.STATUS: Row(_("Whether work was handed in, is late, missing, excused or graded"), OWN, N),
    Element.HANDED_IN: Row(_("What the student handed in: text, files, addresses"), OWN, N, switch=Switch.SUBMISSIONS),
    Element.SCORE: Row(
        _("Score and grade of a piece of work, once it is released"),
        OWN,
        N,
        switch=Switch.NUMBERS,
        otherwise=Sees.LETTERS,
    ),
    Element.COMMENTS: Row(
        _("Comments on the student's work, once the grade is released"), OWN, N, switch=Switch.COMMENTS
    ),
    Element.TOTAL: Row(
        _("Total in the course and for each grading period"), OWN, N, may=_("print"), switch=Switch.TOTALS
    ),
    Element.STATISTICS: Row(_("Mean, highest and lowest score of the class"), Y, N, switch=Switch.STATISTICS),
    Element.CALENDAR: Row(
        _("Calendar: events of courses, due dates, important dates"), T, Sees.FOR_ALL, may=_("add events of your own")
    ),
    Element.PERSONAL_CALENDAR: Row(_("The student's own calendar, notes and to-do list"), N, N, NOWHERE),
    Element.MODULES: Row(_("Modules: their order, titles and dates"), T, T, may=_("open items")),
    Element.PAGES: Row(_("Pages"), T, T),
    Element.FILES: Row(_("Files that are not locked"), T, T, may=_("download"), switch=Switch.FILES),
    Element.DISCUSSIONS: Row(_("Questions of discussions"), T, T),
    Element.OWN_ENTRIES: Row(_("What the student wrote in discussions"), OWN, N, switch=Switch.DISCUSSIONS),
    Element.OTHER_ENTRIES: Row(_("What others wrote in discussions, and their names"), Y, N, switch=Switch.CLASSMATES),
    Element.QUIZZES: Row(_("Quizzes: title, dates and points"), T, T),
    Element.QUESTIONS: Row(_("Questions and answers of quizzes"), N, N, NOWHERE),
    Element.RUBRICS: Row(_("Criteria of rubrics"), T, T),
    Element.OUTCOMES: Row(_("Outcomes"), OWN, N),
    Element.PEOPLE: Row(_("People, sections, groups, and the group work of others"), N, N, NOWHERE),
    Element.PICTURE: Row(_("Profile pictures"), Sees.OWN_AND_STAFF, Sees.STAFF),
    Element.INBOX: Row(
        _("Messages"),
        Sees.YOURS,
        Sees.YOURS,
        may=_("write to staff of the course, while it runs"),
        switch=Switch.INBOX,
    ),
    Element.CHAT: Row(_("Chat, collaborations, conferences, appointments"), N, N, NOWHERE),
    Element.ANALYTICS: Row(_("Statistics about the student, such as when they last signed in"), N, N, NOWHERE),
    Element.ATTENDANCE: Row(_("Attendance"), OWN, N, switch=Switch.ATTENDANCE),
    Element.TOOLS: Row(_("External tools"), Sees.LINK, Sees.LINK, RUNNING, switch=Switch.TOOLS),
    Element.STUDENT_SETTINGS: Row(
        _("The student's settings, logins, pairing codes and other observers"), N, N, NOWHERE
    ),
    Element.ALERTS: Row(_("Your alerts"), Y, N, may=_("choose, read and dismiss them")),
    Element.FEED: Row(_("Calendar address to subscribe to"), Y, Y, may=_("create and revoke it"), switch=Switch.FEEDS),
}

# What the service has by now. Rows of other elements say what will hold for them.
BUILT = frozenset(
    {
        Element.CARD,
        Element.HOME,
        Element.SYLLABUS,
        Element.ANNOUNCEMENTS,
        Element.ASSIGNMENTS,
        Element.ASSIGNMENT_TEXT,
        Element.STATUS,
        Element.HANDED_IN,
        Element.SCORE,
        Element.COMMENTS,
        Element.TOTAL,
    }
)

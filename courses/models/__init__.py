"""The tables of the courses app."""

from courses.models.assigned import Assigned
from courses.models.assignment import Assignment, AssignmentDate, AssignmentGroup, GradingPeriod
from courses.models.calendar import CalendarEvent
from courses.models.course import Course, Section, Term, default_section
from courses.models.enrollment import Enrollment, LinkCourse
from courses.models.news import AccountNotification, ClosedNotification, DiscussionTopic
from courses.models.source import Source
from courses.models.submission import Submission, SubmissionComment

__all__ = [
    "AccountNotification",
    "Assigned",
    "Assignment",
    "AssignmentDate",
    "AssignmentGroup",
    "CalendarEvent",
    "ClosedNotification",
    "Course",
    "DiscussionTopic",
    "Enrollment",
    "GradingPeriod",
    "LinkCourse",
    "Section",
    "Source",
    "Submission",
    "SubmissionComment",
    "Term",
    "default_section",
]

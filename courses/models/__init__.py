"""The tables of the courses app."""

from courses.models.content import Announcement, Assignment, Submission, SubmissionComment
from courses.models.course import Course, Section, Term, default_section
from courses.models.enrollment import Enrollment, LinkCourse

__all__ = [
    "Announcement",
    "Assignment",
    "Course",
    "Enrollment",
    "LinkCourse",
    "Section",
    "Submission",
    "SubmissionComment",
    "Term",
    "default_section",
]

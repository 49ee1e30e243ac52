"""How long course data is kept."""

from accounts.domain.retention import Kept

KEPT = (
    Kept(
        "Terms, courses, sections, enrollments, and what courses contain: work, grades, announcements, events",
        (
            "courses.Term",
            "courses.Course",
            "courses.Section",
            "courses.AssignmentGroup",
            "courses.GradingPeriod",
            "courses.Assignment",
            "courses.AssignmentDate",
            "courses.Submission",
            "courses.SubmissionComment",
            "courses.DiscussionTopic",
            "courses.CalendarEvent",
            "courses.AccountNotification",
            "courses.ClosedNotification",
            "courses.Enrollment",
            "courses.LinkCourse",
        ),
        "They are the school's records. What is deleted stays, marked so, and can be brought back.",
    ),
)

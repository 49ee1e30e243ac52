"""How long course data is kept."""

from accounts.domain.retention import Kept

KEPT = (
    Kept(
        "Terms, courses, sections, enrollments, and what the courses contain: work, grades, comments",
        (
            "courses.Term",
            "courses.Course",
            "courses.Section",
            "courses.Announcement",
            "courses.Assignment",
            "courses.Submission",
            "courses.SubmissionComment",
            "courses.Enrollment",
            "courses.LinkCourse",
        ),
        "They are the school's records. What is deleted stays, marked so, and can be brought back.",
    ),
)

"""What is to be told of the lists of somebody's courses."""

from courses.domain.dashboard import CourseList
from courses.models import Course


def open_courses(listed: CourseList) -> list[Course]:
    """The courses of a list that can be opened: all but those that are still to begin."""
    return [each.course for each in (*listed.current, *listed.over)]

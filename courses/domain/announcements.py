"""Announcements of a course, as far as a person is told them."""

from __future__ import annotations

from accounts.models import User
from courses.access.courses import CourseAccess, followed
from courses.models.news import DiscussionTopic, DiscussionTopicQuerySet


def announcements_to(reader: User, access: CourseAccess) -> DiscussionTopicQuerySet:
    """Return the posted announcements that `reader` is told, newest first.

    Students and observers read what is for the whole course, and for the sections of the students concerned.
    """
    posted = DiscussionTopic.objects.filter(course=access.course).announcements().posted().select_related("author")
    return posted.told_to(followed(reader, access)) if access.learns else posted

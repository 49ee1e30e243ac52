"""Enrollments through the API, as the tests ask for them."""

from tests.api import Api


def of_course(section):
    return f"courses/{section.course_id}/enrollments"


def enroll(user, section, **enrollment):
    return Api(user).post(of_course(section), enrollment=enrollment)

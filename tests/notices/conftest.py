"""A student of one course, and somebody who observes them."""

from __future__ import annotations

import pytest

from accounts.models import User
from courses.models import Course
from tests.factories import CourseFactory, SectionFactory, UserFactory, make_student
from tests.observing import pair


@pytest.fixture
def course(root) -> Course:
    return CourseFactory(name="Biology 7", course_code="BIO-7")


@pytest.fixture
def student(course) -> User:
    return make_student(SectionFactory(course=course), name="Mia Stone")


@pytest.fixture
def observer(student) -> User:
    observer = UserFactory(name="Pat Stone")
    pair(observer, student)
    return observer

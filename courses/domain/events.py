"""What is recorded of courses, who is in them and who observes whom: one dataclass for each kind of event."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.domain.events import ByRoster
from accounts.models import BaseType
from accounts.models.audit import Action, Event, Named, Person, Shown, Text
from courses.models import Enrollment

CourseId = Annotated[int, Named("courses.Course", otherwise=_("a course"))]
# Told by the course it is in.
SectionInCourse = Annotated[int, Named("courses.Section", "course__name", word="course", otherwise=_("a course"))]


def _base_type(value: str) -> str | Promise:
    return BaseType(value).label if value in BaseType.values else value


def _state(value: str) -> str | Promise:
    return Enrollment.State(value).label if value in Enrollment.State.values else value


# What can change of an enrollment besides its state: by column, what a sentence calls it.
FIELDS: dict[str, str | Promise] = {
    "start_at": _("start"),
    "end_at": _("end"),
    "limit_privileges_to_course_section": _("limit to the section"),
}


def _field_names(names: list[str] | None) -> str:
    return ", ".join(str(FIELDS.get(name, name)) for name in names or ())


class Scope(StrEnum):
    """What somebody who observes a student may see of them."""

    ALL = "all"
    COURSES = "courses"
    COURSE = "course"


@dataclass(frozen=True)
class AboutObserver(Event):
    """What is common to events that tell who observes the subject."""

    is_about_observing = True

    observer: Person

    @property
    def own_of(self) -> int | None:
        """The observer: who makes or ends their own link does it for themselves."""
        return self.observer


@dataclass(frozen=True)
class Observing(ByRoster, AboutObserver):
    """What is common to the beginning and the end of observing.

    The scope is all courses of the student, those that a link is limited to (`courses`: the ones it opens now), or the
    one `course`. `origin` says what the observing rests on: how a link was made; in one course staff, a roster, or a
    link that follows the student.
    """

    in_course: ClassVar[Text]

    scope: str
    origin: str
    course: CourseId | None = None
    courses: list[int] | None = None

    def told(self, *, own: bool) -> Text:
        """Return the sentence for its scope."""
        return self.in_course if self.scope == Scope.COURSE else super().told(own=own)


@dataclass(frozen=True)
class ObservingBegan(Observing, action=Action.OBSERVING_BEGAN):
    """`observer` observes the subject from now on, in this scope."""

    sentence = _("%(who)s linked %(observer)s as an observer of %(subject)s.")
    own_sentence = _("%(who)s became an observer of %(subject)s.")
    in_course = _("%(observer)s began to observe %(subject)s in %(course)s.")


@dataclass(frozen=True)
class ObservingEnded(Observing, action=Action.OBSERVING_ENDED):
    """`observer` observes the subject no longer, in this scope."""

    sentence = _("%(who)s removed the link of the observer %(observer)s to %(subject)s.")
    own_sentence = _("%(who)s stopped observing %(subject)s.")
    in_course = _("%(observer)s no longer observes %(subject)s in %(course)s.")


@dataclass(frozen=True)
class EnrollmentChanged(ByRoster, action=Action.ENROLLMENT_CHANGED):
    """The subject's enrollment is in another state than `before` (None: it is new), or other `fields` of it changed."""

    sentence = _("%(who)s set the enrollment of %(subject)s in %(course)s as %(type)s to “%(state)s”.")
    own_sentence = _("%(who)s set their own enrollment in %(course)s as %(type)s to “%(state)s”.")
    of_fields = _("%(who)s changed the enrollment of %(subject)s in %(course)s as %(type)s: %(fields)s.")

    enrollment: int
    section: SectionInCourse
    type: Annotated[str, Shown(_base_type)]
    before: str | None
    state: Annotated[str, Shown(_state)]
    fields: Annotated[list[str] | None, Shown(_field_names)] = None

    def told(self, *, own: bool) -> Text:
        """Return the sentence about the state, or, where that is as before, about the fields."""
        return self.of_fields if self.fields and self.before == self.state else super().told(own=own)


@dataclass(frozen=True)
class CourseCreated(ByRoster, action=Action.COURSE_CREATED):
    sentence = _("%(who)s created the course %(course)s.")

    course: CourseId
    account: int


@dataclass(frozen=True)
class CourseChanged(ByRoster, action=Action.COURSE_CHANGED):
    """Other values of these `fields`, or another `state` than `before`."""

    sentence = _("%(who)s changed the course %(course)s.")

    course: CourseId
    fields: list[str] | None = None
    before: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class CourseDeleted(ByRoster, action=Action.COURSE_DELETED):
    """With the state it was in `before`, and how many enrollments ended."""

    sentence = _("%(who)s deleted the course %(course)s.")

    course: CourseId
    name: str
    before: str
    enrollments: int


@dataclass(frozen=True)
class SectionEvent(ByRoster):
    """What is common to events about sections."""

    course: CourseId
    section: int
    name: str


@dataclass(frozen=True)
class SectionCreated(SectionEvent, action=Action.SECTION_CREATED):
    sentence = _("%(who)s created the section %(name)s in %(course)s.")


@dataclass(frozen=True)
class SectionChanged(SectionEvent, action=Action.SECTION_CHANGED):
    """Other values of these `fields`, where they are known."""

    sentence = _("%(who)s changed the section %(name)s in %(course)s.")

    fields: list[str] | None = None


@dataclass(frozen=True)
class SectionDeleted(SectionEvent, action=Action.SECTION_DELETED):
    sentence = _("%(who)s deleted the section %(name)s in %(course)s.")


@dataclass(frozen=True)
class TermEvent(ByRoster):
    """What is common to events about terms."""

    term: int
    name: str


@dataclass(frozen=True)
class TermCreated(TermEvent, action=Action.TERM_CREATED):
    sentence = _("%(who)s created the term %(name)s.")


@dataclass(frozen=True)
class TermChanged(TermEvent, action=Action.TERM_CHANGED):
    """Other values of these `fields`, where they are known."""

    sentence = _("%(who)s changed the term %(name)s.")

    fields: list[str] | None = None


@dataclass(frozen=True)
class TermDeleted(TermEvent, action=Action.TERM_DELETED):
    sentence = _("%(who)s deleted the term %(name)s.")


@dataclass(frozen=True)
class ActingStarted(Event, action=Action.ACTING_STARTED):
    sentence = _("%(who)s started acting as %(subject)s.")


@dataclass(frozen=True)
class ActingStopped(Event, action=Action.ACTING_STOPPED):
    sentence = _("%(who)s stopped acting as %(subject)s.")

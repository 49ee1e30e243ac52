"""Link to Students: the students whom an observer of this course observes here."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.errors import Invalid
from accounts.models import Account, BaseType, User
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from accounts.text.fields import plain_id
from accounts.web.pages import ConfirmPage, Way, way
from accounts.web.pagination import page_of, search_words
from courses.access.enrollment_actions import EnrollmentAction, enrollment_permissions, needed
from courses.domain.course_observers import link_students, observed_in, observing_in, students_for, unlink_student
from courses.domain.members import Member, members_in
from courses.domain.rosters import searched
from courses.views.people import PeoplePage

# How many linked students are listed; the search finds the others.
LISTED = 50


class ObserverPage(PeoplePage, ConfirmPage):
    """What pages about whom an observer of the course observes there have in common."""

    def find(self, user_id: int, *args: Any, **ids: Any) -> None:
        self.rights = enrollment_permissions(self.by, self.access.course)
        if not self.rights.may_link():
            raise PermissionDenied(
                _(
                    "To link observers to students here, you need the permissions “Users - manage students in courses” "
                    "and “Users - add observers in courses” or “Users - remove observers from courses”."
                )
            )
        observers = self.observers(user_id)
        if not observers:
            raise Http404
        wanted = self.request.POST.get("role_id") or self.request.GET.get("role")
        self.observer = next((one for one in observers if str(one.role.pk) == wanted), observers[0])

    def observers(self, user_id: int) -> list[Member]:
        """Return the person as each observer they are here."""
        return [member for member in members_in(self.access.course, user_id, by=self.by) if member.is_observer]

    def back(self) -> Way:
        page = way(_("Link to Students"), "course_link_students", self.access.course.pk, self.observer.person.pk)
        return Way(f"{page.address}?role={self.observer.role.pk}", page.label)

    def show(self, **context: Any) -> HttpResponse:
        return super().show(person=self.observer.person, member=self.observer, **context)


class LinkStudents(ObserverPage):
    """Those linked now, and the students of the course to choose from; sending it links those chosen."""

    template = "link_students.html"

    def act(self) -> None:
        number = link_students(self.observer, _ids(self.request.POST.getlist("student")), by=self.by)
        self.names = {"name": self.observer.person.short_name, "number": number}
        self.done = ngettext(
            "%(name)s now observes one more student in this course.",
            "%(name)s now observes %(number)d more students in this course.",
            number,
        )

    def facts(self) -> dict[str, Any]:
        observed = observed_in(self.access.course, self.observer.person, LISTED + 1, by=self.by)
        return {
            **self._to_choose_from(),
            "observed": observed[:LISTED],
            "more_observed": len(observed) > LISTED,
            "may_link": not self.rights.is_closed
            and needed(EnrollmentAction.ENROLL, BaseType.OBSERVER, observing=True) <= self.rights.keys,
            "may_unlink": needed(EnrollmentAction.REMOVE, BaseType.OBSERVER, observing=True) <= self.rights.keys,
            "links_account": _where_links_are(self.by),
        }

    def _to_choose_from(self) -> dict[str, Any]:
        words = search_words(self.request.GET.get("search"))
        there = students_for(self.observer.person, self.access.course, by=self.by)
        students = searched(there, words, self.access.permissions)
        return {"page": page_of(students, self.request.GET.get("page")), "words": words}


class UnlinkStudent(ObserverPage):
    """End the link to one student in this course, after asking."""

    template = "unlink_student.html"
    done = _("%(observer)s no longer observes %(student)s in this course.")

    def find(self, user_id: int, student_id: int) -> None:
        super().find(user_id)
        beside = observing_in(self.access.course, self.observer.person, by=self.by, linked=False)
        linked = beside.filter(associated_user=student_id).select_related("associated_user")
        self.student: User = get_object_or_404(linked[:1]).associated_user  # type: ignore[assignment]
        self.names = {"observer": self.observer.person.short_name, "student": self.student.short_name}

    def act(self) -> None:
        unlink_student(self.observer.person, self.student, self.access.course, by=self.by)

    def then(self) -> str:
        if self.observers(self.observer.person.pk):
            return super().then()
        return reverse("course_people", args=[self.access.course.pk])

    def facts(self) -> dict[str, Any]:
        return {"student": self.student}


def _ids(chosen: list[str]) -> list[int]:
    ids = {plain_id(text) for text in chosen}
    if None in ids:
        raise Invalid({"student": [("invalid", _("Some of these people are not students of this course."))]})
    return sorted(pk for pk in ids if pk is not None)


def _where_links_are(reader: User) -> Account | None:
    """Return the account on whose pages this reader can end links, if there is one."""
    root = Account.objects.root()
    return root if may_on_account(reader, Permission.MANAGE_USER_OBSERVERS, root) else None

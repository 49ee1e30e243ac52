"""Staff link observers and students, and end links, if they manage observers in the institution."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Account, ObservationLink, User
from accounts.models.ids import OneOf
from accounts.permissions.registry import Permission
from accounts.permissions.resolver import may_on_account
from accounts.web.pages import ConfirmPage, Way, way
from courses.access.observation import MANAGE_LINKS
from courses.domain.course_observers import stays_after
from courses.domain.observation import link, unlink
from courses.domain.rosters import findable, people_of
from courses.models import Course, Enrollment
from courses.views.accounts import AccountPage
from courses.views.person_search import PersonSearchPage

STUDENT, OBSERVER = "student", "observer"
NAMED = 10


class LinksPage(AccountPage):
    """What pages about the links of one person have in common."""

    permission = Permission.READ_ROSTER

    def find(self, user_id: int, *args: Any, **ids: Any) -> None:
        if not may_on_account(self.by, MANAGE_LINKS, Account.objects.root()):
            raise PermissionDenied(_("Only people who manage observers in the whole institution can change links."))
        self.person = get_object_or_404(people_of(self.here.account), pk=user_id)
        self.names["name"] = self.person.short_name

    def back(self) -> Way:
        return way(self.person.short_name, "account_user", self.here.account.pk, self.person.pk)


class FindPerson(LinksPage, PersonSearchPage):
    """Find the student this person is to observe, or an observer for this student (`kind`)."""

    texts = {
        STUDENT: (_("Link %(name)s to a student"), _("Who will %(name)s observe?")),
        OBSERVER: (_("Add an observer of %(name)s"), _("Who will observe %(name)s?")),
    }

    def find(self, user_id: int, kind: str) -> None:
        if kind not in self.texts:
            raise Http404
        super().find(user_id)
        self.kind = kind
        self.title, self.intro = self.texts[kind]

    def choose(self, person: User) -> str:
        return reverse("link_people", args=[self.here.account.pk, self.person.pk, self.kind, person.pk])

    def why_not(self, people: Collection[User]) -> dict[int, str]:
        return {
            **dict.fromkeys(self._linked(people), gettext("Already linked")),
            self.person.pk: gettext("Same person"),
        }

    def _linked(self, others: Collection[User]) -> Iterable[int]:
        links = ObservationLink.objects.live()
        if self.kind == STUDENT:
            return links.filter(observer=self.person, student__in=others).values_list("student_id", flat=True)
        return links.filter(student=self.person, observer__in=others).values_list("observer_id", flat=True)


class LinkPeople(LinksPage, ConfirmPage):
    """Say who will observe whom and what that opens; then make the link."""

    template = "link.html"
    done = _("%(observer)s now observes %(student)s.")

    def find(self, user_id: int, kind: str, other_id: int) -> None:
        super().find(user_id)
        self.kind = kind
        other = get_object_or_404(findable(self.here.account, by=self.by), pk=other_id)
        if other == self.person or kind not in (STUDENT, OBSERVER):
            raise Http404
        self.observer, self.student = (self.person, other) if kind == STUDENT else (other, self.person)
        self.names = {"observer": self.observer.short_name, "student": self.student.short_name}

    def act(self) -> None:
        link(self.observer, self.student, origin=ObservationLink.Origin.STAFF, by=self.by)

    def facts(self) -> dict[str, Any]:
        enrollments = Enrollment.objects.present().live().students().filter(user=self.student)
        courses = Course.objects.filter(OneOf(enrollments.values("section__course"))).order_by("sort_key", "id")
        people = {"person": self.person, "observer": self.observer, "student": self.student, "kind": self.kind}
        return {**people, "courses": list(courses[: NAMED + 1]), "named": NAMED}


class RemoveLink(LinksPage, ConfirmPage):
    """End a link this person is part of, after asking."""

    template = "remove_link.html"
    done = _("%(observer)s no longer observes %(student)s.")

    def find(self, user_id: int, link_id: int) -> None:
        super().find(user_id)
        links = ObservationLink.objects.live().filter(Q(observer=self.person) | Q(student=self.person))
        self.link = get_object_or_404(links.select_related("observer", "student"), pk=link_id)
        self.names = {"observer": self.link.observer.short_name, "student": self.link.student.short_name}

    def act(self) -> None:
        unlink(self.link, by=self.by)

    def facts(self) -> dict[str, Any]:
        return {"person": self.person, "link": self.link, "stays": stays_after(self.link)}

"""Find a person to do something with: a search, page by page, in which each line leads on."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.http import HttpResponse

from accounts.models import User
from accounts.web.pages import Text
from accounts.web.pagination import page_of, search_words
from courses.domain.rosters import findable, known_of_findable, searched
from courses.views.accounts import AccountPage


@dataclass(frozen=True)
class Choice:
    """A person who was found: where choosing them leads, or why they cannot be chosen."""

    person: User
    address: str
    why_not: str = ""


class PersonSearchPage(AccountPage):
    """A search of people of an account, declared as other pages are: its title, what to say above it, the way back."""

    template = "find_person.html"
    is_done_once = False
    intro: Text = ""

    def choose(self, person: User) -> str:
        """Return the address behind a person."""
        raise NotImplementedError

    def why_not(self, people: Collection[User]) -> dict[int, str]:
        """Return by id who of these cannot be chosen, and why."""
        return {}

    def about(self) -> dict[str, object]:
        return {**super().about(), "intro": self.say(self.intro)}

    def answer(self) -> HttpResponse:
        words = search_words(self.request.GET.get("search"))
        keys = known_of_findable(self.here.account, by=self.by)
        people = searched(findable(self.here.account, by=self.by), words, keys)
        page = page_of(people if words else people.none(), self.request.GET.get("page"))
        reasons = self.why_not(page.items)
        choices = [Choice(person, self.choose(person), reasons.get(person.pk, "")) for person in page.items]
        return self.show(page=page, choices=choices, words=words, keys=keys)

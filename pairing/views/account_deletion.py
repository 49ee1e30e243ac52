"""Delete a person's account. The page is in this app because active pairing codes end with it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from accounts.permissions.registry import Permission
from accounts.web.pages import ConfirmPage
from courses.views.account_people import PersonPage
from pairing.domain.account_deletion import delete_user, what_goes


class DeletePerson(PersonPage, ConfirmPage):
    """Say in numbers what goes with the account, then delete it."""

    template = "delete_user.html"
    done = _("Account of %(name)s deleted.")
    done_with_login = _("Account of %(name)s deleted. The login %(login)s can be used again.")

    def find(self, user_id: int) -> None:
        super().find(user_id)
        self.names["login"] = self.person.login_id
        if Permission.VIEW_USER_LOGINS in self.here.permissions:
            self.done = self.done_with_login

    def act(self) -> None:
        delete_user(self.person, by=self.by)

    def then(self) -> str:
        return reverse("account_users", args=[self.here.account.pk])

    def facts(self) -> dict[str, Any]:
        return {"person": self.person, "goes": what_goes(self.person)}

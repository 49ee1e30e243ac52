"""Make a person an admin of the institution; on a new installation also create the institution."""

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.domain.audit import record
from accounts.domain.events import AdminCreated
from accounts.domain.registration import NewUser, problems
from accounts.domain.validation import problems_with
from accounts.models import Account, AccountAdmin, BaseType, Role, User
from accounts.text.names import tidied


class Command(BaseCommand):
    help = "Make an admin of the root account (which is made too when there is none yet)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--login", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--password", help="Asked for when it is not given.")
        parser.add_argument("--institution", default="Our school", help="The root account's name, when it is made.")

    @transaction.atomic
    def handle(self, *, login: str, name: str, password: str | None, institution: str, **options: Any) -> None:
        password = password or getpass.getpass("Password: ")
        if not password:
            raise CommandError("An admin needs a password.")
        wanted = NewUser(name=name, login_id=login, password=password, terms_of_use=True)
        institution = tidied(institution)
        if errors := problems(wanted, by_staff=True) or problems_with(Account, {"name": institution}):
            raise CommandError(" ".join(str(text) for texts in errors.values() for _kind, text in texts))
        name, login = wanted.name, wanted.login_id
        root, _made = Account.objects.get_or_create(parent=None, defaults={"name": institution})
        if User.objects.filter(login_id__iexact=login).exists():
            raise CommandError(f"There is a person with the login {login} already.")
        user = User.objects.create_user(login, password, name=name, email=login if "@" in login else "")
        AccountAdmin.objects.create(user=user, account=root, role=Role.objects.built_in(BaseType.ACCOUNT_ADMIN))
        record(AdminCreated(root.pk), by=None, subject=user)
        self.stdout.write(f"{name} can sign in as {login} and administers {root.name}.")
        if not root.pairing_is_on:
            self.stdout.write(
                "Pairing is off on a new site: nobody can make or use codes. To switch it on, sign in, open Admin,"
                f" {root.name}, Authentication, and choose who may register."
            )

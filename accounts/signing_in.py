"""How django-allauth fits in: it signs people in; it never makes accounts (that is accounts/registering.py)."""

from collections.abc import Collection

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.http import HttpRequest

from accounts.network import network_of


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: sign-up goes through the rules of pairing."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """What sign-in limits count by: the same network as for pairing codes."""
        return network_of(request)


def forget_addresses(people: Collection[int]) -> None:
    """Call it when the e-mail addresses of these people (their ids) change or their accounts end.

    allauth keeps each address to which it once sent a link, and would go on sending links there: whoever reads the
    old mailbox could take over the account. It finds the new address by itself.
    """
    if people:
        EmailAddress.objects.filter(user__in=people).delete()

"""How django-allauth fits in: it signs people in; it never makes accounts (that is accounts/registering.py)."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from accounts.network import network_of


class AccountAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never: sign-up goes through the rules of pairing."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """What sign-in limits count by: the same network as for pairing codes."""
        return network_of(request)

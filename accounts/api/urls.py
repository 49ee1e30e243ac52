"""The API of the accounts app."""

from django.urls import path

from accounts.api import accounts, roles
from accounts.api.endpoints import methods

PROVIDERS = "accounts/<str:account_id>/authentication_providers"

urlpatterns = [
    path("accounts", methods(GET=accounts.index)),
    path("accounts/<str:account_id>", methods(GET=accounts.show, PUT=accounts.change)),
    path("accounts/<str:account_id>/sub_accounts", methods(GET=accounts.sub_accounts, POST=accounts.create_below)),
    path("accounts/<str:account_id>/permissions", methods(GET=roles.permissions)),
    path("accounts/<str:account_id>/roles", methods(GET=roles.index, POST=roles.create)),
    path(
        "accounts/<str:account_id>/roles/<str:role_id>",
        methods(GET=roles.show, PUT=roles.change, DELETE=roles.deactivate),
    ),
    path("accounts/<str:account_id>/roles/<str:role_id>/activate", methods(POST=roles.activate)),
    path("accounts/<str:account_id>/terms_of_service", methods(GET=accounts.terms_of_service)),
    path(PROVIDERS, methods(GET=accounts.providers, PUT=accounts.change_provider)),
    path(f"{PROVIDERS}/<str:provider_id>", methods(GET=accounts.provider, PUT=accounts.change_provider)),
]

"""The API of the accounts app."""

from django.urls import path

from accounts.api import accounts, app_setup, colors, conversations, roles
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
    path("accounts/<str:account_id>/help_links", methods(GET=app_setup.help_links)),
    path("accounts/<str:account_id>/lti_apps/launch_definitions", methods(GET=app_setup.tools)),
    path("brand_variables", methods(GET=app_setup.theme)),
    path("career/experience_summary", methods(GET=app_setup.experience)),
    path("conversations", methods(GET=conversations.index, POST=conversations.create)),
    path("conversations/batches", methods(GET=conversations.batches)),
    path("conversations/find_recipients", methods(GET=conversations.recipients)),
    path("conversations/unread_count", methods(GET=conversations.count_unread)),
    path("search/recipients", methods(GET=conversations.recipients)),
    path("features/environment", methods(GET=app_setup.features)),
    path("settings/environment", methods(GET=app_setup.limits)),
    path("users/<str:user_id>/settings", methods(GET=app_setup.own_settings)),
    path("users/<str:user_id>/colors", methods(GET=colors.index)),
    path("users/<str:user_id>/colors/<str:asset>", methods(GET=colors.show, PUT=colors.change)),
]

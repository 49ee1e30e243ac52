"""Access tokens for the API, stored as digests."""

from django.db import models
from knox.models import AbstractAuthToken


class AccessToken(AbstractAuthToken):
    """A token somebody uses instead of a password; the text itself is shown once and not kept."""

    purpose = models.CharField(max_length=255, blank=True)

    class Meta:
        swappable = "KNOX_TOKEN_MODEL"

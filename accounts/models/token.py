"""Access tokens for the API, stored as digests."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from knox.models import AbstractAuthToken


class AccessToken(AbstractAuthToken):
    """A token somebody uses instead of a password; the text itself is shown once and not kept."""

    last_used_at = models.DateTimeField(default=timezone.now, help_text=_("To the day."))
    purpose = models.CharField(max_length=255, blank=True)

    class Meta:
        swappable = "KNOX_TOKEN_MODEL"

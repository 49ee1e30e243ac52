"""Where what a course contains comes from: made here, or mirrored from a system of the school's."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class Source(models.TextChoices):
    """The kind of system that says what a record holds."""

    NATIVE = "native", _("This site")
    CANVAS = "canvas", "Canvas"
    ONEROSTER = "oneroster", "OneRoster"
    ICS = "ics", _("A calendar")


class Mirrored(models.Model):
    """A record that another system may have: which one, under which id, and when it was last seen there.

    An id is one record's of its kind and source. Of several systems of one kind whose ids may be the same, the ids
    begin with what tells the systems apart, such as the host.
    """

    source = models.CharField(max_length=16, choices=Source.choices, default=Source.NATIVE, db_default="native")
    source_id = models.CharField(max_length=255, null=True, blank=True)
    # Where a reader finds it there.
    source_url = models.CharField(max_length=2048, blank=True, default="", db_default="")
    source_updated_at = models.DateTimeField(null=True, blank=True)
    seen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["source", "source_id"],
                condition=Q(source_id__isnull=False),
                name="one_%(class)s_has_an_id_of_a_source",
            ),
            models.CheckConstraint(
                condition=Q(source="native") | Q(source_id__isnull=False), name="mirrored_%(class)s_has_its_id"
            ),
            models.CheckConstraint(
                condition=Q(source_url="") | Q(source_url__startswith="https://") | Q(source_url__startswith="http://"),
                name="%(class)s_source_is_a_web_address",
            ),
        ]


class Written(models.Model):
    """A record that somebody has written; of whom only the source knows, there is the name."""

    author = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    author_name = models.CharField(max_length=255, blank=True, default="", db_default="")

    class Meta:
        abstract = True

    @property
    def by(self) -> str:
        """Return the name of whoever wrote it; empty where it is not known."""
        return self.author.short_name if self.author else self.author_name

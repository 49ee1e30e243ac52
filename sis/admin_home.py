"""What roster imports have to say on the home of those who import them: see accounts/domain/admin_home.py."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import takewhile

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.domain.admin_home import AccountContext, Step, Waiting
from sis.access import READERS
from sis.models import SisImport

RECENTLY = timedelta(days=7)
MOST = 50
FAILED = (SisImport.State.FAILED, SisImport.State.FAILED_WITH_MESSAGES)


def waiting(posts: Sequence[AccountContext]) -> Iterator[Waiting]:
    """Imports of the last week that failed or were stopped by the brake, since the last that ended well."""
    for here in _readers(posts):
        recent = SisImport.objects.filter(account=here.account, created_at__gt=timezone.now() - RECENTLY)
        latest = [each for each in recent.order_by("-id")[:MOST] if not each.options.get("dry_run")]
        since = list(takewhile(lambda each: each.workflow_state not in SisImport.ENDED_WELL, latest))
        failed = [each for each in since if each.workflow_state in FAILED]
        braked = [each for each in since if each.was_braked]
        if failed:
            text = ngettext(
                "%(count)d roster import failed in whole or in part: %(file)s.",
                "%(count)d roster imports failed in whole or in part, most recently %(file)s.",
                len(failed),
            )
            yield _about(here, failed, text)
        if braked:
            text = ngettext(
                "%(count)d roster import would remove too much and is waiting for a decision: %(file)s.",
                "%(count)d roster imports would remove too much and are waiting for a decision, most "
                "recently %(file)s.",
                len(braked),
            )
            yield _about(here, braked, text)


def _about(here: AccountContext, imports: list[SisImport], text: str) -> Waiting:
    names = {"count": len(imports), "file": imports[0].file_name}
    return Waiting(text % names, reverse("sis_import", args=[here.account.pk, imports[0].pk]))


def first_steps(posts: Sequence[AccountContext]) -> Iterator[Step]:
    """Return the first step that rosters add: the first roster."""
    for here in _readers(posts):
        yield Step(
            _("Import the first roster"),
            _(
                "People, courses and enrollments come from your school's files. A dry run shows what an "
                "import would do."
            ),
            reverse("sis_imports", args=[here.account.pk]),
            SisImport.objects.filter(account=here.account, workflow_state__in=SisImport.ENDED_WELL).exists(),
        )


def _readers(posts: Sequence[AccountContext]) -> list[AccountContext]:
    return [here for here in posts if here.is_root and here.permissions & READERS]

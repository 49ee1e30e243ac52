"""Which data set an upload is compared with (reference 3.6).

Data sets that come again and again make a chain, by the identifier they are sent with. Uploads that say all there is
(OneRoster bulk, School Data Sync) make one without it, by the source they come from: two schools that each send a
file of their own must not remove one another.
"""

from __future__ import annotations

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from sis.models import SisImport

# After so many data sets that were too different to be compared, none is taken before the chain begins anew.
MOST_TOO_DIFFERENT = 5


class NeedsRemaster(Exception):
    """The data sets of this chain have differed too much too often; nothing is imported."""


def base_for(sis_import: SisImport) -> SisImport | None:
    """Return the import that this one, still to be run, is compared with; None for the first of its chain.

    Raises NeedsRemaster.
    """
    before = _chain_of(sis_import).filter(pk__lt=sis_import.pk)
    last = before.order_by("-pk").values_list("diffing_threshold_exceeded", flat=True)[:MOST_TOO_DIFFERENT]
    if list(last) == [True] * MOST_TOO_DIFFERENT:
        text = _(
            "The last {number} data sets of this chain differed too much from the previous one to be "
            "compared, so this one was not imported. Restart the chain with "
            "diffing_remaster_data_set."
        )
        raise NeedsRemaster(text.format(number=MOST_TOO_DIFFERENT))
    return _base(before)


def is_base(sis_import: SisImport) -> bool:
    """Return whether the next import of its chain would be compared with this one."""
    return _base(_chain_of(sis_import)) == sis_import


def _chain_of(sis_import: SisImport) -> QuerySet[SisImport]:
    """Return the imports of the same chain that ended well; none where nothing tells the chain."""
    ended_well = SisImport.objects.filter(
        account=sis_import.account_id,
        diffing_data_set_identifier=sis_import.diffing_data_set_identifier,
        workflow_state__in=SisImport.ENDED_WELL,
        options__dry_run=False,
    )
    if sis_import.diffing_data_set_identifier:
        return ended_well
    source = sis_import.data.get("source")
    return ended_well.filter(data__source=source, data__is_whole=True) if source else ended_well.none()


def _base(chain: QuerySet[SisImport]) -> SisImport | None:
    """Return the latest of the chain that was itself compared, or began it anew; else its first.

    Of uploads that say all there is the latest: each is a new beginning.
    """
    bases = chain.filter(
        Q(diffed_against__isnull=False) | Q(options__diffing_remaster_data_set=True) | Q(diffing_data_set_identifier="")
    )
    return bases.order_by("-pk").first() or chain.order_by("pk").first()

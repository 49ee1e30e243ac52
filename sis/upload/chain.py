"""Which data set an upload is compared with (reference 3.6).

Data sets that come again and again make a chain, by the identifier they are sent with. Uploads that say all there is
(OneRoster bulk, School Data Sync) make one without it, by the source they come from: two schools that each send a
file of their own must not remove one another. Uploads of changes belong to the chain too (sis/imports/deltas.py), but
only where nothing else has come is one of them compared with.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from sis.models import SisImport

# After so many data sets that were too different to be compared, none is taken before the chain begins anew.
MOST_TOO_DIFFERENT = 5
# So many of those since the one before are looked at: each of them has removed what those before it left.
MOST_PASSED_OVER = 3


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
    return _base(before) or _deltas(sis_import).filter(pk__lt=sis_import.pk).order_by("pk").first()


def is_base(sis_import: SisImport) -> bool:
    """Return whether the next import of its chain would be compared with this one."""
    return (_base(_chain_of(sis_import)) or _deltas(sis_import).order_by("pk").first()) == sis_import


def deltas_since(sis_import: SisImport, base: SisImport) -> list[int]:
    """Return the ids of the uploads of changes in the chain since `base`, which `sis_import` is compared with."""
    return list(_deltas(sis_import).filter(pk__gt=base.pk, pk__lt=sis_import.pk).values_list("pk", flat=True))


def passed_over(sis_import: SisImport, base: SisImport, kinds: Collection[str]) -> list[SisImport]:
    """Return the imports whose rows may be here although `base`, which `sis_import` is compared with, had none of them.

    That are the latest since then, which failed, were stopped on their way or were too different to be compared; and,
    of each of these kinds that the base did not have, the latest that had it.
    """
    chain = _applied(sis_import)
    since = chain.filter(pk__gt=base.pk, pk__lt=sis_import.pk).order_by("-pk")[:MOST_PASSED_OVER]
    older = [
        chain.filter(pk__lt=base.pk, data__supplied_batches__contains=[kind]).order_by("-pk").first() for kind in kinds
    ]
    return list({one.pk: one for one in (*since, *older) if one}.values())


def _chain_of(sis_import: SisImport) -> QuerySet[SisImport]:
    """Return the imports of the same chain that ended well; none where nothing tells the chain."""
    return _applied(sis_import).filter(workflow_state__in=SisImport.ENDED_WELL)


def _applied(sis_import: SisImport) -> QuerySet[SisImport]:
    """Return the data sets of the same chain of which rows were applied, or all of none."""
    return _of_chain(sis_import).exclude(data__has_key="is_delta")


def _deltas(sis_import: SisImport) -> QuerySet[SisImport]:
    """Return the uploads of changes of the same chain of which rows were applied, or all of none."""
    return _of_chain(sis_import).filter(data__has_key="is_delta")


def _of_chain(sis_import: SisImport) -> QuerySet[SisImport]:
    """Return the imports of the same chain, of whatever was sent, of which rows were applied, or all of none."""
    applied = SisImport.objects.filter(
        account=sis_import.account_id,
        diffing_data_set_identifier=sis_import.diffing_data_set_identifier,
        options__dry_run=False,
    ).filter(Q(resume_n__gt=0) | Q(workflow_state__in=SisImport.ENDED_WELL))
    if sis_import.diffing_data_set_identifier:
        return applied
    source = sis_import.data.get("source")
    return applied.filter(data__source=source) if source else applied.none()


def _base(chain: QuerySet[SisImport]) -> SisImport | None:
    """Return the latest of the chain that was itself compared, or began it anew; else its first.

    Of uploads that say all there is the latest that was not too different: each is a new beginning.
    """
    bases = chain.filter(
        Q(diffed_against__isnull=False)
        | Q(options__diffing_remaster_data_set=True)
        | Q(diffing_data_set_identifier="", diffing_threshold_exceeded=False)
    )
    return bases.order_by("-pk").first() or chain.order_by("pk").first()

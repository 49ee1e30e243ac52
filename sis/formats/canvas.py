"""What a Canvas roster file is: its header decides, its name means nothing."""

from __future__ import annotations

from sis.kinds.kind import Columns, Kind, UnsupportedKind
from sis.kinds.registry import all_kinds


def kind_of(columns: Columns) -> Kind | UnsupportedKind | None:
    """Return the kind of a file with these columns (lower-case): the first in the order of kinds that recognizes them.

    None for a file that is not a roster file of Canvas.
    """
    return next((kind for kind in all_kinds() if kind.recognizes(columns)), None)

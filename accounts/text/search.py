"""What a search finds: by the beginnings of the words of a name, and by the beginnings of logins, addresses and ids.

The words of each name stand in a generated column, folded as `accounts.text.collation` compares names, so that no
writer can forget them, and an index of PostgreSQL's own finds what begins as was typed. The first of the words by which
somebody is sorted is marked: whom it finds stand together in a list, and are found in its order.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from django.contrib.postgres.search import SearchVectorField
from django.db.models import BooleanField, F, Func, GeneratedField, Q, TextField, Value
from django.db.models.functions import Upper

from accounts.text.collation import ASCII_DROPPED, DROPPED, FOLD, LONGEST_KEY, folded, function, quoted

NOBODY = Q(pk__in=[])
# Words that a sign joins or parts are found either way: O’Brien also as Brien, Anne-Marie as Annemarie, BIO101 by 101.
_JOINING, _PARTING = "-\u2010\u2011", ASCII_DROPPED + DROPPED
_APART = f"""
    IF plain ~ {quoted(f"[{_PARTING}{_JOINING[1:]}-]")} THEN
        plain := plain || ' ' || translate(plain, {quoted(_PARTING + _JOINING)}, {quoted(" " * len(_PARTING))});
    END IF;
    IF plain ~ '[^0-9 ][0-9]' THEN
        plain := plain || ' ' || regexp_replace(plain, '([^0-9 ])([0-9])', '\\1 \\2', 'g');
    END IF;
"""
# Where no spaces stand between words, a name is found from each of its letters on: Korean, Japanese, Chinese.
_WITHOUT_SPACES = r"[\u1100-\u11ff\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af]"
# The database takes no longer words than of 2,046 bytes.
_WORDS = f"""
    IF octet_length(plain) > 2000 THEN
        plain := regexp_replace(plain, '([^ ]{{{LONGEST_KEY}}})[^ ]+', '\\1', 'g');
    END IF;
    first := split_part(plain, ' ', 1);
    IF octet_length(plain) > length(plain) AND plain ~ '{_WITHOUT_SPACES}' THEN
        plain := concat_ws(' ', plain, (
            SELECT string_agg(substr(word, start), ' ')
            FROM unnest(string_to_array(plain, ' ')) word, generate_series(2, length(word)) start
            WHERE word ~ '{_WITHOUT_SPACES}'));
    END IF;
"""  # noqa: S608 constants only
# Where there are words of so many letters, the index is asked for these only: few words begin with as many.
TELLING = 4
# Signs that no name has in its folded form: of the first word, of a pair of initials, and of an initial beyond ASCII.
_MARK, _PAIR, _OTHER = "<=*"
# Of three words or more also, of each two but the first, the initials: so the index tells at once who may have both of
# two short words, of which each alone begins a name of very many. Names of two words, the most, cost nothing more.
_INITIALS = f"""
    further := array_remove(string_to_array(plain, ' '), first);
    IF further[1] <> ANY (further) THEN
        further := further || (
            SELECT array_agg(DISTINCT '{_PAIR}' || least(one, other) || greatest(one, other))
            FROM unnest(further) a(word) JOIN unnest(further) b(word) ON a.word < b.word COLLATE "C",
                LATERAL (SELECT CASE WHEN ascii(a.word) < 128 THEN left(a.word, 1) ELSE '{_OTHER}' END COLLATE "C",
                                CASE WHEN ascii(b.word) < 128 THEN left(b.word, 1) ELSE '{_OTHER}' END COLLATE "C"
                        ) initials(one, other));
    END IF;
"""  # noqa: S608 constants only

SQL = function(
    "accounts_search_words",
    "sorted_by text, more text, others text",
    "concat_ws(' ', sorted_by, more, nullif(others, more))",
    _APART + FOLD + _WORDS + _INITIALS,
    f"array_to_tsvector(('{_MARK}' || first) || further)",
    "tsvector",
    declare="first text; further text[];",
)

REVERSE = "DROP FUNCTION accounts_search_words(text, text, text);"


def search_words(sorted_by: str, *more: str) -> GeneratedField:
    """Return the column of the words of a name (see `words_of`)."""
    words = words_of(sorted_by, *more)
    return GeneratedField(expression=words, output_field=SearchVectorField(), db_persist=True)


def words_of(sorted_by: str, *more: str) -> Func:
    """Return the words of the column that lists are sorted by, and of at most two `more`."""
    names = (sorted_by, *more, *[Value("")] * (2 - len(more)))
    return Func(*names, function="accounts_search_words", output_field=SearchVectorField())


class _Matches(Func):
    """Whether the words of a name fit a query, as the index of words finds it."""

    template = "%(expressions)s::tsquery"
    arg_joiner = " @@ "
    output_field = BooleanField()


class _MatchesRow(_Matches):
    """The same in a form that no index answers: for a walk along the order of a list."""

    template = "ts_match_vq(%(expressions)s::tsquery)"
    arg_joiner = ", "


class BeginsWith(Func):
    """Whether a text begins with another; indexes by bytes (`text_pattern_ops`, or the collation "C") find it, whatever
    the server's locale.
    """

    template = "(%(expressions)s)"
    arg_joiner = " ^@ "
    output_field = BooleanField()


def begins(column: str, words: str, key: type[Func] = Upper) -> Q:
    """Return the condition that a column begins with `words`, in any case, or by another `key` of both."""
    return Q(BeginsWith(key(column), key(Value(words, output_field=TextField()))))


@dataclass(frozen=True)
class Start:
    """What a search finds by the first of the words of its order, by one of those typed: it stands together in a list.

    `word` begins that first word, and `others` the further words of a name: as an index finds it by the longest of
    them, and row by row.
    """

    word: str
    others: tuple[str, ...]

    @property
    def begins(self) -> Q:
        """The rows that begin so."""
        return Q(sort_key__startswith=self.word)

    def begins_row(self, row: Any) -> bool:
        """Return whether a row begins so."""
        return bool(row.sort_key.startswith(self.word))

    @property
    def found(self) -> Q:
        """What is found of these, by an index."""
        return self.begins & _further([max(self.others, key=len)]) & self.found_row_by_row

    @property
    def found_row_by_row(self) -> Q:
        """The same, in a form that no index but that of the order answers."""
        return self.begins & _fits(_MatchesRow, _elsewhere(self.others)) if self.others else self.begins


class Search:
    """What was typed, as conditions on rows with the columns `search_words` and `sort_key`.

    A row is found if each of the words begins a word of its name. `ids`: a condition by which it is found as well.
    """

    def __init__(self, words: str, ids: Q = NOBODY) -> None:
        self._ids = ids
        typed = {word[:LONGEST_KEY] for word in folded(words).split(" ") if word}
        # What begins with “mia” begins with “m” as well.
        self.words = sorted(one for one in typed if not any(other.startswith(one) for other in typed - {one}))

    @property
    def found(self) -> Q:
        """What is found."""
        telling = [word for word in self.words if len(word) >= TELLING]
        return self.found_by(telling or self.words)

    def found_by(self, asked: Collection[str]) -> Q:
        """Return what is found, for which the index is asked for these words only."""
        return beginning_with(asked) & self._fits_row | self._ids

    @property
    def found_row_by_row(self) -> Q:
        """The same, in a form that no index answers."""
        return self._fits_row | self._ids

    @cached_property
    def starts(self) -> list[Start]:
        """What is found by the first of the words of the order, which each of the words typed can begin."""
        return [Start(word, tuple(other for other in self.words if other != word)) for word in self.words]

    @property
    def initials(self) -> Q:
        """Whom the index finds by further words with the initials of several typed."""
        return _fits(_Matches, " & ".join(f"'{pair}'" for pair in self._pairs))

    def otherwise(self, asked: Collection[str] = ()) -> Q:
        """Return the rest, which can be anywhere in a list.

        Of one word, the index finds it; of several, by their initials, and by those of them it is `asked` for.
        """
        elsewhere = _further(self.words)
        if len(self.words) > 1:
            elsewhere = self.initials & _fits(_MatchesRow, _elsewhere(self.words))
            elsewhere &= _further(asked) if asked else Q()
        found = elsewhere | self._ids
        for start in self.starts:
            found &= ~start.found_row_by_row
        return found

    @property
    def _pairs(self) -> list[str]:
        initials = sorted(word[0] if word[0].isascii() else _OTHER for word in self.words)
        return [_PAIR + one + other for one, other in combinations(initials, 2)]

    @cached_property
    def _fits_row(self) -> Q:
        return _fits(_MatchesRow, _anywhere(self.words))


def beginning_with(words: Collection[str]) -> Q:
    """Return the condition that each of these begins a word of a name, as the index finds it."""
    return _fits(_Matches, _anywhere(words))


def _further(words: Collection[str]) -> Q:
    """Return the same of the words of a name but the first."""
    return _fits(_Matches, _elsewhere(words))


def _fits(matches: type[_Matches], query: str) -> Q:
    return Q(matches(F("search_words"), Value(query, output_field=TextField()))) if query else NOBODY


# Folded words have no quotes and no backslashes.
def _elsewhere(words: Collection[str]) -> str:
    return " & ".join(f"'{word}':*" for word in words)


def _anywhere(words: Collection[str]) -> str:
    return " & ".join(f"('{word}':* | '{_MARK}{word}':*)" for word in words)

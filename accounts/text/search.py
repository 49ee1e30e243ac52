"""What a search finds: by the beginnings of the words of a name, and by the beginnings of logins, addresses and ids.

The words of each name stand in a generated column, folded as `accounts.text.collation` compares names, so that no
writer can forget them, and an index of PostgreSQL's own finds what begins as was typed. The first of the words by which
somebody is sorted is marked: whom it finds stand together in a list, and are found in its order.
"""

from __future__ import annotations

from functools import cached_property

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
# No name has this sign in its folded form.
_MARK = "<"

SQL = function(
    "accounts_search_words",
    "sorted_by text, more text, others text",
    "concat_ws(' ', sorted_by, more, nullif(others, more))",
    _APART + FOLD + _WORDS,
    f"array_to_tsvector(('{_MARK}' || first) || array_remove(string_to_array(plain, ' '), first))",
    "tsvector",
    declare="first text;",
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
    """Whether a text begins with another; indexes with `text_pattern_ops` find it, whatever the server's locale."""

    template = "(%(expressions)s)"
    arg_joiner = " ^@ "
    output_field = BooleanField()


def begins(column: str, words: str) -> Q:
    """Return the condition that a column begins with `words`, in any case."""
    return Q(BeginsWith(Upper(column), Upper(Value(words, output_field=TextField()))))


class Search:
    """What was typed, as conditions on rows with the columns `search_words` and `sort_key`.

    A row is found if each of the words begins a word of its name. `ids`: a condition by which it is found as well.
    """

    def __init__(self, words: str, ids: Q = NOBODY) -> None:
        self._ids = ids
        self._words = list(dict.fromkeys(word[:LONGEST_KEY] for word in folded(words).split(" ") if word))

    @property
    def has_words(self) -> bool:
        """Whether anything of it can be in a name."""
        return bool(self._words)

    @property
    def found(self) -> Q:
        """What is found."""
        return self._named | self._ids

    @property
    def found_row_by_row(self) -> Q:
        """The same, in a form that no index answers."""
        return self._fits_row | self._ids

    @property
    def by_first_word(self) -> list[Q]:
        """If one word was typed, what it finds by the first of the words of its order: such rows follow each other."""
        return [Q(sort_key__startswith=self._words[0])] if len(self._words) == 1 else []

    @property
    def otherwise(self) -> Q:
        """The rest: such rows can be anywhere in a list."""
        if len(self._words) != 1:
            return self.found
        elsewhere = _fits(_Matches, f"'{self._words[0]}':*")
        return (elsewhere | self._ids) & ~self.by_first_word[0]

    @cached_property
    def _fits_row(self) -> Q:
        return _fits(_MatchesRow, _query(self._words))

    @property
    def _named(self) -> Q:
        telling = [word for word in self._words if len(word) >= TELLING]
        return _fits(_Matches, _query(telling)) & self._fits_row if telling else _fits(_Matches, _query(self._words))


def _fits(matches: type[_Matches], query: str) -> Q:
    return Q(matches(F("search_words"), Value(query, output_field=TextField()))) if query else NOBODY


# Folded words have no quotes and no backslashes.
def _query(words: list[str]) -> str:
    return " & ".join(f"('{word}':* | '{_MARK}{word}':*)" for word in words)

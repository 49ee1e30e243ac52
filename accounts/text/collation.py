"""How texts compare: how names are folded, how lists are ordered, which logins are one and the same.

The database computes all of it, with functions of ours in generated columns and indexes, so that no writer can forget
it, and that it is the same on every server, whatever its locale. ASCII, which most names are, takes the short way.

Letters are compared without marks and case, those of the Latin script by their nearest of a to z (after the
transform Latin-ASCII of the Unicode CLDR). Other scripts follow the Latin one, each in the order of its letters.
"""

from __future__ import annotations

import re
import string
import unicodedata
from typing import Any

from django.db.models import Func, GeneratedField, TextField
from django.db.models.lookups import Lookup

from accounts.text.fields import WithComplaints

_ONE_FOR_ONE = {
    **dict(zip("ıøłđðħŧŋəɓɗƙƴɨʉɛɔ", "iolddhtnebdkyiueo", strict=True)),
    "ς": "σ",
}
_ONE_FOR_TWO = {"ß": "ss", "ẞ": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
# Marks on letters of Latin, Greek, Cyrillic, Hebrew and Arabic, and joiners. The vowels of Indic scripts are not marks.
_MARKS = (
    r"[\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670"
    r"\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f\u200c\u200d\u0640\u02bc\u00b7]+"
)
# O’Brien is O'Brien and OBrien, Anne-Marie is Anne Marie, St. Clair is St Clair.
ASCII_DROPPED = ".'`"
DROPPED = "´‘’‛ʻʼʽʾʿ＇·\u00ad"
_ASCII_SPACED = ',;:!?"()[]{}<>/\\|_%*#&@~^$=+-\n'
_SPACED = "“”„‟«»‹›‐‑‒–—―−－，、・\u00a0\u3000"

# Characters that look like a Latin letter, lowercase or capital (after Unicode's UTS 39, confusables).
_LIKE_LATIN = {
    **dict(zip("авеёкмнорстухіїјѕԁһԛԝѵӏ", "abeekmhopctyxiijsdhqwvl", strict=True)),
    **dict(zip("αβεζηικμνορτυχϳ", "abezhikmvoptuxj", strict=True)),
    **dict(zip("ոսօհցքյզ", "nuohgpjq", strict=True)),
}

LONGEST_KEY = 255


def _case_table() -> dict[str, str]:
    """Return, by capital letter without marks, its lowercase letter, if both are single characters beyond ASCII."""
    table = {}
    for letter in map(chr, range(0x80, 0x20000)):
        small = letter.casefold()
        if small != letter and len(small) == 1 and unicodedata.normalize("NFKD", letter) == letter:
            table[letter] = small
    return table


_SMALL = _case_table()
_PLAIN = {
    **{letter: _ONE_FOR_ONE.get(small, small) for letter, small in _SMALL.items()},
    **_ONE_FOR_ONE,
}


def quoted(text: str) -> str:
    """Return a text as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _translated(sql: str, table: dict[str, str]) -> str:
    return f"translate({sql}, {quoted(''.join(table))}, {quoted(''.join(table.values()))})"


def _replaced(sql: str, table: dict[str, str]) -> str:
    for letter, letters in table.items():
        sql = f"replace({sql}, {quoted(letter)}, {quoted(letters)})"
    return sql


# In each function `plain` is the text. No function calls another: pg_restore and index builds do not find ours.
FOLD = f"""
    IF octet_length(plain) > length(plain) THEN
        plain := translate(plain, {quoted(_SPACED + DROPPED)}, {quoted(" " * len(_SPACED))});
        plain := regexp_replace(normalize(plain, NFKD), {quoted(_MARKS)}, '', 'g');
    END IF;
    IF octet_length(plain) > length(plain) THEN
        plain := normalize({_replaced(_translated("plain", _PLAIN), _ONE_FOR_TWO)}, NFC);
    END IF;
    plain := translate(plain, {quoted(_ASCII_SPACED + ASCII_DROPPED)}, {quoted(" " * len(_ASCII_SPACED))});
    plain := btrim(lower(plain COLLATE "C"));
    IF strpos(plain, '  ') > 0 THEN
        plain := regexp_replace(plain, ' +', ' ', 'g');
    END IF;
"""
# The same in Python, for texts outside the database: a test checks that both agree.
_TO_SPACES = {**dict.fromkeys(map(ord, _SPACED), " "), **dict.fromkeys(map(ord, DROPPED))}
_ASCII_TO_SPACES = {**dict.fromkeys(map(ord, _ASCII_SPACED), " "), **dict.fromkeys(map(ord, ASCII_DROPPED))}
_TO_PLAIN = str.maketrans(_PLAIN)
_TO_TWO = str.maketrans(_ONE_FOR_TWO)
_TO_SMALL = str.maketrans(string.ascii_uppercase, string.ascii_lowercase)


def folded(text: str) -> str:
    """Return the text as the database compares names: plain lowercase letters, and single spaces between the words."""
    if not text.isascii():
        text = re.sub(_MARKS, "", unicodedata.normalize("NFKD", text.translate(_TO_SPACES)))
    if not text.isascii():
        text = unicodedata.normalize("NFC", text.translate(_TO_PLAIN).translate(_TO_TWO))
    text = text.translate(_ASCII_TO_SPACES).translate(_TO_SMALL)
    return re.sub(" +", " ", text.strip(" "))


_FOLD_LOGIN = f"""
    IF octet_length(plain) > length(plain) THEN
        plain := {_translated("normalize(plain, NFKD)", _SMALL)};
        plain := normalize(replace(replace(lower(plain COLLATE "C"), 'ß', 'ss'), 'ẞ', 'ss'), NFKC);
        plain := left(plain, {LONGEST_KEY});
    ELSE
        RETURN lower(plain COLLATE "C");
    END IF;
"""


def function(
    name: str,
    parameters: str,
    begin: str,
    body: str,
    result: str = "plain",
    returns: str = "text",
    *,
    declare: str = "",
) -> str:
    """Return SQL that makes an immutable function of text: `plain` begins as one expression, `body` changes it."""
    return f"""
CREATE FUNCTION {name}({parameters}) RETURNS {returns} LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    plain text := {begin};
    {declare}
BEGIN
    {body}
    RETURN {result};
END $$;
"""


SQL = (
    # The part before the first comma sorts first: “Lee, Zoe” comes before “Lee Ford, Ann”.
    function(
        "accounts_sort_key",
        "sortable_name text",
        "overlay(sortable_name || ',' PLACING chr(9) FROM strpos(sortable_name || ',', ',') FOR 1)",
        FOLD,
        f"left(ltrim(regexp_replace(plain, ' ?' || chr(9) || ' ?', chr(9)), chr(9)), {LONGEST_KEY})",
    )
    + function("accounts_login_key", "login text", "login", _FOLD_LOGIN)
    + function("accounts_login_shape", "login text", "login", _FOLD_LOGIN, _translated("plain", _LIKE_LATIN))
)

REVERSE = """
DROP FUNCTION accounts_login_shape(text);
DROP FUNCTION accounts_login_key(text);
DROP FUNCTION accounts_sort_key(text);
"""


class SameLogin(Lookup):
    """`login_id__iexact`, by which logins are looked up everywhere, sign-in included: see accounts_login_key.

    Whoever was deleted has none: their login is free, and may be somebody else's by now.
    """

    lookup_name = "iexact"

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        left, left_values = self.process_lhs(compiler, connection)
        right, right_values = self.process_rhs(compiler, connection)
        state = f"{compiler.quote_name_unless_alias(self.lhs.alias)}.state"
        same = f"accounts_login_key({left}) = accounts_login_key({right})"
        return f"({same} AND {state} <> 'deleted')", [*left_values, *right_values]


class LoginKey(Func):
    """Two logins are the same if and only if this is."""

    function = "accounts_login_key"


class LoginShape(Func):
    """Two logins look alike if and only if this is the same."""

    function = "accounts_login_shape"


class EmailKey(Func):
    """Two email addresses are the same if this is, and in its order they are listed; it is never missing.

    By bytes, so that one index finds addresses, and their beginnings, and has their order.
    """

    template = 'UPPER(%(expressions)s) COLLATE "C"'
    output_field = TextField()
    is_never_missing = True


class LoginField(WithComplaints):
    """What a person signs in with. Compared regardless of case and of how a keyboard composes or widens letters."""

    known_as = "accounts.text.collation.LoginField"


LoginField.register_lookup(SameLogin)


def sort_key(of: str) -> GeneratedField:
    """Return the column that a list is ordered by, made from the column `of`."""
    key = Func(of, function="accounts_sort_key")
    return GeneratedField(expression=key, output_field=TextField(db_collation="C"), db_persist=True)

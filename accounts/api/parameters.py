"""What a client sent: query, form, multipart and JSON in one bag, nested as Rails nests it.

`user[name]=Ana` is {"user": {"name": "Ana"}}, `include[]=email` is {"include": ["email"]}. Clients for Canvas
send the same call in any of these ways, a PUT or DELETE included, and expect what is unknown to be ignored.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, time
from typing import Any, NoReturn

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.request import Request

from accounts.errors import Invalid
from accounts.text.fields import BIGGEST

LONGEST = 100_000
MOST_IN_A_LIST = 1_000
DEEPEST = 10
YEARS = range(1900, 2201)
BRACKETS = re.compile(r"\[([^\[\]]*)\]")
FLAGS = {
    "true": True,
    "1": True,
    "on": True,
    "yes": True,
    "false": False,
    "0": False,
    "off": False,
    "no": False,
}


class Parameters:
    """A hash of parameters, read by type. Every reader raises Invalid (400) for what cannot be that type."""

    def __init__(self, tree: Mapping[str, Any], name: str = "") -> None:
        self._tree = tree
        self._name = name

    def __contains__(self, key: str) -> bool:
        return self._tree.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._tree)

    def under(self, key: str) -> Parameters:
        """Return the hash at `key`; an empty one when there is none or something else."""
        found = self._tree.get(key)
        return Parameters(found if isinstance(found, dict) else {}, self._path(key))

    def is_hash(self, key: str) -> bool:
        return isinstance(self._tree.get(key), dict)

    def text(self, key: str, default: str = "") -> str:
        """Return the text at `key`, untrimmed. NUL and half characters are refused: no database takes them."""
        found = self._tree.get(key)
        return default if found is None else self._as_text(key, found)

    def flag(self, key: str, default: bool = False) -> bool:
        """Return true, false, 1 or 0, as JSON or as text; empty counts as absent."""
        text = self.text(key).strip().lower()
        if text and text not in FLAGS:
            self.refuse(key, _("Must be true or false."))
        return FLAGS[text] if text else default

    def whole(self, key: str, default: int | None = None) -> int | None:
        """Return a whole number that fits the database."""
        text = self.text(key).strip()
        if not text:
            return default
        if not re.fullmatch(r"-?[0-9]{1,19}", text) or abs(int(text)) > BIGGEST:
            self.refuse(key, _("Must be a whole number."))
        return int(text)

    def texts(self, key: str) -> list[str]:
        """Return the texts of a list; a single one (`enrollment_type=student`) is a list of one."""
        found = self._tree.get(key)
        if isinstance(found, dict):
            found = list(found.values())
        if not isinstance(found, list):
            return [self._as_text(key, found)] if found not in (None, "") else []
        if len(found) > MOST_IN_A_LIST:
            self.refuse(key, _("This list is too long."))
        return [self._as_text(key, item) for item in found]

    def file(self, key: str) -> UploadedFile | None:
        """Return the file of that name in a form of several parts; None when there is a text or nothing."""
        found = self._tree.get(key)
        return found if isinstance(found, UploadedFile) and found.file is not None else None

    def moment(self, key: str) -> datetime | None:
        """Return an ISO 8601 date or time; without an offset it is in UTC."""
        text = self.text(key).strip()
        if not text:
            return None
        try:
            moment = parse_datetime(text)
            if moment is None and (day := parse_date(text)):
                moment = datetime.combine(day, time())
        except ValueError:
            moment = None
        if moment is None or moment.year not in YEARS:
            self.refuse(key, _("Must be a time such as 2026-11-28T03:00:00Z."))
        return moment if timezone.is_aware(moment) else moment.replace(tzinfo=UTC)

    def _as_text(self, key: str, value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, int | float):
            return str(value)
        if not isinstance(value, str):
            self.refuse(key, _("Must be a single string."))
        if len(value) > LONGEST or "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            self.refuse(key, _("This is too long or contains a character that is not allowed."))
        return value

    def _path(self, key: str) -> str:
        return f"{self._name}.{key}" if self._name else key

    def refuse(self, key: str, message: str | Promise, kind: str = "invalid") -> NoReturn:
        """Raise Invalid for what stands at `key`."""
        raise Invalid({self._path(key): [(kind, message)]})


# A roster sent as the body itself contains no parameters.
WITH_PARAMETERS = ("application/json", "application/x-www-form-urlencoded", "multipart/form-data")
# The parameter that names the person to act as. For file uploads it counts in the query only.
ACTING = "as_user_id"


def parameters(request: Request) -> Parameters:
    """Return the parameters of a request, read once; the body counts before the query.

    Raises ParseError for an unreadable body, and Invalid if a person to act as is named too late, in a body with files.
    """
    found: Parameters | None = getattr(request, "bag", None)
    if found is None:
        found = request.bag = _parameters(request)  # type: ignore[attr-defined]
    return found


def parameters_of_acting(request: Request) -> Parameters:
    """Return where to look for the person the caller acts as: large uploads are not read before the sender is known."""
    return query_parameters(request) if reads_files(request) else parameters(request)


def reads_files(request: Request) -> bool:
    """Return whether the endpoint reads large uploads piece by piece and enforces the limit itself."""
    view = request.parser_context["view"]
    return getattr(getattr(view, (request.method or "").lower(), None), "takes_files", False)


def _parameters(request: Request) -> Parameters:
    tree = nest(_pairs(request.query_params))
    if (request.content_type or "").partition(";")[0].strip().lower() not in WITH_PARAMETERS:
        return Parameters(tree)
    try:
        body = request.data
    except RecursionError:
        raise ParseError("JSON parse error - nested too deeply") from None
    if isinstance(body, QueryDict):
        body = nest(_pairs(body))
    if isinstance(body, dict):
        if reads_files(request) and any(tree.get(key) != body[key] for key in body if key.startswith(ACTING)):
            raise Invalid({ACTING: [("invalid", _("For file uploads, send as_user_id in the query string."))]})
        _merge(tree, body)
    return Parameters(tree)


def query_parameters(request: Request) -> Parameters:
    """Return the parameters of the query alone, for requests whose body is something else."""
    return Parameters(nest(_pairs(request.query_params)))


def _pairs(values: QueryDict) -> Iterable[tuple[str, Any]]:
    return ((key, value) for key, several in values.lists() for value in several)


def _merge(tree: dict[str, Any], more: Mapping[str, Any]) -> None:
    for key, value in more.items():
        here = tree.get(key)
        tree[key] = {**here, **value} if isinstance(here, dict) and isinstance(value, dict) else value


def nest(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Nest parameters as Rails does. If a key appears twice, even as a text and as a hash, the last one counts."""
    tree: dict[str, Any] = {}
    for key, value in pairs:
        head, bracket, rest = key.partition("[")
        path = [head, *BRACKETS.findall(bracket + rest)]
        if len(path) > DEEPEST:
            raise ParseError("parameters nested too deeply")
        _put(tree, path, value)
    return tree


def _put(here: dict[str, Any], path: list[str], value: Any) -> None:
    key, *rest = path
    if not rest:
        here[key] = value
    elif rest[0]:
        if not isinstance(here.get(key), dict):
            here[key] = {}
        _put(here[key], rest, value)
    else:
        if not isinstance(here.get(key), list):
            here[key] = []
        _append(here[key], rest[1:], value)


def _append(items: list[Any], path: list[str], value: Any) -> None:
    """Append as Rails does: `x[]=1` adds an item; `x[][a]=1` goes into the last item until that has an `a`."""
    if not path:
        items.append(value)
        return
    if not items or not isinstance(items[-1], dict) or (len(path) == 1 and path[0] in items[-1]):
        items.append({})
    _put(items[-1], path, value)

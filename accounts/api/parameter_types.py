"""The parameters of an endpoint as data: name, type, allowed words and meaning, stated once beside the handler.

From the same statement come parsing, the 400 for what cannot be read, docs/api.md and the OpenAPI schema. A parameter
is read by the object that declares it: `request.params[SEARCH_TERM]`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from django.core.files.uploadedfile import UploadedFile
from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.api.parameters import FLAGS, Parameters
from accounts.errors import Invalid
from accounts.text.fields import plain_id

Value = TypeVar("Value")
Schema = dict[str, Any]


class UndeclaredParameter(LookupError):
    """An endpoint reads a parameter that it does not declare: a fault of ours, never of the client's."""


@dataclass(frozen=True, eq=False)
class Parameter(Generic[Value]):
    """One parameter. `name` is what clients write (`account[name]`, `include[]`), `meaning` one sentence.

    `required` is what to say when it is missing; empty means that it may be. `field` is what the rules call the value,
    where that differs from the last part of the name.
    """

    name: str
    meaning: str
    required: str | Promise = ""
    field: str = ""
    type_name: ClassVar[str]

    @property
    def path(self) -> list[str]:
        """The keys that lead to the value: `account[name]` is `account`, `name`."""
        return [part for part in re.split(r"[\[\]]+", self.name) if part]

    @property
    def is_list(self) -> bool:
        return self.name.endswith("[]")

    @property
    def kept_as(self) -> str:
        """The name of the value among the arguments of a rule."""
        return self.field or self.path[-1]

    def place(self, bag: Parameters) -> tuple[Parameters, str]:
        """Return the hash that the value stands in, and its key there."""
        *above, key = self.path
        for part in above:
            bag = bag.under(part)
        return bag, key

    def is_in(self, bag: Parameters) -> bool:
        """Return whether the client sent it: null counts as not sent, an empty text as sent."""
        here, key = self.place(bag)
        return key in here

    def read(self, bag: Parameters) -> Value:
        """Return the value, or what stands for none. Raises Invalid, with the parameter's name, for what is none."""
        here, key = self.place(bag)
        if self.required and not here.text(key).strip():
            here.refuse(key, self.required, "blank")
        return self.value(here, key)

    def value(self, here: Parameters, key: str) -> Value:
        raise NotImplementedError

    def schema(self) -> Schema:
        """Return the type in JSON Schema's words."""
        raise NotImplementedError


class Text(Parameter[str]):
    """A text; empty when not given. A number or a truth value in JSON counts as its text."""

    type_name = "text"

    def value(self, here: Parameters, key: str) -> str:
        return here.text(key)

    def schema(self) -> Schema:
        return {"type": "string"}


class TextBesideHash(Text):
    """A text whose name also heads a hash of other parameters, which is not for this one to read."""

    def is_in(self, bag: Parameters) -> bool:
        return super().is_in(bag) and not bag.is_hash(self.name)

    def value(self, here: Parameters, key: str) -> str:
        return "" if here.is_hash(key) else here.text(key)


class Id(Text):
    """An id: a number, or an id of the school's such as `sis_user_id:S1`. Whose it is the endpoint looks up."""

    type_name = "id"

    def schema(self) -> Schema:
        return {"type": ["integer", "string"]}


class Flag(Parameter[bool]):
    """True or false; false when not given or empty."""

    type_name = "true/false"

    def value(self, here: Parameters, key: str) -> bool:
        return here.flag(key)

    def schema(self) -> Schema:
        return {"type": "boolean"}


class Either(Parameter[bool | None]):
    """True or false, where each asks for something; None when not given or empty."""

    type_name = "true/false"

    def value(self, here: Parameters, key: str) -> bool | None:
        return here.flag(key) if here.text(key).strip() else None

    def schema(self) -> Schema:
        return {"type": "boolean"}


class Whole(Parameter[int | None]):
    """A whole number; None when not given or empty."""

    type_name = "number"

    def value(self, here: Parameters, key: str) -> int | None:
        return here.whole(key)

    def schema(self) -> Schema:
        return {"type": "integer"}


class Moment(Parameter[datetime | None]):
    """A date or time; None when not given or empty."""

    type_name = "time"

    def value(self, here: Parameters, key: str) -> datetime | None:
        return here.moment(key)

    def schema(self) -> Schema:
        return {"type": "string", "format": "date-time"}


class File(Parameter[UploadedFile | None]):
    """A file in a form of several parts; None when there is none."""

    type_name = "file"

    def value(self, here: Parameters, key: str) -> UploadedFile | None:
        return here.file(key)

    def schema(self) -> Schema:
        return {"type": "string", "format": "binary"}


class Texts(Parameter[list[str]]):
    """A list of texts; one alone counts as a list of one."""

    type_name = "texts"

    def value(self, here: Parameters, key: str) -> list[str]:
        return here.texts(key)

    def schema(self) -> Schema:
        return {"type": "array", "items": {"type": "string"}}


class Ids(Texts):
    """A list of ids, which are numbers."""

    type_name = "ids"

    def value(self, here: Parameters, key: str) -> list[str]:
        found = [text.strip() for text in here.texts(key)]
        if any(text and plain_id(text) is None for text in found):
            here.refuse(key, _("Must be numbers."))
        return [text for text in found if text]

    def schema(self) -> Schema:
        return {"type": "array", "items": {"type": ["integer", "string"]}}


@dataclass(frozen=True, eq=False)
class Counter(Parameter[int]):
    """A number from 1 to `most`. Nonsense counts as `default`, and more than `most` as `most`: clients rely on it."""

    default: int = 1
    most: int = 1
    type_name = "number"

    def sent(self, bag: Parameters) -> str:
        """Return the text that was sent; empty for none, and for what is no text."""
        try:
            return bag.text(self.name)
        except Invalid:
            return ""

    def read(self, bag: Parameters) -> int:
        text = self.sent(bag)
        number = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
        return min(number, self.most) if number else self.default

    def schema(self) -> Schema:
        return {"type": "integer", "minimum": 1, "maximum": self.most, "default": self.default}


@dataclass(frozen=True, eq=False)
class Word(Parameter[str]):
    """One of a few words, in any case; empty when not given, or given empty where it `may_be_empty`.

    `aliases` are other words for these.
    """

    words: Collection[str] = ()
    aliases: Mapping[str, str] | None = None
    may_be_empty: bool = True
    type_name = "word"

    def value(self, here: Parameters, key: str) -> str:
        text = here.text(key).strip().lower()
        if not text and (self.may_be_empty or key not in here):
            return ""
        found = {word.lower(): word for word in self.words}.get((self.aliases or {}).get(text, text).lower())
        if found is None:
            here.refuse(key, one_of(self.words), "inclusion")
        return found

    def schema(self) -> Schema:
        return {"type": "string", "enum": [*self.words]}


@dataclass(frozen=True, eq=False)
class Words(Parameter[list[str]]):
    """A list of a few words."""

    words: Collection[str] = ()
    type_name = "words"

    def value(self, here: Parameters, key: str) -> list[str]:
        found = [word for word in here.texts(key) if word]
        if not {*found} <= {*self.words}:
            here.refuse(key, one_of(self.words), "inclusion")
        return found

    def schema(self) -> Schema:
        return {"type": "array", "items": {"type": "string", "enum": [*self.words]}}


@dataclass(frozen=True, eq=False)
class Includes(Parameter[frozenset[str]]):
    """What may come with the answer on request, each with its meaning.

    `absent` is what Canvas adds besides and clients ask for by habit: it is left out, as whatever else is asked for.
    `refused` is what nobody asks for unless they need it, each with the reason, marked with gettext_noop.
    """

    name: str = "include[]"
    meaning: str = "What to add to the answer."
    words: Mapping[str, str] | None = None
    absent: Collection[str] = ()
    refused: Mapping[str, str] | None = None
    type_name = "words"

    def value(self, here: Parameters, key: str) -> frozenset[str]:
        asked = here.texts(key)
        if why := next((self.refused[word] for word in asked if word in self.refused), "") if self.refused else "":
            here.refuse(key, _(why), "inclusion")
        return frozenset(asked) & frozenset(self.words or ())

    def schema(self) -> Schema:
        return {"type": "array", "items": {"type": "string", "examples": [*(self.words or ())]}}


@dataclass(frozen=True, eq=False)
class NotServed(Parameter[None]):
    """A parameter of Canvas's that is not done here. Whoever sends it is told so instead of being ignored.

    `fits` are the values that ask for what is so here anyway; these are taken, and with them an empty one.
    """

    refusal: str | Promise = ""
    fits: Collection[str] = ()
    type_name = "refused"

    def value(self, here: Parameters, key: str) -> None:
        if key in here and not self._fits(here, key):
            here.refuse(key, self.refusal)

    def _fits(self, here: Parameters, key: str) -> bool:
        if not self.fits or here.is_hash(key):
            return False
        sent = [text.strip().lower() for text in here.texts(key)]
        return all({text, str(FLAGS.get(text)).lower()} & {"", *self.fits} for text in sent)

    def schema(self) -> Schema:
        return {"type": "string", "deprecated": True}


def not_served(why: str, *names: str, fits: Collection[str] = ()) -> tuple[NotServed, ...]:
    """Return parameters that are all refused for one reason: `why`, a sentence marked with gettext_noop."""
    taken = " or ".join(f"`{value}`" if value else "an empty value" for value in fits)
    meaning = f"{why} Only {taken} is taken." if fits else why
    return tuple(NotServed(name, meaning, refusal=gettext_lazy(why), fits=fits) for name in names)


@dataclass(frozen=True, eq=False)
class FlagsByKey(Parameter[dict[str, bool]]):
    """True or false for each of several keys: `permissions[<permission>][enabled]`. Unknown keys are ignored."""

    keys: Collection[str] = ()
    type_name = "true/false"

    def is_in(self, bag: Parameters) -> bool:
        return bool(self.read(bag))

    def read(self, bag: Parameters) -> dict[str, bool]:
        head, _key, leaf = self.path
        among = bag.under(head)
        return {key: among.under(key).flag(leaf) for key in among if key in self.keys and among.under(key).text(leaf)}

    def schema(self) -> Schema:
        return {"type": "boolean"}


def one_of(words: Collection[str]) -> str:
    """Say what may be given: “Please give delete or conclude.”"""
    return _("Please give %(words)s.") % {"words": get_text_list([str(word) for word in words], _("or"))}


class Given:
    """The parameters of one request, all of them read as they are declared. Raises Invalid for all that are no good."""

    def __init__(self, bag: Parameters, declared: Collection[Parameter[Any]]) -> None:
        self._bag = bag
        self._values: dict[Parameter[Any], Any] = {}
        errors: dict[str, list[tuple[str, str | Promise]]] = {}
        for parameter in declared:
            try:
                self._values[parameter] = parameter.read(bag)
            except Invalid as refusal:
                errors |= refusal.errors
        if errors:
            raise Invalid(errors)

    def __iter__(self) -> Iterator[Parameter[Any]]:
        return iter(self._values)

    def __getitem__(self, parameter: Parameter[Value]) -> Value:
        """Return the value of a parameter. Raises UndeclaredParameter for one that the endpoint does not declare."""
        if parameter not in self._values:
            raise UndeclaredParameter(parameter.name)
        found: Value = self._values[parameter]
        return found

    def __contains__(self, parameter: Parameter[Any]) -> bool:
        """Return whether the client sent it."""
        if parameter not in self._values:
            raise UndeclaredParameter(parameter.name)
        return parameter.is_in(self._bag)

    def sent(self, parameter: Parameter[Value]) -> Value | None:
        """Return the value of a parameter that was sent; None for one that was not."""
        if parameter not in self:
            return None
        return self[parameter]

    def values(self, *parameters: Parameter[Any]) -> dict[str, Any]:
        """Return the values of all of them, sent or not, by the names that the rules give them."""
        return {parameter.kept_as: self[parameter] for parameter in parameters}

    def fields(self, *parameters: Parameter[Any]) -> dict[str, Any]:
        """Return those that were sent, by the names that the rules give them: what is not given stays as it is."""
        return {parameter.kept_as: self[parameter] for parameter in parameters if parameter in self}

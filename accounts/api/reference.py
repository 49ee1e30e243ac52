"""What the declarations of the API say, in words: for the page at /doc/api and for the tables in docs/api.md.

docs/api.md is written by hand but for what stands between the marks `<!-- calls -->` and `<!-- end -->`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from accounts.api.endpoints import Call, every_call
from accounts.api.openapi import JSON, schema_of
from accounts.api.pagination import PAGING
from accounts.api.parameter_types import Includes, NotServed, Parameter, Schema, Word, Words

MARKED = re.compile(r"(<!-- calls -->\n).*?(<!-- end -->)", re.DOTALL)


@dataclass(frozen=True)
class Chapter:
    """The calls about one subject."""

    title: str
    calls: list[Call] = field(default_factory=list)

    @property
    def parameters(self) -> list[Parameter[Any]]:
        """Each parameter of these calls once, but for those of lists in general."""
        return list(dict.fromkeys(each for call in self.calls for each in call.takes if each not in PAGING))

    @property
    def served(self) -> list[Parameter[Any]]:
        """Those of them that do something."""
        return [each for each in self.parameters if not isinstance(each, NotServed)]


def chapters() -> list[Chapter]:
    """Return all calls by subject."""
    found: dict[str, Chapter] = {}
    for call in every_call():
        title = call.operation.group
        found.setdefault(title, Chapter(title)).calls.append(call)
    return list(found.values())


def type_in_words(parameter: Parameter[Any]) -> str:
    """Say what may be given: “word: delete or conclude”."""
    if isinstance(parameter, Word | Words):
        return f"{parameter.type_name}: {', '.join(str(word) for word in parameter.words)}"
    return parameter.type_name


def meaning_in_words(parameter: Parameter[Any]) -> str:
    """Say what a parameter does, and that it has to be given where it has."""
    if isinstance(parameter, Includes):
        return _includes_in_words(parameter)
    needed = " Required." if parameter.required and not isinstance(parameter, NotServed) else ""
    return f"{parameter.meaning}{needed}"


def _includes_in_words(parameter: Includes) -> str:
    added = "; ".join(f"`{word}`: {meaning}" for word, meaning in (parameter.words or {}).items())
    found = [f"{parameter.meaning} {added}."]
    if parameter.absent:
        found.append(f"Not added here: {', '.join(f'`{word}`' for word in parameter.absent)}.")
    found += [f"`{word}` is answered with 400: {why}" for word, why in (parameter.refused or {}).items()]
    return " ".join(found)


def refused_by_reason(parameters: Iterable[Parameter[Any]]) -> dict[str, list[str]]:
    """Return the names of the parameters that are answered with 400, by the reason."""
    found: dict[str, list[str]] = {}
    for each in parameters:
        if isinstance(each, NotServed):
            names = found.setdefault(each.meaning, [])
            names += [each.name] if each.name not in names else []
    return found


def answer_in_words(call: Call) -> tuple[str, str]:
    """Return what a call answers with, as words before a name (“list of ”) and the name of a shape."""
    if call.operation.produces != JSON:
        return "a file" if call.operation.produces == "*/*" else call.operation.produces, ""
    return in_words(schema_of(call.operation.body, {}))


def in_words(schema: Schema) -> tuple[str, str]:
    """Return a schema in words: those before the name of a shape, and that name, or no name."""
    if "$ref" in schema:
        return "", schema["$ref"].rpartition("/")[2]
    if "anyOf" in schema:
        each = [in_words(one) for one in schema["anyOf"]]
        named = next((name for _before, name in each if name), "")
        others = [before or name for before, name in each if not name or name != named]
        return f"{' or '.join(others)} or " if named else " or ".join(others), named
    if "items" in schema:
        before, name = in_words(schema["items"])
        return f"list of {before}", name
    if "additionalProperties" in schema:
        before, name = in_words(schema["additionalProperties"])
        return f"for each key {before}", name
    if "enum" in schema:
        return " or ".join(map(str, schema["enum"])), ""
    return {"date-time": "time"}.get(schema.get("format", ""), str(schema.get("type", "anything"))), ""


def written_into(text: str) -> str:
    """Return docs/api.md with the tables of calls and parameters written anew."""
    return MARKED.sub(lambda found: f"{found[1]}\n{_tables(chapters())}{found[2]}", text)


def _tables(found: Iterable[Chapter]) -> str:
    return "".join(_chapter(chapter) for chapter in found)


def _chapter(chapter: Chapter) -> str:
    lines = [f"### {chapter.title}", "", "| call | does |", "|---|---|"]
    lines += [f"| `{call.shown}` | {_cell(' '.join(call.operation.about).strip())} |" for call in chapter.calls]
    if chapter.served:
        lines += ["", "| parameter | of | type | meaning |", "|---|---|---|---|"]
        lines += [_row(parameter, chapter) for parameter in chapter.served]
    if refused := refused_by_reason(chapter.parameters):
        lines += ["", "Answered with 400:", ""]
        lines += [f"- {', '.join(f'`{name}`' for name in names)}: {why}" for why, names in refused.items()]
    return "\n".join([*lines, "", ""])


def _row(parameter: Parameter[Any], chapter: Chapter) -> str:
    methods = dict.fromkeys(call.method for call in chapter.calls if parameter in call.takes)
    cells = (f"`{parameter.name}`", ", ".join(methods), type_in_words(parameter), meaning_in_words(parameter))
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")

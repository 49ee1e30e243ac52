"""The reference of the API as a page, made from what the endpoints declare."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from accounts.api.endpoints import IDS, every_call
from accounts.api.openapi import document
from accounts.api.parameter_types import NotServed
from accounts.api.reference import (
    Chapter,
    answer_in_words,
    chapters,
    in_words,
    meaning_in_words,
    refused_by_reason,
    type_in_words,
)
from accounts.web.cache_headers import same_for_strangers


@same_for_strangers
def api_reference(request: HttpRequest) -> HttpResponse:
    """Show every call with its parameters, answers and refusals, for everybody."""
    context = {"chapters": [_chapter(chapter) for chapter in chapters()], "shapes": _shapes()}
    return render(request, "accounts/api_reference.html", context)


def _chapter(chapter: Chapter) -> dict[str, Any]:
    calls = []
    for call in chapter.calls:
        summary, more = call.operation.about
        before, shape = answer_in_words(call)
        calls.append(
            {
                "name": call.name,
                "shown": call.shown,
                "summary": with_code(summary),
                "more": with_code(more),
                "ids": [(name, with_code(IDS.get(name, "A number."))) for name in call.ids],
                "parameters": [
                    (each.name, type_in_words(each), with_code(meaning_in_words(each)))
                    for each in call.takes
                    if not isinstance(each, NotServed)
                ],
                "refused": [(names, with_code(why)) for why, names in refused_by_reason(call.takes).items()],
                "answer": before,
                "shape": shape,
                "refusals": [(status, with_code(why)) for status, why in call.refusals.items()],
                "is_public": call.operation.public,
            }
        )
    return {"title": chapter.title, "calls": calls}


def _shapes() -> list[dict[str, Any]]:
    """Return what the answers are made of: each shape with its keys."""
    schemas = document(every_call(), "/api/v1")["components"]["schemas"]
    return [
        {
            "name": name,
            "about": schema["description"],
            "keys": [
                (key, *in_words(inner), key in schema.get("required", ()))
                for key, inner in schema["properties"].items()
            ],
        }
        for name, schema in sorted(schemas.items())
    ]


def with_code(text: str) -> SafeString:
    """Return a text of the declarations with what stands between backticks as code."""
    parts = text.split("`")
    marked = [
        format_html("<code>{}</code>", part) if at % 2 else conditional_escape(part) for at, part in enumerate(parts)
    ]
    return mark_safe("".join(marked))  # noqa: S308 - each part is escaped

"""JSON as Canvas's clients expect it: whatever they accept, ids as strings on request, times in UTC."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

JSON = "application/json"
STRING_IDS = "application/json+canvas-string-ids"


class CanvasNegotiation(DefaultContentNegotiation):
    """There is one way to answer, so no request is refused for what it accepts."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        wanted = STRING_IDS if STRING_IDS in request.META.get("HTTP_ACCEPT", "") else JSON
        return next(iter(renderers)), wanted


class CanvasEncoder(JSONEncoder):
    """Times as `2026-11-28T03:00:00Z`."""

    def default(self, o: Any) -> Any:
        if isinstance(o, datetime):
            return o.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        return super().default(o)


class CanvasRenderer(JSONRenderer):
    """JSON, with every id a string for the clients that ask for it (the apps for iOS)."""

    media_type = JSON
    charset = "utf-8"
    encoder_class = CanvasEncoder

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if accepted_media_type == STRING_IDS:
            data = with_string_ids(data)
        return super().render(data, JSON, renderer_context)


def with_string_ids(data: Any) -> Any:
    """Return a copy of `data` in which every id (`id`, `…_id`, `…_ids`) is a string."""
    if isinstance(data, dict):
        return {key: _as_id(value) if _is_id(key) else with_string_ids(value) for key, value in data.items()}
    if isinstance(data, list):
        return [with_string_ids(item) for item in data]
    return data


def _is_id(key: str) -> bool:
    return key == "id" or key.endswith(("_id", "_ids"))


def _as_id(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_id(item) for item in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

"""Talking to the API as clients written for Canvas do: a real token, bodies nested with brackets."""

from typing import Any
from urllib.parse import urlencode

from django.test import Client

from accounts.domain.tokens import make_token
from accounts.models import User

FORM = "application/x-www-form-urlencoded"


def pairs(value: Any, name: str = "") -> list[tuple[str, str]]:
    """`{"a": {"b": [1, 2]}}` → `a[b][]=1`, `a[b][]=2`."""
    if isinstance(value, dict):
        return [pair for key, item in value.items() for pair in pairs(item, f"{name}[{key}]" if name else str(key))]
    if isinstance(value, list):
        return [pair for item in value for pair in pairs(item, f"{name}[]")]
    return [(name, str(value).lower() if isinstance(value, bool) else str(value))]


class Api:
    """`Api(user).get("users/self")`; without a user, nobody has signed in."""

    def __init__(self, user: User | None = None, **headers: str) -> None:
        self.headers = headers
        if user:
            self.headers["Authorization"] = f"Bearer {make_token(user, 'test', by=None)}"

    def get(self, path: str, **query: Any):
        return Client(headers=self.headers).get(f"/api/v1/{path}", pairs(query))

    def post(self, path: str, **form: Any):
        return self.send("POST", path, form)

    def put(self, path: str, **form: Any):
        return self.send("PUT", path, form)

    def delete(self, path: str, **form: Any):
        return self.send("DELETE", path, form)

    def send(self, method: str, path: str, form: dict[str, Any]):
        client = Client(headers=self.headers)
        return client.generic(method, f"/api/v1/{path}", urlencode(pairs(form)), content_type=FORM)

    def raw(self, method: str, path: str, body: bytes | str = b"", content_type: str = "application/json"):
        return Client(headers=self.headers).generic(method, f"/api/v1/{path}", body, content_type=content_type)


def ids(response) -> list[int]:
    """The ids in a list answer."""
    assert response.status_code == 200, response.content
    return [item["id"] for item in response.json()]

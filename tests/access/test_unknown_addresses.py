"""Addresses that are not there, below each one that is; and requests that nobody can read, sent to any address."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.urls import get_resolver

from accounts.domain.tokens import make_token
from tests.access.test_access import routes
from tests.factories import make_admin

pytestmark = pytest.mark.django_db
PARTS = "multipart/form-data; boundary=b"
FORM = "application/x-www-form-urlencoded"
MANY = range(1200)
UNREADABLE = {
    "a form in UTF-7": (b"a=+ADw-script", f"{FORM}; charset=utf-7"),
    "a form in UTF-16": ("a=1".encode("utf-16"), f"{FORM}; charset=utf-16"),
    "a form in what is no charset": (b"a=1", f"{FORM}; charset=nonsense"),
    "JSON in UTF-7": (b'{"a": "+ADw-script"}', "application/json; charset=utf-7"),
    "parts in UTF-16": (b"--b--\r\n", f"{PARTS}; charset=utf-16"),
    "parts without a boundary": (b"x", "multipart/form-data"),
    "parts with a boundary that cannot be": (b"x", "multipart/form-data; boundary=" + "x" * 300),
    "1,200 parameters in a form": ("&".join(f"a{i}=1" for i in MANY).encode(), FORM),
    "1,200 parameters in parts": (
        b"".join(b'--b\r\nContent-Disposition: form-data; name="a%d"\r\n\r\n1\r\n' % i for i in MANY) + b"--b--\r\n",
        PARTS,
    ),
}


def addresses() -> list[str]:
    """Every address there is, each id a 1."""
    shapes = ("/" + re.sub(r"<[^>]+>", "1", path) for path, _entry in routes(get_resolver()))
    return sorted({shape for shape in shapes if re.fullmatch(r"[\w/.-]+", shape)})


def below(address: str) -> str:
    return f"{address.rstrip('/')}/no-such-thing/at/all"


@pytest.fixture(params=["nobody", "admin"])
def visitor(request, root) -> Client:
    """Somebody's browser, which sends a token too and gets the error page instead of the exception."""
    client = Client(raise_request_exception=False)
    if request.param == "admin":
        admin = make_admin()
        client.force_login(admin)
        client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {make_token(admin, 'test', by=None)}"
    return client


def complaints(client: Client, method: str, address: str, expected: int, **sent: object) -> list[str]:
    answer = client.generic(method, address, **sent)  # type: ignore[arg-type]
    kind = "application/json" if f"{address}/".startswith("/api/") else "text/html"
    if answer.status_code == expected and answer.headers["Content-Type"].startswith(kind):
        return []
    return [f"{method} {address}: {answer.status_code}, {answer.headers['Content-Type']}"]


def test_what_is_not_there_is_a_404_below_every_address(visitor):
    asked = [below(address) for address in addresses()]
    asked += ["/no-such-thing", "/api", "/api/", "/api/v2", "/api/v2/users/self", "/apis", "/api/v10"]
    found = [
        each for address in asked for method in ("GET", "POST") for each in complaints(visitor, method, address, 404)
    ]
    assert found == [], "\n".join(found)


@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_a_400_at_every_address_there_is_or_not(visitor, what):
    body, kind = UNREADABLE[what]
    # Uploads of rosters are read later, when it is known who sends them.
    known = [address for address in addresses() if not address.endswith(("/sis_import", "/sis_imports"))]
    assert len(known) > 100
    found = [
        each
        for address in [*known[::6], *{below(each) for each in known[::20]}, "/api/v2/x"]
        for method in ("POST", "PUT")
        for each in complaints(visitor, method, address, 400, data=body, content_type=kind)
    ]
    assert found == [], "\n".join(found)


def test_1200_parameters_in_the_query_are_a_400(visitor):
    query = "&".join(f"a{i}=1" for i in MANY)
    for address in ("/", "/no-such-thing", "/api", "/api/v1/users/self", "/login/canvas", "/healthz"):
        answer = visitor.get(f"{address}?{query}")
        assert answer.status_code == 400, address


def test_the_query_is_utf_8_whatever_the_body_claims_to_be(visitor):
    answer = visitor.generic("GET", "/terms?a=%C3%A9", data="", content_type="text/plain; charset=base64")
    assert answer.status_code == 200


def test_the_root_of_the_api_says_where_the_documentation_is(client, root):
    for address in ("/api/v1", "/api/v1/"):
        assert client.get(address).json()["documentation"] == "http://testserver/api/v1/documentation"
    answer = client.get("/api/v1/documentation")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.content.startswith(b"# The API")


def test_nothing_larger_than_a_form_is_read_where_no_upload_is_expected(visitor, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    parts = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"1" * 100 + b"\r\n--b--\r\n"
    for address in ("/login/canvas", "/register", "/profile/settings", "/api/v1/users/self", "/api/v2/x"):
        for method in ("POST", "PUT"):
            assert complaints(visitor, method, address, 413, data=parts, content_type=PARTS) == []

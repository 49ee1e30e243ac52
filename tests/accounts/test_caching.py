"""What browsers may keep: what is public and stays the same is sent once, and everything else is kept nowhere."""

import pytest

from accounts.models import Account
from tests.access.table import PAGES
from tests.access.world import World
from tests.api import Api
from tests.factories import UserFactory

PUBLIC = ["/terms", "/doc/api", "/api/v1/openapi.json", "/api/v1/documentation", "/time_zones"]


@pytest.mark.parametrize("address", PUBLIC)
@pytest.mark.parametrize("accepts", ["identity", "gzip"])
def test_what_is_public_is_sent_to_strangers_once(client, root, address, accepts):
    first = client.get(address, headers={"accept-encoding": accepts})
    assert (first.status_code, first.headers.get("Content-Encoding", "identity")) == (200, accepts)
    again = client.get(address, headers={"accept-encoding": accepts, "if-none-match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert "no-store" not in first.headers["Cache-Control"]


def test_it_is_sent_anew_once_it_has_changed(client, root):
    before = client.get("/terms").headers["ETag"]
    Account.objects.update(terms_of_use="Be kind.")
    after = client.get("/terms", headers={"if-none-match": before})
    assert after.status_code == 200
    assert "Be kind." in after.content.decode()


@pytest.mark.parametrize("address", PUBLIC[:2])
def test_with_a_name_in_it_a_public_page_is_kept_nowhere(client, root, address):
    stranger = client.get(address).headers["ETag"]
    client.force_login(UserFactory())
    answer = client.get(address, headers={"if-none-match": stranger})
    assert (answer.status_code, answer.headers.get("ETag")) == (200, None)
    assert answer.headers["Cache-Control"] == "no-store"


def test_what_a_call_with_a_token_answers_is_kept_nowhere(root):
    answer = Api(UserFactory()).get("openapi")
    assert (answer.headers["Cache-Control"], answer.headers.get("ETag")) == ("no-store", None)


def test_all_other_pages_are_kept_nowhere(client, db):
    world = World()
    client.force_login(world.people["admin"])
    ids = world.ids(world.here)
    for row in PAGES:
        if row.method == "GET" and "admin" in row.who and row.path != "/time_zones":
            answer = client.get(row.path.format_map(ids))
            assert (row.path, answer.headers.get("ETag")) == (row.path, None)
            assert "no-store" in answer.headers["Cache-Control"], row.path


def test_forms_of_strangers_are_kept_nowhere(client, root):
    for address in ("/login/canvas", "/register", "/login/password/reset"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers.get("ETag")) == (200, None)
        assert "no-store" in answer.headers["Cache-Control"]

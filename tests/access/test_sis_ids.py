"""The ids of the school's own systems are for those with the permission to read them; one's own is no secret."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from accounts.domain.tokens import make_token
from accounts.models import User
from tests.access.table import API, Row
from tests.access.world import World

FAMILIES = ["student", "classmate", "observer", "course_observer", "outsider", "other_observer"]
INCLUDES = "&".join(
    f"include[]={word}" for word in ("term", "sections", "observed_users", "enrollments", "user", "avatar_url", "email")
)
OWN = {"sis_user_id", "integration_id"}


def sis_ids(body: Any, reader: User) -> Iterator[str]:
    """The names of all such ids in a body, but for those that the reader's own record holds."""
    if isinstance(body, list):
        for each in body:
            yield from sis_ids(each, reader)
    if isinstance(body, dict):
        is_own = reader.pk in (body.get("id"), body.get("user_id")) and "course_code" not in body
        for key, value in body.items():
            if (key.startswith("sis_") or key == "integration_id") and not (is_own and key in OWN):
                yield key
            yield from sis_ids(value, reader)


def told(row: Row, world: World, reader: User) -> set[str]:
    """What an address tells them of such ids, everything included that can be asked for."""
    path = row.path.format_map(world.ids(world.here))
    client = Client(headers={"Authorization": f"Bearer {make_token(reader, 'test', by=None)}"})
    answer = client.get(f"{path}?{INCLUDES}&state[]=active&per_page=100")
    is_body = answer.status_code == 200 and answer.headers["Content-Type"].startswith("application/json")
    return set(sis_ids(answer.json(), reader)) if is_body else set()


@pytest.mark.parametrize("name", FAMILIES)
def test_no_address_of_the_api_tells_students_and_observers_an_id_of_the_schools(world, name):
    # The schema names the keys that bodies may have, and nobody's values.
    asked = [row for row in API if row.method == "GET" and row.path != "/api/v1/openapi"]
    found = {str(row): told(row, world, world.people[name]) for row in asked}
    assert {path: keys for path, keys in found.items() if keys} == {}


def test_people_who_may_read_sis_ids_see_them(world):
    row = next(row for row in API if row.path.endswith("{course}/enrollments"))
    assert told(row, world, world.people["admin"]) >= {"sis_user_id", "sis_course_id", "sis_section_id"}

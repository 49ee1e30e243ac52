"""/readyz: whether this version can serve on the database as it is."""

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from config.health import newest_migrations

pytestmark = pytest.mark.django_db


def test_a_node_goes_on_while_the_next_version_has_brought_the_database_further(client):
    MigrationRecorder(connection).record_applied("accounts", "9999_of_the_next_version")
    assert client.get("/readyz").status_code == 200


@pytest.mark.parametrize("missing", sorted(newest_migrations()), ids=lambda one: one[0])
def test_a_node_is_not_ready_on_a_database_that_lacks_what_its_version_needs(client, missing):
    MigrationRecorder(connection).record_unapplied(*missing)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["migrations"]) == (503, False)

"""No index is kept for nothing: each row that is written pays for all of them."""

import pytest
from django.apps import apps
from django.db import connection

from accounts.models import User
from pairing.models import PairingCode

pytestmark = pytest.mark.django_db

OURS = ("accounts", "courses", "pairing", "notices", "sis")
# Indexes on plain columns of which another index of the same table, without a condition, begins with the same columns.
COVERED = """
SELECT covered.indexrelid::regclass::text, other.indexrelid::regclass::text
FROM pg_index covered JOIN pg_index other ON other.indrelid = covered.indrelid
WHERE covered.indrelid = ANY(%s::regclass[]) AND NOT covered.indisunique AND other.indexrelid <> covered.indexrelid
  AND covered.indexprs IS NULL AND other.indexprs IS NULL AND covered.indpred IS NULL AND other.indpred IS NULL
  AND (other.indkey::int2[])[0:covered.indnkeyatts - 1] = covered.indkey::int2[]
  AND (other.indclass::oid[])[0:covered.indnkeyatts - 1] = covered.indclass::oid[]
"""


def test_no_index_is_only_the_beginning_of_another():
    tables = [model._meta.db_table for name in OURS for model in apps.get_app_config(name).get_models()]
    with connection.cursor() as cursor:
        cursor.execute(COVERED, [tables])
        assert cursor.fetchall() == []


def test_no_id_of_a_school_has_a_second_index_for_patterns():
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname ~ '(sis|integration)_.*_like$'")
        assert cursor.fetchall() == []


@pytest.mark.parametrize(
    ("found", "index"),
    [
        (lambda: User.objects.with_email("Ana@school.example"), "users_by_email"),
        (lambda: PairingCode.objects.live().filter(student=1), "five_open_codes_at_most"),
        (lambda: PairingCode.objects.used().filter(digest=b"0"), "ended_codes_by_digest"),
    ],
)
def test_people_by_address_and_codes_by_digest_and_student_are_found_by_an_index(found, index):
    with connection.cursor() as cursor:
        # The tables of a test are so small that reading them from end to end is cheaper.
        cursor.execute("SET LOCAL enable_seqscan = off")
    assert index in found().explain()

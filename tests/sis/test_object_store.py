"""Uploads in a bucket, on a server that speaks S3: kept as elsewhere, and told to nobody who only has the bucket."""

import subprocess
import sys
from io import BytesIO

import boto3
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile

from config.upload_storage import storage_of_uploads
from sis.imports.intake import create_import
from sis.imports.queue import work_off
from sis.models import SisImport, UploadPart
from sis.options import Options
from sis.upload.parts import PART, StoreAway
from sis.upload.storage import forget_left_behind, is_kept, kept_copy, opened, store, stored_names, uploads
from tests.sis.uploads import BrokenOff, keep_in, object_store

ROSTER = b"user_id,login_id,password,status\nU1,u1,four-old-bicycles,active"
NOBODY_THERE = "http://127.0.0.1:9"


@pytest.fixture(scope="module")
def bucket(tmp_path_factory):
    with pytest.MonkeyPatch.context() as environment, object_store(environment, tmp_path_factory.mktemp("s3")) as where:
        yield where


@pytest.fixture
def kept_there(bucket, settings):
    keep_in(settings, bucket)
    yield
    for one in objects():
        one.delete()


def objects() -> list:
    return list(boto3.resource("s3").Bucket("rosters").objects.all())


def content() -> bytes:
    """All that somebody finds who has got at the bucket."""
    return b"".join(one.key.encode() + one.get()["Body"].read() for one in objects())


@pytest.fixture
def made(root, kept_there):
    return SisImport.objects.create(account=root, file_name="users.csv")


# Beyond eight megabytes the library sends an object in parts.
@pytest.mark.parametrize("size", [0, 1, PART - 1, PART, 2 * PART + 5, 9 * PART])
def test_an_upload_of_any_size_comes_back_as_it_was(made, size):
    sent = (bytes(range(256)) * (size // 256 + 1))[:size]
    made.stored_file = store(made, BytesIO(sent))
    assert opened(made).read() == sent
    assert stored_names() == [made.stored_file]
    assert (len(objects()), UploadPart.objects.exists(), is_kept(made)) == (1, False, True)
    uploads().delete(made.stored_file)
    assert (stored_names(), is_kept(made)) == ([], False)
    with pytest.raises(FileNotFoundError):
        opened(made)


def test_nothing_is_left_of_an_upload_that_does_not_arrive_whole(made):
    with pytest.raises(OSError, match="has gone"):
        store(made, BrokenOff(bytes(10 * PART)))
    assert objects() == []


def test_a_roster_is_imported_from_there_and_its_passwords_are_in_no_object(root, kept_there):
    made = create_import(root, BytesIO(ROSTER), "users.csv", Options(), by=None)
    assert b"bicycles" not in content()
    work_off(root)
    made.refresh_from_db()
    assert made.workflow_state == "imported"
    with kept_copy(made) as kept:
        assert kept.read() == ROSTER.replace(b"four-old-bicycles", b"") + b"\n"
    assert b"bicycles" not in content()
    assert len(objects()) == 1


def test_no_piece_is_taken_for_another(made):
    made.stored_file = store(made, BytesIO(b"a" * PART + b"b" * PART))
    (one,) = objects()
    body = one.get()["Body"].read()
    half = len(body) // 2
    one.put(Body=body[half:] + body[:half])
    with pytest.raises(FileNotFoundError):
        opened(made).read()


def test_an_upload_that_was_left_behind_is_removed(root, kept_there):
    name = uploads().save("sis_imports/9.uploaded.csv", ContentFile(ROSTER))
    forget_left_behind(uploads().get_modified_time(name))
    assert len(objects()) == 1
    forget_left_behind(uploads().get_modified_time(name).replace(year=9000))
    assert objects() == []


class TestAway:
    @pytest.fixture
    def away(self, kept_there, settings, monkeypatch):
        with monkeypatch.context() as now:
            now.setenv("AWS_ENDPOINT_URL_S3", NOBODY_THERE)
            keep_in(settings, "s3://rosters/uploads")
            yield

    def test_an_upload_is_answered_with_503_and_none_is_begun(self, away, client, admin, root):
        client.force_login(admin)
        client.raise_request_exception = False
        path = f"/accounts/{root.pk}/sis_import"
        sent = client.post(path, {"attachment": ContentFile(ROSTER, "users.csv")})
        assert (sent.status_code, sent.headers["Retry-After"]) == (503, "60")
        assert not SisImport.objects.exists()

    def test_an_import_waits_until_it_is_back_however_often_it_is_tried(
        self, root, kept_there, bucket, settings, monkeypatch
    ):
        made = create_import(root, BytesIO(ROSTER), "users.csv", Options(), by=None)
        with monkeypatch.context() as now:
            now.setenv("AWS_ENDPOINT_URL_S3", NOBODY_THERE)
            keep_in(settings, bucket)
            for _each in range(4):
                with pytest.raises(StoreAway):
                    work_off(root)
        keep_in(settings, bucket)
        work_off(root)
        made.refresh_from_db()
        assert (made.workflow_state, made.attempts) == ("imported", 0)


def test_a_bucket_that_does_not_exist_is_no_place_for_uploads(root, kept_there, settings):
    keep_in(settings, "s3://another")
    with pytest.raises(StoreAway, match="NoSuchBucket"):
        create_import(root, BytesIO(ROSTER), "users.csv", Options(), by=None)
    assert not SisImport.objects.exists()


def test_without_the_libraries_the_site_says_what_to_install(monkeypatch):
    monkeypatch.setattr("config.upload_storage.find_spec", lambda name: None)
    with pytest.raises(ImproperlyConfigured, match="django-storages"):
        storage_of_uploads("s3://rosters")


def test_whoever_keeps_uploads_elsewhere_needs_no_libraries_for_it():
    asking = "import sys, django; django.setup(); import sis.jobs; sys.exit('boto3' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asking], check=False).returncode == 0

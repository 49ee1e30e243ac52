"""Uploads that say all there is: each is compared with the one before of its source, and with no other's."""

import io
from datetime import timedelta
from zipfile import ZipFile

import pytest
from django.utils import timezone

from accounts.domain.retention import all_kept, forget_old
from accounts.models import ObservationLink
from sis.imports.intake import create_import
from sis.imports.queue import work_off
from sis.models import SisImport
from sis.options import Options
from tests.factories import make_admin
from tests.sis.conftest import warnings
from tests.sis.oneroster import manifest
from tests.sis.texts import state_of, table

# Links in force are read on a connection of their own.
pytestmark = pytest.mark.django_db(transaction=True)

USERS = "sourcedId,status,dateLastModified,enabledUser,role,username,givenName,familyName,agentSourcedIds,orgSourcedIds"


@pytest.fixture
def send(raced_root, settings, tmp_path):
    """`send(users=[…])` imports a roster of the school `org`, called `name`."""
    settings.DATA_DIR = tmp_path
    by = make_admin(sis_user_id="ROOT")

    def send(*people, org="O1", name="rosters.zip", mode="bulk", options=None, **more):
        upload = io.BytesIO()
        files = {"users": table(USERS, *people), "orgs": f"sourcedId,name,type\n{org},School,school", **more}
        with ZipFile(upload, "w") as archive:
            for file, text in files.items():
                archive.writestr(f"{file}.csv", text)
            archive.writestr("manifest.csv", manifest("1.1", users=mode, orgs="bulk"))
        upload.seek(0)
        made = create_import(raced_root, upload, name, options or Options(ignore_deletion_brake=True), by=by)
        work_off(raced_root)
        made.refresh_from_db()
        return made

    return send


def student(sis_id, agents="", status=""):
    return f'{sis_id},{status},,true,student,{sis_id.lower()},{sis_id},X,"{agents}",O1'


def parent(sis_id, status=""):
    return f"{sis_id},{status},,true,parent,{sis_id.lower()},{sis_id},X,,O1"


def links():
    return dict(ObservationLink.objects.values_list("student__sis_user_id", "state"))


@pytest.mark.parametrize("names", [("PS118.zip", "PS119.zip"), ("sis_import.zip", "sis_import.zip")])
def test_two_schools_leave_one_another_alone_whatever_their_files_are_called(send, names):
    send(student("S1", "P1"), parent("P1"), org="PS118", name=names[0])
    second = send(student("S2", "P2"), parent("P2"), org="PS119", name=names[1])
    assert (second.diffed_against, state_of("S1"), links()) == (None, "registered", {"S1": "active", "S2": "active"})


def test_a_school_is_known_again_whatever_its_file_is_called(send):
    first = send(student("S1", "P1"), student("S2"), parent("P1"))
    second = send(student("S1"), parent("P1"), name="rosters (1).zip")
    assert (second.diffed_against, links(), state_of("S2")) == (first, {"S1": "deleted"}, "deleted")


def test_a_link_that_changes_brought_ends_with_the_next_upload_that_says_all_there_is(send):
    send(student("S1"), parent("P1"))
    send(student("S1", "P1", "active"), parent("P1", "active"), mode="delta")
    assert links() == {"S1": "active"}
    assert send(student("S1"), parent("P1")).workflow_state == "imported"
    assert links() == {"S1": "deleted"}


def test_a_link_of_an_upload_that_failed_in_part_ends_with_the_next_complete_upload(send):
    send(student("S1"), parent("P1"))
    assert send(student("S1", "P1"), parent("P1"), strange="a,b\n1,2").workflow_state == "failed_with_messages"
    send(student("S1"), parent("P1"))
    assert links() == {"S1": "deleted"}


def test_the_upload_before_is_kept_over_a_summer(send, settings):
    send(student("S1", "P1"), student("S2"), parent("P1"))
    SisImport.objects.update(created_at=timezone.now() - timedelta(days=settings.SIS_KEEP_DAYS + 1))
    forget_old(all_kept())
    send(student("S1"), parent("P1"))
    assert (links(), state_of("S2")) == ({"S1": "deleted"}, "deleted")


def test_changes_sent_as_a_data_set_remove_nobody_they_do_not_name(send):
    options = Options(ignore_deletion_brake=True, diffing_data_set_identifier="nightly")
    send(student("S1", "P1"), student("S2"), parent("P1"), options=options)
    made = send(student("S3", "", "active"), mode="delta", options=options)
    assert (None, "not_diffed") in warnings(made)
    assert (state_of("S1"), state_of("S2"), links()) == ("registered", "registered", {"S1": "active"})


def test_a_link_that_a_person_made_again_stays_although_the_roster_has_none(send):
    send(student("S1", "P1"), parent("P1"))
    ObservationLink.objects.update(sis_import_id=None)
    send(student("S1"), parent("P1"))
    assert links() == {"S1": "active"}


def test_somebody_who_moves_to_a_school_with_uploads_of_its_own_stays(send):
    send(student("K1"), student("K9"), org="O1")
    send(student("K2"), org="O2")
    send(student("K1", "P1"), student("K2"), parent("P1"), org="O2")
    send(student("K9"), org="O1")
    assert (state_of("K1"), links()) == ("registered", {"K1": "active"})


def test_a_parent_stays_whose_child_at_one_of_two_schools_leaves(send):
    send(student("K1", "P1"), student("K9"), parent("P1"), org="O1")
    send(student("K2", "P1"), parent("P1"), org="O2")
    send(student("K9"), org="O1")
    assert (state_of("P1"), links()) == ("registered", {"K1": "deleted", "K2": "active"})


def test_new_guardians_for_everybody_do_not_make_it_another_size(send):
    options = Options(ignore_deletion_brake=True, change_threshold=20)
    send(*(student(f"S{n}", f"P{n}") for n in range(12)), *(parent(f"P{n}") for n in range(12)), options=options)
    others = [student(f"S{n}", f"P{(n + 1) % 12}") for n in range(12)]
    made = send(*others, *(parent(f"P{n}") for n in range(12)), options=options)
    assert not made.diffing_threshold_exceeded
    assert ObservationLink.objects.live().count() == 12

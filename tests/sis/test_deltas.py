"""What uploads of changes list is part of what their source has: the next bulk upload says all of it anew."""

import pytest

from accounts.models import ObservationLink, User
from courses.models import Course, Enrollment
from sis.models import RefusedRow, SisImport
from sis.options import Options
from tests.sis.conftest import warnings
from tests.sis.invented_nights import what_is
from tests.sis.oneroster import manifest
from tests.sis.texts import table

ORGS = "sourcedId,status,name,type,parentSourcedId"
CLASSES = "sourcedId,status,title,courseSourcedId,schoolSourcedId,termSourcedIds"
USERS = "sourcedId,status,enabledUser,role,username,givenName,familyName,agentSourcedIds,orgSourcedIds"
ENROLLMENTS = "sourcedId,status,classSourcedId,userSourcedId,role,beginDate,endDate"


def org(name):
    return table(ORGS, f"{name},active,School,school,")


def user(name, role, agents="", school="O1", status="active"):
    return f'{name},{status},true,{role},{name.lower()},Kim,Lee,"{agents}",{school}'


@pytest.fixture
def send(load, transactional_db):
    """`send("bulk", users=…)`: an upload of one system, all files of it bulk or all changes."""

    def send(mode, options=None, **files):
        text = manifest("1.1", **dict.fromkeys(files, mode)) + "source.systemCode,sis\n"
        return load(by=None, options=options or Options(ignore_deletion_brake=True), manifest=text, **files)

    return send


def school(name="O1", *, of=""):
    """All there is at a school: a class, a student in it and a parent."""
    return {
        "orgs": org(name),
        "classes": table(CLASSES, f"{of}K1,active,Art,,{name},"),
        "users": table(USERS, user(f"{of}P1", "parent", school=name), user(f"{of}S1", "student", f"{of}P1", name)),
        "enrollments": table(ENROLLMENTS, f"{of}E1,active,{of}K1,{of}S1,student,,"),
    }


ADDED = {
    "classes": table(CLASSES, "K2,active,Bio,,O1,"),
    "users": table(USERS, user("P2", "parent"), user("S2", "student", "P2"), user("S1", "student", "P1,P2")),
    "enrollments": table(ENROLLMENTS, "E2,active,K2,S2,student,,", "E3,active,K2,S1,student,,"),
}


def test_what_changes_have_added_goes_with_the_next_bulk_upload_that_lacks_it(send):
    send("bulk", **school())
    before = what_is()
    send("delta", **ADDED)
    assert what_is()["observers"].keys() == {("P1", "S1"), ("P2", "S1"), ("P2", "S2")}
    assert warnings(send("bulk", **school())) == []
    assert what_is() == before


def test_what_changes_have_added_stays_while_bulk_uploads_list_it(send):
    send("bulk", **school())
    send("delta", **ADDED)
    there = what_is()
    whole = school()
    for name in ("classes", "enrollments"):
        whole[name] += "\n" + ADDED[name].split("\n", 1)[1]
    whole["users"] = table(USERS, user("P1", "parent"), *ADDED["users"].split("\n")[1:])
    for _night in range(2):
        assert warnings(send("bulk", **whole)) == []
        assert what_is() == there


def test_what_changes_have_removed_comes_back_with_the_next_bulk_upload_that_lists_it(send):
    send("bulk", **school())
    before = what_is()
    gone = {
        "classes": table(CLASSES, "K1,tobedeleted,Art,,O1,"),
        "users": table(USERS, user("S1", "student", status="tobedeleted"), user("P1", "parent", status="tobedeleted")),
        "enrollments": table(ENROLLMENTS, "E1,tobedeleted,K1,S1,student,,"),
    }
    send("delta", **gone)
    assert not any(what_is()[kind] for kind in ("courses", "users", "enrollments", "observers"))
    send("bulk", **school())
    assert what_is() == before


def test_a_second_record_of_an_enrollment_that_changes_brought_goes_alone(send):
    whole = school()
    whole["enrollments"] = table(ENROLLMENTS, "E1,active,K1,S1,student,,2020-01-01")
    send("bulk", **whole)
    send("delta", enrollments=table(ENROLLMENTS, "E9,active,K1,S1,student,,"))
    enrollment = Enrollment.objects.get(type="StudentEnrollment")
    assert enrollment.state == "active"
    send("bulk", **whole)
    enrollment.refresh_from_db()
    assert (enrollment.state, [*enrollment.sis_records]) == ("completed", ["E1"])


def test_changes_of_one_of_two_schools_are_no_part_of_the_other(send):
    send("bulk", **school())
    send("bulk", **school("O9", of="west-"))
    made = send("delta", **ADDED)
    assert made.chain == SisImport.objects.order_by("pk").first().chain != ""
    send("bulk", **school("O9", of="west-"))
    assert User.objects.get(sis_user_id="S2").state == "registered"
    send("bulk", **school())
    assert User.objects.get(sis_user_id="S2").state == "deleted"
    assert User.objects.get(sis_user_id="west-S1").state == "registered"


def test_changes_that_name_nothing_known_are_of_no_source_and_say_so(send):
    send("bulk", **school())
    made = send("delta", users=table(USERS, user("S7", "student", school="O7")))
    assert (made.chain, warnings(made)) == ("", [(None, "not_diffed")])
    send("bulk", **school())
    assert User.objects.get(sis_user_id="S7").state == "registered"


def test_changes_that_name_places_of_two_schools_are_of_neither(send):
    send("bulk", **school())
    send("bulk", **school("O9", of="west-"))
    both = table(ENROLLMENTS, "E5,active,K1,S1,teacher,,", "E6,active,west-K1,west-S1,teacher,,")
    assert send("delta", enrollments=both).chain == ""


def test_changes_with_the_identifier_of_a_data_set_are_part_of_it_however_many_come(send):
    options = Options(ignore_deletion_brake=True, diffing_data_set_identifier="all")
    send("bulk", options, **school())
    before = what_is()
    for number in range(2, 8):
        send("delta", options, users=table(USERS, user(f"S{number}", "student")))
    assert len(what_is()["users"]) == len(before["users"]) + 6
    send("bulk", options, **school())
    assert what_is() == before


def test_changes_count_for_the_brake_as_what_their_source_has(send):
    send("bulk", **school())
    send("delta", users=table(USERS, *(user(f"S{number}", "student") for number in range(10, 40))))
    asks = send("bulk", Options(), **school())
    assert asks.was_braked
    assert "30 of 32 active people from its own source" in asks.data["error_message"]
    assert User.objects.filter(state="deleted").count() == 0
    # The same again is measured the same.
    assert "30 of 32" in send("bulk", Options(), **school()).data["error_message"]
    assert RefusedRow.objects.filter(kind="user").count() == 30
    send("bulk", **school())
    assert User.objects.filter(state="deleted").count() == 30


def test_what_people_have_made_since_is_no_part_of_the_changes(send, root):
    send("bulk", **school())
    send("delta", **ADDED)
    Course.objects.filter(sis_course_id="K2").update(sis_import_id=None)
    ObservationLink.objects.filter(observer__sis_user_id="P2", student__sis_user_id="S1").update(sis_import_id=None)
    send("bulk", **school())
    assert Course.objects.get(sis_course_id="K2").workflow_state == "available"


def test_the_first_bulk_upload_is_compared_with_changes_that_came_before_it(send, load):
    files = {**ADDED, "orgs": org("O1")}
    modes = {**dict.fromkeys(ADDED, "delta"), "orgs": "bulk"}
    load(by=None, manifest=manifest("1.1", **modes) + "source.systemCode,sis\n", **files)
    send("bulk", **school())
    assert what_is()["users"].keys() == {"P1", "S1"}

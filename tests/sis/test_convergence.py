"""Whatever came before, a whole upload brings about what it says, save for what people have changed by hand."""

from accounts.models import ObservationLink, User
from courses.domain.enrollments import change_state
from courses.domain.observation import unlink
from courses.models import Enrollment
from sis.models import RefusedRow
from sis.options import Options
from tests.sis.conftest import warnings
from tests.sis.texts import LINKS, USERS, table

MANIFEST = """propertyName,value
oneroster.version,1.1
file.orgs,bulk
file.classes,bulk
file.users,bulk
file.enrollments,bulk
source.systemCode,x"""
NIGHTLY = Options(ignore_deletion_brake=True)


def night(load, people="s1 s2 g1", *, logins=None, classes="k", enrolled="s1 s2"):
    """A whole OneRoster upload of one school: students `s…` with the guardian `g1`, all in class `k`."""
    known = people.split()
    rows = [
        f"{who},true,o,{'parent' if who[0] == 'g' else 'student'},{(logins or {}).get(who, who)},{who},X,"
        f"{'g1' if who[0] == 's' else ''}"
        for who in known
    ]
    return load(
        options=NIGHTLY,
        manifest=MANIFEST,
        orgs="sourcedId,name,type\no,School,school",
        classes=table("sourcedId,title,schoolSourcedId", *(f"{one},Class {one},o" for one in classes.split())),
        users=table("sourcedId,enabledUser,orgSourcedIds,role,username,givenName,familyName,agentSourcedIds", *rows),
        enrollments=table(
            "sourcedId,classSourcedId,userSourcedId,role", *(f"e-{who},k,{who},student" for who in enrolled.split())
        ),
    )


def what_is():
    """Everybody's enrollments and links that are in force."""
    enrolled = Enrollment.objects.filter(state="active").values_list(
        "user__sis_user_id", "associated_user__sis_user_id"
    )
    links = ObservationLink.objects.filter(state="active").values_list("observer__sis_user_id", "student__sis_user_id")
    return set(enrolled), set(links)


ALL = {("s1", None), ("s2", None), ("g1", "s1"), ("g1", "s2")}, {("g1", "s1"), ("g1", "s2")}


class TestWholeUploads:
    def test_somebody_missing_one_night_comes_back_with_enrollments_and_observers(self, load):
        night(load)
        assert what_is() == ALL
        night(load, "s2 g1")
        assert what_is() == ({("s2", None), ("g1", "s2")}, {("g1", "s2")})
        assert night(load).workflow_state == "imported"
        assert what_is() == ALL

    def test_an_observer_missing_one_night_comes_back_with_links_and_what_they_open(self, load):
        night(load)
        night(load, "s1 s2")
        assert what_is() == ({("s1", None), ("s2", None)}, set())
        night(load)
        assert what_is() == ALL

    def test_a_class_missing_one_night_comes_back_with_everybody_in_it(self, load):
        night(load)
        night(load, classes="other")
        assert what_is()[0] == set()
        night(load)
        assert what_is() == ALL

    def test_a_row_refused_one_night_and_mended_the_next_brings_all_that_hung_on_it(self, load):
        load(users=table(USERS, "HOLDER,taken,active"))
        refused = night(load, logins={"s1": "taken"})
        assert [kind for _row, kind in warnings(refused)] == ["login_claimed", "user_not_found", "unknown_student"]
        assert what_is() == ({("s2", None), ("g1", "s2")}, {("g1", "s2")})
        assert night(load).workflow_state == "imported"
        assert what_is() == ALL

    def test_what_is_refused_is_tried_and_said_every_night_until_it_is_right(self, load):
        load(users=table(USERS, "HOLDER,taken,active"))
        for _night in range(3):
            assert len(warnings(night(load, logins={"s1": "taken"}))) == 3
        load(users=table(USERS, "HOLDER,free,active"))
        assert night(load, logins={"s1": "taken"}).workflow_state == "imported"
        assert what_is() == ALL
        made = night(load, logins={"s1": "taken"})
        assert (made.workflow_state, made.data["counts"]["users"]) == ("imported", 0)
        assert not RefusedRow.objects.filter(sis_import=made).exists()

    def test_what_another_import_has_changed_since_is_as_the_upload_says(self, load):
        night(load)
        load(
            users=table(USERS, "s1,s1,deleted", "s2,elsewhere,active"),
            observers=table(LINKS, "g1,s2,deleted"),
        )
        assert what_is()[0] == {("s2", None)}
        night(load)
        assert what_is() == ALL
        assert User.objects.get(sis_user_id="s2").login_id == "s2"

    def test_what_people_have_changed_by_hand_stays(self, load, admin):
        night(load)
        change_state(Enrollment.objects.get(user__sis_user_id="s1"), "deleted", by=admin)
        unlink(ObservationLink.objects.get(student__sis_user_id="s2"), by=admin)
        by_hand = {("s2", None)}, {("g1", "s1")}
        assert what_is() == by_hand
        night(load)
        assert what_is() == by_hand

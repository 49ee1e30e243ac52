"""Two SIS ids of one person: rows of either reach them, and nobody else."""

import io
from zipfile import ZipFile

import pytest
from django.db import IntegrityError, transaction

from accounts.domain.registration import NewUser, register
from accounts.domain.users import edit_user
from accounts.errors import Invalid
from accounts.models import AccessToken, AccountAdmin, Action, AuditEvent, FurtherSisId, ObservationLink, User
from courses.models import Enrollment
from pairing.domain.account_deletion import delete_user
from sis.imports.intake import create_import
from sis.imports.queue import work_off
from sis.options import Options
from tests.api import Api
from tests.factories import UserFactory, make_admin, make_clerk
from tests.sis.conftest import warnings
from tests.sis.oneroster import manifest
from tests.sis.texts import ADMINS, COURSES, ENROLLMENTS, LINKS, SECTIONS, USERS, people, state_of, table

LOGINS = "user_id,login_id,existing_user_id"
SAME = table(LOGINS, "PARENT,smith,TEACHER")


def person(sis_id):
    return User.objects.get(sis_user_id=sis_id)


def further(sis_id="PARENT"):
    """Whose further id it is, and whether it has not ended."""
    found = FurtherSisId.objects.select_related("user").get(sis_user_id=sis_id)
    return found.user.sis_user_id, found.is_live


def links():
    return set(
        ObservationLink.objects.filter(state="active").values_list("observer__sis_user_id", "student__sis_user_id")
    )


@pytest.fixture
def school(load):
    """A teacher who is also a parent, and two children."""
    load(
        users=table(USERS, "TEACHER,smith,active", "KIM,kim,active", "LEE,lee,active"),
        courses=table(COURSES, "C1,b,Biology,T1,published"),
        sections=table(SECTIONS, "S1,C1,A,active"),
        enrollments=table(ENROLLMENTS, "S1,KIM,student,active"),
    )
    return person("TEACHER")


@pytest.fixture
def smith(load, school):
    assert warnings(load(logins=SAME)) == []
    return school


class TestSayingThatTwoIdsAreOnePerson:
    def test_in_the_upload_that_brings_the_second_id_gives_the_links_of_that_id(self, load, school):
        made = load(
            users=table(USERS, "TEACHER,smith,active", "PARENT,smith,active"),
            logins=SAME,
            observers=table(LINKS, "PARENT,KIM,active"),
        )
        assert warnings(made) == [(3, "login_claimed")]
        assert "logins file" in made.sis_import_errors.get().message
        assert links() == {("TEACHER", "KIM")}
        assert warnings(load(users=table(USERS, "TEACHER,smith,active", "PARENT,smith,active"), logins=SAME)) == []
        assert not User.objects.filter(sis_user_id="PARENT").exists()

    def test_with_another_login_says_that_it_was_not_added_and_only_once(self, load, school):
        row = table(LOGINS, "PARENT,smith@example.org,TEACHER")
        made = load(logins=row)
        assert warnings(made) == [(2, "login_not_added")]
        assert made.data["counts"]["logins"] == 1
        assert further() == ("TEACHER", True)
        assert warnings(load(logins=row)) == []
        assert person("TEACHER").login_id == "smith"

    def test_leaves_a_record(self, load, school):
        load(logins=SAME)
        load(logins=SAME)
        told = AuditEvent.objects.get(subject=school, action=Action.USER_CHANGED)
        assert told.details["fields"] == ["sis_user_id"]

    @pytest.mark.parametrize(
        "row", ["KIM,smith,TEACHER", "PARENT,kim,TEACHER", "TEACHER,smith,KIM"], ids=["own id", "login", "own id 2"]
    )
    def test_never_takes_what_is_somebody_elses(self, load, school, row):
        made = load(logins=table(LOGINS, row))
        assert warnings(made) == [(2, "login_exists")]
        assert not FurtherSisId.objects.exists()
        assert {one.pk for one in User.objects.filter(sis_user_id__in=["TEACHER", "KIM"])} == {
            school.pk,
            person("KIM").pk,
        }

    def test_never_moves_an_id_that_has_not_ended(self, load, smith):
        assert warnings(load(logins=table(LOGINS, "PARENT,lee,LEE"))) == [(2, "login_exists")]
        assert further() == ("TEACHER", True)
        load(users=table(USERS, "PARENT,smith,deleted"))
        assert warnings(load(logins=table(LOGINS, "PARENT,lee,LEE"))) == []
        assert further() == ("LEE", True)

    def test_is_refused_to_who_may_not_change_the_person(self, load, school):
        clerk = make_clerk("import_sis", sis_user_id="CLERK", login_id="clerk")
        chief = make_admin(sis_user_id="CHIEF", login_id="chief")
        for who, kind in ((chief, "reaches_further"), (clerk, "own_id")):
            row = table(LOGINS, f"X,{who.login_id},{who.sis_user_id}")
            assert warnings(load(logins=row, by=clerk)) == [(2, kind)]
        assert not FurtherSisId.objects.exists()


class TestRowsByTheFurtherId:
    def test_reach_the_person_in_every_kind(self, load, smith, root):
        made = load(
            enrollments=table(
                "section_id,user_id,role,status,associated_user_id",
                "S1,PARENT,teacher,active,",
                "S1,LEE,observer,active,PARENT",
            ),
            admins=table(ADMINS, "PARENT,,AccountAdmin,active"),
            observers=table(LINKS, "PARENT,KIM,active", "LEE,PARENT,active"),
            more_logins=table(LOGINS, "THIRD,smith,PARENT"),
        )
        assert [kind for _row, kind in warnings(made) if kind != "never_student"] == []
        enrolled = Enrollment.objects.filter(section__sis_section_id="S1")
        assert enrolled.filter(user=smith, type="TeacherEnrollment").exists()
        assert enrolled.filter(user=person("LEE"), associated_user=smith).exists()
        assert AccountAdmin.objects.filter(user=smith, workflow_state="active").exists()
        assert links() == {("TEACHER", "KIM"), ("LEE", "TEACHER")}
        assert further("THIRD") == ("TEACHER", True)

    def test_end_what_the_other_id_began(self, load, smith):
        load(observers=table(LINKS, "TEACHER,KIM,active"))
        load(observers=table(LINKS, "PARENT,KIM,deleted"))
        assert links() == set()

    def test_nobody_observes_oneself_by_two_ids(self, load, smith):
        assert warnings(load(observers=table(LINKS, "PARENT,TEACHER,active"))) == [(2, "self")]

    def test_do_not_change_the_account(self, load, smith):
        smith.set_password("a-long-enough-word")
        smith.save()
        before = User.objects.filter(pk=smith.pk).values().get()
        made = load(
            users=table(
                "user_id,login_id,full_name,email,password,status",
                "PARENT,mum,Other Name,mum@example.org,hush-hush-1,suspended",
            )
        )
        assert (warnings(made), made.data["counts"]["users"]) == ([], 1)
        assert User.objects.filter(pk=smith.pk).values().get() == before
        assert User.objects.filter(login_id="mum").count() == 0

    def test_so_do_the_api_and_lists_of_people_to_add(self, smith, admin):
        assert Api(admin).get("users/sis_user_id:PARENT").json()["id"] == smith.pk
        FurtherSisId.objects.update(is_live=False)
        assert Api(admin).get("users/sis_user_id:PARENT").status_code == 404

    def test_the_page_of_the_person_names_them(self, smith, admin, client, root):
        client.force_login(admin)
        address = f"/accounts/{root.pk}/users/{smith.pk}"
        assert "TEACHER, PARENT" in client.get(address).content.decode()
        FurtherSisId.objects.update(is_live=False)
        assert "(ended)" in client.get(address).content.decode()

    def test_new_ids_are_given_by_change_sis_id_too(self, load, smith):
        load(ids="old_id,new_id,type\nPARENT,P-2,user")
        assert (further("P-2"), person("TEACHER").pk) == (("TEACHER", True), smith.pk)
        made = load(ids="old_id,new_id,type\nKIM,P-2,user\nTEACHER,P-2,user\nP-2,KIM,user")
        assert [kind for _row, kind in warnings(made)] == ["new_id_taken"] * 3


class TestTheEndOfAnId:
    def test_a_further_one_ends_alone_and_that_is_told(self, load, smith):
        load(observers=table(LINKS, "PARENT,KIM,active"))
        made = load(users=table(USERS, "PARENT,smith,deleted"))
        assert warnings(made) == [(2, "one_of_two_ids")]
        assert (further(), state_of("TEACHER")) == (("TEACHER", False), "registered")
        assert warnings(load(users=table(USERS, "PARENT,smith,deleted"))) == []

    def test_one_that_has_ended_makes_nothing_and_ends_what_it_made(self, load, smith):
        load(observers=table(LINKS, "PARENT,KIM,active"))
        load(users=table(USERS, "PARENT,smith,deleted"))
        assert warnings(load(observers=table(LINKS, "PARENT,LEE,active"))) == [(2, "unknown_observer")]
        assert warnings(load(observers=table(LINKS, "PARENT,KIM,deleted"))) == []
        assert links() == set()
        load(users=table(USERS, "PARENT,smith,active"))
        assert warnings(load(observers=table(LINKS, "PARENT,LEE,active"))) == []
        assert links() == {("TEACHER", "LEE")}

    def test_the_own_id_leaves_the_person_to_the_other(self, load, smith):
        load(observers=table(LINKS, "PARENT,KIM,active"))
        made = load(users=table(USERS, "TEACHER,smith,deleted"))
        assert warnings(made) == [(2, "one_of_two_ids")]
        smith.refresh_from_db()
        assert (smith.sis_user_id, smith.state, smith.login_id) == ("PARENT", "registered", "smith")
        assert further("TEACHER") == ("PARENT", False)
        assert links() == {("PARENT", "KIM")}

    @pytest.mark.parametrize("before", [["TEACHER"], ["TEACHER", "PARENT"], ["PARENT", "TEACHER"]], ids=" ".join)
    def test_the_own_id_is_so_again_when_it_comes_back(self, load, smith, before):
        load(users=table(USERS, *(f"{one},smith,deleted" for one in before)))
        for one in ("PARENT", "TEACHER", "PARENT"):
            assert warnings(load(users=table(USERS, f"{one},{one.lower()},active"))) == []
        smith.refresh_from_db()
        assert (smith.sis_user_id, smith.state, smith.login_id) == ("TEACHER", "registered", "teacher")
        assert further() == ("TEACHER", True)

    def test_an_own_id_that_people_have_given_is_not_replaced_by_one_that_comes_back(self, load, smith, admin):
        load(users=table(USERS, "TEACHER,smith,deleted"))
        smith.refresh_from_db()
        edit_user(smith, by=admin, sis_user_id="NEW")
        load(users=table(USERS, "TEACHER,smith,active"))
        assert further("TEACHER") == ("NEW", True)

    @pytest.mark.parametrize("order", [("TEACHER", "PARENT"), ("PARENT", "TEACHER")])
    @pytest.mark.parametrize("at_once", [True, False])
    def test_the_last_one_deletes_the_person(self, load, smith, order, at_once):
        rows = [f"{one},smith,deleted" for one in order]
        for some in [rows] if at_once else [[row] for row in rows]:
            load(users=table(USERS, *some))
        smith.refresh_from_db()
        assert smith.state == "deleted"
        assert not FurtherSisId.objects.filter(is_live=True).exists()

    @pytest.mark.parametrize("back", ["TEACHER", "PARENT"])
    def test_either_brings_a_deleted_person_back_as_theirs(self, load, smith, back):
        load(users=table(USERS, "TEACHER,smith,deleted", "PARENT,smith,deleted"))
        assert warnings(load(users=table(USERS, f"{back},smith2,active"))) == []
        smith.refresh_from_db()
        assert (smith.sis_user_id, smith.state, smith.login_id) == (back, "registered", "smith2")
        [other] = {"TEACHER", "PARENT"} - {back}
        assert further(other) == (back, False)

    @pytest.mark.parametrize("status", ["active", "deleted"])
    def test_where_the_own_id_was_taken_away_by_hand_the_other_takes_its_place(self, load, smith, admin, status):
        edit_user(smith, by=admin, sis_user_id="")
        assert warnings(load(users=table(USERS, f"PARENT,smith,{status}"))) == []
        smith.refresh_from_db()
        assert (smith.sis_user_id, smith.state == "deleted") == ("PARENT", status == "deleted")
        assert not FurtherSisId.objects.exists()
        load(users=table(USERS, "PARENT,smith,deleted"))
        assert state_of("PARENT") == "deleted"

    def test_an_account_deleted_by_hand_leaves_both(self, load, smith, admin):
        delete_user(smith, by=admin)
        made = load(users=people("TEACHER", "PARENT"))
        assert warnings(made) == []
        assert smith.pk not in {person("TEACHER").pk, person("PARENT").pk}

    def test_the_brake_counts_a_person_whose_last_id_goes(self, load, root, admin):
        names = [f"N{n}" for n in range(20)]
        load(users=people(*names))
        load(logins=table(LOGINS, *(f"{name}-2,{name.lower()},{name}" for name in names)))
        gone = [f"{name}{also},{name.lower()},deleted" for name in names for also in ("", "-2")]
        assert load(users=table(USERS, *gone), options=Options()).workflow_state == "aborted"


class TestIdsThatTheUploadChanges:
    """Rows name people by the ids that they have after the changes of the same upload."""

    CHANGED = "old_id,new_id,type"

    @pytest.fixture(params=["own", "integration", "further"])
    def change(self, request, load, smith):
        """Files of changed ids and new people, and who is meant by PARENT then: their login."""
        if request.param == "further":
            return {"ids": table(self.CHANGED, "PARENT,PARENT2,user"), "users": people("PARENT")}, "parent"
        if request.param == "own":
            changed = table(self.CHANGED, "TEACHER,T2,user")
        else:
            User.objects.filter(pk=smith.pk).update(integration_id="I1")
            changed = "old_integration_id,new_id,type\nI1,T2,user"
        return {"ids": changed, "users": people("TEACHER")}, "smith"

    def test_are_asked_for_links(self, load, change):
        files, login = change
        assert warnings(load(**files, observers=table(LINKS, "PARENT,KIM,active"))) == []
        active = ObservationLink.objects.filter(state="active")
        assert [*active.values_list("observer__login_id", flat=True)] == [login]

    def test_are_asked_for_admins(self, load, change):
        files, login = change
        load(**files, admins=table(ADMINS, "PARENT,,AccountAdmin,active"))
        assert AccountAdmin.objects.get(user__login_id=login).workflow_state == "active"
        assert not AccountAdmin.objects.exclude(user__login_id__in=[login, "alex"]).exists()

    def test_are_asked_for_enrollments(self, load, change):
        files, login = change
        cells = "section_id,user_id,role,status,associated_user_id"
        load(**files, enrollments=table(cells, "S1,PARENT,teacher,active,", "S1,LEE,observer,active,PARENT"))
        made = Enrollment.objects.exclude(user__login_id="kim").order_by("type")
        assert [*made.values_list("user__login_id", "associated_user__login_id")] == [("lee", login), (login, None)]

    def test_are_asked_for_further_ids(self, load, change):
        files, login = change
        load(**files, logins=table(LOGINS, f"THIRD,{login},PARENT"))
        assert FurtherSisId.objects.get(sis_user_id="THIRD").user.login_id == login

    def test_also_where_a_login_brings_the_id_along(self, load, smith):
        options = Options(ignore_deletion_brake=True, update_sis_id_if_login_claimed=True)
        load(options=options, users=table(USERS, "T2,smith,active"), observers=table(LINKS, "PARENT,KIM,active"))
        assert (links(), person("T2").pk) == ({("T2", "KIM")}, smith.pk)

    def test_and_whose_own_one_ends(self, load, smith):
        load(users=table(USERS, "TEACHER,smith,deleted"), observers=table(LINKS, "PARENT,KIM,active"))
        assert links() == {("PARENT", "KIM")}

    @pytest.mark.parametrize(("before", "after"), [("PARENT", "PARENT"), ("PARENT", "PARENT2")])
    def test_are_counted_by_the_brake(self, load, school, before, after):
        children = [f"N{n}" for n in range(20)]
        load(users=people(*children), logins=SAME)
        load(observers=table(LINKS, *(f"{before},{one},active" for one in children)))
        ids = table(self.CHANGED, "TEACHER,T2,user", *([f"{before},{after},user"] if before != after else []))
        gone = table(LINKS, *(f"{after},{one},deleted" for one in children))
        assert load(ids=ids, observers=gone, options=Options()).workflow_state == "aborted"
        assert ObservationLink.objects.filter(state="active").count() == 20
        load(ids=ids, observers=gone)
        assert links() == set()


class TestLinksThatADataSetListsNoMore:
    @pytest.mark.parametrize("new_people", [[], ["TEACHER", "PARENT"]], ids=["alone", "others get the old ids"])
    @pytest.mark.parametrize(
        ("named", "changes"),
        [
            ("TEACHER", ["TEACHER,T2,user"]),
            ("PARENT", ["PARENT,PARENT2,user"]),
            ("PARENT", ["TEACHER,T2,user"]),
            ("PARENT", ["TEACHER,T2,user", "PARENT,PARENT2,user"]),
        ],
    )
    def test_end_though_the_upload_changes_the_ids_that_they_were_listed_by(
        self, load, smith, named, changes, new_people
    ):
        options = Options(ignore_deletion_brake=True, diffing_data_set_identifier="school")
        changed = dict(one.split(",")[:2] for one in changes)
        now = changed.get(named, named)
        load(options=options, observers=table(LINKS, f"{named},KIM,active", f"{named},LEE,active"))
        files = {"observers": table(LINKS, f"{now},LEE,active")}
        if new_people := [one for one in new_people if one in changed]:
            files["users"] = people(*new_people)
        load(options=options, ids=table("old_id,new_id,type", *changes), **files)
        active = ObservationLink.objects.filter(state="active")
        assert [*active.values_list("observer", "student__sis_user_id")] == [(smith.pk, "LEE")]

    def test_end_for_nobody_else_when_the_change_is_refused(self, load, smith):
        options = Options(ignore_deletion_brake=True, diffing_data_set_identifier="school")
        load(options=options, observers=table(LINKS, "TEACHER,KIM,active", "LEE,KIM,active"))
        ids = table("old_id,new_id,type", "TEACHER,LEE,user")
        made = load(options=options, ids=ids, observers=table(LINKS, "LEE,KIM,active"))
        assert (warnings(made), links()) == ([(2, "new_id_taken")], {("LEE", "KIM")})


class TestNobodyElseGetsIt:
    def test_by_staff(self, smith, admin):
        wanted = NewUser(name="Eve", login_id="eve", password="", sis_user_id="PARENT")
        for refused in (
            lambda: register(wanted, by=admin),
            lambda: edit_user(person("KIM"), by=admin, sis_user_id="PARENT"),
        ):
            with pytest.raises(Invalid) as error:
                refused()
            assert [kind for kind, _text in error.value.errors["sis_user_id"]] == ["taken"]

    def test_nor_does_the_database_take_it(self, smith):
        for refused in (
            lambda: UserFactory(sis_user_id="PARENT"),
            lambda: User.objects.filter(sis_user_id="KIM").update(sis_user_id="PARENT"),
            lambda: FurtherSisId.objects.create(user=person("KIM"), sis_user_id="TEACHER"),
            lambda: FurtherSisId.objects.create(user=person("KIM"), sis_user_id="PARENT"),
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                refused()

    def test_nor_by_a_login_while_the_person_is_in_the_upload_under_the_other_id(self, load, smith):
        options = Options(ignore_deletion_brake=True, update_sis_id_if_login_claimed=True)
        made = load(users=table(USERS, "EVE,smith,active", "PARENT,smith,active"), options=options)
        assert warnings(made)[0] == (2, "two_people")
        assert person("TEACHER").pk == smith.pk
        assert not AccessToken.objects.exists()


class TestOneRoster:
    # Links in force are read on a connection of their own.
    pytestmark = pytest.mark.django_db(transaction=True)
    PEOPLE = "sourcedId,status,dateLastModified,enabledUser,role,username,givenName,familyName,agentSourcedIds"
    TEACHER = "TEACHER,,,true,teacher,smith,Jo,Smith,"
    PARENT = "PARENT,,,true,parent,smith,Jo,Smith,"
    KIM = "KIM,,,true,student,kim,Kim,Smith,PARENT"

    @pytest.fixture
    def send(self, raced_root, settings, tmp_path):
        settings.DATA_DIR = tmp_path
        by = make_admin(sis_user_id="ROOT")

        def send(mode="bulk", **files):
            upload = io.BytesIO()
            with ZipFile(upload, "w") as archive:
                for name, text in files.items():
                    archive.writestr(f"{name}.csv", text)
                if "users" in files and mode:
                    archive.writestr("orgs.csv", "sourcedId,name,type\nO1,School,school")
                    archive.writestr("manifest.csv", manifest("1.1", users=mode, orgs="bulk"))
            upload.seek(0)
            made = create_import(raced_root, upload, "r.zip", Options(ignore_deletion_brake=True), by=by)
            work_off(raced_root)
            made.refresh_from_db()
            return made

        return send

    @pytest.mark.parametrize("mode", ["bulk", "delta"])
    def test_a_parent_who_is_also_staff_keeps_their_links_night_after_night(self, send, mode):
        send(users=table(self.PEOPLE, self.TEACHER, self.PARENT))
        send(logins=SAME)
        for _night in range(3):
            made = send(mode, users=table(self.PEOPLE, self.TEACHER, self.PARENT, self.KIM))
            assert links() == {("TEACHER", "KIM")}
            assert not {"login_claimed", "one_of_two_ids"} & {kind for _row, kind in warnings(made)}

    @pytest.mark.parametrize("mode", ["bulk", "delta"])
    def test_and_loses_those_that_the_lists_no_longer_have(self, send, mode):
        send(users=table(self.PEOPLE, self.TEACHER, self.PARENT))
        send(logins=SAME)
        send(users=table(self.PEOPLE, self.TEACHER, self.PARENT, self.KIM, "LEE,,,true,student,lee,Lee,S,PARENT"))
        assert links() == {("TEACHER", "KIM"), ("TEACHER", "LEE")}
        send(mode, users=table(self.PEOPLE, self.TEACHER, self.PARENT, self.KIM, "LEE,,,true,student,lee,Lee,S,KIM"))
        assert links() == {("TEACHER", "KIM")}

    def test_and_all_when_the_parent_is_listed_no_more_though_the_teacher_is(self, send):
        send(users=table(self.PEOPLE, self.TEACHER, self.PARENT))
        send(logins=SAME)
        send(users=table(self.PEOPLE, self.TEACHER, self.PARENT, self.KIM))
        send(users=table(self.PEOPLE, self.TEACHER, self.KIM))
        assert (links(), further(), state_of("TEACHER")) == (set(), ("TEACHER", False), "registered")

    RELATED = table("userSourcedId,relationshipUserSourcedId,relationshipRole", "KIM,PARENT,guardian")

    @pytest.fixture
    def send_all(self, send):
        """School Data Sync of a teacher, a child and these too; the teacher's further id is their guardian."""

        def send_all(*others):
            ids = ["TEACHER,smith", "KIM,kim", *others]
            roles = table("userSourcedId,orgSourcedId,role", "TEACHER,O1,teacher", "KIM,O1,student")
            people = table("sourcedId,username", *ids)
            orgs = "sourcedId,name\nO1,School"
            return send(mode=None, orgs=orgs, users=people, roles=roles, relationships=self.RELATED)

        return send_all

    def test_guardians_by_an_id_that_has_ended_observe_nobody(self, send, send_all):
        send_all()
        send(logins=SAME)
        send_all()
        assert links() == {("TEACHER", "KIM")}
        send(users_too=table(USERS, "PARENT,smith,deleted"))
        assert (further(), links()) == (("TEACHER", False), {("TEACHER", "KIM")})
        for _night in range(3):
            assert "unknown_observer" in {kind for _row, kind in warnings(send_all())}
            assert (further(), links()) == (("TEACHER", False), set())
        send_all("PARENT,smith")
        assert (further(), links()) == (("TEACHER", True), {("TEACHER", "KIM")})

    def test_but_one_that_comes_back_in_the_same_upload_keeps_what_it_has(self, send, send_all):
        send_all()
        send(logins=SAME)
        send_all()
        send(users_too=table(USERS, "PARENT,smith,deleted"))
        send_all("PARENT,smith")
        assert (further(), links()) == (("TEACHER", True), {("TEACHER", "KIM")})

"""users.csv and logins.csv, rule by rule (reference 1.1 and 1.2)."""

from dataclasses import replace

import pytest

from accounts.domain.sis_fields import stick
from accounts.models import AccountAdmin, BaseType, ObservationLink, Role, User
from courses.domain.observation import link
from courses.models import Enrollment
from sis.imports.queue import work_off
from sis.imports.restore import begin_restoring
from sis.options import Options
from tests.database import statements
from tests.factories import EnrollmentFactory, SectionFactory, UserFactory
from tests.sis.conftest import warnings
from tests.sis.users import HEADER, user


def test_a_new_person_is_made_with_everything_the_row_gives(load):
    made = load(
        users="user_id,login_id,status,integration_id,full_name,sortable_name,short_name,email,pronouns,declared_user_type\n"
        'U1,kim,active,INT1,Kim de la Cruz,"de la Cruz, Kim",Kimmy,kim@example.org,they/them,student'
    )
    kim = user()
    assert (kim.login_id, kim.integration_id, kim.email) == ("kim", "INT1", "kim@example.org")
    assert (kim.name, kim.sortable_name, kim.short_name) == ("Kim de la Cruz", "de la Cruz, Kim", "Kimmy")
    assert (kim.pronouns, kim.declared_user_type) == ("they/them", "student")
    assert (kim.state, kim.time_zone, kim.sis_import_id) == ("registered", "", made.pk)
    assert not kim.has_usable_password()
    assert made.data["counts"]["users"] == 1
    assert made.workflow_state == "imported"


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        ("full_name\nAna Maria Diaz", ("Ana Maria Diaz", "Diaz, Ana Maria", "Ana Maria Diaz")),
        ("first_name,last_name\nAna,de la Cruz", ("Ana de la Cruz", "de la Cruz, Ana", "Ana de la Cruz")),
        ("first_name\nAna", ("Ana", "Ana", "Ana")),
        ('sortable_name\n"Diaz, Ana"', ("Diaz, Ana", "Diaz, Ana", "Diaz, Ana")),
        ("short_name\nAnita", ("Anita", "Anita", "Anita")),
        ("email\n", ("u1", "u1", "u1")),
        ("full_name,first_name,last_name\nAna Diaz,X,Y", ("Ana Diaz", "Diaz, Ana", "Ana Diaz")),
    ],
)
def test_names_are_derived_from_the_columns_given(load, cells, names):
    header, _line, row = cells.partition("\n")
    load(users=f"{HEADER},{header}\nU1,u1,active,{row}")
    assert (user().name, user().sortable_name, user().short_name) == names


def test_without_names_in_the_row_they_stay(load):
    load(users=f"{HEADER},full_name\nU1,u1,active,Ana Diaz")
    load(users=f"{HEADER}\nU1,u1,active")
    assert (user().name, user().sortable_name) == ("Ana Diaz", "Diaz, Ana")


def test_a_short_name_of_ones_own_does_not_follow_the_name(load):
    load(users=f"{HEADER},full_name,short_name\nU1,u1,active,Ana Diaz,Anita\nU2,u2,active,Bo Hill,")
    load(users=f"{HEADER},full_name\nU1,u1,active,Ana Lake\nU2,u2,active,Bo Lake")
    assert (user().short_name, user("U2").short_name) == ("Anita", "Bo Lake")


@pytest.mark.parametrize(
    ("row", "kind"),
    [
        (",u1,active", "no_user_id"),
        ("U1,,active", "no_login_id"),
        ("U1,u1,", "no_status"),
        ("U1,u1,activeX", "bad_status"),
        (f"U1,{'x' * 101},active", "invalid_login_id"),
        ('U1,"u\n1",active', "invalid_login_id"),
        ("U1,—,active", "invalid_login_id"),
        (f"{'U' * 256},u1,active", "too_long"),
    ],
)
def test_a_row_that_cannot_be_used_is_a_warning_and_the_others_are_applied(load, row, kind):
    made = load(users=f"{HEADER}\n{row}\nU2,u2,active")
    assert warnings(made) == [(2, kind)]
    assert made.workflow_state == "imported_with_messages"
    assert made.data["counts"]["users"] == 1
    assert User.objects.filter(sis_user_id="U2").exists()
    assert not User.objects.filter(sis_user_id="U1").exists()


def test_a_status_is_read_in_any_case(load):
    load(users=f"{HEADER}\nU1,u1,ACTIVE\nU2,u2,Suspended")
    assert (user().state, user("U2").state) == ("registered", "suspended")


def test_a_login_of_somebody_without_a_sis_id_is_adopted(load):
    hand_made = UserFactory(login_id="Kim", sis_user_id=None)
    load(users=f"{HEADER}\nU1,kim,active")
    hand_made.refresh_from_db()
    assert (hand_made.sis_user_id, hand_made.login_id) == ("U1", "kim")


def test_a_login_of_somebody_with_another_sis_id_is_claimed(load):
    UserFactory(login_id="kim", sis_user_id="OLD")
    made = load(users=f"{HEADER}\nU1,KIM,active")
    assert warnings(made) == [(2, "login_claimed")]
    message = made.sis_import_errors.get().message
    assert "OLD" in message
    assert "U1" in message
    assert not User.objects.filter(sis_user_id="U1").exists()


def test_the_sis_id_behind_a_claimed_login_changes_when_asked_to(load):
    before = UserFactory(login_id="kim", sis_user_id="OLD")
    load(users=f"{HEADER}\nU1,kim,active", options=Options(update_sis_id_if_login_claimed=True))
    assert user().pk == before.pk


JOIN = Options(ignore_deletion_brake=True, update_sis_id_if_login_claimed=True)


@pytest.mark.parametrize("options", [JOIN, Options(ignore_deletion_brake=True)])
def test_two_people_with_one_login_are_never_made_one(load, options):
    mum = "MUM,family@example.org,active"
    load(users=f"{HEADER}\n{mum}\nANN,ann,active\nBEN,ben,active")
    links = "observer_id,student_id,status\nMUM,ANN,active"
    load(links=links)
    made = load(
        options=options, users=f"{HEADER}\nDAD,family@example.org,active\n{mum}", links=f"{links}\nDAD,BEN,active"
    )
    assert warnings(made)[0] == (2, "two_people" if options is JOIN else "login_claimed")
    told = made.sis_import_errors.order_by("id")[0].message
    assert "Give each person their own login." in told
    assert {(link.observer.sis_user_id, link.student.sis_user_id) for link in ObservationLink.objects.all()} == {
        ("MUM", "ANN")
    }
    assert not User.objects.filter(sis_user_id="DAD").exists()


def test_two_people_are_not_made_one_when_one_gets_another_login_in_the_same_upload(load):
    load(users=f"{HEADER}\nMUM,family,active")
    mum = user("MUM").pk
    assert warnings(load(options=JOIN, users=f"{HEADER}\nDAD,family,active\nMUM,mum,active")) == []
    assert (user("MUM").pk, user("MUM").login_id, user("DAD").login_id) == (mum, "mum", "family")


def test_two_new_people_of_one_upload_are_not_made_one(load):
    made = load(options=JOIN, users=f"{HEADER}\nMUM,family,active\nDAD,family,active")
    assert warnings(made) == [(3, "two_people")]


def test_two_people_are_not_made_one_when_only_one_is_new_in_a_data_set(load):
    options = Options(**vars(JOIN) | {"diffing_data_set_identifier": "x"})
    load(options=options, users=f"{HEADER}\nMUM,family,active\nANN,ann,active")
    made = load(options=options, users=f"{HEADER}\nMUM,family,active\nANN,ann,active\nDAD,family,active")
    assert warnings(made) == [(4, "two_people")]
    assert not User.objects.filter(sis_user_id="DAD").exists()


class TestTwoPeopleUnderOneId:
    NAMES = "user_id,login_id,full_name,status"
    ANN, BEN = "{0},ann,Ann Alpha,active", "{0},ben,Ben Beta,active"

    @pytest.mark.parametrize(("id_", "kind"), [("1.23457E+11", "shortened_id"), ("77", "shared_id")])
    def test_two_people_under_one_id_do_not_replace_each_other(self, load, id_, kind):
        for _again in range(2):
            made = load(users="\n".join([self.NAMES, self.ANN.format(id_), self.BEN.format(id_), "C,c,Cy,active"]))
            assert warnings(made) == [(2, kind), (3, kind)]
            assert "spreadsheet" in made.sis_import_errors.order_by("id")[0].message
            assert set(User.objects.filter(login_id__in=["ann", "ben", "c"]).values_list("login_id", flat=True)) == {
                "c"
            }

    @pytest.mark.parametrize("rows", [[ANN, BEN], [BEN, ANN], [ANN.replace("active", "deleted"), BEN]])
    @pytest.mark.parametrize("identifier", ["", "every night"])
    def test_nor_somebody_who_is_there_already_nor_get_their_links_and_enrollments(self, load, rows, identifier):
        options = Options(ignore_deletion_brake=True, diffing_data_set_identifier=identifier)
        load(options=options, users="\n".join([self.NAMES, self.ANN.format("77"), "MUM,mum,Mum,active"]))
        SectionFactory(sis_section_id="S")
        enrollments, links = (
            "section_id,user_id,role,status\nS,77,student,active",
            "observer_id,student_id,status\nMUM,77,active",
        )
        rows = [self.NAMES, *(row.format("77") for row in rows), "MUM,mum,Mum,active"]
        made = load(options=options, users="\n".join(rows), enrollments=enrollments, links=links)
        assert [kind for _row, kind in warnings(made)] == ["shared_id"] * 4
        assert (user("77").login_id, user("77").name, user("77").state) == ("ann", "Ann Alpha", "registered")
        assert not Enrollment.objects.exists()
        assert not ObservationLink.objects.exists()

    def test_one_login_in_other_letters_is_one_person(self, load):
        made = load(users="\n".join([self.NAMES, "77,ann,Ann,active", "77,ANN,Ann Alpha,active"]))
        assert (warnings(made), user("77").name) == ([], "Ann Alpha")

    @pytest.mark.parametrize(
        ("name", "text"),
        [
            ("courses", "course_id,short_name,long_name,status\n1.2E+15,B,Biology,active"),
            ("enrollments", 'section_id,user_id,role,status\nS,"1,23457E+11",student,active'),
            ("links", "observer_id,student_id,status\nMUM,1.23457E+11,active"),
            ("ids", "old_id,new_id,type\nMUM,1.23457E+11,user"),
        ],
    )
    def test_a_shortened_id_means_nothing_wherever_it_stands(self, load, name, text):
        load(users=f"{HEADER}\nMUM,mum,active")
        assert warnings(load(**{name: text})) == [(2, "shortened_id")]

    def test_one_that_was_imported_so_can_be_put_right(self, load):
        UserFactory(sis_user_id="1.23457E+11")
        assert warnings(load(ids="old_id,new_id,type\n1.23457E+11,123456789012,user")) == []
        assert user("123456789012")

    def test_ids_that_only_look_similar_are_ids(self, load):
        assert warnings(load(users=f"{HEADER}\nE+11,a,active\n12E+11,b,active\n1.2E+1,c,active\n1E11,d,active")) == []


def test_a_login_cannot_move_to_somebody_else_while_its_owner_is_live(load):
    load(users=f"{HEADER}\nU1,one,active\nU2,two,active")
    made = load(users=f"{HEADER}\nU1,TWO,active")
    assert warnings(made) == [(2, "login_claimed")]
    load(users=f"{HEADER}\nU2,two,deleted")
    made = load(users=f"{HEADER}\nU1,two,active")
    assert warnings(made) == []
    assert user().login_id == "two"


def test_rows_of_one_file_see_what_the_rows_before_them_did(load):
    load(users=f"{HEADER}\nU1,one,active\nU2,two,active")
    # One leaves a login, and the next takes it; a third comes too late.
    made = load(users=f"{HEADER}\nU1,new,active\nU2,one,active\nU3,one,active")
    assert (user().login_id, user("U2").login_id) == ("new", "one")
    assert warnings(made) == [(4, "login_claimed")]


def test_the_last_of_several_rows_about_one_person_wins_and_each_counts(load):
    made = load(users=f"{HEADER},full_name\nU1,u1,active,First\nU1,u1,active,Second\nU1,u1,active,Third")
    assert user().name == "Third"
    assert made.data["counts"]["users"] == 3


def test_an_integration_id_belongs_to_one_person(load):
    load(users=f"{HEADER},integration_id\nU1,u1,active,INT")
    made = load(users=f"{HEADER},integration_id\nU2,u2,active,INT\nU3,u3,deleted,")
    assert warnings(made) == [(2, "integration_id_claimed")]
    assert "U1" in made.sis_import_errors.get().message


def test_a_blank_integration_id_leaves_the_stored_one(load):
    load(users=f"{HEADER},integration_id\nU1,u1,active,INT")
    load(users=f"{HEADER},integration_id\nU1,u1,active,")
    assert user().integration_id == "INT"


def test_an_unknown_provider_refuses_the_row(load):
    made = load(users=f"{HEADER},authentication_provider_id\nU1,u1,active,google\nU2,u2,active,canvas")
    assert warnings(made) == [(2, "unknown_auth_provider")]


def test_a_bad_address_is_a_warning_but_the_person_is_saved_and_not_counted(load):
    made = load(users=f"{HEADER},email\nU1,u1,active,not an address")
    assert warnings(made) == [(2, "bad_email")]
    assert made.data["counts"]["users"] == 0
    assert user().email == ""


def test_an_address_stays_when_the_row_gives_none(load):
    load(users=f"{HEADER},email\nU1,u1,active,a@example.org")
    load(users=f"{HEADER},email\nU1,u1,active,")
    assert user().email == "a@example.org"


def test_pronouns_and_declared_type_can_be_cleared(load):
    load(users=f"{HEADER},pronouns,declared_user_type\nU1,u1,active,she/her,teacher")
    load(users=f"{HEADER},pronouns,declared_user_type\nU1,u1,active,,")
    assert (user().pronouns, user().declared_user_type) == ("she/her", "teacher")
    load(users=f"{HEADER},pronouns,declared_user_type\nU1,u1,active,<delete>,<delete>")
    assert (user().pronouns, user().declared_user_type) == ("", "")
    assert warnings(load(users=f"{HEADER},declared_user_type\nU1,u1,active,wizard")) == [(2, "bad_declared_user_type")]


def test_deleting_ends_what_somebody_is_here_but_not_their_links(load, root):
    load(users=f"{HEADER}\nU1,u1,active\nP1,p1,active")
    student, observer = user(), user("P1")
    enrollment = EnrollmentFactory(user=student)
    link(observer, student, origin=ObservationLink.Origin.SIS, by=None)
    AccountAdmin.objects.create(user=student, account=root, role=Role.objects.built_in(BaseType.ACCOUNT_ADMIN))
    made = load(users=f"{HEADER}\nU1,u1,deleted")
    student.refresh_from_db()
    enrollment.refresh_from_db()
    assert (student.state, enrollment.state) == ("deleted", "deleted")
    assert Enrollment.objects.get(user=observer).state == "deleted"
    assert AccountAdmin.objects.get(user=student).workflow_state == "deleted"
    assert ObservationLink.objects.get().state == "active"
    assert made.data["statistics"]["Pseudonym"]["deleted"] == 1
    assert made.data["statistics"]["Enrollment"]["deleted"] == 2


def test_somebody_who_returns_gets_back_the_login_but_not_the_enrollments(load):
    load(users=f"{HEADER}\nU1,u1,active")
    enrollment = EnrollmentFactory(user=user())
    load(users=f"{HEADER}\nU1,u1,deleted")
    made = load(users=f"{HEADER}\nU1,u1,active")
    enrollment.refresh_from_db()
    assert (user().state, enrollment.state) == ("registered", "deleted")
    assert made.data["statistics"]["Pseudonym"]["restored"] == 1


def test_deleting_somebody_deleted_is_nothing_at_all(load):
    load(users=f"{HEADER}\nU1,u1,deleted")
    assert user().state == "deleted"
    made = load(users=f"{HEADER}\nU1,u1,deleted")
    assert (made.data["counts"]["users"], warnings(made)) == (0, [])


def test_deleting_somebody_may_name_a_login_that_is_somebody_elses_by_now(load):
    load(users=f"{HEADER}\nU1,one,active\nU2,two,active")
    made = load(users=f"{HEADER}\nU2,one,deleted")
    assert warnings(made) == []
    assert (user("U2").state, user().login_id) == ("deleted", "one")


def test_suspending_leaves_the_enrollments(load):
    load(users=f"{HEADER}\nU1,u1,active")
    enrollment = EnrollmentFactory(user=user())
    load(users=f"{HEADER}\nU1,u1,suspended")
    enrollment.refresh_from_db()
    assert (user().state, enrollment.state) == ("suspended", "active")


def test_nobody_removes_themselves(load, admin):
    made = load(users=f"{HEADER}\nALEX,alex,deleted")
    assert warnings(made) == [(2, "cannot_remove_self")]
    admin.refresh_from_db()
    assert admin.is_active


def test_skipped_deletions_are_not_counted_and_not_told(load):
    load(users=f"{HEADER}\nU1,u1,active")
    made = load(users=f"{HEADER}\nU1,u1,deleted", options=Options(skip_deletes=True))
    assert (user().state, made.data["counts"]["users"], warnings(made)) == ("registered", 0, [])


class TestStickiness:
    @pytest.fixture
    def edited(self, load):
        load(users=f"{HEADER},full_name,short_name,pronouns\nU1,u1,active,Ana Diaz,Ana,she/her")
        person = user()
        person.name = "Anna Diaz"
        stick(person, ["name", "login_id", "status"])
        person.save()
        return person

    ROW = f"{HEADER},full_name,pronouns\nU1,other,suspended,Ana Lake,they/them"

    def test_what_a_person_edited_stays(self, load, edited):
        load(users=self.ROW)
        assert (user().name, user().login_id, user().state) == ("Anna Diaz", "u1", "registered")
        assert user().pronouns == "they/them"

    def test_override_sis_stickiness_changes_what_a_person_edited(self, load, edited):
        load(users=self.ROW, options=Options(override_sis_stickiness=True))
        assert (user().name, user().login_id, user().state) == ("Ana Lake", "other", "suspended")
        assert sorted(user().stuck_sis_fields) == ["login_id", "name", "status"]

    def test_an_import_makes_nothing_stick_unless_asked_to(self, load, edited):
        load(users=self.ROW, options=Options(override_sis_stickiness=True, add_sis_stickiness=True))
        assert set(user().stuck_sis_fields) >= {"login_id", "name", "status", "pronouns"}

    def test_clearing_beats_adding_and_needs_overriding(self, load, edited):
        load(users=self.ROW, options=Options(clear_sis_stickiness=True))
        assert user().stuck_sis_fields
        clearing = Options(override_sis_stickiness=True, add_sis_stickiness=True, clear_sis_stickiness=True)
        load(users=self.ROW, options=replace(clearing, ignore_deletion_brake=True))
        assert user().stuck_sis_fields == []


def test_the_number_of_statements_does_not_depend_on_the_number_of_rows(load, root):
    def people(number):
        return f"{HEADER}\n" + "\n".join(f"U{n},u{n},active" for n in range(number))

    load(users=people(1))
    few = statements(lambda: load(users=people(3)))
    assert few <= 95
    assert statements(lambda: load(users=people(300))) == few
    assert User.objects.filter(sis_user_id__startswith="U").count() == 300


def test_rosters_bring_names_into_the_form_that_hands_give_them(load):
    made = load(
        users=f"{HEADER},full_name,pronouns\n"
        "U1,u1,active,Jose\u0301  \u202eLake\u200b Jr.,she\u200b/her\n"
        "U2,u2,active,--,\n"
        "U3,ｕ\u200b３,active,Öykü Öz,\n"
    )
    assert (user().name, user().sortable_name, user().pronouns) == ("José Lake Jr.", "Lake, José Jr.", "she/her")
    assert user("U3").login_id == "u3"
    assert warnings(made) == [(3, "unreadable_name")]


def test_a_login_that_looks_like_another_is_left_out(load):
    UserFactory(login_id="pat", sis_user_id="U0")
    made = load(users=f"{HEADER}\nU1,р\u0430t,active\nU2,u2,active")
    assert warnings(made) == [(2, "login_alike")]
    assert "of user U1 looks like that of user U0" in made.sis_import_errors.get().message
    assert User.objects.filter(sis_user_id="U2").exists()


def test_addresses_are_counted_as_canvas_counts_channels(load, root, admin):
    header = f"{HEADER},email"

    def counted(*rows):
        made = load(users="\n".join([header, *rows]))
        channels = made.data["statistics"]["CommunicationChannel"]
        return tuple(channels[what] for what in ("created", "restored", "deleted")), made

    kim, lee = "U1,kim,{},kim@example.org", "U2,lee,{},"
    assert counted(kim.format("active"), lee.format("active"))[0] == (1, 0, 0)
    assert counted(kim.format("active"), lee.format("active"))[0] == (0, 0, 0)
    assert counted("U1,kim,active,kim2@example.org", "U2,lee,active,lee@example.org")[0] == (1, 0, 0)
    gone, made = counted(kim.format("deleted"), lee.format("deleted"))
    assert gone == (0, 0, 2)
    assert made.data["statistics"]["total_state_changes"] == 4
    assert counted(kim.format("active"), "U3,new,deleted,new@example.org")[0] == (0, 1, 0)
    begin_restoring(made, by=admin)
    work_off(root)
    made.refresh_from_db()
    assert (made.workflow_state, user("U2").state) == ("restored", "registered")

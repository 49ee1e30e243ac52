"""No upload removes more than the share of what one source has, by whatever route, without asking."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db.models import F

from accounts.models import ObservationLink, User
from courses.domain.observation import link
from courses.models import Course, Enrollment, Section, Term
from sis.imports import deletion_brake
from sis.imports.deletion_brake import set_deletion_brake
from sis.imports.intake import repeat
from sis.imports.queue import work_off
from sis.imports.restore import begin_restoring
from sis.kinds.registry import KINDS
from sis.models import SisImport
from sis.options import Options
from tests.sis.conftest import make, warnings
from tests.sis.oneroster import manifest
from tests.sis.texts import COURSES, LINKS, SECTIONS, USERS, people, table

DISTRICT = Options(diffing_data_set_identifier="district", ignore_deletion_brake=True)
SCHOOL = Options(diffing_data_set_identifier="school")
ENROLLMENTS = "course_id,section_id,user_id,role,status"
DISTRICTS = [f"D{number}" for number in range(120)]
STUDENTS = [f"U{number}" for number in range(10)]


def enrolled(*names: str, section="S1", role="student", status="active", course="") -> str:
    return table(ENROLLMENTS, *(f"{course},{section},{name},{role},{status}" for name in names))


def linked(*names: str, status="active") -> str:
    return table(LINKS, *(f"PAT{number % 4},{name},{status}" for number, name in enumerate(names)))


def of_school(*names: str, status="active") -> str:
    """Four parents and these students."""
    return table(people("PAT0", "PAT1", "PAT2", "PAT3"), *people(*names, status=status).split("\n")[1:])


def in_force() -> tuple[int, ...]:
    """How many people, courses, sections, enrollments and links of the school there are."""
    ours = {"user__sis_user_id__regex": "^(U|N|PAT)"}
    return (
        User.objects.filter(sis_user_id__regex="^(U|N|PAT)").exclude(state__in=["deleted", "suspended"]).count(),
        Course.objects.filter(sis_course_id="C1").exclude(workflow_state="deleted").count(),
        Section.objects.filter(sis_section_id="S1").exclude(workflow_state="deleted").count(),
        Enrollment.objects.filter(**ours, state="active").exclude(section__workflow_state="deleted").count(),
        ObservationLink.objects.filter(state="active", observer__sis_user_id__startswith="PAT").count(),
    )


@pytest.fixture
def district(load):
    """120 people with a course and links, of whom ten more are less than a tenth."""
    load(
        options=DISTRICT,
        terms="term_id,name,status\nT1,Autumn,active",
        users=people("EVE", *DISTRICTS),
        courses=table(COURSES, "DC,d,District,T1,published"),
        sections=table(SECTIONS, "DS,DC,All,active"),
        enrollments=enrolled(*DISTRICTS, section="DS"),
        observers=table(LINKS, *(f"EVE,{name},active" for name in DISTRICTS)),
    )


WHOLE = {
    "users": of_school(*STUDENTS),
    "courses": table(COURSES, "C1,b,Biology,T1,published"),
    "sections": table(SECTIONS, "S1,C1,A,active"),
    "enrollments": enrolled(*STUDENTS),
    "observers": linked(*STUDENTS),
}


@pytest.fixture
def school(load, district):
    """A school of ten students with a data set of its own."""
    load(options=SCHOOL, **WHOLE)
    assert in_force() == (14, 1, 1, 20, 10)


CHANGED = "old_id,new_id,type"
MOST = STUDENTS[:7]
ROUTES: dict[str, dict[str, str]] = {
    "nobody is listed any more": {"users": USERS},
    "some people are not": {"users": of_school(*MOST)},
    "no enrollment is listed any more": {"enrollments": ENROLLMENTS},
    "some enrollments are not": {"enrollments": enrolled(*MOST)},
    "no link is listed any more": {"observers": LINKS},
    "some links are not": {"observers": linked(*MOST)},
    "no course is listed any more": {"courses": COURSES},
    "no section is listed any more": {"sections": SECTIONS},
    "all are deleted": {"users": of_school(*STUDENTS, status="deleted")},
    "all are suspended": {"users": of_school(*STUDENTS, status="suspended")},
    "all enrollments are deleted": {"enrollments": enrolled(*STUDENTS, status="deleted")},
    "all enrollments are inactive": {"enrollments": enrolled(*STUDENTS, status="inactive")},
    "all links are deleted": {"observers": linked(*STUDENTS, status="deleted")},
    "all people have other ids": {"users": of_school(*(f"N{name}" for name in STUDENTS))},
    "all students become assistants": {"enrollments": enrolled(*STUDENTS, role="ta")},
    "all are listed in other words, and refused": {"enrollments": enrolled(*STUDENTS, course="C1", status="aktiv")},
    "the parents go, and all links with them": {"users": people(*STUDENTS)},
    "all people get other ids, and are deleted by these": {
        "changes": table(CHANGED, *(f"{name},N{name},user" for name in STUDENTS)),
        "users": of_school(*(f"N{name}" for name in STUDENTS), status="deleted"),
    },
    "all people get other ids twice, and are unlinked by these": {
        "changes": table(
            CHANGED,
            *(f"{name},M{name},user" for name in STUDENTS),
            *(f"M{name},N{name},user" for name in STUDENTS),
        ),
        "observers": linked(*(f"N{name}" for name in STUDENTS), status="deleted"),
    },
    "all people get other ids twice, and new people those between": {
        "changes": table(
            CHANGED,
            *(f"{name},M{name},user" for name in STUDENTS),
            *(f"M{name},N{name},user" for name in STUDENTS),
        ),
        "users": of_school(*(f"M{name}" for name in STUDENTS)),
    },
    "the changes of all ids are refused, and new people get the new ones": {
        "changes": table(
            "old_id,old_integration_id,new_id,type", *(f"{name},UNKNOWN,N{name},user" for name in STUDENTS)
        ),
        "users": of_school(*(f"N{name}" for name in STUDENTS)),
    },
    "all people get other ids, and their enrollments are listed no more by either": {
        "changes": table(CHANGED, *(f"{name},N{name},user" for name in STUDENTS)),
        "users": table(of_school(), *(f"N{name},{name.lower()},active" for name in STUDENTS)),
        "enrollments": ENROLLMENTS,
        "observers": linked(*(f"N{name}" for name in STUDENTS)),
    },
    "all people get other ids, and others their enrollments by the old ones": {
        "changes": table(CHANGED, *(f"{name},N{name},user" for name in STUDENTS)),
        "users": table(
            of_school(),
            *(f"{name},other-{name.lower()},active" for name in STUDENTS),
            *(f"N{name},{name.lower()},active" for name in STUDENTS),
        ),
    },
    "the course gets another id twice, and a new one that between": {
        "changes": table(CHANGED, "C1,C2,course", "C2,C3,course"),
        "courses": table(COURSES, "C2,b,Biology,T1,published"),
    },
    "the section gets another id twice, and a new one that between": {
        "changes": table(CHANGED, "S1,S2,section", "S2,S3,section"),
        "sections": table(SECTIONS, "S2,C1,A,active"),
    },
    "the section gets another id, and is deleted by it": {
        "changes": table(CHANGED, "S1,S2,section"),
        "sections": table(SECTIONS, "S2,C1,A,deleted"),
    },
    "the course gets another id, and is deleted by it": {
        "changes": table(CHANGED, "C1,C2,course"),
        "courses": table(COURSES, "C2,b,Biology,T1,deleted"),
    },
}


class TestDataSet:
    @pytest.mark.parametrize("route", ROUTES)
    def test_more_than_the_share_of_its_source_asks(self, load, school, route):
        before = in_force()
        made = load(options=SCHOOL, **{**WHOLE, **ROUTES[route]})
        assert (made.was_braked, in_force()) == (True, before), route

    @pytest.mark.parametrize("files", [{"users": USERS}, {"enrollments": ENROLLMENTS}, {"observers": LINKS}])
    def test_a_kind_that_comes_empty_asks_whatever_the_share(self, load, school, root, admin, files):
        set_deletion_brake(root, 100, by=admin)
        made = load(options=SCHOOL, **{**WHOLE, **files})
        assert made.was_braked
        assert "This import no longer lists any" in made.data["error_message"]

    def test_a_kind_without_a_count_of_its_own_asks_too(self, load, school):
        terms = {"terms": "term_id,name,status\nT2,Spring,active"}
        load(options=SCHOOL, **WHOLE, **terms)
        made = load(options=SCHOOL, **WHOLE, terms="term_id,name,status")
        assert (made.was_braked, Term.objects.get(sis_term_id="T2").workflow_state) == (True, "active")

    @pytest.mark.parametrize(
        "options",
        [
            Options(diffing_data_set_identifier="school", diffing_drop_status="completed"),
            Options(diffing_data_set_identifier="school", diffing_drop_status="inactive", skip_deletes=True),
        ],
    )
    def test_so_does_what_it_would_only_conclude(self, load, school, options):
        made = load(options=options, **{**WHOLE, "enrollments": enrolled(*MOST)})
        assert (made.was_braked, in_force()[3]) == (True, 20)

    def test_an_id_that_a_login_brings_along_is_known(self, load, school):
        options = Options(update_sis_id_if_login_claimed=True)
        users = table(USERS, *(f"N{name},{name},active" for name in STUDENTS))
        made = load(options=options, users=users, enrollments=enrolled(*(f"N{s}" for s in STUDENTS), status="deleted"))
        assert (made.was_braked, in_force()[3]) == (True, 20)

    def test_further_ids_of_people_are_known(self, load, school):
        load(logins=table("user_id,login_id,existing_user_id", *(f"F{one},f{one},{one}" for one in STUDENTS)))
        made = load(options=Options(), observers=linked(*(f"F{one}" for one in STUDENTS), status="deleted"))
        assert (made.was_braked, in_force()[4]) == (True, 10)

    def test_further_ids_of_people_without_an_own_one_are_known(self, load, school):
        load(logins=table("user_id,login_id,existing_user_id", *(f"F{one},f{one},{one}" for one in STUDENTS)))
        User.objects.filter(sis_user_id__in=STUDENTS).update(sis_user_id=None)
        made = load(options=Options(), users=people(*(f"F{one}" for one in STUDENTS), status="deleted"))
        left = User.objects.filter(further_sis_ids__isnull=False).exclude(state="deleted").count()
        assert (made.was_braked, left) == (True, 10)

    def test_what_others_have_touched_since_still_counts_as_its_own(self, load, school):
        load(options=Options(), users=table(WHOLE["users"], *people(*DISTRICTS).split("\n")[1:]))
        made = load(options=SCHOOL, **{**WHOLE, "users": of_school(*MOST)})
        assert (made.was_braked, in_force()[0]) == (True, 14)

    def test_files_of_others_ask_before_they_take_a_schools_people(self, load, school):
        rows = people(*STUDENTS, status="deleted")
        made = load(options=Options(), users=rows)
        assert "10 of 14 active people from another source" in made.data["error_message"]
        assert load(options=Options(diffing_data_set_identifier="district"), users=rows).was_braked
        assert in_force()[0] == 14

    @pytest.mark.parametrize("in_one", [True, False])
    def test_another_id_makes_nobody_a_person_of_the_sender(self, load, school, in_one):
        changes = {"changes": table(CHANGED, *(f"{name},N{name},user" for name in STUDENTS))}
        deleted = {"users": people(*(f"N{name}" for name in STUDENTS), status="deleted")}
        if not in_one:
            assert load(options=Options(), **changes).workflow_state == "imported"
        made = load(options=Options(), **(changes if in_one else {}), **deleted)
        assert "10 of 14 active people from another source" in made.data["error_message"]
        assert in_force()[0] == 14

    def test_the_share_itself_passes(self, load, school):
        made = load(options=SCHOOL, **{**WHOLE, "observers": linked(*STUDENTS[:9])})
        assert (made.workflow_state, in_force()[4]) == ("imported", 9)

    def test_what_another_source_has_taken_over_stays_and_does_not_count(self, load, school):
        load(options=Options(diffing_data_set_identifier="neighbor"), users=people(*STUDENTS))
        made = load(options=SCHOOL, **{**WHOLE, "users": of_school(*MOST)})
        assert (made.workflow_state, in_force()[0]) == ("imported", 14)

    def test_a_file_that_is_missing_removes_nothing(self, load, school):
        made = load(options=SCHOOL, **{kind: text for kind, text in WHOLE.items() if kind == "courses"})
        assert (made.workflow_state, in_force()) == ("imported", (14, 1, 1, 20, 10))

    def test_people_with_new_ids_take_their_enrollments_along(self, load, school):
        names = [f"N{name}" for name in STUDENTS]
        made = load(
            options=SCHOOL,
            **{**WHOLE, "users": table(USERS, *(f"N{one},{one},active" for one in STUDENTS))},
            changes=table(CHANGED, *(f"{name},N{name},user" for name in STUDENTS)),
        )
        # The parents are not listed any more, which is more than the share of the links.
        assert made.was_braked
        made = load(
            options=SCHOOL,
            **{
                **WHOLE,
                "users": table(of_school(), *(f"N{one},{one.lower()},active" for one in STUDENTS)),
                "enrollments": enrolled(*names),
                "observers": linked(*names),
            },
            changes=table(CHANGED, *(f"{name},N{name},user" for name in STUDENTS)),
        )
        assert (made.workflow_state, in_force()) == ("imported", (14, 1, 1, 20, 10))


NAMED = "user_id,login_id,first_name,last_name,email,status"
FIRST = ["Ada", "Ben", "Cem", "Dan", "Eva", "Fay", "Gus", "Hal", "Ida", "Jan"]


def named(*, prefix="U", first=FIRST, last="Lake", login="{0}@one.org", email="{0}@mail.org") -> str:
    """Ten students with names, logins and addresses of their own."""
    return table(
        NAMED,
        *(
            f"{prefix}{number},{login.format(name.lower())},{name},{last},{email.format(name.lower())},active"
            for number, name in enumerate(first)
        ),
    )


class TestIdsThatOthersGet:
    """A record that becomes another person's goes, with everybody who observes the one it was about."""

    OTHERS = named(first=[f"New{name}" for name in FIRST], last="Hill")

    @pytest.fixture
    def class_of_ten(self, load, district):
        load(options=SCHOOL, users=named())

    @pytest.mark.parametrize("options", [SCHOOL, Options()])
    def test_more_than_the_share_of_them_asks(self, load, class_of_ten, options):
        made = load(options=options, users=self.OTHERS)
        assert "remove 10 of 10 active people" in made.data["error_message"]
        assert "10 of these IDs stand beside another name, login and email address" in made.data["error_message"]
        assert User.objects.get(sis_user_id="U0").name == "Ada Lake"

    def test_also_when_the_ids_are_changed_to_theirs_first(self, load, class_of_ten):
        changes = table(CHANGED, *(f"U{number},N{number},user" for number in range(10)))
        made = load(options=SCHOOL, changes=changes, users=self.OTHERS.replace("\nU", "\nN"))
        assert (made.was_braked, User.objects.get(sis_user_id="U0").name) == (True, "Ada Lake")

    def test_one_of_ten_may_be_another(self, load, class_of_ten):
        users = named(first=["Zoe", *FIRST[1:]]).replace("Zoe,Lake", "Zoe,Hill")
        assert load(options=SCHOOL, users=users).workflow_state == "imported"

    @pytest.mark.parametrize(
        "users",
        [
            named(login="{0}@two.org", email="{0}@new.org"),
            named(last="Hill", login="{0}@two.org", email="{0}@new.org"),
            named(last="Ada-Lake", login="{0}@two.org", email="{0}@new.org"),
        ],
    )
    def test_people_stay_themselves_with_other_logins_or_family_names(self, load, class_of_ten, users):
        assert load(options=SCHOOL, users=users).workflow_state == "imported"

    def test_and_when_they_get_a_name_at_last(self, load, district):
        load(options=SCHOOL, users=people(*(f"U{number}" for number in range(10))))
        assert not load(options=Options(), users=named()).was_braked
        assert User.objects.get(sis_user_id="U0").name == "Ada Lake"

    def test_and_with_other_names_under_their_login_or_address(self, load, class_of_ten):
        rows = [row.split(",") for row in named().split("\n")[1:]]
        same_login = (f"{id_},{login},New{first},Hill,,active" for id_, login, first, *_ in rows)
        same_email = (
            f"{id_},x{login},New{first},Lane,{email},active" for id_, login, first, _last, email, _state in rows
        )
        assert load(options=SCHOOL, users=table(NAMED, *same_login)).workflow_state == "imported"
        load(options=DISTRICT, users=named())
        assert load(options=SCHOOL, users=table(NAMED, *same_email)).workflow_state == "imported"


class TestSmallSource:
    """A share of a few is rounded up, so that one of them may go, and no more."""

    @pytest.fixture
    def few(self, load, district):
        load(options=SCHOOL, users=people(*STUDENTS[:8]))

    def test_one_may_go(self, load, few):
        assert load(options=SCHOOL, users=people(*STUDENTS[:7])).workflow_state == "imported"

    @pytest.mark.parametrize("left", [6, 1, 0])
    def test_more_ask(self, load, few, left):
        assert load(options=SCHOOL, users=people(*STUDENTS[:left])).was_braked

    def test_a_share_of_nothing_lets_nothing_go(self, load, few, root, admin):
        set_deletion_brake(root, 0, by=admin)
        assert load(options=SCHOOL, users=people(*STUDENTS[:7])).was_braked


class TestSeveralUploadsInARow:
    """What a source has lost lately counts too, so that many small uploads do not do what one may not."""

    @pytest.fixture
    def night(self, load, school) -> Callable[[int], SisImport]:
        return lambda left: load(options=SCHOOL, **{**WHOLE, "observers": linked(*STUDENTS[:left])})

    def test_they_ask_together(self, night):
        assert night(9).workflow_state == "imported"
        made = night(8)
        assert (made.was_braked, in_force()[4]) == (True, 9)
        assert "Earlier imports removed 1 in the last 20 hours." in made.data["error_message"]

    def test_nights_do_not_add_up(self, night):
        night(9)
        SisImport.objects.update(started_at=F("started_at") - deletion_brake.LATELY - timedelta(minutes=1))
        assert night(8).workflow_state == "imported"

    def test_whoever_passes_the_brake_begins_anew(self, night, root, admin):
        night(9)
        again = repeat(night(6), dry_run=False, by=admin)
        work_off(root)
        again.refresh_from_db()
        assert (again.workflow_state, in_force()[4]) == ("imported", 6)
        assert night(5).workflow_state == "imported"

    def test_what_was_undone_does_not_count(self, night, root, admin):
        begin_restoring(night(9), by=admin)
        work_off(root)
        assert night(9).workflow_state == "imported"

    def test_of_what_was_made_by_hand_too(self, load, admin):
        names = [f"U{number}" for number in range(27)]
        load(options=DISTRICT, users=of_school(*names))
        everybody = User.objects.in_bulk(field_name="sis_user_id")
        for number, name in enumerate(names):
            link(everybody[f"PAT{number % 4}"], everybody[name], origin=ObservationLink.Origin.STAFF, by=admin)
        rows = linked(*names, status="deleted").split("\n")
        first, *others = (load(options=Options(), observers=table(LINKS, *rows[n : n + 9])) for n in (1, 10, 19))
        assert [first.workflow_state, *(one.was_braked for one in others)] == ["imported", True, True]
        assert in_force()[4] == 18


class TestBatchMode:
    @pytest.fixture
    def batch(self, load, school) -> Options:
        return Options(batch_mode=True, batch_mode_term_id=Term.objects.get(sis_term_id="T1").pk)

    @pytest.fixture
    def term(self, load, district, root, admin):
        """A term of ten enrollments beside one of 120."""
        load(
            options=Options(),
            terms="term_id,name,status\nT2,Spring,active",
            users=of_school(*STUDENTS),
            courses=table(COURSES, "C1,b,Biology,T2,published"),
            sections=table(SECTIONS, "S1,C1,A,active"),
            enrollments=enrolled(*STUDENTS),
        )
        return Options(batch_mode=True, batch_mode_term_id=Term.objects.get(sis_term_id="T2").pk)

    @pytest.mark.parametrize(
        "files",
        [
            {"enrollments": ENROLLMENTS},
            {"sections": SECTIONS},
            {"courses": COURSES},
            {"enrollments": enrolled(*MOST)},
        ],
    )
    def test_what_a_term_would_lose_is_measured_by_the_term(self, load, term, files):
        before = in_force()
        made = load(options=term, **files)
        assert (made.was_braked, in_force()) == (True, before)

    def test_rows_that_were_refused_list_nothing(self, load, term):
        made = load(options=term, enrollments=enrolled(*STUDENTS, status="aktiv"))
        assert (made.was_braked, in_force()[3]) == (True, 10)
        assert "Batch mode would remove 10 of 10 active enrollments" in made.data["error_message"]
        assert "The rows were imported, and nothing else was removed." in made.data["error_message"]

    @pytest.mark.parametrize(
        "files",
        [
            {"sections": table(SECTIONS, "S1,C1,A,aktiv"), "enrollments": enrolled(*STUDENTS)},
            {"sections": table(SECTIONS, "S1,C1,A,aktiv")},
            {"courses": table(COURSES, "C1,b,Biology,T2,aktiv"), "enrollments": enrolled(*STUDENTS)},
        ],
    )
    def test_who_is_in_what_was_refused_counts_too(self, load, term, files):
        made = load(options=term, **files)
        assert (made.was_braked, in_force()[2:4]) == (True, (1, 10))
        assert "10 of 10 active enrollments" in made.data["error_message"]

    def test_a_dry_run_warns_of_it_once(self, load, term):
        dry = Options(batch_mode=True, batch_mode_term_id=term.batch_mode_term_id, dry_run=True)
        made = load(options=dry, enrollments=enrolled(*MOST))
        assert [kind for _row, kind in warnings(made)] == ["brake"]
        assert made.report["enrollments"]["removed"]["count"] == 3

    def test_a_source_does_not_take_another_ones_away(self, load, batch):
        made = load(options=batch, enrollments=enrolled(*DISTRICTS, section="DS"))
        assert (made.was_braked, in_force()[3]) == (True, 20)


@pytest.mark.parametrize("name", [name for name, kind in KINDS.items() if "status" in kind.columns and kind.brake])
def test_the_status_is_found_by_its_name_wherever_it_stands(load, school, monkeypatch, name):
    """Three columns more in a kind, before all others, change nothing."""
    kind = KINDS[name]
    monkeypatch.setitem(KINDS, name, replace(kind, columns=("new_1", "new_2", "new_3", *kind.columns)))
    plural = "observers" if name == "user_observer" else kind.plural
    rows = [row.rpartition(",") for row in WHOLE[plural].split("\n")]
    gone = "\n".join([",".join(["".join(rows[0])]), *(f"{before},deleted" for before, _comma, _status in rows[1:])])
    made = load(options=Options(), **{plural: gone})
    assert (made.was_braked, in_force()) == (True, (14, 1, 1, 20, 10))


ORGS = "sourcedId,name,type\nO1,School,school"
ROSTER_USERS = "sourcedId,status,enabledUser,role,username,givenName,familyName,agentSourcedIds"
ROSTER_CLASSES = "sourcedId,status,title,courseSourcedId,schoolSourcedId,termSourcedIds"
ROSTER_ENROLLMENTS = "sourcedId,status,classSourcedId,userSourcedId,role"


def parent_of(number: int) -> str:
    return f"P{number}"


def only_first(number: int) -> str:
    return "" if number else "P0"


def in_roster(status="", enabled="true", agents: Callable[[int], str] = parent_of, some=STUDENTS) -> str:
    """users.csv of OneRoster: students, each with a parent."""
    rows = [
        f"U{n},{status},{enabled},student,u{n},U,X,{agents(n)}\nP{n},,true,parent,p{n},P,X," for n in range(len(some))
    ]
    return table(ROSTER_USERS, *rows)


def in_class(status="", role="student", some=STUDENTS) -> str:
    return table(ROSTER_ENROLLMENTS, *(f"E{name},{status},K1,{name},{role}" for name in some))


ONE_ROSTER = {
    "orgs": ORGS,
    "users": in_roster(),
    "classes": table(ROSTER_CLASSES, "K1,,Biology,,O1,"),
    "enrollments": in_class(),
}
SDS = {
    "orgs": "sourcedId,name\nO1,School",
    "users": table("sourcedId,username", *(f"{who}{n},{who}{n}" for n in range(10) for who in "UP")),
    "roles": table("userSourcedId,orgSourcedId,role", *(f"U{n},O1,student\nP{n},O1,guardian" for n in range(10))),
    "relationships": table(
        "userSourcedId,relationshipUserSourcedId,relationshipRole", *(f"U{n},P{n},guardian" for n in range(10))
    ),
}


def everything() -> list[int]:
    return [
        User.objects.filter(sis_user_id__regex="^(U|P)[0-9]").exclude(state__in=["deleted", "suspended"]).count(),
        Course.objects.filter(sis_course_id="K1", workflow_state="available").count(),
        Enrollment.objects.filter(state="active", user__sis_user_id__regex="^(U|P)[0-9]").count(),
        ObservationLink.objects.filter(state="active", student__sis_user_id__startswith="U").count(),
    ]


# Links in force are read on a connection of their own.
@pytest.mark.django_db(transaction=True)
class TestWholeUpload:
    @pytest.fixture
    def send(self, raced_root, settings, tmp_path) -> Callable[..., SisImport]:
        """`send(files)` imports them after those of a district of 120 people with links."""
        settings.DATA_DIR = tmp_path / "data"

        def send(files, options=None, mode: str | None = "bulk") -> SisImport:
            told = {"manifest": manifest("1.1", **dict.fromkeys(files, mode))} if mode else {}
            made = make(raced_root, None, options or Options(), tmp_path, {**files, **told})
            work_off(raced_root)
            made.refresh_from_db()
            return made

        links = table(LINKS, *(f"EVE,{name},active" for name in DISTRICTS))
        send({"users": people("EVE", *DISTRICTS), "observers": links}, DISTRICT, mode=None)
        return send

    @pytest.mark.parametrize(
        "files",
        [
            {"users": ROSTER_USERS},
            {"users": in_roster(some=MOST)},
            {"users": in_roster(status="aktiv")},
            {"users": in_roster(status="tobedeleted")},
            {"users": in_roster(status="inactive")},
            {"users": in_roster().replace("student,u", "student,other").replace(",U,X,", ",Other,Person,")},
            {"users": in_roster(enabled="false")},
            {"users": in_roster(agents=lambda number: "")},
            {"users": in_roster(agents=only_first)},
            {"users": in_roster().replace(",parent,", ",teacher,")},
            {"users": in_roster().replace("\nU", "\nNU")},
            {"classes": ROSTER_CLASSES},
            {"classes": ONE_ROSTER["classes"].replace("K1,,", "K1,tobedeleted,")},
            {"enrollments": ROSTER_ENROLLMENTS},
            {"enrollments": in_class(some=MOST)},
            {"enrollments": in_class(status="inactive")},
            {"enrollments": in_class(status="gone")},
            {"enrollments": in_class(role="proctor")},
        ],
    )
    def test_one_roster_asks_before_a_school_loses_more_than_its_share(self, send, files):
        assert send(ONE_ROSTER).workflow_state == "imported"
        assert everything() == [20, 1, 20, 10]
        made = send({**ONE_ROSTER, **files})
        assert (made.was_braked, everything()) == (True, [20, 1, 20, 10])

    def test_a_file_that_the_manifest_names_and_is_missing_removes_nothing(self, send):
        send(ONE_ROSTER)
        files = {name: text for name, text in ONE_ROSTER.items() if name != "users"}
        assert send(files).workflow_state == "imported"
        named = manifest("1.1", **dict.fromkeys(ONE_ROSTER, "bulk"))
        assert send({**files, "manifest": named}, mode=None).workflow_state == "failed_with_messages"
        assert everything() == [20, 1, 20, 10]

    @pytest.mark.parametrize(
        "files", [{"users": in_roster(status="tobedeleted")}, {"enrollments": in_class("inactive")}]
    )
    def test_changes_ask_too(self, send, files):
        send(ONE_ROSTER)
        made = send(files, mode="delta")
        assert (made.was_braked, everything()) == (True, [20, 1, 20, 10])

    def test_a_list_of_agents_for_one_ends_not_all_others_unasked(self, send):
        send(ONE_ROSTER)
        made = send({"users": in_roster(agents=only_first)}, mode="delta")
        assert (made.was_braked, everything()) == (True, [20, 1, 20, 10])

    @pytest.mark.parametrize(
        "files",
        [
            {"users": "sourcedId,username"},
            {"roles": "userSourcedId,orgSourcedId,role"},
            {"relationships": SDS["relationships"].replace("guardian", "doctor")},
            {"relationships": SDS["relationships"].split("\n")[0]},
            {"relationships": "\n".join(SDS["relationships"].split("\n")[:8])},
        ],
    )
    def test_school_data_sync_asks_before_a_school_loses_more_than_its_share(self, send, files):
        assert send(SDS, mode=None).workflow_state == "imported"
        assert everything() == [20, 0, 0, 10]
        made = send({**SDS, **files}, mode=None)
        assert (made.was_braked, everything()) == (True, [20, 0, 0, 10])

    def test_school_data_sync_without_a_file_removes_nothing_of_its_kind(self, send):
        send(SDS, mode=None)
        send({name: text for name, text in SDS.items() if name != "relationships"}, mode=None)
        assert everything() == [20, 0, 0, 10]

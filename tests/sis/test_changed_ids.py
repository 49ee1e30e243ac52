"""Rows of the data set before mean records by the ids of its time, whatever these are called now."""

from datetime import timedelta
from itertools import pairwise

import pytest
from django.db.models import F

from accounts.domain.retention import all_kept, forget_old
from accounts.models import Account, AccountAdmin, ObservationLink, User
from courses.models import Course, Enrollment, Section, Term
from sis.models import ChangedId, SisImport, StateChange
from sis.options import Options
from tests.sis.conftest import warnings
from tests.sis.texts import ACCOUNTS, ADMINS, COURSES, ENROLLMENTS, LINKS, SECTIONS, USERS, people, table

CHANGED = "old_id,new_id,type"
TERMS = "term_id,name,status"
IN_ACCOUNT = "course_id,short_name,long_name,term_id,account_id,status"
EACH_KIND = {
    "account": (Account, "sis_account_id", "HS"),
    "term": (Term, "sis_term_id", "T1"),
    "course": (Course, "sis_course_id", "C1"),
    "section": (Section, "sis_section_id", "S1"),
    "user": (User, "sis_user_id", "KIM"),
}
# What goes with each, for nothing can be in what is gone.
GOING = {"account": "HS C1 S1", "term": "T1 C1 S1", "course": "C1 S1", "section": "S1", "user": "KIM"}
WAYS = [["{0}-2"], ["{0}-2", "{0}-3"], ["{0}-2", "{0}-3", "{0}-4"]]


def options(**more):
    return Options(ignore_deletion_brake=True, diffing_data_set_identifier="school", **more)


def school(*, account="HS", term="T1", course="C1", section="S1", user="KIM", **instead):
    """A data set of one of each kind beside another, and all that hangs on them."""
    files = {
        "accounts": table(ACCOUNTS, f"{account},,High School,active", "MS,,Middle School,active"),
        "terms": table(TERMS, f"{term},Fall,active", "T0,Spring,active"),
        "courses": table(
            IN_ACCOUNT, f"{course},b,Biology,{term},{account},published", "C0,c,Chemistry,T0,MS,published"
        ),
        "sections": table(SECTIONS, f"{section},{course},A,active", "S0,C0,B,active"),
        "users": table(USERS, f"{user},kim,active", *people("LEE", "PAT", "MAX").split("\n")[1:]),
        "enrollments": table(
            ENROLLMENTS, f"{section},{user},student,active", f"{section},LEE,teacher,active", "S0,MAX,student,active"
        ),
        "admins": table(ADMINS, f"{user},{account},AccountAdmin,active", "LEE,MS,AccountAdmin,active"),
        "observers": table(LINKS, f"PAT,{user},active", "PAT,MAX,active"),
    }
    return {**files, **instead}


def without(ids: str, text: str) -> str:
    """These rows but those that name one of the ids."""
    header, *rows = text.split("\n")
    return table(header, *(row for row in rows if not {*ids.split()} & {*row.split(",")}))


def changes(kind: str, way: list[str]) -> str:
    names = [EACH_KIND[kind][2], *(name.format(EACH_KIND[kind][2]) for name in way)]
    return table(CHANGED, *(f"{old},{new},{kind}" for old, new in pairwise(names)))


def states() -> dict[str, list]:
    """The state of everything, by kind."""
    models = (Account, Term, Course, Section, AccountAdmin)
    found = {model.__name__: list(model.objects.order_by("pk").values_list("pk", "workflow_state")) for model in models}
    for model in (User, Enrollment, ObservationLink):
        found[model.__name__] = list(model.objects.order_by("pk").values_list("pk", "state"))
    return found


class TestInTheSameUpload:
    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("kind", EACH_KIND)
    def test_what_is_listed_by_its_new_id_stays_with_all_that_hangs_on_it(self, load, kind, way):
        load(options=options(), **school())
        before = states()
        made = load(
            options=options(), changes=changes(kind, way), **school(**{kind: way[-1].format(EACH_KIND[kind][2])})
        )
        assert (warnings(made), states()) == ([], before)
        assert not StateChange.objects.filter(sis_import=made, after="deleted").exists()

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("kind", EACH_KIND)
    def test_what_is_listed_by_none_is_deleted(self, load, kind, way):
        model, field, old = EACH_KIND[kind]
        load(options=options(), **school())
        record = model.objects.get(**{field: old})
        rest = {name: without(GOING[kind], text) for name, text in school().items()}
        made = load(options=options(), changes=changes(kind, way), **rest)
        record.refresh_from_db()
        state = record.state if model is User else record.workflow_state
        assert (warnings(made), state, getattr(record, field)) == ([], "deleted", way[-1].format(old))

    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize(
        ("kind", "files"), [("user", ["enrollments", "admins", "observers"]), ("section", ["enrollments"])]
    )
    def test_what_hung_on_it_ends_when_that_is_listed_no_more(self, load, kind, files, way):
        new = way[-1].format(EACH_KIND[kind][2])
        load(options=options(), **school())
        now = school(**{kind: new})
        made = load(
            options=options(), changes=changes(kind, way), **{**now, **{one: without(new, now[one]) for one in files}}
        )
        assert warnings(made) == []
        assert not Enrollment.objects.filter(user__sis_user_id__startswith="KIM", state="active").exists()
        if kind == "user":
            assert not ObservationLink.objects.filter(student__sis_user_id=new, state="active").exists()
            assert not AccountAdmin.objects.filter(user__sis_user_id=new, workflow_state="active").exists()
        assert User.objects.get(sis_user_id__startswith="KIM").state == "registered"


class TestOldIdsThatOthersGet:
    def test_rows_that_read_as_before_are_about_the_new_person(self, load):
        """The student of before ends, though the row that says so is the same as that of the new one."""
        load(options=options(), **school())
        kim = User.objects.get(sis_user_id="KIM")
        users = table(USERS, "KIM,kimberly,active", "KIM-2,kim,active", *people("LEE", "PAT", "MAX").split("\n")[1:])
        made = load(options=options(), changes=changes("user", ["{0}-2"]), **school(users=users))
        enrolled = Enrollment.objects.filter(state="active", type="StudentEnrollment").values_list(
            "user__login_id", flat=True
        )
        linked = ObservationLink.objects.filter(state="active").values_list("student__login_id", flat=True)
        assert (warnings(made), {*enrolled}, {*linked}) == ([], {"kimberly", "max"}, {"kimberly", "max"})
        kim.refresh_from_db()
        assert (kim.sis_user_id, kim.state) == ("KIM-2", "registered")

    def test_ids_that_move_up_by_one_mean_whom_they_meant(self, load):
        first = table(ENROLLMENTS, "S1,KIM,student,active", "S1,LEE,student,active")
        load(options=options(), **school(enrollments=first))
        now = school(
            users=table(USERS, "LEE,kim,active", "NOA,lee,active", "PAT,pat,active"),
            enrollments=table(ENROLLMENTS, "S1,LEE,student,active"),
            observers=table(LINKS, "PAT,LEE,active"),
            admins=ADMINS,
        )
        made = load(options=options(), changes=table(CHANGED, "LEE,NOA,user", "KIM,LEE,user"), **now)
        assert warnings(made) == []
        enrolled = Enrollment.objects.filter(state="active", type="StudentEnrollment").values_list(
            "user__login_id", flat=True
        )
        linked = ObservationLink.objects.filter(state="active").values_list("student__login_id", flat=True)
        assert ([*enrolled], [*linked]) == (["kim"], ["kim"])
        assert [*User.objects.filter(state="deleted").values_list("sis_user_id", flat=True)] == ["MAX"]

    def test_a_change_that_is_refused_changes_what_nobody_means(self, load):
        load(options=options(), **school())
        now = {name: without("KIM", text) for name, text in school().items()}
        made = load(options=options(), changes=table(CHANGED, "KIM,LEE,user"), **now)
        assert warnings(made) == [(2, "new_id_taken")]
        assert (User.objects.get(sis_user_id="KIM").state, User.objects.get(sis_user_id="LEE").state) == (
            "deleted",
            "registered",
        )


class TestDryRun:
    def test_tells_what_would_go_and_changes_nothing(self, load):
        load(options=options(), **school())
        before = states()
        rest = {name: without("KIM", text) for name, text in school().items()}
        wanted = Options(diffing_data_set_identifier="school", dry_run=True)
        made = load(options=wanted, changes=changes("user", ["{0}-2", "{0}-3"]), **rest)
        assert [kind for _row, kind in warnings(made)] == ["brake"]
        assert {kind: told["removed"]["count"] for kind, told in made.report.items() if told["removed"]["count"]} == {
            "users": 1,
            "enrollments": 2,
            "user_observers": 1,
            "admins": 1,
        }
        assert (states(), User.objects.filter(sis_user_id="KIM").count()) == (before, 1)


class TestHowLongTheyAreKept:
    def test_as_long_as_an_older_upload_is_to_be_compared(self, load, settings):
        load(options=options(), **school())
        other = load(changes=changes("user", ["{0}-2"]))
        assert ChangedId.objects.count() == 1
        SisImport.objects.update(ended_at=F("ended_at") - timedelta(days=settings.SIS_KEEP_DAYS + 1))
        forget_old(all_kept())
        assert ChangedId.objects.count() == 1
        load(options=options(), **{name: without("KIM", text) for name, text in school().items()})
        assert User.objects.get(sis_user_id="KIM-2").state == "deleted"
        SisImport.objects.filter(pk__lte=other.pk).update(stored_file="")
        forget_old(all_kept())
        assert not ChangedId.objects.exists()


class TestInAnotherUpload:
    @pytest.mark.parametrize("kind", EACH_KIND)
    def test_what_is_listed_by_its_new_id_stays(self, load, kind):
        load(options=options(), **school())
        before = states()
        load(changes=changes(kind, ["{0}-2"]))
        load(changes=table(CHANGED, f"{EACH_KIND[kind][2]}-2,{EACH_KIND[kind][2]}-3,{kind}"))
        made = load(options=options(), **school(**{kind: f"{EACH_KIND[kind][2]}-3"}))
        assert (warnings(made), states()) == ([], before)

    @pytest.mark.parametrize("kind", EACH_KIND)
    def test_what_is_listed_by_none_is_deleted(self, load, kind):
        model, field, old = EACH_KIND[kind]
        load(options=options(), **school())
        record = model.objects.get(**{field: old})
        load(changes=changes(kind, ["{0}-2", "{0}-3"]))
        load(options=options(), **{name: without(GOING[kind], text) for name, text in school().items()})
        record.refresh_from_db()
        assert (record.state if model is User else record.workflow_state) == "deleted"

    def test_a_login_that_brings_another_id_along_is_such_a_change(self, load):
        load(options=options(), **school())
        load(users=table(USERS, "KIM-2,kim,active"), options=Options(update_sis_id_if_login_claimed=True))
        now = school(user="KIM-2")
        load(options=options(), **{**now, "enrollments": without("KIM-2", now["enrollments"])})
        kim = User.objects.get(sis_user_id="KIM-2")
        assert (kim.state, kim.enrollments.get(type="StudentEnrollment").state) == ("registered", "deleted")

    def test_an_integration_id_too(self, load):
        users = table("user_id,integration_id,login_id,status", "KIM,I1,kim,active")
        by_integration = "section_id,user_integration_id,role,status"
        now = {"courses": table(COURSES, "C1,b,Biology,,published"), "sections": table(SECTIONS, "S1,C1,A,active")}
        load(options=options(), users=users, enrollments=table(by_integration, "S1,I1,student,active"), **now)
        load(changes=table("old_integration_id,new_integration_id,type", "I1,I2,user"))
        load(options=options(), users=users.replace("I1", "I2"), enrollments=by_integration, **now)
        assert Enrollment.objects.get().state == "deleted"

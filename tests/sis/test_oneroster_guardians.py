"""Who observes whom, according to OneRoster: agents, their roles, and links that a list no longer has."""

from datetime import timedelta

import pytest

from accounts.models import ObservationLink
from sis.imports.comparison import differing
from sis.kinds.registry import KINDS
from sis.models import SisImport
from tests.sis.oneroster import ROLES, TODAY, USERS, USERS_1_2, people_with_roles, roster, rows_of
from tests.sis.rosters import links_of, make_links, rows_by_kind

pytestmark = pytest.mark.django_db


# Guardian g and student s in every way they may name each other.
@pytest.mark.parametrize(
    ("of_g", "of_s", "links"),
    [("s", "", 1), ("", "g", 1), ("s", "g", 1), ("", "", 0), ('"s, s"', '"g,g"', 1), ('"s,t"', "g", 2), ("g", "s", 0)],
)
def test_either_side_may_name_the_other(tmp_path, of_g, of_s, links):
    text = USERS + f"g,,,,parent,g,,,{of_g}\ns,,,,student,s,,,{of_s}\nt,,,,student,t,,,\n"
    rows, _warnings = rows_of(tmp_path, "user_observer", users=text)
    assert links_of(rows) == [("g", "s", "active"), ("g", "t", "active")][:links]


@pytest.mark.parametrize("one", ["student", "teacher", "administrator", "aide", ""])
@pytest.mark.parametrize("other", ["student", "teacher"])
def test_agents_who_are_no_guardians_make_no_link(tmp_path, one, other):
    rows, warnings = rows_of(tmp_path, "user_observer", users=USERS + f"a,,,,{one},a,,,b\nb,,,,{other},b,,,a\n")
    assert rows == []
    assert len(warnings) == 1
    assert ": 2. No link was created" in warnings[0]


def test_two_guardians_make_no_link_and_roles_alone_make_none(tmp_path):
    text = USERS + "a,,,,parent,a,,,b\nb,,,,guardian,b,,,a\nc,,,,student,c,,,\n"
    assert rows_of(tmp_path, "user_observer", users=text)[0] == []


@pytest.mark.parametrize(
    ("first", "second", "link"),
    [
        (["teacher", "guardian"], ["student"], ("1", "2", "active")),
        (["student"], ["siteAdministrator", "relative"], ("2", "1", "active")),
        # A grown-up student with a child at school.
        (["student", "parent"], ["student"], ("1", "2", "active")),
        # Each could be the guardian of the other.
        (["student", "parent"], ["student", "parent"], None),
        (["guardian 2024-01-01 2025-03-02"], ["student"], ("1", "2", "active")),
        (["guardian 2024-01-01 2025-03-01"], ["student"], None),
        (["guardian 2025-03-02"], ["student"], None),
        (["guardian 2024-01-01 soon"], ["student"], None),
        (["guardian"], ["student 2020-01-01 2021-01-01"], ("1", "2", "active")),
        (["guardian 2020-01-01 2021-01-01", "parent"], ["student"], ("1", "2", "active")),
        ([], ["student"], None),
        (["guardian"], [], None),
    ],
)
def test_exactly_one_must_be_a_guardian_today_and_the_other_a_student(tmp_path, first, second, link):
    rows, warnings = rows_of(tmp_path, "user_observer", **people_with_roles(first, second))
    assert links_of(rows) == ([link] if link else [])
    assert bool(warnings) == (not link)


def test_who_is_to_be_deleted_observes_nobody_and_is_observed_by_nobody(tmp_path):
    text = USERS + "g,tobedeleted,,,parent,g,,,s\ns,,,,student,s,,,\nh,,,,parent,h,,,t\nt,tobedeleted,,,student,t,,,h\n"
    assert rows_of(tmp_path, "user_observer", users=text)[0] == []


# The guardian g and the student s, each with a row in both files; one of the four has a status of no meaning.
@pytest.mark.parametrize("odd", ["person g", "person s", "role g", "role s"])
@pytest.mark.parametrize("lister", ["g", "s"])
@pytest.mark.parametrize("mode", ["bulk", "delta"])
def test_no_link_is_made_by_or_for_somebody_with_a_status_of_no_meaning(tmp_path, odd, lister, mode):
    status = {what: "deleted" if what == odd else "active" for what in ("person g", "person s", "role g", "role s")}
    agent = {"g": "s" if lister == "g" else "", "s": "g" if lister == "s" else ""}
    users = USERS_1_2 + "".join(f"{one},{status[f'person {one}']},,,{one},,,{agent[one]}\n" for one in "gs")
    roles = ROLES + f"1,{status['role g']},,g,primary,parent,,,\n2,{status['role s']},,s,primary,student,,,\n"
    rows, warnings = rows_of(tmp_path, "user_observer", mode, users=users, roles=roles)
    assert rows == []
    assert any("“deleted” was left out" in warning for warning in warnings)
    assert links_of(rows_of(tmp_path, "user_observer", mode, users=users.replace("deleted", "active"),
                            roles=roles.replace("deleted", "active"))[0]) == [("g", "s", "active")]  # fmt: skip


@pytest.mark.parametrize("odd", ["g", "s"])
def test_in_files_of_1_1_too_nobody_with_a_status_of_no_meaning_gets_a_link(tmp_path, odd):
    lines = f"g,{'gone' if odd == 'g' else ''},,,parent,g,,,s\ns,{'gone' if odd == 's' else ''},,,student,s,,,g\n"
    assert rows_of(tmp_path, "user_observer", users=USERS + lines)[0] == []


def test_a_file_that_does_not_speak_of_agents_says_nothing_about_links(tmp_path):
    text = "sourcedId,status,dateLastModified,role,username\ng,,,parent,g\n"
    for mode, said in [("bulk", 1), ("delta", 0)]:
        with roster(tmp_path, mode, users=text) as upload:
            assert [file.kind for file in upload.files] == ["user"]
            assert ["links stay as they are" in problem.message for problem in upload.problems] == [True] * said


def test_an_upload_that_does_not_tell_roles_says_nothing_about_links(tmp_path):
    with roster(tmp_path, users=USERS_1_2 + "s,,,,s,,,g\ng,,,,g,,,s\n") as upload:
        assert [file.kind for file in upload.files] == ["user"]
        assert "links stay as they are" in upload.problems[0].message


# Links are looked up on a connection of its own, which sees only what is committed.
@pytest.mark.django_db(transaction=True)
def test_of_changes_a_list_is_the_whole_list_of_that_person(tmp_path):
    make_links(("g", "s"), ("g", "t"), ("h", "s"), ("h", "t"))
    text = (
        USERS + "g,active,,,parent,g,,,t\nt,active,,,student,t,,,g\ns,active,,,student,s,,,k\nk,active,,,parent,k,,,\n"
    )
    with roster(tmp_path, "delta", users=text) as upload:
        assert not upload.is_whole
        rows = rows_by_kind(upload)["user_observer"]
        again = rows_by_kind(upload)["user_observer"]
    assert sorted(links_of(rows)) == [
        ("g", "s", "deleted"), ("g", "t", "active"), ("h", "s", "deleted"), ("h", "t", "deleted"), ("k", "s", "active"),
    ]  # fmt: skip
    assert again == rows


@pytest.mark.django_db(transaction=True)
def test_of_changes_a_second_reading_finds_what_the_first_has_removed_since(tmp_path):
    make_links(("g", "s"), ("h", "s"), ("k", "s"))
    ObservationLink.objects.filter(observer__sis_user_id="k").update(state="deleted", updated_at=TODAY)
    ObservationLink.objects.filter(observer__sis_user_id="h").update(
        state="deleted", updated_at=TODAY - timedelta(seconds=1)
    )
    listing = "s,active,,,student,s,,,m\nm,active,,,parent,m,,,\n"
    rows, _warnings = rows_of(tmp_path, "user_observer", "delta", users=USERS + listing)
    assert links_of(rows) == [("m", "s", "active"), ("g", "s", "deleted"), ("k", "s", "deleted")]


@pytest.mark.django_db(transaction=True)
def test_of_changes_links_made_by_codes_stay(tmp_path):
    make_links(("g", "s"), sis_import_id=None)
    rows, _warnings = rows_of(
        tmp_path, "user_observer", "delta", users=USERS + "s,active,,,student,s,,,k\nk,,,,parent,k,,,\n"
    )
    assert links_of(rows) == [("k", "s", "active")]


@pytest.mark.django_db(transaction=True)
def test_of_changes_a_person_whose_role_is_not_told_keeps_the_link(tmp_path):
    make_links(("g", "s"))
    rows, warnings = rows_of(tmp_path, "user_observer", "delta", users=USERS + "s,active,,,student,s,,,g\n")
    assert rows == []
    assert "role is not in this upload: 1." in warnings[0]


@pytest.mark.django_db(transaction=True)
def test_of_changes_an_empty_list_counts_where_others_in_that_role_have_one(tmp_path):
    make_links(("g", "s"), ("h", "t"))
    listing = "s,active,,,student,s,,,\nu,active,,,student,u,,,h\nh,active,,,parent,h,,,\n"
    rows, warnings = rows_of(tmp_path, "user_observer", "delta", users=USERS + listing)
    # The student's empty list is one; that of the guardian h is not: guardians list nobody in this file.
    assert sorted(links_of(rows)) == [("g", "s", "deleted"), ("h", "u", "active")]
    assert warnings == ["1 link was kept although the list of agents is empty. A bulk upload decides whether it stays."]


@pytest.mark.django_db(transaction=True)
def test_of_changes_a_link_whose_two_people_have_changed_parts_is_dropped(tmp_path):
    make_links(("s", "g"))
    listing = "s,active,,,student,s,,,g\ng,active,,,parent,g,,,s\n"
    rows, _warnings = rows_of(tmp_path, "user_observer", "delta", users=USERS + listing)
    assert links_of(rows) == [("g", "s", "active"), ("s", "g", "deleted")]


# Guardians g and h and students s and t; only s has a list.
FAMILIES = USERS + "s,,,,student,s,,,g\nt,,,,student,t,,,\ng,,,,parent,g,,,\nh,,,,parent,h,,,\n"


NO_FAMILIES = FAMILIES.replace("s,,,g", "s,,,")


@pytest.mark.django_db(transaction=True)
def test_all_there_is_ends_links_of_rosters_between_people_in_it_that_it_does_not_make(tmp_path):
    make_links(("g", "s"), ("h", "s"), ("h", "t"))
    with roster(tmp_path, users=FAMILIES) as upload:
        rows = rows_by_kind(upload)["user_observer"]
        again = rows_by_kind(upload)["user_observer"]
    assert [(row.number, *links) for row, links in zip(rows, links_of(rows), strict=True)] == [
        (2, "g", "s", "active"), (0, "h", "s", "deleted"), (0, "h", "t", "deleted"),
    ]  # fmt: skip
    assert again == rows
    assert upload.problems == []


@pytest.mark.django_db(transaction=True)
def test_all_there_is_says_nothing_about_links_of_people_who_are_not_in_it(tmp_path):
    make_links(("h", "elsewhere"), ("elsewhere", "t"))
    rows, _warnings = rows_of(tmp_path, "user_observer", users=FAMILIES)
    assert links_of(rows) == [("g", "s", "active")]


@pytest.mark.django_db(transaction=True)
def test_all_there_is_leaves_links_made_by_codes(tmp_path):
    make_links(("h", "s"), sis_import_id=None)
    assert links_of(rows_of(tmp_path, "user_observer", users=FAMILIES)[0]) == [("g", "s", "active")]


@pytest.mark.parametrize("word", ["tobedeleted", "gone"])
@pytest.mark.django_db(transaction=True)
def test_all_there_is_says_nothing_about_links_of_those_whom_it_deletes_or_leaves_out(tmp_path, word):
    make_links(("h", "s"), ("h", "t"))
    rows, _warnings = rows_of(tmp_path, "user_observer", users=FAMILIES.replace("h,,", f"h,{word},"))
    assert links_of(rows) == [("g", "s", "active")]


@pytest.mark.django_db(transaction=True)
def test_in_all_there_is_who_has_no_role_holds_none(tmp_path):
    make_links(("g", "s"), ("h", "t"))
    users = FAMILIES.replace("t,,,,student,t,,,", "t,,,,student,t,,,h").replace("g,,,,parent", "g,,,,")
    rows, _warnings = rows_of(tmp_path, "user_observer", users=users)
    assert links_of(rows) == [("h", "t", "active"), ("g", "s", "deleted")]


@pytest.mark.django_db(transaction=True)
def test_all_there_is_without_a_link_ends_only_those_that_came_with_people(root, tmp_path):
    kinds = [["account", "user", "user_observer"], ["user_observer"]]
    with_people, alone = (
        SisImport.objects.create(account=root, file_name="x.zip", data={"supplied_batches": supplied})
        for supplied in kinds
    )
    make_links(("g", "s"), sis_import_id=with_people.pk)
    make_links(("h", "t"), sis_import_id=alone.pk)
    rows, warnings = rows_of(tmp_path, "user_observer", users=NO_FAMILIES)
    assert links_of(rows) == [("g", "s", "deleted")]
    assert warnings == ["1 link was kept: it came from a file with only links, and this upload has no links."]


@pytest.mark.django_db(transaction=True)
def test_of_all_there_is_a_second_reading_finds_what_the_first_has_removed_since(tmp_path):
    make_links(("g", "t"), ("h", "s"), ("h", "t"))
    ObservationLink.objects.filter(observer__sis_user_id="g").update(state="deleted", updated_at=TODAY)
    ObservationLink.objects.filter(student__sis_user_id="s").update(
        state="deleted", updated_at=TODAY - timedelta(seconds=1)
    )
    rows, _warnings = rows_of(tmp_path, "user_observer", users=FAMILIES)
    assert links_of(rows) == [("g", "s", "active"), ("g", "t", "deleted"), ("h", "t", "deleted")]


@pytest.mark.parametrize("mode", ["bulk", "delta"])
@pytest.mark.django_db(transaction=True)
def test_a_comparison_does_not_hide_that_a_link_has_to_go(tmp_path, mode):
    make_links(("h", "s"))
    users = FAMILIES.replace(",,,,", ",active,,,") if mode == "delta" else FAMILIES
    for folder in (now := tmp_path / "now", before := tmp_path / "before"):
        folder.mkdir()
    with roster(now, mode, users=users) as new, roster(before, mode, users=users, is_to_compare=True) as old:
        [links, old_links] = [
            next(file for file in upload.files if file.kind == "user_observer") for upload in (new, old)
        ]
        assert links_of(list(old_links.rows())) == [("g", "s", "active")]
        found = [one.row for one in differing(links, old_links, KINDS["user_observer"].key) if one.position]
    assert links_of(found) == [("h", "s", "deleted")]

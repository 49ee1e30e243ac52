"""Many rows about the same: each round applies one, and what comes again and again counts once."""

import pytest

from accounts.models import FurtherSisId, User
from courses.models import Enrollment
from sis.imports.repeats import MOST
from tests.database import statements
from tests.sis.conftest import warnings
from tests.sis.texts import COURSES, ENROLLMENTS, SECTIONS, USERS, people, state_of, table


def test_of_many_rows_about_one_person_and_others_between_the_last_counts(load):
    rows = [f"U{number % 3},u{number % 3},Name {number},active" for number in range(200)]
    made = load(users=table("user_id,login_id,full_name,status", *rows, *rows[:150]))
    names = dict(User.objects.filter(sis_user_id__startswith="U").values_list("sis_user_id", "name"))
    assert names == {"U0": "Name 147", "U1": "Name 148", "U2": "Name 149"}
    assert [kind for _row, kind in warnings(made)] == ["repeated"] * 3


def test_a_row_that_is_repeated_again_and_again_is_applied_a_few_times_only(load, django_assert_max_num_queries):
    load(users=people("KIM"))
    with django_assert_max_num_queries(260):
        made = load(users=table(USERS, *(["KIM,kim,suspended"] * 300), "KIM,kim,active", "LEE,lee,active"))
    assert (state_of("KIM"), state_of("LEE")) == ("registered", "registered")
    assert warnings(made) == [(302, "repeated")]


class TestRowsAboutTheSameAgainAndAgain:
    """A few are corrections, and apply one after the other; many are a fault, and cost nobody's time."""

    HEADER = "user_id,login_id,full_name,status"

    def test_of_many_that_differ_the_last_is_taken_and_said_once(self, load):
        rows = [f"U1,u1,Name {number},active" for number in range(3_000)]
        made = load(users=table(self.HEADER, "U0,u0,First,active", *rows, "U2,u2,Last,active"))
        assert User.objects.get(sis_user_id="U1").name == "Name 2999"
        said = made.sis_import_errors.get()
        assert (said.kind, said.row, made.data["counts"]["users"]) == ("repeated", 3_002, 3)
        assert "3000 rows" in said.message
        assert "U1" in said.message

    def test_it_costs_no_more_statements_than_one_row(self, load):
        def users(number):
            return table(self.HEADER, *(f"U1,u1,Name {number},active" for number in range(number)))

        load(users=users(1))
        many = statements(lambda: load(users=users(500)))
        # What is found is dropped, and said.
        assert many <= statements(lambda: load(users=users(1))) + 3

    def test_of_many_that_are_alike_nothing_is_said(self, load):
        made = load(users=table(USERS, *["U1,u1,active"] * 100))
        assert (made.workflow_state, warnings(made)) == ("imported", [])

    def test_the_same_in_other_files_counts_too_and_what_names_nobody_does_not(self, load):
        load(courses=table(COURSES, "C1,b,Biology,,published"), sections=table(SECTIONS, "S1,C1,A,active"))
        states = ["active", "inactive", "completed"] * 3
        enrollments = [f"S1,U1,student,{state}" for state in states]
        made = load(
            users=table(USERS, "U1,u1,active", *[",,active"] * 20),
            one=table(ENROLLMENTS, *enrollments),
            two=table(ENROLLMENTS, *enrollments[:-1]),
        )
        assert Enrollment.objects.get().state == "inactive"
        assert sorted(kind for _row, kind in warnings(made)) == [*["no_user_id"] * 20, "repeated"]

    def test_a_few_apply_one_after_the_other(self, load):
        rows = [f"U1,u1,Name {number},active" for number in range(MOST)]
        made = load(users=table(self.HEADER, *rows))
        assert (made.data["counts"]["users"], warnings(made)) == (MOST, [])

    def test_rows_that_are_refused_by_themselves_wait_for_none(self, load):
        def users(number):
            return table(self.HEADER, *(f",u1,Name {number},active" for number in range(number)))

        # The first import on a site has no turn of an earlier one to take over.
        load(users=users(1))
        few = statements(lambda: load(users=users(2)))
        assert statements(lambda: load(users=users(100))) == few

    def test_nobody_gets_a_login_that_stands_for_a_crowd(self, load):
        crowd = [f"P{number},nobody@example.org,active" for number in range(MOST + 1)]
        made = load(users=table(USERS, "U1,u1,active", *crowd))
        assert warnings(made) == [(number, "shared_by_many") for number in range(3, MOST + 4)]
        assert set(User.objects.exclude(sis_user_id="ALEX").values_list("sis_user_id", flat=True)) == {"U1"}

    def test_nobody_gets_a_crowd_of_further_ids(self, load):
        load(users=people("U1", "U2"))
        crowd = [f"F{number},f{number},U1" for number in range(MOST + 1)]
        made = load(logins=table("user_id,login_id,existing_user_id", *crowd, "G,g,U2"))
        assert warnings(made)[: MOST + 1] == [(number, "shared_by_many") for number in range(2, MOST + 3)]
        assert set(FurtherSisId.objects.values_list("sis_user_id", flat=True)) == {"G"}

    @pytest.mark.parametrize(
        "file",
        [
            lambda number: {"xlists": table("xlist_course_id,section_id,status", *rows_of("NEW,N{},active", number))},
            lambda number: {
                "enrollments": table(ENROLLMENTS, *rows_of("N{},U1,student,deleted_last_completed", number))
            },
        ],
    )
    def test_rows_about_what_there_is_not_wait_for_none(self, load, file):
        load(users=people("U1"))
        few = statements(lambda: load(**file(2)))
        assert statements(lambda: load(**file(60))) == few


def rows_of(pattern, number):
    return [pattern.format(one) for one in range(number)]

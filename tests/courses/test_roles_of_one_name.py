"""Roles of one name in an account and in one above it: by name the nearest is meant, and people can tell them apart."""

from types import SimpleNamespace

import pytest

from accounts.domain.roles import create_role
from accounts.models import BaseType, Role
from courses.models import Enrollment
from tests.api import Api
from tests.factories import EnrollmentFactory, UserFactory

NAME = "Mentor"


@pytest.fixture
def mentors(school) -> SimpleNamespace:
    """A role of this name in the institution, which is a TA, and one in the school, which is a teacher."""
    root = school.account.parent
    return SimpleNamespace(
        above=create_role(root, NAME, BaseType.TA, by=school.admin),
        here=create_role(school.account, NAME, BaseType.TEACHER, by=school.admin),
    )


@pytest.fixture
def librarians(school) -> SimpleNamespace:
    """As above, of roles of admins."""
    root = school.account.parent
    above = create_role(root, "Librarian", BaseType.ACCOUNT_MEMBERSHIP, by=school.admin)
    here = create_role(school.account, "Librarian", BaseType.ACCOUNT_MEMBERSHIP, by=school.admin)
    return SimpleNamespace(root=root, above=above, here=here)


class TestMadeOnEveryEntrance:
    def test_by_the_api(self, school, mentors):
        for account, status in ((school.elsewhere, 200), (school.account, 400)):
            answer = Api(school.admin).post(
                f"accounts/{account.pk}/roles", label=NAME, base_role_type=BaseType.TA.value
            )
            assert answer.status_code == status

    def test_on_the_page(self, school, mentors, post):
        form = {"label": NAME, "base_role_type": BaseType.TA.value}
        assert post(school.admin, f"/accounts/{school.elsewhere.pk}/roles/new", **form).status_code == 302
        assert Role.objects.filter(account=school.elsewhere, label=NAME).exists()
        refused = post(school.admin, f"/accounts/{school.account.pk}/roles/new", **form)
        assert refused.status_code == 422
        assert "A role with this name already exists." in refused.content.decode()

    @pytest.mark.parametrize("label", ["Teacher", "observer", "TaEnrollment", "Account Admin"])
    def test_but_never_as_a_built_in_role_is_called(self, school, label, post):
        answer = Api(school.admin).post(
            f"accounts/{school.account.pk}/roles", label=label, base_role_type="TaEnrollment"
        )
        assert answer.status_code == 400
        form = {"label": label, "base_role_type": BaseType.TA.value}
        assert post(school.admin, f"/accounts/{school.account.pk}/roles/new", **form).status_code == 422
        assert not Role.objects.exclude(account=None).exists()


class TestTheNearestIsMeant:
    def test_where_the_api_enrolls_somebody(self, school, mentors):
        wanted = {"user_id": UserFactory().pk, "role": NAME}
        for course, role in ((school.course, mentors.here), (school.other_course, mentors.above)):
            answer = Api(school.admin).post(f"courses/{course.pk}/enrollments", enrollment=wanted)
            assert (answer.json()["role_id"], answer.json()["type"]) == (role.pk, role.base_type)

    def test_and_one_of_another_type_is_not_meant(self, school, mentors):
        wanted = {"user_id": UserFactory().pk, "role": NAME, "type": BaseType.TA.value}
        assert Api(school.admin).post(f"courses/{school.course.pk}/enrollments", enrollment=wanted).status_code == 400
        wanted = {"user_id": UserFactory().pk, "role_id": mentors.above.pk}
        answer = Api(school.admin).post(f"courses/{school.course.pk}/enrollments", enrollment=wanted)
        assert answer.json()["role_id"] == mentors.above.pk

    def test_once_it_is_deactivated_the_next(self, school, mentors):
        Role.objects.filter(pk=mentors.here.pk).update(workflow_state="inactive")
        wanted = {"user_id": UserFactory().pk, "role": NAME}
        answer = Api(school.admin).post(f"courses/{school.course.pk}/enrollments", enrollment=wanted)
        assert answer.json()["role_id"] == mentors.above.pk

    def test_where_the_api_makes_an_admin(self, school, librarians):
        for account, role in ((school.account, librarians.here), (librarians.root, librarians.above)):
            answer = Api(school.admin).post(f"accounts/{account.pk}/admins", user_id=UserFactory().pk, role="Librarian")
            assert answer.json()["role_id"] == role.pk

    def test_a_list_by_name_has_the_people_of_both(self, school, mentors):
        """Each enrollment says by which role it is."""
        both = {
            EnrollmentFactory(section=school.section, role=role, type=role.base_type).pk
            for role in (mentors.here, mentors.above)
        }
        listed = Api(school.admin).get(f"courses/{school.course.pk}/enrollments", role=[NAME]).json()
        assert {one["id"] for one in listed} == both
        assert {one["role_id"] for one in listed} == {mentors.here.pk, mentors.above.pk}


class TestChoices:
    """Where one of them is chosen, each is named with its account."""

    def both(self, school, page: str) -> bool:
        return all(f"{NAME} ({account.name})" in page for account in (school.account, school.account.parent))

    def test_for_people_who_are_added(self, school, mentors, visit):
        assert self.both(school, visit(school.admin, f"/courses/{school.course.pk}/users/add").content.decode())

    def test_for_another_role_of_somebody(self, school, mentors, visit, post):
        path = f"/courses/{school.course.pk}/users/{school.teacher.pk}/role"
        assert self.both(school, visit(school.admin, path).content.decode())
        assert post(school.admin, path, new_role=mentors.above.pk).status_code == 302
        now = Enrollment.objects.get(user=school.teacher, state="active")
        assert now.role == mentors.above

    def test_of_whom_the_list_of_people_shows_and_of_what_to_do(self, school, mentors, visit):
        both = EnrollmentFactory(section=school.section, role=mentors.here, type=BaseType.TEACHER).user
        EnrollmentFactory(section=school.section, role=mentors.above, type=BaseType.TA, user=both)
        page = visit(school.admin, f"/courses/{school.course.pk}/users").content.decode()
        assert self.both(school, page.split("</select>")[0])
        assert self.both(school, page.split("</form>", 2)[-1])

    def test_for_a_new_admin(self, school, librarians, visit):
        page = visit(school.admin, f"/accounts/{school.account.pk}/admins/new/{UserFactory().pk}").content.decode()
        assert all(f"Librarian ({account.name})" in page for account in (school.account, librarians.root))

    def test_on_the_page_of_permissions(self, school, mentors, visit):
        page = visit(school.admin, f"/accounts/{school.account.pk}/permissions").content.decode()
        assert self.both(school, page)
        page = visit(school.admin, f"/accounts/{school.account.pk}/permissions/manage_students").content.decode()
        assert self.both(school, page)

    def test_one_alone_is_named_as_ever(self, school, visit):
        create_role(school.account, NAME, BaseType.TEACHER, by=school.admin)
        page = visit(school.admin, f"/courses/{school.course.pk}/users/add").content.decode()
        assert f">{NAME}<" in page
        assert f"{NAME} (" not in page

"""What several tests of accounts begin with."""

from types import SimpleNamespace

import pytest

from accounts.models import BaseType, Role, User
from tests.factories import PASSWORD, AccountFactory, UserFactory, make_admin


@pytest.fixture
def district(root) -> SimpleNamespace:
    """A root account, two schools below it and a department below one of these, with admins and built-in roles."""
    school = AccountFactory(name="North School", parent=root)
    department = AccountFactory(name="Science", parent=school)
    return SimpleNamespace(
        root=root,
        school=school,
        department=department,
        sibling=AccountFactory(name="South School", parent=root),
        admin=make_admin(root),
        school_admin=make_admin(school),
        teacher=Role.objects.built_in(BaseType.TEACHER),
        account_admin=Role.objects.built_in(BaseType.ACCOUNT_ADMIN),
    )


@pytest.fixture
def pat(root) -> User:
    """Somebody with a login, an email address and a password."""
    return UserFactory(login_id="pat", email="pat@example.org", password=PASSWORD)

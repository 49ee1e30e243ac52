"""The pages of roster imports, as the tests use them."""

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import BaseType, Role, RoleOverride
from sis.imports.queue import work_off
from sis.models import SisImport

USERS = "user_id,login_id,status"
SECRET = "four-old-bicycles"


def at(root, *rest):
    return "/".join([f"/accounts/{root.pk}/sis_import", *map(str, rest)])


def people(*ids, status="active"):
    return "\n".join([USERS, *(f"{one},{one}@example.org,{status}" for one in ids)])


def upload(browser, root, text, name="users.csv", **given):
    content = text.encode() if isinstance(text, str) else text
    return browser.post(at(root), {"attachment": SimpleUploadedFile(name, content), **given})


def imported(browser, root, text, **given):
    """Upload and run; the page that is there then."""
    answer = upload(browser, root, text, **given)
    assert answer.status_code == 302
    work_off(root)
    return page(browser, answer.headers["Location"])


def page(browser, path, status=200, **query):
    answer = browser.get(path, query)
    assert answer.status_code == status
    return answer.content.decode()


def last():
    return SisImport.objects.first()


def forbid(key, root):
    role = Role.objects.built_in(BaseType.ACCOUNT_ADMIN)
    RoleOverride.objects.create(account=root, role=role, permission=key, enabled=False)


def braked(browser, root):
    """An import that the brake has stopped."""
    imported(browser, root, people(*(f"U{n}" for n in range(30))))
    return imported(browser, root, people(*(f"U{n}" for n in range(20)), status="deleted"))

"""A permission is named by a member of `Permission`: a key that is misspelled is found here or by the type check."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django.template import engines
from django.template.base import FilterExpression, Template
from django.template.defaulttags import IfNode
from django.template.smartif import TokenBase

from accounts.models import BaseType, Role, RoleOverride
from accounts.permissions.registry import ADDING, PERMISSIONS, REMOVING, Permission

HOUSE = Path(__file__).resolve().parent.parent.parent
REGISTRY = HOUSE / "accounts/permissions/registry.py"
MODULES = [
    path
    for folder in ("accounts", "courses", "pairing", "notices", "sis", "config", "bench")
    for path in sorted((HOUSE / folder).rglob("*.py"))
    if path != REGISTRY and "migrations" not in path.parts
]
TEMPLATES = sorted(str(path.relative_to(HOUSE / "templates")) for path in (HOUSE / "templates").rglob("*.html"))
# What holds somebody's permissions, in templates and in modules.
HELD = {"permissions", "keys", "account_permissions", "course_permissions"}
LOOKED_FOR_IN_HELD = re.compile(r"""["'](\w+)["'] (?:not )?in (?:\w+\.)*(?:permissions|keys)\b""")


def words_looked_for(template: Template) -> Iterator[str]:
    """The strings that a template looks for in somebody's permissions."""
    for node in template.nodelist.get_nodes_by_type(IfNode):
        assert isinstance(node, IfNode)
        for condition, _nodes in node.conditions_nodelists:
            yield from looked_for(condition)


def looked_for(condition: TokenBase | None) -> Iterator[str]:
    if condition is None:
        return
    if condition.id in ("in", "not in"):
        word, within = condition.first.value, condition.second.value
        if isinstance(word.var, str) and isinstance(within, FilterExpression) and name_of(within) in HELD:
            yield str(word.var)
    for part in (getattr(condition, "first", None), getattr(condition, "second", None)):
        if isinstance(part, TokenBase):
            yield from looked_for(part)


def name_of(expression: FilterExpression) -> str:
    return str(getattr(expression.var, "var", "")).rpartition(".")[2]


def test_every_key_that_a_template_looks_for_is_a_permission():
    found = {name: list(words_looked_for(engines["django"].get_template(name).template)) for name in TEMPLATES}
    assert {name: wrong for name, words in found.items() if (wrong := set(words) - PERMISSIONS.keys())} == {}
    # None is missed: as many stand in the texts.
    written = {name: LOOKED_FOR_IN_HELD.findall((HOUSE / "templates" / name).read_text()) for name in TEMPLATES}
    assert {name: sorted(words) for name, words in found.items()} == {name: sorted(w) for name, w in written.items()}
    assert sum(map(len, found.values())) > 40


@pytest.mark.parametrize(
    "condition",
    [
        '"read_rooster" in permissions',
        "'read_rooster' not in access.permissions",
        'not account.parent_id and "import_sis" in keys or "read_rooster" in keys',
    ],
)
def test_a_misspelled_key_in_a_template_is_found_however_deep_it_stands(condition):
    text = f"{{% block b %}}{{% for x in y %}}{{% if {condition} %}}{{% endif %}}{{% endfor %}}{{% endblock %}}"
    assert "read_rooster" in set(words_looked_for(engines["django"].from_string(text).template))


def strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def compared_with_held(tree: ast.AST) -> Iterator[str]:
    """The strings that are looked for in, or compared with, what holds somebody's permissions."""
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=others):
                sides = [left, *others]
            case ast.BinOp(left=left, right=right):
                sides = [left, right]
            case ast.Call(func=ast.Attribute(value=value, attr=method), args=args) if hasattr(frozenset, method):
                sides = [value, *args]
            case _:
                continue
        if any(isinstance(side, ast.expr) and is_held(side) for side in sides):
            yield from (word for side in sides if not is_held(side) for word in strings(side))


def is_held(node: ast.expr) -> bool:
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name in HELD
        case ast.Call(func=ast.Name(id=name)):
            return name in HELD
    return False


def keys_written(tree: ast.AST) -> set[str]:
    return PERMISSIONS.keys() & {*strings(tree)} | {*compared_with_held(tree)}


def test_no_module_writes_a_key_as_a_string():
    trees = {str(path.relative_to(HOUSE)): ast.parse(path.read_text()) for path in MODULES}
    written = {
        name: PERMISSIONS.keys() & {*strings(tree)} | {*compared_with_held(tree)} for name, tree in trees.items()
    }
    assert {name: words for name, words in written.items() if words} == {}


@pytest.mark.parametrize(
    "line",
    [
        'if "read_rooster" in here.permissions: pass',
        'allow("read_rooster" not in keys)',
        'ok = {"read_rooster"} <= held[course.pk].keys',
        'here.permissions.issuperset({"read_sis", "read_rooster"})',
        'left = {"read_rooster"} - account_permissions(user, account)',
    ],
)
def test_a_misspelled_key_in_a_module_is_found(line):
    assert "read_rooster" in {*compared_with_held(ast.parse(line))}


def test_what_has_keys_of_another_kind_is_left_alone():
    assert list(compared_with_held(ast.parse('"name" in body.keys()\n"n" in rows'))) == []


def test_a_permission_is_its_key_in_sets_in_json_and_in_sql(db):
    assert "read_roster" in {Permission.READ_ROSTER}
    assert Permission.READ_ROSTER in {"read_roster": True}
    assert json.dumps({Permission.READ_ROSTER: Permission.READ_SIS}) == '{"read_roster": "read_sis"}'
    assert f"{Permission.READ_ROSTER}" == str(Permission.READ_ROSTER) == "read_roster"
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s, %s::text[]", [Permission.READ_ROSTER, [*Permission]])
        assert cursor.fetchone() == ("read_roster", [*PERMISSIONS])


def test_an_override_is_found_by_the_permission_as_by_its_key(root):
    made = RoleOverride.objects.create(
        account=root, role=Role.objects.built_in(BaseType.TEACHER), permission=Permission.READ_ROSTER
    )
    made.refresh_from_db()
    assert made.permission == "read_roster"
    assert RoleOverride.objects.get(permission=Permission.READ_ROSTER) == RoleOverride.objects.get(
        permission="read_roster"
    )


def test_members_are_named_as_their_keys():
    assert {permission.name.lower() for permission in Permission} == {*PERMISSIONS}


def test_each_kind_of_role_in_courses_has_its_pair():
    for base, permission in ADDING.items():
        assert permission.replace("add_", "remove_", 1).replace("_to_", "_from_") == REMOVING[base]
        assert base.value.lower().startswith(permission.split("_")[1])

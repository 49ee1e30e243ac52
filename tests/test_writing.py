"""The words of docs/writing.md, as far as they can be checked."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
APPS = ("accounts", "courses", "pairing", "notices", "sis", "config")
TRANSLATED = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
# Words that docs/writing.md replaces, in the pages, the messages and the guides.
AVOIDED = re.compile(
    r"\b(e-mails?|log (in|out|on)|(?-i:SIS ids?)|counsellors?|anew|whoever|whomever|somebody|anybody|any more"
    r"|(kept|remembered|works?|counts?) no more|all the same|be had|(they|you) may not)\b",
    re.IGNORECASE,
)
# What a function's docstring begins with when it describes a thing instead of saying what the function does.
NOT_IMPERATIVE = frozenset(
    {"a", "all", "an", "anybody", "as", "at", "by", "each", "every", "everybody", "for", "how", "if", "in", "it", "its"}
    | {"neither", "nobody", "nothing", "of", "one", "somebody", "that", "the", "these", "this", "those", "what", "when"}
    | {"where", "whether", "which", "who", "whom", "whose", "why", "with"}
)
# Nouns of the field that end like a gerund.
NOUNS = {"pairing", "staging"}


def modules(*apps: str) -> Iterator[Path]:
    for app in apps:
        yield from (path for path in sorted((HOUSE / app).rglob("*.py")) if "migrations" not in path.parts)


def calls(path: Path) -> Iterator[ast.Call]:
    yield from (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call))


def messages(path: Path) -> Iterator[str]:
    for call in calls(path):
        name = getattr(call.func, "id", None) or getattr(call.func, "attr", None)
        if name in TRANSLATED:
            yield from (
                node.value for node in call.args if isinstance(node, ast.Constant) and isinstance(node.value, str)
            )


def words_of_template(path: Path) -> Iterator[str]:
    """Yield what a template shows to people: translated strings and the text between tags."""
    text = path.read_text()
    yield from re.findall(r"""(?:translate|_\()\s*["'](.*?)["']\s*[%)|a-z]""", text)
    yield from re.findall(r"%\}([^<>{}%]+(?:\{\{[^}]*\}\}[^<>{}%]*)*)\{%", text)


def test_messages_use_the_words_of_the_list():
    found = {(path.name, text) for path in modules(*APPS) for text in messages(path) if AVOIDED.search(text)}
    assert found == set()


def test_pages_use_the_words_of_the_list():
    templates = [path for path in (HOUSE / "templates").rglob("*") if path.is_file()]
    assert sum(1 for path in templates for _text in words_of_template(path)) > 500
    found = {(path.name, text) for path in templates for text in words_of_template(path) if AVOIDED.search(text)}
    assert found == set()


@pytest.mark.parametrize("guide", ["README.md", "docs/admin.md", "docs/permissions.md", "docs/sis-import.md"])
def test_guides_use_the_words_of_the_list(guide):
    assert [line for line in (HOUSE / guide).read_text().splitlines() if AVOIDED.search(line)] == []


def test_modules_are_nouns():
    # Wherever the project lies: its own folder may have any name.
    within = [path.relative_to(HOUSE).with_suffix("") for path in modules(*APPS)]
    names = {part for path in within for part in path.parts}
    assert {name for name in names if name.endswith("ing")} <= NOUNS


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(ast.parse(path.read_text())):
        # A property is a thing, and so is described by one.
        if isinstance(node, ast.FunctionDef) and not any(
            "property" in ast.unparse(each) for each in node.decorator_list
        ):
            yield node


def test_docstrings_of_functions_begin_with_what_the_function_does():
    found = [
        f"{path.relative_to(HOUSE)}: {node.name}: {text}"
        for path in modules(*APPS, "background", "embedded_postgres")
        for node in functions(path)
        if (text := ast.get_docstring(node)) and text.split()[0].strip(",.:").lower() in NOT_IMPERATIVE
    ]
    assert found == []

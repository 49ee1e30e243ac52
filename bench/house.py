"""Measure the source itself: `python -m bench.house [TREE ...]` prints a table with a column for each tree.

Only files are read, so any version of this project will do, such as one in a worktree:

    git worktree add /tmp/before v1
    python -m bench.house /tmp/before .
"""

from __future__ import annotations

import ast
import re
import statistics
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# From the lowest: each may import itself and those before it.
APPS = ("background", "accounts", "courses", "pairing", "notices", "sis")
BESIDE = ("config", "embedded_postgres")
# The rooms of an app from the lowest. What is not named here is a rule: it knows tables and no requests.
RULES = 5
LAYERS = {
    **dict.fromkeys(("text", "files", "errors", "options", "code_text", "advisory_locks"), 1),
    **dict.fromkeys(("models", "guards"), 2),
    **dict.fromkeys(("permissions", "access", "kinds"), 3),
    **dict.fromkeys(("formats", "upload"), 4),
    **dict.fromkeys(("domain", "imports", "report", "retention"), RULES),
    **dict.fromkeys(("web", "forms", "jobs"), 6),
    **dict.fromkeys(("views", "api", "management", "templatetags", "urls", "demo", "apps"), 7),
}
# The same for what stood beside the rooms in earlier versions.
LAYERS |= {
    **dict.fromkeys(("collation", "names", "texts", "checking", "csv_text", "ids", "reading"), 1),
    "dates": 2,
    **dict.fromkeys(("permission_list", "knowing", "visibility", "converting"), 3),
    "password_forms": 6,
}
# Words with this ending that are things, not doings.
GERUND = re.compile(r"(?:^|_)(?!pairing|staging|setting|string|heading)[a-z]+ing(?:_|$)")

Function = ast.FunctionDef | ast.AsyncFunctionDef


def layer(name: Sequence[str]) -> int:
    """Return how high a module stands, by the parts of its full name."""
    app, room, *within = name
    # What is recorded is declared beside the rules, and known as widely as the tables.
    if within[:1] == ["events"]:
        return LAYERS["access"]
    # A module of rules that was called so in earlier versions.
    return RULES if (app, room) == ("courses", "reading") else LAYERS.get(room, RULES)


@dataclass(frozen=True)
class Module:
    """A file of Python, by its path inside the tree."""

    path: Path
    text: str

    @cached_property
    def parsed(self) -> ast.Module:
        return ast.parse(self.text)

    @property
    def lines(self) -> int:
        """The lines that are neither empty nor a comment."""
        return lines_of(self.text, "#")

    @property
    def app(self) -> str:
        return self.path.parts[0]

    @property
    def layer(self) -> int:
        return layer(self.path.with_suffix("").parts)

    @property
    def functions(self) -> Iterator[Function]:
        return (node for node in ast.walk(self.parsed) if isinstance(node, Function))

    @property
    def functions_of_views(self) -> Iterator[Function]:
        """The functions and methods that make pages."""
        return self.functions if self.path.parts[1].removesuffix(".py") == "views" else iter(())

    @property
    def public(self) -> Iterator[ast.Module | ast.ClassDef | Function]:
        """What others may use, and so want to read about: the module, its classes and functions, their methods."""
        yield self.parsed
        for node in self.parsed.body:
            if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
                yield node
                if isinstance(node, ast.ClassDef) and node.name != "Meta":
                    methods = (inner for inner in node.body if isinstance(inner, Function))
                    yield from (method for method in methods if not method.name.startswith("_"))

    @property
    def imported(self) -> Iterator[tuple[str, ...]]:
        """The full name of each thing imported, in parts."""
        for node in ast.walk(self.parsed):
            if isinstance(node, ast.Import):
                yield from (tuple(alias.name.split(".")) for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                package = self.path.parts[: -node.level] if node.level else ()
                names = node.module.split(".") if node.module else []
                yield from ((*package, *names, alias.name) for alias in node.names)


def modules(tree: Path, folder: str) -> list[Module]:
    """Return the modules with any code below a folder of the tree, but for migrations."""
    paths = (path for path in sorted((tree / folder).rglob("*.py")) if "migrations" not in path.parts)
    found = (Module(path.relative_to(tree), path.read_text()) for path in paths)
    return [module for module in found if module.parsed.body]


def lines_of_sql(tree: Path, folder: str) -> int:
    """Return the lines of statements that stand in files of their own below a folder of the tree."""
    return sum(lines_of(path.read_text(), "--") for path in (tree / folder).rglob("*.sql"))


def lines_of(text: str, comment: str) -> int:
    """Return how many lines are neither empty nor a comment, which begins with `comment`."""
    lines = [line.strip() for line in text.splitlines()]
    return sum(bool(line) and not line.startswith(comment) for line in lines)


def takes_request(function: Function) -> bool:
    """Return whether a function is called with a request, and so does all that a page needs."""
    return [argument.arg for argument in function.args.args[:1]] == ["request"]


def length(function: Function) -> int:
    """Return the lines of a function from its `def` to its end."""
    return (function.end_lineno or function.lineno) - function.lineno + 1


def arrows_up(module: Module) -> list[str]:
    """Return what a module of an app imports from an app or a layer above its own."""
    up = []
    for name in module.imported:
        if name[0] not in APPS or len(name) < 2:
            continue
        higher_app = APPS.index(name[0]) > APPS.index(module.app)
        higher_layer = name[0] == module.app and layer(name) > module.layer
        if higher_app or higher_layer:
            up.append(f"{module.path} → {'.'.join(name)}")
    return up


def spread(lengths: Iterable[int]) -> str:
    """Return the median, the 95th percentile and the largest of some numbers."""
    ordered = sorted(lengths)
    if not ordered:
        return "–"
    return f"{statistics.median(ordered):g} / {ordered[int(len(ordered) * 0.95)]} / {ordered[-1]}"


def share(flags: Iterable[bool]) -> str:
    """Return how many of them are true, in percent."""
    counted = list(flags)
    return f"{100 * sum(counted) / len(counted):.1f} %" if counted else "–"


def table(tree: Path) -> dict[str, str]:
    """Return the rows of the table for a tree."""
    by_app = {folder: modules(tree, folder) for folder in (*APPS, *BESIDE)}
    everything = [module for found in by_app.values() for module in found]
    functions = [function for module in everything for function in module.functions]
    of_views = [function for module in everything for function in module.functions_of_views]
    sizes = [module.lines for module in everything]
    rows = {
        "functions": f"{len(functions):,}",
        "lines of a function: median / 95th percentile / longest": spread(map(length, functions)),
        "functions and methods in views": str(len(of_views)),
        "their lines: median / 95th percentile / longest": spread(map(length, of_views)),
        "those of them that take a request": str(sum(map(takes_request, of_views))),
        "the lines of these": spread(map(length, filter(takes_request, of_views))),
        "modules": str(len(everything)),
        "lines of a module: median / 95th percentile / longest": spread(sizes),
        "functions that say what they return": share(function.returns is not None for function in functions),
        "public modules, classes and functions with a docstring": share(
            ast.get_docstring(node) is not None for module in everything for node in module.public
        ),
        "imports of a higher app or layer": str(len(_all_up(by_app))),
    }
    for app, found in by_app.items():
        tests = sum(module.lines for module in modules(tree, f"tests/{app}"))
        code = sum(module.lines for module in found) + lines_of_sql(tree, app)
        gerunds = sum(bool(GERUND.search(module.path.stem)) for module in found)
        rows[f"{app}: modules / named by a gerund"] = f"{len(found)} / {gerunds}" if found else "–"
        rows[f"{app}: lines of code / of tests / tests per line"] = (
            f"{code:,} / {tests:,} / {tests / code:.2f}" if code else "–"
        )
    return rows


def _all_up(by_app: dict[str, list[Module]]) -> list[str]:
    return [arrow for app in APPS for module in by_app[app] for arrow in arrows_up(module)]


def main(trees: list[str]) -> None:
    """Print the table for these folders, and what is imported upwards in the last."""
    columns = [table(Path(tree)) for tree in trees]
    print(f"| measure | {' | '.join(trees)} |")
    print("|---" * (len(trees) + 1) + "|")
    for row in columns[0]:
        print(f"| {row} | {' | '.join(column[row] for column in columns)} |")
    for arrow in _all_up({app: modules(Path(trees[-1]), app) for app in APPS}):
        print(f"\n{arrow}", end="")
    print()


if __name__ == "__main__":
    main(sys.argv[1:] or ["."])

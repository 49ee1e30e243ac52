"""The house: which app may know which, and how long a module may get."""

import ast
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median

HOUSE = Path(__file__).resolve().parent.parent
# Each app may import itself and those before it; config wires them and may import all.
APPS = ["background", "accounts", "courses", "pairing", "notices", "sis"]
LONGEST_MODULE = 300


def modules(*apps: str) -> list[Path]:
    return [
        path.relative_to(HOUSE)
        for app in apps
        for path in sorted((HOUSE / app).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def imported(module: Path, within: ast.AST) -> Iterator[str]:
    """The full name of everything imported by a module, or by a part of it."""
    for node in ast.walk(within):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.parts[: -node.level] if node.level else ()
            yield from (".".join([*package, *filter(None, [node.module]), alias.name]) for alias in node.names)


def parsed(module: Path) -> ast.Module:
    return ast.parse((HOUSE / module).read_text())


def apps_of(names: Iterator[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def test_imports_are_found_wherever_and_however_they_are_written():
    text = "import a.b\nfrom c.d import e\ndef f():\n    from . import g\n    from ..h import i\n"
    found = list(imported(Path("x/y/z.py"), ast.parse(text)))
    assert found == ["a.b", "c.d.e", "x.y.g", "x.h.i"]
    assert "courses" in apps_of(
        imported(Path("pairing/domain/redemption.py"), parsed(Path("pairing/domain/redemption.py")))
    )


def test_imports_go_one_way():
    wrong = {
        module: higher
        for module in modules(*APPS)
        if (higher := apps_of(imported(module, parsed(module))) & above(module.parts[0]))
    }
    assert wrong == {}


def above(app: str) -> set[str]:
    return {*APPS[APPS.index(app) + 1 :], "config", "embedded_postgres", "tests", "bench"}


def test_the_embedded_database_could_be_lifted_out():
    # Nothing of this project, and of libraries only what speaks to PostgreSQL.
    wanted = {
        name
        for module in modules("embedded_postgres")
        for name in apps_of(imported(module, parsed(module))) - sys.stdlib_module_names
    }
    assert wanted == {"embedded_postgres", "psycopg"}


# The rooms of each app, folders or modules, the lowest first: each may import those above it in this list. Rooms of one
# line know nothing of each other.
ENTRANCES = {"views", "management", "templatetags"}
LAYERS = {
    "background": [{"queue"}, {"jobs", "metrics"}, ENTRANCES, {"apps"}],
    "accounts": [
        {"advisory_locks", "errors", "hashers", "memory", "password_marks", "pieces", "text"},
        {"guards"},
        {"models"},
        {"permissions"},
        {"events"},
        {"domain"},
        {"jobs", "metrics"},
        {"web"},
        {"forms"},
        {"api"},
        ENTRANCES,
        {"urls", "apps", "demo"},
    ],
    "courses": [
        {"errors", "guards", "grades"},
        {"models"},
        {"work", "visibility"},
        {"events"},
        {"access"},
        {"domain"},
        {"jobs", "metrics"},
        {"forms"},
        {"api"},
        ENTRANCES,
        {"urls", "apps", "demo"},
    ],
    "pairing": [
        {"errors", "guards", "code_text"},
        {"models"},
        {"events"},
        {"domain"},
        {"jobs", "metrics"},
        {"forms"},
        {"api"},
        ENTRANCES,
        {"urls", "apps", "demo"},
    ],
    "notices": [
        {"models"},
        {"domain"},
        {"jobs"},
        {"forms"},
        {"api"},
        ENTRANCES,
        {"urls", "apps"},
    ],
    # A kind of roster file says how its files are recognized and what its columns are: so what reads uploads, and makes
    # rows of kinds out of other formats, stands above.
    "sis": [
        {"errors", "events", "guards", "options", "access"},
        {"models"},
        {"files"},
        {"kinds"},
        {"formats"},
        {"upload"},
        {"report"},
        {"imports"},
        {"export", "account_reports"},
        {"retention", "admin_home", "metrics"},
        {"jobs"},
        {"forms"},
        {"api"},
        ENTRANCES,
        {"urls", "apps"},
    ],
}
# Rooms that know how somebody comes in, which no rule of any app may.
WEB = {"web", "forms", "api", "urls", *ENTRANCES}


def room(module: Path) -> str:
    return room_of(module.with_suffix("").parts)


def room_of(parts: Sequence[str]) -> str:
    # What can be recorded is declared as data, which rooms below the rules record too.
    return "events" if parts[1:3] == ("domain", "events") else parts[1]


def rooms_imported(module: Path) -> set[tuple[str, str]]:
    """The (app, room) pairs that a module imports."""
    names = (tuple(name.split(".")) for name in imported(module, parsed(module)))
    return {(name[0], room_of(name)) for name in names if name[0] in APPS and len(name) > 1}


def layer_of(module: Path) -> int | None:
    """The number of the layer that a module's room is in."""
    layers = enumerate(LAYERS[module.parts[0]])
    return next((number for number, rooms in layers if room(module) in rooms), None)


def test_every_room_has_its_layer():
    homeless = [module for module in modules(*APPS) if layer_of(module) is None]
    assert homeless == [Path(app, "__init__.py") for app in APPS]


def test_no_arrow_runs_back_up_within_an_app():
    wrong = {}
    for module in modules(*APPS):
        app, here = module.parts[0], layer_of(module)
        lower = {room for rooms in LAYERS[app][:here] for room in rooms} | {room(module)}
        if higher := {other for its_app, other in rooms_imported(module) if its_app == app and other not in lower}:
            wrong[module] = higher
    assert wrong == {}


def test_no_rule_knows_how_somebody_comes_in():
    # Signing in, which Django tells by a signal, forgets a sign-up that was begun in the same browser.
    outer = {*WEB, "apps"}
    wrong = {
        module: pages
        for module in modules(*APPS)
        if room(module) not in outer and (pages := {found for found in rooms_imported(module) if found[1] in WEB})
    }
    assert wrong == {}


def test_no_import_inside_a_function_hides_a_cycle():
    # Django asks apps.py before it has read the models.
    asked_early = Path("accounts/apps.py")
    wrong = {
        module
        for module in modules(*APPS)
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.FunctionDef) and apps_of(imported(module, node)) & set(APPS)
    }
    assert wrong <= {asked_early}


def test_a_module_can_be_read_in_one_sitting():
    long = {
        module: size
        for module in modules(*APPS, "config", "embedded_postgres")
        if (size := lines_of_code(module)) > LONGEST_MODULE
    }
    assert long == {}


def lines_of_code(module: Path) -> int:
    lines = [line.strip() for line in (HOUSE / module).read_text().splitlines()]
    return len([line for line in lines if line and not line.startswith("#")])


def test_views_are_short():
    views = [module for module in modules(*APPS) if "views" in module.parts]
    functions = [node for module in views for node in ast.walk(parsed(module)) if isinstance(node, ast.FunctionDef)]
    lengths = [length_of(function) for function in functions]
    assert median(lengths) <= 6
    assert max(lengths) <= 30


def length_of(function: ast.FunctionDef) -> int:
    """How many lines a function has from its `def` to its end, without its docstring."""
    text = function.body[0]
    has_docstring = ast.get_docstring(function, clean=False) is not None
    docstring = (text.end_lineno or 0) - text.lineno + 1 if has_docstring else 0
    return (function.end_lineno or 0) - function.lineno + 1 - docstring


def test_no_app_hears_of_another_by_signals():
    # Built-in roles are made after every migration.
    after_migrations = Path("accounts/apps.py")
    listening = {
        module
        for module in modules(*APPS)
        for name in imported(module, parsed(module))
        if ".signals" in name or name.startswith("django.dispatch")
    }
    assert listening <= {after_migrations}


def test_every_csv_that_leaves_comes_from_the_one_module_that_makes_cells_harmless():
    writers = {module for module in modules(*APPS) if "csv.writer" in (HOUSE / module).read_text()}
    assert writers <= {Path("accounts/text/csv_export.py"), Path("sis/files/csv_records.py")}


def test_no_answer_is_sent_while_it_is_made():
    # What fails half way would look whole to whoever gets it: see accounts/web/downloads.py.
    sending = {module for module in modules(*APPS, "config") if "StreamingHttpResponse" in (HOUSE / module).read_text()}
    assert sending == set()


def test_whoever_takes_an_advisory_lock_has_its_number_from_the_register():
    register = Path("accounts/advisory_locks.py")
    taking = {
        path.relative_to(HOUSE)
        for app in [*APPS, "config", "bench"]
        for suffix in ("*.py", "*.sql")
        for path in (HOUSE / app).rglob(suffix)
        if re.search(r"pg_(try_)?advisory_", path.read_text())
    }
    assert register in taking
    knowing = {
        module
        for module in taking
        if module.suffix == ".py"
        and any(name.startswith("accounts.advisory_locks.") for name in imported(module, parsed(module)))
    }
    assert taking == knowing | {register}


# What a session keeps beyond a transaction is lost, or found by somebody else, behind a pooler.
OF_SESSIONS = re.compile(
    r"\bpg_(?:try_)?advisory_(?:un)?lock|\bLISTEN\b|\bPREPARE\b|\bWITH HOLD\b|\.iterator\(|"
    r"[\"';]\s*SET (?!LOCAL\b|CONSTRAINTS\b)|\bset_config\([^)]*false|"
    r"\bCREATE TEMP(?:ORARY)? TABLE (?!\w+ ON COMMIT DROP)"
)


def test_nothing_that_serves_leaves_anything_in_a_session_for_later():
    found = {
        path.relative_to(HOUSE)
        for app in [*APPS, "config"]
        for suffix in ("*.py", "*.sql")
        for path in (HOUSE / app).rglob(suffix)
        if OF_SESSIONS.search(path.read_text())
    }
    # Jobs and migrations have sessions of their own; and one is a database in a file.
    of_their_own = {("sis", "imports"), ("sis", "report"), ("sis", "formats"), ("config", "preparation.py")}
    assert {path.parts[:2] for path in found} <= of_their_own
    assert Path("sis/imports/doubtful_ids.py") in found


def test_only_the_room_for_jobs_knows_which_library_runs_them():
    knowing = {
        module.parts[0]
        for module in modules(*APPS, "config")
        if "procrastinate" in apps_of(imported(module, parsed(module)))
    }
    assert knowing == {"background"}


def test_shapes_of_the_api_are_read_with_the_keys_that_may_be_missing():
    # Python 3.11 takes a key for required that is NotRequired in an annotation read later.
    declaring = [module for module in modules(*APPS) if "NotRequired[" in (HOUSE / module).read_text()]
    assert Path("accounts/api/body_types.py") in declaring
    assert not [module for module in declaring if "__future__.annotations" in imported(module, parsed(module))]

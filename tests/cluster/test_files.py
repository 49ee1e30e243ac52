"""What the files in deploy/ name is there: programs, paths, roles, and settings of the site."""

import re
from pathlib import Path

import pytest
import yaml

from config.serve import ROLES
from tests.cluster.units import HOUSE, OURS, read, variables

DEPLOY = HOUSE / "deploy"
EXAMPLES = DEPLOY / "examples"
UNITS = [path.name for path in OURS.glob("*.service")]
INSTALLED = "/opt/observer-pairing/"
# What is made at each installation.
MADE = {".venv/bin/python", ".venv/bin"}
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
CONTAINERFILE = (DEPLOY / "Containerfile").read_text()
SETTINGS_OF_PYTHON = {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}


def settings_of_the_site() -> set[str]:
    """Those that the README has in its table."""
    rows = re.findall(r"^\| (`[A-Z_`, ]+`) \|", (HOUSE / "README.md").read_text(), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"[A-Z_]+", row)}


def files() -> list[Path]:
    return sorted(path for path in DEPLOY.rglob("*") if path.is_file() and path.suffix != ".json")


@pytest.mark.parametrize("file", files(), ids=lambda path: str(path.relative_to(DEPLOY)))
def test_every_file_of_ours_that_is_named_is_there(file):
    text = file.read_text()
    named = {path.rstrip(".") for path in re.findall(rf"{INSTALLED}([\w./-]+)", text)}
    named |= set(re.findall(r"(?<![\w/-])((?:deploy|docs|bin)/[\w./-]*\w)", text))
    # What whoever follows the steps makes.
    named -= MADE | {"deploy/site.env", "deploy/database-password"}
    assert [path for path in named if not (HOUSE / path).exists()] == []


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_of_ours_runs_a_role_of_the_site_and_sets_settings_there_are(unit):
    settings = read(unit)
    python = [line for line in settings["ExecStart"] if "python" in line]
    assert [line.partition(" -m ")[2] for line in python] == [f"config.serve {unit[17:-8]}"]
    assert unit[17:-8] in ROLES
    names = {line.split("=", 1)[0] for line in settings["Environment"]}
    assert names <= settings_of_the_site()


@pytest.mark.parametrize("unit", UNITS)
def test_every_unit_of_ours_is_locked_in_and_runs_as_nobody_else(unit):
    settings = read(unit)
    assert settings["User"] == settings["Group"] == ["observer-pairing"]
    assert "\nCapabilityBoundingSet=\n" in (OURS / unit).read_text()
    for name, value in {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes"}.items():
        assert settings[name] == [value]


@pytest.mark.parametrize("name", ["site.env", "migrate.env"])
def test_an_example_of_settings_has_only_those_there_are(name):
    assert variables((EXAMPLES / name).read_text()).keys() <= settings_of_the_site()


def test_no_secret_is_in_an_example_the_image_or_the_containers():
    for file in EXAMPLES.iterdir():
        for secret in re.findall(r"(?:_PASSWORD|_KEY)=(\S+)|//\w+:([^@]+)@", file.read_text()):
            assert "".join(secret).startswith("CHANGE-"), file.name
    assert not re.search(r"SECRET_KEY|PAIRING_CODE_KEY|DATABASE_URL|PASSWORD", CONTAINERFILE)
    for name, service in COMPOSE["services"].items():
        secrets = {key for key in service.get("environment", {}) if re.search(r"SECRET|PASSWORD$|_KEY", key)}
        assert secrets == set(), name
    ignored = (HOUSE / ".dockerignore").read_text().split("\n")
    assert {".*", "**/*.env", "deploy", "var"} <= set(ignored)


def test_the_image_copies_what_there_is_runs_what_there_is_and_not_as_root():
    for line in re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINERFILE, re.MULTILINE):
        assert all((HOUSE / name).exists() for name in line.split())
    modules = re.findall(r"-m (config\.\w+)", CONTAINERFILE) + re.findall(r'"-m", "(config\.\w+)"', CONTAINERFILE)
    assert sorted(modules) == ["config.compile_messages", "config.serve"]
    assert all((HOUSE / f"{name.replace('.', '/')}.py").exists() for name in modules)
    packages = re.findall(r"compileall -q (.+)", CONTAINERFILE)[0].split()
    assert all((HOUSE / name / "__init__.py").exists() for name in packages)
    environment = re.findall(r"(?:^ENV| {4})\s*([A-Z_]+)=", CONTAINERFILE, re.MULTILINE)
    assert set(environment) - SETTINGS_OF_PYTHON <= settings_of_the_site()
    users = re.findall(r"^USER (\S+)", CONTAINERFILE, re.MULTILINE)
    assert users
    assert "root" not in users
    assert re.search(r'CMD \["(\w+)"\]', CONTAINERFILE)[1] in ROLES


def test_the_containers_have_roles_and_names_that_there_are_and_no_rights():
    services = COMPOSE["services"]
    ours = {name: each for name, each in services.items() if each["image"] == "observer-pairing"}
    assert {name: each["command"] for name, each in ours.items()} == {
        "web1": ["web"],
        "web2": ["web"],
        "work": ["work"],
        "migrate": ["migrate"],
    }
    for each in ours.values():
        assert each["read_only"]
        assert each["cap_drop"] == ["ALL"]
        assert each["build"]["dockerfile"] == "deploy/Containerfile"
    asked = {name for each in services.values() for name in each.get("depends_on", [])}
    assert asked <= services.keys()
    named = {volume.split(":")[0] for each in services.values() for volume in each.get("volumes", [])}
    assert {name for name in named if not name.startswith(".")} == COMPOSE["volumes"].keys()


def test_the_load_balancer_in_a_container_is_given_every_name_that_its_files_ask_for():
    service = COMPOSE["services"]["haproxy"]
    read_there = [Path(word).name for word in service["command"] if word.endswith(".cfg")]
    texts = [(DEPLOY / "haproxy" / name).read_text() for name in read_there]
    asked = {name for text in texts for name in re.findall(r"\$\{(\w+)\}", text)}
    preset = set(re.findall(r"presetenv (\w+)", texts[0]))
    assert asked - preset <= service["environment"].keys() <= asked | preset

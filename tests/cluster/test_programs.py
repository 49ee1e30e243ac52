"""What the programs themselves say of the files in deploy/."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cluster.certificates import write_certificate
from tests.cluster.units import DEBIANS, HOUSE, OURS, variables

pytestmark = pytest.mark.cluster
DEPLOY = HOUSE / "deploy"
UNITS = sorted({path.name.removesuffix(".d") for path in OURS.iterdir()})


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """Units where systemd looks for them, with the site's programs where they are here."""
    folder = tmp_path_factory.mktemp("units")
    for unit in UNITS:
        if not (OURS / unit).exists():
            shutil.copy(DEBIANS / unit, folder)
    shutil.copytree(OURS, folder, dirs_exist_ok=True)
    for unit in folder.glob("observer-pairing-*.service"):
        unit.write_text(unit.read_text().replace("/opt/observer-pairing/.venv/bin/python", shutil.which("env") or ""))
    return folder


@pytest.mark.parametrize("unit", UNITS)
def test_systemd_understands_every_unit(installed, unit):
    command = ["systemd-analyze", "verify", "--man=no", "--generators=no", unit]
    environment = {**os.environ, "SYSTEMD_UNIT_PATH": f"{installed}:"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.startswith("observer-pairing")])
def test_systemd_finds_little_that_a_unit_of_ours_may_do(installed, unit):
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", str(installed / unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_haproxy_understands_its_files_and_asks_for_every_name_that_it_misses(tmp_path):
    given = variables((DEPLOY / "examples/cluster.env").read_text())
    needed = {"SITE_NAME", "WEB1", "WEB2", "DATABASE1", "DATABASE2"}
    certificate = write_certificate(tmp_path, given["SITE_NAME"])
    environment = {**given, "CERTIFICATE": str(certificate), "PATH": f"{os.environ['PATH']}:/usr/sbin"}
    assert haproxy_checks(environment) == (0, "")
    for name in needed:
        status, said = haproxy_checks({key: value for key, value in environment.items() if key != name})
        assert status != 0
        assert f" {name}" in said


def haproxy_checks(environment: dict[str, str]) -> tuple[int, str]:
    """How the check of the files ends, and what it warns of."""
    command = ["haproxy", "-c", "-f", str(DEPLOY / "haproxy")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr

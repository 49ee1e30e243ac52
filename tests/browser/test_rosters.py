"""An administrator's journeys with rosters: upload, watch, read the warnings, dry run, brake."""

import csv
from pathlib import Path
from zipfile import ZipFile

import pytest

from accounts.models import User
from sis.imports.queue import do, work_off
from sis.imports.runner import Import
from sis.imports.turns import turn
from sis.models import SisImport
from tests.factories import PASSWORD, make_admin

USERS = "user_id,login_id,status,full_name"


@pytest.fixture
def at_work(new_visitor, root, settings, tmp_path):
    """An administrator on the page of rosters. The jobs run when the test says so."""
    settings.DATA_DIR = tmp_path / "data"
    visitor = new_visitor()
    visitor.sign_in(make_admin(name="Ada Min", password=PASSWORD))
    visitor.visit("/")
    visitor.page.get_by_role("link", name="Admin").click()
    visitor.page.get_by_role("link", name="Rosters").click()
    visitor.page.get_by_role("heading", name="Import history").wait_for()
    return visitor


def people(folder: Path, count: int, status: str = "active", name: str = "users.csv") -> Path:
    path = folder / name
    lines = [USERS, *(f"U{n},u{n}@example.org,{status},Uma Person{n}" for n in range(count))]
    path.write_text("\n".join(lines))
    return path


def faulty(folder: Path) -> Path:
    """Two good files, two rows that are none, and something that is no roster."""
    path = folder / "night.zip"
    with ZipFile(path, "w") as archive:
        archive.writestr("users.csv", f"{USERS}\nP1,p1,active,Pat Stone\nS1,s1,active,Sam Stone\nX9,,active,No Login")
        archive.writestr("observers.csv", "observer_id,student_id,status\nP1,S1,active\nP1,P404,active")
        archive.writestr("menu.csv", "day;meal\nMonday;Soup")
    return path


def send(visitor, path: Path, button: str) -> None:
    visitor.page.get_by_label("Roster file").set_input_files(path)
    visitor.page.get_by_role("button", name=button, exact=True).click()
    visitor.page.get_by_role("button", name="Stop").wait_for()


def test_a_roster_is_looked_at_first_and_then_imported_and_its_warnings_are_read(at_work, root, tmp_path):
    page = at_work.page
    at_work.finds_nothing_wrong()
    for title in ("Options", "Canvas SIS CSV", "OneRoster", "Microsoft School Data Sync"):
        page.locator("summary", has_text=title).click()
    at_work.finds_nothing_wrong()
    page.get_by_label("Roster file").set_input_files(faulty(tmp_path))
    assert "Chosen: night.zip" in page.locator("[data-chosen]").inner_text()
    send(at_work, faulty(tmp_path), "Dry run")
    at_work.finds_nothing_wrong()

    work_off(root)
    page.get_by_role("heading", name="What an import would do").wait_for()
    at_work.finds_nothing_wrong()
    assert "Pat Stone (P1)" in page.get_by_role("main").inner_text()
    assert not User.objects.filter(sis_user_id="P1").exists()

    page.get_by_role("button", name="Import this file now").click()
    page.get_by_role("button", name="Stop").wait_for()
    work_off(root)
    page.get_by_role("heading", name="Results").wait_for()
    at_work.finds_nothing_wrong()
    assert User.objects.filter(sis_user_id="P1").exists()
    page.get_by_label("Search").fill("P404")
    page.get_by_role("button", name="Show", exact=True).click()
    page.get_by_role("link", name="Download these as CSV").wait_for()
    at_work.finds_nothing_wrong()
    shown = page.get_by_role("list", name="Warnings and errors").inner_text()
    assert "Import the person first." in shown
    assert "X9" not in shown
    with page.expect_download() as download:
        page.get_by_role("link", name="Download these as CSV").click()
    header, row = csv.reader(download.value.path().read_text().splitlines())
    assert (header[1], row[1]) == ("file", "observers.csv")


def test_progress_shows_while_it_runs_and_then_what_came_of_it(at_work, root, tmp_path):
    page = at_work.page
    send(at_work, people(tmp_path, 12_000), "Import")
    seen = []

    def look(sis_import: SisImport) -> None:
        if not sis_import.has_ended:
            page.get_by_text(f"{sis_import.progress} %", exact=True).last.wait_for()
            seen.append(sis_import.progress)
            at_work.finds_nothing_wrong()

    with turn(root):
        do(SisImport.objects.get(), tell=look)
    assert seen == [41, 83, 99]
    page.get_by_role("heading", name="Results").wait_for()
    assert "12000" in page.get_by_role("table", name="Counts by kind").inner_text()


def test_watching_keeps_the_focus_speaks_now_and_then_and_an_import_can_be_stopped_half_way(at_work, root, tmp_path):
    page = at_work.page
    send(at_work, people(tmp_path, 12_000), "Import")
    stop = page.get_by_role("button", name="Stop")
    stop.focus()
    page.evaluate("window.sameDocument = true")

    def look(sis_import: SisImport) -> None:
        if sis_import.progress == 41:
            page.locator("#told", has_text="25 %").wait_for(state="attached")
            assert page.evaluate("window.sameDocument && document.activeElement.textContent.trim()") == "Stop"
            stop.click()
            page.get_by_text("Everything imported before stays").wait_for()

    with turn(root):
        Import(SisImport.objects.get(), look).go()
    at_work.finds_nothing_wrong()
    assert SisImport.objects.get().workflow_state == "aborted"
    assert User.objects.filter(sis_user_id__startswith="U").count() == 5_000


def test_the_brake_asks_and_an_import_is_taken_back(at_work, root, tmp_path):
    page = at_work.page
    send(at_work, people(tmp_path, 30), "Import")
    work_off(root)
    page.get_by_role("link", name="Undo import").wait_for()
    rosters = page.get_by_label("Breadcrumbs").get_by_role("link", name="Rosters")
    rosters.click()
    send(at_work, people(tmp_path, 20, status="deleted", name="gone.csv"), "Import")
    work_off(root)
    page.get_by_text("This import would remove 20 of 30").first.wait_for()
    at_work.finds_nothing_wrong()
    page.get_by_role("link", name="Import anyway").click()
    page.get_by_role("heading", name="Import gone.csv?").wait_for()
    at_work.finds_nothing_wrong()
    page.get_by_role("button", name="Import anyway").click()
    page.get_by_role("button", name="Stop").wait_for()
    work_off(root)
    page.get_by_text("People: 20 removed.").wait_for()
    assert User.objects.filter(state="deleted").count() == 20

    page.get_by_role("link", name="Undo import").click()
    page.get_by_role("heading", name="Undo the import of gone.csv?").wait_for()
    at_work.finds_nothing_wrong()
    page.get_by_role("button", name="Undo import").click()
    page.get_by_text("The import is being undone.").wait_for()
    at_work.finds_nothing_wrong()
    work_off(root)
    page.get_by_text("The import was undone.").wait_for()
    assert User.objects.filter(state="deleted").count() == 0

    rosters.click()
    page.get_by_label("Percent").fill("40")
    page.get_by_role("region", name="Deletion brake").get_by_role("button", name="Save").click()
    page.get_by_text("more than 40 %").wait_for()
    at_work.finds_nothing_wrong()
    page.get_by_role("link", name="Export links").click()
    page.get_by_text("no links to export yet").wait_for()
    at_work.finds_nothing_wrong()


def test_a_wrong_file_is_refused_on_the_page(at_work, tmp_path):
    page = at_work.page
    sheet = tmp_path / "users.xlsx"
    sheet.write_bytes(b"PK\x03\x04")
    page.get_by_label("Roster file").set_input_files(sheet)
    page.get_by_role("button", name="Dry run").click()
    page.get_by_role("alert").filter(has_text="whose name ends in .csv or .zip").wait_for()
    at_work.finds_nothing_wrong()


def test_a_file_dropped_beside_the_field_is_taken(at_work):
    page = at_work.page
    page.wait_for_load_state("load")
    page.evaluate(
        """() => {
            const data = new DataTransfer();
            data.items.add(new File(["user_id,login_id,status"], "dropped.csv", {type: "text/csv"}));
            const drop = (type) => new DragEvent(type, {dataTransfer: data, bubbles: true, cancelable: true});
            document.querySelector("h1").dispatchEvent(drop("dragover"));
            document.querySelector("h1").dispatchEvent(drop("drop"));
        }"""
    )
    assert "dropped.csv" in page.locator("[data-chosen]").inner_text()
    page.get_by_role("button", name="Dry run").click()
    page.get_by_role("button", name="Stop").wait_for()
    assert SisImport.objects.get().file_name == "dropped.csv"

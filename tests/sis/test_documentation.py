"""docs/sis-import.md says what is so."""

import ast
import re
from pathlib import Path

import pytest

from sis.kinds.registry import KINDS
from sis.options import Options
from sis.report.messages import texts
from tests.sis.rosters import upload_of

HOUSE = Path(__file__).resolve().parents[2]
TEXT = (HOUSE / "docs" / "sis-import.md").read_text()
READING = ("files", "formats", "upload")
EXAMPLES = re.findall(r"```csv\n(.*?)```", TEXT, re.DOTALL)


def first_sentence(message: str) -> str:
    plain = re.sub(r"\{\w+\}", "…", message.replace("{for_section}", ""))
    found = re.match(r".*?[.:](?= |$)", plain)
    return found.group() if found else plain


@pytest.mark.parametrize("kind", texts())
def test_every_warning_about_rows_is_explained(kind):
    assert f"| {first_sentence(str(texts()[kind]))} |" in TEXT


def said_while_reading() -> list[str]:
    """The texts of the modules that read uploads; those about one thing, where number matters."""
    found = []
    for path in (path for room in READING for path in (HOUSE / "sis" / room).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "gettext_lazy", "ngettext"):
                found.append(next(str(argument.value) for argument in node.args if isinstance(argument, ast.Constant)))
    return found


def test_every_warning_about_files_is_explained():
    texts = said_while_reading()
    assert len(texts) > 40
    silent = []
    for text in texts:
        plain = re.sub(r"%\(\w+\)s|\{\w+\}", "…", text)
        # A sentence with numbers and names in it is known by the longest piece between them.
        piece = max(first_sentence(plain).rstrip(".:").split("…"), key=len).strip()
        if piece not in TEXT:
            silent.append(plain)
    assert silent == []


def test_every_option_is_explained():
    assert [name for name in Options().as_json() if f"`{name}`" not in TEXT] == []


def test_every_kind_of_file_has_an_example_that_is_read(tmp_path):
    found = []
    for example in EXAMPLES:
        with upload_of(tmp_path, example) as upload:
            for file in upload.files:
                assert list(file.rows())
                assert file.columns <= {*KINDS[file.kind].columns}
                found.append(file.kind)
    assert found == list(KINDS)

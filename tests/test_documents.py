"""What the documents say about the tree is so."""

import importlib
import re
from pathlib import Path

import pytest

HOUSE = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(path.relative_to(HOUSE) for path in (*HOUSE.glob("*.md"), *HOUSE.glob("*/*.md")))
# What tools and runs leave behind is not ours.
DOCUMENTS = [path for path in DOCUMENTS if not path.parts[0].startswith((".", "var", "staticfiles"))]
# `accounts/domain/tokens.py`, `sis/kinds/`; not `*/jobs.py`, addresses of the site, or what a recipe invents.
OURS = "accounts|background|bench|bin|config|courses|deploy|docs|embedded_postgres|pairing|sis|templates|tests"
PATHS = re.compile(rf"`((?:{OURS})/[\w./-]*)`")
IMPORTS = re.compile(rf"\bfrom\s+((?:{OURS})[\w.]*)\s+import\s+([\w, \n]+?)[`\n]")


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_file_that_a_document_names_is_there(document):
    named = PATHS.findall((HOUSE / document).read_text())
    assert [path for path in named if not (HOUSE / path).exists()] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_everything_that_a_document_imports_is_there(document):
    for module, names in IMPORTS.findall((HOUSE / document).read_text()):
        for name in names.split(","):
            assert hasattr(importlib.import_module(module), name.strip()), f"{module} has no {name}"


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_between_documents_leads_somewhere(document):
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", (HOUSE / document).read_text())
    within = [link for link in links if "://" not in link]
    assert [link for link in within if not (HOUSE / document).parent.joinpath(link).exists()] == []

"""Commands that generate parts of a document from the code."""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser


class WritesDocument(BaseCommand):
    """A command that regenerates what is between the marks of a document, or checks it."""

    requires_system_checks = []
    name: ClassVar[str]

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="Change nothing; fail if the file is out of date.")

    def document(self) -> Path:
        """Return the file."""
        raise NotImplementedError

    def written(self, text: str) -> str:
        """Return the text of the file as it should be."""
        raise NotImplementedError

    def handle(self, *, check: bool, **options: Any) -> None:
        file = self.document()
        before = file.read_text()
        after = self.written(before)
        if before == after:
            self.stdout.write(f"docs/{file.name} is what the code says.")
        elif check:
            raise CommandError(f"docs/{file.name} is out of date: run manage.py {self.name}.")
        else:
            file.write_text(after)
            self.stdout.write(f"Wrote docs/{file.name}.")

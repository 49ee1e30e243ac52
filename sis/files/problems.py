"""What was wrong with an upload, in words that say what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One entry of an import's report. A failure cost a whole file; everything else is a warning."""

    file: str
    row: int | None
    message: str
    failure: bool
    row_info: str | None = None


class MalformedFile(Exception):
    """A file of an upload cannot be read, and none of it is used. `problem` goes into the report."""

    def __init__(self, file: str, message: str, row: int | None = None) -> None:
        super().__init__(f"{file}: {message}")
        self.problem = Problem(file, row, message, failure=True)


class Problems:
    """The problems found so far. The same problem found again, in a second reading, is one problem."""

    def __init__(self) -> None:
        self._found: dict[Problem, None] = {}

    def add(self, problem: Problem) -> None:
        self._found[problem] = None

    def warn(self, file: str, message: str, row: int | None = None, row_info: str | None = None) -> None:
        self.add(Problem(file, row, message, failure=False, row_info=row_info))

    def fail(self, file: str, message: str) -> None:
        self.add(Problem(file, None, message, failure=True))

    def all(self) -> list[Problem]:
        return list(self._found)

"""Queries that are built once: written with the ORM as all others are, kept as SQL, and executed with parameters.

For a query with conditions over several tables, building and compiling takes many times as long as asking. Whoever asks
the same on every page prepares it:

    _followed = prepared(students_followed)
    ...
    students = _followed(observer)

At the first use the function is called with a `Parameter` for each argument, and what it returns is compiled; from then
on only values are filled in. So what is kept depends on nobody: a parameter has no attributes to decide by, cannot be
looked up in the database, and a value that would be another one at the next call, as the present moment, is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from inspect import signature
from typing import Any, Generic, ParamSpec, TypeVar

from django.db import connections
from django.db.models import BigIntegerField, BooleanField, Expression, F, Func, Model, QuerySet
from django.db.models.sql import Query
from django.db.models.sql.compiler import SQLCompiler

Arguments = ParamSpec("Arguments")
Row = TypeVar("Row")

# What may stand in a kept statement beside its parameters: a constant of the code.
CONSTANT = (str, int, float, type(None))


@dataclass(frozen=True)
class Slot:
    """Where, among the values of a kept statement, that of an argument goes. No database takes it for a value."""

    argument: str


class Parameter(Expression):
    """Stands in a query for a value, or a person or another record, which is not known yet."""

    def __init__(self, argument: str) -> None:
        super().__init__()
        self.argument = argument

    @property
    def pk(self) -> Parameter:
        """What is filled in for a record is its key."""
        return self

    def as_sql(self, compiler: SQLCompiler, connection: Any) -> tuple[str, Any]:
        """Return the place for a value."""
        return "%s", (Slot(self.argument),)


class Among(Func):
    """Whether a column is one of the values of a parameter that is a list: `filter(Among("role", roles))`."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY ("
    output_field = BooleanField()

    def __init__(self, column: str, values: Any) -> None:
        super().__init__(F(column), values)


class _Compiler(SQLCompiler):
    """Has its statement already."""

    _converters: dict[int, Any]

    def __init__(self, known: Mapping[str, Any], statement: tuple[str, tuple[Any, ...]], using: str) -> None:
        self.__dict__.update(known)
        self.connection, self.using, self._statement = connections[using], using, statement

    def as_sql(self, *_arguments: Any, **_options: Any) -> tuple[str, tuple[Any, ...]]:
        return self._statement

    def get_converters(self, _expressions: Iterable[Any]) -> dict[int, Any]:
        return self._converters

    def has_composite_fields(self, _expressions: Iterable[Any]) -> bool:
        return False


class _Query:
    """A kept query in place of Django's, which answers with its own compiler."""

    def __init__(self, query: Query, compiler: _Compiler) -> None:
        self._query, self._compiler = query, compiler

    def get_compiler(self, *_arguments: Any, **_options: Any) -> _Compiler:
        return self._compiler

    def __getattr__(self, name: str) -> Any:
        return getattr(self._query, name)


class Prepared(Generic[Arguments, Row]):
    """A query that is kept. Called as the function that builds it, it returns the rows as a list (one statement)."""

    def __init__(self, build: Callable[Arguments, QuerySet[Any, Row]]) -> None:
        self._build = build
        self._names = tuple(signature(build).parameters)
        self._kept: Callable[[Mapping[str, Any]], list[Row]] | None = None

    def __call__(self, *arguments: Arguments.args, **named: Arguments.kwargs) -> list[Row]:
        given = dict(zip(self._names, arguments, strict=False)) | named
        if self._kept is None:
            build: Callable[..., QuerySet[Any, Row]] = self._build
            self._kept = _keep(build(**{name: Parameter(name) for name in self._names}))
        return self._kept({name: _as_value(value) for name, value in given.items()})


def _as_value(given: Any) -> Any:
    """Return what is filled in: of a record its key, and nothing for a number that is too large for any key."""
    value = given.pk if isinstance(given, Model) else given
    return None if isinstance(value, int) and abs(value) > BigIntegerField.MAX_BIGINT else value


def prepared(build: Callable[Arguments, QuerySet[Any, Row]]) -> Prepared[Arguments, Row]:
    """Return a query that is built and compiled once, at the first use.

    `build` is called with parameters: it filters by its arguments, or by their keys (`pk`), and nothing else of them.
    Raises TypeError, at the first use, where what is built would not be the same each time.
    """
    return Prepared(build)


def _keep(queryset: QuerySet[Any, Row]) -> Callable[[Mapping[str, Any]], list[Row]]:
    """Compile a query; return what executes it with values by argument."""
    if queryset._prefetch_related_lookups or queryset._known_related_objects:  # type: ignore[attr-defined]
        raise TypeError("A query that prefetches, or begins with a record, cannot be prepared.")
    compiler = queryset.query.get_compiler(using=queryset.db)
    sql, parameters = compiler.as_sql()
    for each in parameters:
        if not isinstance(each, (Slot, *CONSTANT)):
            raise TypeError(f"{each!r} in a prepared query would be another value the next time.")
    known = {**compiler.__dict__, "_converters": compiler.get_converters([each[0] for each in compiler.select])}
    # That of the thread which came first.
    del known["connection"]
    rows: Any = queryset._iterable_class
    model, query, fields, using = queryset.model, queryset.query, queryset._fields, queryset.db  # type: ignore[attr-defined]

    def execute(values: Mapping[str, Any]) -> list[Row]:
        filled_in = tuple(values[each.argument] if isinstance(each, Slot) else each for each in parameters)
        asking: Any = _Query(query, _Compiler(known, (sql, filled_in), using))
        asked: Any = QuerySet(model, asking, using)
        asked._fields = fields
        return list(rows(asked))

    return execute

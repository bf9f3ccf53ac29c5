"""Queries that are asked on every page, written out in SQL once: only their values change.

Django's ORM takes ten times as long to write a query as a database to answer one of a few rows by an index, and writes
the same one for every request. A :class:`Prepared` query is the ORM's own, with its own parameters, converters and
model instances; nothing of an answer is kept.
"""

from __future__ import annotations

import datetime as dt
from collections import namedtuple
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db import connections
from django.db.models import BigIntegerField, CharField, DateTimeField, Field, QuerySet, UUIDField, query

Row = TypeVar("Row")
populators: Any = query.get_related_populators  # of Django 5.2; the stubs are of 6.0, which asks for one thing more
Value = int | str | UUID | dt.datetime

FIELDS: dict[type, Field[Any, Any]] = {
    int: BigIntegerField(), str: CharField(), UUID: UUIDField(), dt.datetime: DateTimeField(),
}  # fmt: skip


class Prepared(Generic[Row]):
    """A query by its values, as a function that gives its rows.

        OF_OWNER = Prepared(lambda owner: Study.objects.filter(owner_id=owner)[:25])
        studies = OF_OWNER(user.pk)

    The values may be integers, texts, UUIDs and moments, and what the query looks like must not depend on them.
    """

    def __init__(self, asked: Callable[..., QuerySet[Any, Row]]) -> None:
        self.asked = asked
        self._written: _Written[Row] | None = None

    def __call__(self, *values: Value) -> list[Row]:
        """The rows, read whole.

        Raises:
            TypeError: a value of another type than those above, or than last time.
            ValueError: the query fetches more by further queries, or writes a value otherwise than as a parameter.
        """
        if self._written is None:  # two threads may write it at once, and it is the same
            self._written = _Written(self.asked, [type(value) for value in values])
        return self._written.run(values)

    def first(self, *values: Value) -> Row | None:
        """The first row, if there is one. All are read: for queries that find one at most."""
        return next(iter(self(*values)), None)


class _Written(Generic[Row]):
    """The SQL of a query, where in its parameters each value belongs, and what makes rows of its answer."""

    def __init__(self, asked: Callable[..., QuerySet[Any, Row]], types: Sequence[type]) -> None:
        if not FIELDS.keys() >= set(types):
            raise TypeError(f"a value of a prepared query is none of {', '.join(one.__name__ for one in FIELDS)}")
        self.types = types
        # Twice, with other values: whatever differs then depends on them, and must be a parameter.
        places, others = _stand_ins(types, 1), _stand_ins(types, 2)
        rows: Any = asked(*places)
        self.using = rows.db
        compiler = rows.query.get_compiler(self.using)
        self.sql, params = compiler.as_sql()
        sql_of_others, params_of_others = asked(*others).query.get_compiler(self.using).as_sql()
        self.params = [self._place(*pair, places, others) for pair in zip(params, params_of_others, strict=True)]
        if rows._prefetch_related_lookups or self.sql != sql_of_others:
            raise ValueError("a prepared query fetches more by further queries, or is written by its values")
        if {place for place, _same in self.params} - {None} != set(range(len(types))):
            raise ValueError("a prepared query leaves a value out")
        self.converters = [*compiler.get_converters([column for column, *_sql in compiler.select]).items()]
        self.made = _maker(rows, compiler)

    def _place(self, one: Any, other: Any, places: list[Any], others: list[Any]) -> tuple[int | None, Any]:
        """Which value a parameter is, by its number; or what it always is."""
        if one == other:
            return None, one
        for number, (a, b) in enumerate(zip(self._adapted(places), self._adapted(others), strict=True)):
            if (one, other) == (a, b):
                return number, None
        raise ValueError("a parameter of a prepared query is computed from a value")

    def _adapted(self, values: Sequence[Value]) -> list[Any]:
        """As the database takes them."""
        fields = (FIELDS[one] for one in self.types)
        connection = connections[self.using]
        return [field.get_db_prep_value(value, connection) for field, value in zip(fields, values, strict=True)]

    def run(self, values: Sequence[Value]) -> list[Row]:
        """Ask."""
        if [type(value) for value in values] != self.types:
            raise TypeError("a value of a prepared query has another type than last time")
        adapted = self._adapted(values)
        params = [same if place is None else adapted[place] for place, same in self.params]
        connection = connections[self.using]  # of this thread
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            found = [*map(list, cursor.fetchall())]
        for row in found:
            for place, (converters, column) in self.converters:
                for convert in converters:
                    row[place] = convert(row[place], column, connection)
        return [self.made(row) for row in found]


def _maker(rows: Any, compiler: Any) -> Callable[[list[Any]], Any]:
    """What makes of a row of the answer what the ORM would: a dictionary, a tuple with names, a value, an instance."""
    names = [*(rows.query.selected or ())]
    match rows._iterable_class:
        case query.ValuesIterable:
            return lambda row: dict(zip(names, row, strict=True))
        case query.NamedValuesListIterable:
            row_of: Any = namedtuple("Row", names)  # type: ignore[misc]  # the names are the query's
            return row_of._make
        case query.FlatValuesListIterable:
            return itemgetter(0)
    info, using = compiler.klass_info, rows.db
    own = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
    attributes = [column.target.attname for column, *_sql in compiler.select[own]]
    related = populators(info, compiler.select, using)

    def make(row: list[Any]) -> Any:
        instance = info["model"].from_db(using, attributes, row[own])
        for one in related:
            one.populate(row, instance)
        for name, place in compiler.annotation_col_map.items():
            setattr(instance, name, row[place])
        return instance

    return make


def _stand_ins(types: Sequence[type], which: int) -> list[Any]:
    """A value of each type that no constant of a query is likely to equal."""
    made: dict[type, Callable[[int], Value]] = {
        int: lambda n: 1_000_000_007 * which + n,
        str: lambda n: f"stand-in {which}.{n}",
        UUID: lambda n: UUID(int=(which << 64) + n),
        dt.datetime: lambda n: dt.datetime(1990 + which, 1, 1 + n, tzinfo=dt.UTC),
    }
    return [made[one](number) for number, one in enumerate(types)]

"""A prepared query is written once, and gives what the ORM's own would give for the values of each time."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from threading import get_ident
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.db.models import Count
from django.test import Client

from diagnosis.models import Study
from diagnosis.prepared import Prepared
from tests.diagnosis.history.rows import NOON, study

pytestmark = pytest.mark.django_db
OWN: Prepared[Study] = Prepared(
    lambda owner, since: (
        Study.objects.filter(owner_id=owner, created_at__gte=since, state="done")
        .select_related("predicted_by")
        .order_by("-created_at", "-id")
    )
)


def test_each_gets_their_own_rows_as_the_orm_reads_them(owner: User, stranger: User) -> None:
    begin = NOON - dt.timedelta(days=1)
    mine, theirs = study(owner, label="ä ' {}"), study(stranger)
    for user, expected in ((owner, mine), (stranger, theirs), (owner, mine)):
        (found,) = OWN(user.pk, begin)
        asked = Study.objects.select_related("predicted_by").get(pk=expected.pk)
        assert found == expected
        assert found.predicted_by == asked.predicted_by
        assert {k: v for k, v in vars(found).items() if k != "_state"} == {
            k: v for k, v in vars(asked).items() if k != "_state"
        }
    assert OWN.first(owner.pk, NOON + dt.timedelta(days=1)) is None


def test_nothing_of_an_answer_is_kept(owner: User) -> None:
    begin = NOON - dt.timedelta(days=1)
    assert OWN(owner.pk, begin) == []
    made = study(owner)
    assert OWN(owner.pk, begin) == [made]
    made.delete()
    assert OWN(owner.pk, begin) == []


def test_it_is_one_query_by_the_same_sql(owner: User, django_assert_num_queries: Any) -> None:
    begin = NOON
    for _ in range(2):
        with django_assert_num_queries(1) as asked:
            OWN(owner.pk, begin)
    rows = Study.objects.filter(owner_id=owner.pk, created_at__gte=begin, state="done").select_related("predicted_by")
    with django_assert_num_queries(1) as by_the_orm:
        list(rows.order_by("-created_at", "-id"))
    assert asked.captured_queries[0]["sql"] == by_the_orm.captured_queries[0]["sql"]


def test_groups_are_dictionaries(owner: User) -> None:
    groups: Prepared[Any] = Prepared(
        lambda pk: Study.objects.filter(owner_id=pk).order_by().values("state").annotate(total=Count("pk"))
    )
    study(owner)
    study(owner)
    assert groups(owner.pk) == [{"state": "done", "total": 2}]


@pytest.mark.parametrize(
    "query",
    [
        lambda pk: Study.objects.filter(owner_id=pk + 1),
        lambda pk: Study.objects.all()[: pk % 7],
        lambda _pk: Study.objects.filter(state="done"),
        lambda pk: Study.objects.filter(owner_id=pk).prefetch_related("predictions"),
    ],
    ids=["computed from it", "in the SQL itself", "left out", "with further queries"],
)
def test_a_value_that_is_no_plain_parameter_is_refused(query: Any) -> None:
    with pytest.raises(ValueError, match="prepared query"):
        Prepared(query)(7)


def test_values_of_another_type_are_refused(owner: User) -> None:
    keyed: Prepared[Study] = Prepared(lambda pk: Study.objects.filter(owner_id=pk))
    with pytest.raises(TypeError):
        keyed(None)  # type: ignore[arg-type]  # it would be IS NULL
    assert keyed(owner.pk) == []
    with pytest.raises(TypeError):
        keyed(str(owner.pk))


@pytest.mark.django_db(transaction=True)
def test_each_thread_asks_through_a_connection_of_its_own(owner: User) -> None:
    keyed: Prepared[User] = Prepared(lambda pk: User.objects.filter(pk=pk))
    asked = []

    def ask() -> list[User]:
        with connections["default"].execute_wrapper(lambda run, *given: (asked.append(get_ident()), run(*given))[1]):
            return keyed(owner.pk)

    def elsewhere() -> list[User]:
        try:
            return ask()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        assert ask() == pool.submit(elsewhere).result() == ask() == [owner]
    assert len(asked) == 3
    assert len(set(asked)) == 2


def test_an_ended_session_is_found_no_more(owner: User, owner_client: Client) -> None:
    assert owner_client.get("/studies/").status_code == 200
    owner_client.session.delete()
    assert owner_client.get("/studies/").status_code == 302

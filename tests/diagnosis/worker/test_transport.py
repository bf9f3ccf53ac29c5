"""The broker's silence and the broker's nonsense: a worker goes on taking messages after both."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import redis
from kombu import Connection, Consumer, Queue

import pneumoweb  # noqa: F401  # puts our transport in the place of kombu's
from diagnosis.server.private_redis import PrivateRedis

QUEUE = "pneumoweb"
PROPERTIES = {"delivery_tag": "1", "body_encoding": "base64", "delivery_info": {"exchange": "", "routing_key": QUEUE}}
NONSENSE = [
    "not json",
    "[]",
    "{}",
    json.dumps({"body": "x"}),
    json.dumps({"body": "!!!", "headers": {}, "content-type": "application/json", "properties": PROPERTIES}),
    json.dumps({"body": "bm8=", "headers": {}, "content-type": "application/json", "properties": PROPERTIES}),
    json.dumps({"body": "gASU", "content-type": "application/x-python-serialize", "properties": PROPERTIES}),
]


@pytest.fixture
def connection(live_redis: PrivateRedis) -> Iterator[Connection]:
    """A worker's connection that waits a third of a second for an answer."""
    with Connection(
        f"redis+socket://{live_redis.socket}", transport_options={"socket_timeout": 0.3, "max_retries": 0}
    ) as made:
        yield made


def consume(connection: Connection, taken: list[Any]) -> Consumer:
    """One message at a time; each that speaks of a film is kept in ``taken``, unacknowledged."""

    def take(message: Any) -> None:
        assert message.payload["film"]
        taken.append(message)

    consumer = Consumer(connection, [Queue(QUEUE)], on_message=take, accept=["json"], prefetch_count=1)
    consumer.consume()
    return consumer


def test_a_broker_silent_at_the_acknowledgement_does_not_stop_the_worker(
    connection: Connection, live_redis: PrivateRedis
) -> None:
    taken: list[Any] = []
    consume(connection, taken)
    with connection.Producer(routing_key=QUEUE) as producer:
        producer.publish({"film": 1})
    connection.drain_events(timeout=2)
    qos = taken[0].channel.qos
    assert not qos.can_consume(), "it may hold one message"
    with live_redis.client() as client:
        client.client_pause(1000)
    with pytest.raises(redis.TimeoutError):
        taken[0].ack()
    assert qos.can_consume()


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_a_message_that_makes_no_sense_is_dropped_and_the_next_one_taken(
    nonsense: str, connection: Connection, live_redis: PrivateRedis
) -> None:
    taken: list[Any] = []
    consume(connection, taken)
    with live_redis.client() as client:
        client.lpush(QUEUE, nonsense)
        connection.drain_events(timeout=2)
        with connection.Producer(routing_key=QUEUE) as producer:
            producer.publish({"film": 1})
        connection.drain_events(timeout=2)
        assert [message.payload for message in taken] == [{"film": 1}]
        taken[0].ack()
        assert client.llen(QUEUE) == client.hlen("unacked") == 0, "nothing comes back"

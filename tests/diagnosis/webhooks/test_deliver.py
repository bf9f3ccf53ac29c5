"""Messages: owed by the transaction that finishes a study, signed, sent when due, again after a failure."""

from __future__ import annotations

import datetime as dt
import json
import threading
import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from standardwebhooks import Webhook as Reference

from diagnosis import storage
from diagnosis.models import Delivery, State, Study, Webhook
from diagnosis.models import webhook as model
from diagnosis.webhooks import post as sending
from diagnosis.webhooks.deliver import deliver_due
from tests.diagnosis.webhooks.receiver import Receiver, receiving
from tests.studies import analysed, submitted

pytestmark = pytest.mark.django_db


def owed(owner: User, seed: int = 0) -> Delivery:
    """The message that a study just finished."""
    return Delivery.objects.get(study=analysed(owner, seed))


def again_due() -> None:
    """The next try's time has come, and the receiver's pause is over."""
    Delivery.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    Webhook.objects.update(paused_until=None)


def test_a_finished_study_is_told_with_its_id_and_state_alone_signed_as_the_standard_says(
    owner: User, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOKS = "anywhere"
    _webhook, secret = Webhook.make(user=owner, url=receiver.url)
    study = analysed(owner)
    assert receiver.got == [], "nothing is sent where the study is finished"
    assert deliver_due() == 1
    ((headers, body),) = receiver.got
    message = Reference(secret).verify(body, headers)
    assert message["data"] == {"id": str(study.pk), "state": "done"}
    assert set(message) == {"type", "timestamp", "data"}
    assert message["type"] == "study.finished"
    row = Delivery.objects.get()
    assert (headers["webhook-id"], row.status, row.due_at) == (str(row.pk), 204, None)
    assert row.delivered_at is not None
    assert deliver_due() == 0, "once"


def test_every_final_state_is_told_and_every_time_it_is_reached(owner: User, webhook: Webhook) -> None:
    refused, failed = submitted(owner, 1), submitted(owner, 2)
    assert refused.reject(refused.claim() or 0, "NOT_CHEST", "No chest.")
    assert failed.fail(failed.claim() or 0, "ERROR", "Ours.")
    assert failed.reanalyse()
    assert failed.fail(failed.claim() or 0, "ERROR", "Ours.")
    assert not failed.fail(1, "ERROR", "Ours."), "an answer that comes too late tells nothing"
    rows = Delivery.objects.order_by("created_at").values_list("study", "state", "attempt")
    assert list(rows) == [(refused.pk, "rejected", 1), (failed.pk, "failed", 1), (failed.pk, "failed", 2)]


def test_nothing_is_owed_where_nothing_is_wanted(owner: User, stranger: User, webhook: Webhook, settings: Any) -> None:
    analysed(stranger, 1)
    assert webhook.disable(Webhook.Off.OWNER)
    analysed(owner, 2)
    assert webhook.enable()
    settings.WEBHOOKS = "off"
    analysed(owner, 3)
    assert not Delivery.objects.exists()


def test_a_failure_is_tried_again_with_growing_waits_and_given_up_in_the_end(
    owner: User, webhook: Webhook, receiver: Receiver
) -> None:
    receiver.status = 500
    row, waits = owed(owner), []
    for tries in range(1, len(model.BACK_OFF) + 2):
        began = timezone.now()
        assert deliver_due() == 1
        row.refresh_from_db()
        assert (row.tries, row.status, row.trouble) == (tries, 500, "REFUSED")
        waits.append((row.due_at - timezone.now(), row.due_at - began) if row.due_at else None)
        assert deliver_due() == 0, "the receiver is left alone for a while"
        again_due()
    assert waits.pop() is None
    assert len(waits) == len(model.BACK_OFF)
    for (least, most), wait in zip(waits, model.BACK_OFF, strict=True):  # counted from some moment of the attempt on
        assert least <= 1.15 * wait
        assert most >= 0.85 * wait
    assert len(receiver.got) == len(model.BACK_OFF) + 1
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1
    row.resend()
    receiver.status = 200
    assert deliver_due() == 1
    webhook.refresh_from_db()
    assert (webhook.failures, webhook.failing_since) == (0, None)


def test_others_wait_while_a_receiver_fails_and_come_when_it_is_back(
    owner: User, webhook: Webhook, receiver: Receiver
) -> None:
    receiver.status = 503
    for seed in range(3):
        owed(owner, seed)
    assert deliver_due() == 1, "the first that fails ends the pass"
    receiver.status = 200
    again_due()
    assert deliver_due() == 3
    assert not Delivery.objects.filter(due_at__isnull=False).exists()


def test_a_message_whose_sender_vanished_is_sent_by_another(owner: User, webhook: Webhook, receiver: Receiver) -> None:
    row = owed(owner)
    copy = Delivery.objects.get()
    assert row.claim(), "and killed here"
    assert not copy.claim(), "one sender at a time"
    assert deliver_due() == 0
    Delivery.objects.update(due_at=timezone.now())  # its lease has ended
    assert deliver_due() == 1
    assert len(receiver.got) == 1


def test_a_receiver_that_fails_for_days_is_left_alone_and_its_owner_told(
    owner: User, webhook: Webhook, receiver: Receiver
) -> None:
    receiver.status = 500
    row = owed(owner)
    long_ago = timezone.now() - model.MOST_FAILING - dt.timedelta(minutes=1)
    Webhook.objects.update(failures=model.MOST_FAILURES - 1, failing_since=long_ago)
    assert deliver_due() == 1
    webhook.refresh_from_db()
    assert webhook.disabled_because == "failures"
    (message,) = mail.outbox
    assert (message.to, receiver.url in message.body) == (["owner@example.org"], True)
    analysed(owner, 1)
    again_due()
    assert deliver_due() == 0
    receiver.status = 200
    assert webhook.enable()
    assert deliver_due() == 1
    row.refresh_from_db()
    assert row.delivered_at is not None


def test_many_failures_at_once_are_no_reason_to_switch_off(owner: User, webhook: Webhook) -> None:
    Webhook.objects.update(failures=model.MOST_FAILURES * 3, failing_since=timezone.now())
    assert not webhook.failed()
    webhook.refresh_from_db()
    assert webhook.disabled_at is None
    assert webhook.paused_until is not None
    assert webhook.paused_until <= timezone.now() + model.MOST_PAUSE


def test_a_receiver_that_says_it_is_gone_is_believed(owner: User, webhook: Webhook, receiver: Receiver) -> None:
    receiver.status = 410
    owed(owner)
    deliver_due()
    webhook.refresh_from_db()
    assert webhook.disabled_because == "gone"
    assert len(mail.outbox) == 1


def test_an_address_inside_is_refused_where_the_site_sends_to_public_ones(
    owner: User, webhook: Webhook, receiver: Receiver, settings: Any
) -> None:
    settings.WEBHOOKS = "public"
    Webhook.objects.update(url=receiver.url.replace("http", "https"))
    row = owed(owner)
    assert deliver_due() == 1
    row.refresh_from_db()
    assert (row.trouble, row.status, receiver.got) == ("ADDRESS_NOT_ALLOWED", None, [])


def test_a_secret_under_another_key_is_reported_as_lost(owner: User, webhook: Webhook, settings: Any) -> None:
    row = owed(owner)
    settings.SECRET_KEY = "another one"
    deliver_due()
    row.refresh_from_db()
    assert row.trouble == "SECRET_LOST"


def test_a_deleted_study_leaves_no_message_and_old_messages_go(owner: User, webhook: Webhook) -> None:
    storage.delete_studies(Study.objects.filter(pk=owed(owner, 1).study_id))
    assert not Delivery.objects.exists()
    owed(owner, 2)
    Delivery.objects.update(created_at=timezone.now() - Delivery.KEPT - dt.timedelta(seconds=1))
    assert Delivery.forget_old() == 1


def test_a_deleted_account_takes_its_webhooks_along(owner: User, webhook: Webhook) -> None:
    owed(owner)
    owner.delete()
    assert not Webhook.objects.exists()


def test_staff_see_no_secret_and_may_switch_one_off(admin_client: Client, webhook: Webhook) -> None:
    listed = reverse("admin:diagnosis_webhook_changelist")
    one = admin_client.get(reverse("admin:diagnosis_webhook_change", args=[webhook.pk])).content.decode()
    assert webhook.url in one
    assert webhook.encrypted_secret not in one
    admin_client.post(listed, {"action": "switch_off", "_selected_action": [webhook.pk]})
    webhook.refresh_from_db()
    assert webhook.disabled_because == "staff"


def test_the_secret_is_not_kept_in_the_clear(owner: User) -> None:
    webhook, secret = Webhook.make(user=owner, url="https://example.org/")
    kept = json.dumps(Webhook.objects.values().get(), default=str)
    assert secret.removeprefix("whsec_") not in kept
    assert len(webhook.signing_key()) == 32


@pytest.mark.django_db(transaction=True)
def test_a_slow_receiver_delays_neither_films_nor_other_receivers(
    owner: User, receiver: Receiver, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS = "anywhere"
    monkeypatch.setattr(sending, "READ_SECONDS", 60.0)
    monkeypatch.setattr(sending, "TOTAL_SECONDS", 60.0)
    receiver.answers.clear()
    with receiving() as quick:
        slow, _secret = Webhook.make(user=owner, url=receiver.url)
        Webhook.make(user=owner, url=quick.url)
        analysed(owner, 1)
        sender = threading.Thread(target=lambda: (deliver_due(), connection.close()))
        sender.start()
        while sender.is_alive() and not quick.got:
            time.sleep(0.02)
        assert quick.got, "told while the slow one is still being waited for"
        assert not Delivery.objects.filter(webhook=slow, delivered_at__isnull=False).exists()
        assert analysed(owner, 2).state == State.DONE
        assert sender.is_alive()
        receiver.answers.set()
        sender.join()
    assert Delivery.objects.filter(delivered_at__isnull=True).count() == 2, "the second film's come with the next pass"

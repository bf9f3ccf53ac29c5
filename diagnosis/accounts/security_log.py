"""A line in the log for whatever concerns who may come in: who, by number; what; from where. Never a name."""

from __future__ import annotations

import logging
from typing import Any

from allauth.account import signals as account
from allauth.account.adapter import get_adapter
from allauth.mfa import signals as mfa
from django.contrib.admin.models import ADDITION, DELETION, LogEntry
from django.contrib.auth import signals as auth
from django.db.models.signals import post_save
from django.dispatch import Signal, receiver
from django.http import HttpRequest

logger = logging.getLogger(__name__)

TOLD: dict[Signal, str] = {
    auth.user_logged_in: "signed in",
    auth.user_logged_out: "signed out",
    account.user_signed_up: "made an account",
    account.password_changed: "changed the password",
    account.password_set: "set a password",
    account.password_reset: "reset the password",
    account.email_added: "added an e-mail address",
    account.email_changed: "changed the e-mail address",
    account.email_removed: "removed an e-mail address",
    mfa.authenticator_added: "added a second factor",
    mfa.authenticator_removed: "removed a second factor",
    mfa.authenticator_reset: "renewed a second factor",
}
ACTS = {ADDITION: "added", DELETION: "deleted"}


def address(request: HttpRequest | None) -> str:
    """Where the request comes from."""
    if request is None or not request.META.get("REMOTE_ADDR"):
        return "a command"
    return str(get_adapter().get_client_ip(request))


def tell(signal: Signal, user: Any = None, request: HttpRequest | None = None, **_kwargs: Any) -> None:
    """One line for one of the events above."""
    logger.info("Person %s %s, from %s.", getattr(user, "pk", "unknown"), TOLD[signal], address(request))


for event in TOLD:
    event.connect(tell, dispatch_uid="security log")


@receiver(auth.user_login_failed)
def tell_failure(request: HttpRequest | None = None, **_kwargs: Any) -> None:
    """A wrong name or password; which one is left open, and what was typed may be a password in the wrong field."""
    logger.warning("A sign-in failed, from %s.", address(request))


@receiver(post_save, sender=LogEntry)
def tell_admin(instance: LogEntry, **_kwargs: Any) -> None:
    """What staff did in the admin."""
    act = ACTS.get(instance.action_flag, "changed")
    logger.info("Staff %s %s %s %s.", instance.user_id, act, instance.content_type, instance.object_id)

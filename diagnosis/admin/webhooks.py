"""Webhooks in the admin: whose they are and how their receivers do; staff may switch one off, and see no secret."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from diagnosis.admin.predictions import ReadOnly
from diagnosis.models import Webhook


@admin.register(Webhook)
class WebhookAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Where people have this site send messages; read-only but for switching off."""

    list_display = ("url", "user", "created_at", "failures", "failing_since", "disabled_at")
    list_filter = ("disabled_at",)
    list_select_related = ("user",)
    search_fields = ("url", "user__username")
    exclude = ("encrypted_secret",)
    actions = ("switch_off",)

    @admin.action(description=_("Switch the selected webhooks off"), permissions=["switch_off"])
    def switch_off(self, request: HttpRequest, webhooks: QuerySet[Webhook]) -> None:
        """Nothing more is sent there, until their owners switch them on again."""
        for webhook in webhooks:
            webhook.disable(Webhook.Off.STAFF)

    def has_switch_off_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may change webhooks may end them."""
        return request.user.has_perm("diagnosis.change_webhook")

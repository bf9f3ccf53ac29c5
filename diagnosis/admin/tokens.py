"""API tokens in the admin: whose they are and when they were used; staff may revoke one, and see no secret."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from diagnosis.admin.predictions import ReadOnly
from diagnosis.models import ApiToken


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnly, admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Who has given which program what; read-only but for revoking."""

    list_display = (
        "name",
        "key",
        "user",
        "may_read",
        "may_submit",
        "may_delete",
        "expires_at",
        "last_used_at",
        "revoked_at",
    )
    list_filter = ("revoked_at", "may_submit", "may_delete")
    list_select_related = ("user",)
    search_fields = ("name", "key", "user__username")
    exclude = ("digest",)
    actions = ("revoke",)

    @admin.action(description=_("Revoke the selected tokens"), permissions=["revoke"])
    def revoke(self, request: HttpRequest, tokens: QuerySet[ApiToken]) -> None:
        """End them."""
        for token in tokens:
            token.revoke()

    def has_revoke_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Who may change tokens may end them."""
        return request.user.has_perm("diagnosis.change_apitoken")

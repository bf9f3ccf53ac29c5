"""People in the admin. Deleting one removes their films too, as if they had left by themselves.

Their second factors can be seen to exist and be removed (a lost phone); their secrets are nobody's to read.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa import admin as mfa_admin  # noqa: F401  (registers what is unregistered here)
from allauth.mfa.models import Authenticator
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from diagnosis.accounts.deletion import LastAdministratorError, delete_account, is_last_administrator
from diagnosis.accounts.sessions import end_sessions
from diagnosis.models import Prediction, Review, Study

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")


def _is_below(request: HttpRequest, user: User | None) -> bool:
    """Whether the person at the admin stands above this one, or is an administrator."""
    return request.user.is_superuser or user is None or not (user.is_staff or user.is_superuser)


admin.site.unregister(User)
admin.site.unregister(Authenticator)


@admin.register(User)
class PersonAdmin(UserAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Django's own page for users; deleting is ours, and what keeps staff from making themselves administrators."""

    actions = ("sign_out",)

    @admin.action(description=gettext_lazy("Sign out everywhere"), permissions=["change"])
    def sign_out(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """End every session of these people; those of staff only for administrators."""
        below = queryset if request.user.is_superuser else queryset.filter(is_staff=False, is_superuser=False)
        ended = end_sessions(below)
        text = ngettext("%(count)d session was ended.", "%(count)d sessions were ended.", ended)
        messages.success(request, text % {"count": ended})

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Rights are given by administrators alone."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if request.user.is_superuser else (*fixed, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever may change users, but staff only for administrators: a password is as good as every right."""
        return super().has_change_permission(request, obj) and _is_below(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Whoever may delete users, but staff only for administrators, and nobody the only administrator."""
        kept = obj is not None and is_last_administrator(obj)
        return super().has_delete_permission(request, obj) and _is_below(request, obj) and not kept

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Delete one person with everything they have stored."""
        delete_account(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Delete people one by one; the only administrator stays, and so do staff unless an administrator asks."""
        for user in queryset if request.user.is_superuser else queryset.filter(is_staff=False, is_superuser=False):
            try:
                delete_account(user)
            except LastAdministratorError:
                messages.error(request, _("%s is the only administrator and was kept.") % user.get_username())

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Counts instead of a list: a person's studies may be a hundred thousand.

        What a person stored goes with the person, so it needs no permission of its own (Django would ask for one for
        each kind of row, and nobody may delete predictions by hand).
        """
        people = [user.pk for user in objs]
        counts = {
            gettext_lazy("people"): len(people),
            gettext_lazy("studies, with their radiographs"): Study.objects.filter(owner__in=people).count(),
            gettext_lazy("predictions"): Prediction.objects.filter(study__owner__in=people).count(),
            gettext_lazy("reviews"): Review.objects.filter(author__in=people).count(),
        }
        return [user.get_username() for user in objs], counts, set(), []


@admin.register(Authenticator)
class SecondFactorAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # not subscriptable at run time
    """Whose second factor, of which kind, since when. Removing one lets its owner in with the password alone."""

    list_display = ("user", "type", "created_at", "last_used_at")
    list_filter = ("type",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__email")
    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Authenticator]:
        """Those of staff only for administrators: without it a password alone opens the admin."""
        rows: QuerySet[Authenticator] = super().get_queryset(request)
        return rows if request.user.is_superuser else rows.filter(user__is_staff=False, user__is_superuser=False)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Never: people set up their own."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Authenticator | None = None) -> bool:
        """Never."""
        return False

"""Addresses. They are stable: people bookmark them and programs call them."""

from allauth.account.decorators import secure_admin_login
from django.contrib import admin
from django.urls import include, path

from diagnosis import health
from diagnosis.accounts.sessions import sessions

# Admin signs in through the site's own page: the same second factor, the same rate limits.
admin.site.login = secure_admin_login(admin.site.login)  # type: ignore[method-assign]  # allauth's documented way

handler500 = "diagnosis.outage.handle_error"
urlpatterns = [  # tried in this order
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("", include("diagnosis.urls")),
    path("accounts/sessions/", sessions),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
]

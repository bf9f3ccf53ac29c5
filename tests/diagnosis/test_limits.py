"""How much of a request is taken, from whom, and what every answer carries along."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from diagnosis.middleware import STRANGERS_MAX_BYTES


def test_a_strangers_large_body_is_refused_before_it_is_parsed(db: None) -> None:
    file = SimpleUploadedFile("film.png", b"x" * (STRANGERS_MAX_BYTES + 1))
    answer = Client(enforce_csrf_checks=True).post(reverse("account_login"), {"login": "x", "films": file})
    assert answer.status_code == 413
    assert answer["Connection"] == "close"
    assert b"at most 0.1" in answer.content


def test_who_has_been_signed_out_meanwhile_is_sent_to_sign_in_and_the_films_are_thrown_away(db: None) -> None:
    file = SimpleUploadedFile("film.png", b"x" * (STRANGERS_MAX_BYTES + 1))
    answer = Client(enforce_csrf_checks=True).post(reverse("study_new"), {"films": file})
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
    body = answer.wsgi_request.META["wsgi.input"]
    assert len(body) == 0, "a browser that still sends reads no answer"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("form", "back"),
    [("http://testserver/studies/?q=x", "/studies/%3Fq%3Dx"), ("http://elsewhere/x", "/studies/"), ("", "/studies/")],
)
def test_who_sends_a_form_signed_out_is_told_so_and_led_back_to_it(client: Client, form: str, back: str) -> None:
    answer = client.post(reverse("studies_selected"), {"do": "delete"}, headers={"Referer": form}, follow=True)
    assert answer.redirect_chain == [(f"{reverse('account_login')}?next={back}", 302)]
    assert "What you sent was not kept" in answer.text


def test_a_person_may_send_up_to_the_limit_of_a_request(owner_client: Client, settings: Any) -> None:
    settings.MAX_REQUEST_BYTES = 200_000
    for size, status in ((150_000, 200), (250_000, 413)):
        answer = owner_client.post(reverse("study_new"), {"films": SimpleUploadedFile("film.png", b"x" * size)})
        assert answer.status_code == status, size


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/", "/accounts/login/", "/nowhere/", "/healthz"])
def test_every_answer_forbids_inline_scripts_framing_and_sniffing(address: str) -> None:
    headers = Client().get(address).headers
    assert "script-src 'self';" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


@pytest.mark.django_db
def test_the_admin_has_no_sign_in_of_its_own() -> None:
    answer = Client().get("/admin/login/")
    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))


@pytest.mark.django_db
def test_sign_up_can_be_closed(settings: Any) -> None:
    assert b"password1" in Client().get(reverse("account_signup")).content
    settings.SIGNUP_OPEN = False
    assert b"password1" not in Client().get(reverse("account_signup")).content

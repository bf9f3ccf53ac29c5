"""Leaving: everything of a person goes, nothing of anybody else, and no film stays behind."""

from __future__ import annotations

import os
import time
import uuid
from pathlib import Path

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from diagnosis import storage
from diagnosis.accounts.deletion import LastAdministratorError, delete_account
from diagnosis.models import Prediction, Preferences, Review, Study
from diagnosis.submission.submit import Ticket, store
from diagnosis.worker.orphans import remove_orphans
from ml import read_radiograph
from tests.conftest import PASSWORD, signed_in
from tests.diagnosis.reviews.drawn_readings import read_first, reading, with_heat
from tests.studies import drawn_film, submitted

pytestmark = pytest.mark.django_db(transaction=True)  # files go on commit


def stored(study: Study) -> Path:
    """The folder of a study's files."""
    return Path(storage.storage().path(storage.name_of(study.pk, "")))


@pytest.fixture
def confirmed(owner_client: Client, clean_cache: None) -> Client:
    """A browser in which the owner has just given their password once more."""
    address = reverse("account_delete")
    response = owner_client.post(reverse("account_reauthenticate"), {"password": PASSWORD, "next": address})
    assert response["Location"] == address
    return owner_client


def test_the_password_is_asked_for_again(owner: User) -> None:
    response = signed_in(owner).post(reverse("account_delete"), {"username": owner.username})
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    assert User.objects.filter(pk=owner.pk).exists()


def test_the_page_says_what_goes(owner: User, confirmed: Client) -> None:
    reading(with_heat(owner), owner, "normal", agreement="disagree")
    text = confirmed.get(reverse("account_delete")).content.decode()
    assert "<strong>1 study</strong>" in text
    assert "<strong>1 prediction</strong>" in text
    assert "<strong>1 review</strong>" in text


def test_another_name_deletes_nothing(owner: User, confirmed: Client) -> None:
    response = confirmed.post(reverse("account_delete"), {"username": "someone"})
    assert b"This is not your user name" in response.content
    assert User.objects.filter(pk=owner.pk).exists()


def test_everything_goes_and_nothing_of_others(owner: User, stranger: User, confirmed: Client) -> None:
    mine, theirs = with_heat(owner), with_heat(stranger, seed=1)
    reading(mine, owner, "normal", agreement="disagree")
    read_first(owner)
    EmailAddress.objects.create(user=owner, email="second@example.org")
    assert stored(mine).is_dir()
    response = confirmed.post(reverse("account_delete"), {"username": owner.username}, follow=True)
    assert b"are deleted. Goodbye." in response.content
    assert not response.wsgi_request.user.is_authenticated
    assert list(User.objects.all()) == [stranger]
    assert list(Study.objects.all()) == [theirs]
    assert Prediction.objects.count() == 1
    assert not Review.objects.exists()
    assert not Preferences.objects.exists()
    assert not EmailAddress.objects.filter(user_id=owner.pk).exists()
    assert not stored(mine).exists()
    assert stored(theirs).is_dir()


def test_their_other_browser_is_signed_out(owner: User) -> None:
    elsewhere = signed_in(owner)
    delete_account(owner)
    assert elsewhere.get(reverse("studies")).status_code == 302


def test_the_only_administrator_stays(admin_user: User) -> None:
    with pytest.raises(LastAdministratorError):
        delete_account(admin_user)
    client = signed_in(admin_user)
    assert client.get(reverse("admin:auth_user_delete", args=[admin_user.pk])).status_code == 403


def test_deleting_a_person_in_the_admin_takes_the_films_along(owner: User, admin_client: Client) -> None:
    study = with_heat(owner)
    address = reverse("admin:auth_user_delete", args=[owner.pk])
    assert b"Studies, with their radiographs: 1" in admin_client.get(address).content
    admin_client.post(address, {"post": "yes"})
    assert not User.objects.filter(pk=owner.pk).exists()
    assert not stored(study).exists()


def test_so_does_deleting_several(owner: User, stranger: User, admin_user: User, admin_client: Client) -> None:
    studies = [submitted(owner), submitted(stranger, seed=1)]
    people = [owner.pk, stranger.pk, admin_user.pk]
    data = {"action": "delete_selected", "_selected_action": people, "post": "yes"}
    admin_client.post(reverse("admin:auth_user_changelist"), data)
    assert list(User.objects.all()) == [admin_user]
    assert not any(stored(study).exists() for study in studies)


def test_films_without_a_study_are_found_and_removed(owner: User) -> None:
    orphan, kept, young = submitted(owner), submitted(owner, seed=1), submitted(owner, seed=2)
    other = Path(storage.storage().location) / "ab" / "not-an-id"
    other.mkdir(parents=True)
    long_ago = time.time() - 7200
    for folder in (stored(orphan), stored(kept), other):
        os.utime(folder, (long_ago, long_ago))
    Study.objects.filter(pk__in=[orphan.pk, young.pk])._raw_delete("default")  # past films.delete_studies
    assert remove_orphans() == 1
    assert not stored(orphan).exists()
    assert stored(kept).is_dir()
    assert stored(young).is_dir()  # perhaps a study about to be
    assert other.is_dir()


def test_a_film_sent_while_the_account_goes_finds_no_owner(owner: User) -> None:
    press = Ticket(owner=owner, token=uuid.uuid4(), confirmed_at=timezone.now())
    delete_account(User.objects.get(pk=owner.pk))
    with pytest.raises(PermissionDenied):
        store(press, 0, "film.png", read_radiograph(drawn_film()))
    assert not [*Path(storage.storage().location).glob("*/*")], "its files are gone with it"

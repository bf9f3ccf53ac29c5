"""ZIP archives of films: each member for itself, and one that is broken costs the others nothing."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from diagnosis.models import Study
from tests.diagnosis.submission.test_submit import send
from tests.studies import drawn_film

pytestmark = pytest.mark.django_db


def packed(method: int) -> bytearray:
    """An archive of two films, broken.png and sound.png."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr("films/broken.png", drawn_film(1))
        archive.writestr("films/sound.png", drawn_film(2))
    return bytearray(out.getvalue())


def scratched(method: int) -> bytes:
    """The first member's data are damaged."""
    data = packed(method)
    data[150:250] = bytes(byte ^ 0x5A for byte in data[150:250])
    return bytes(data)


def unknown_method() -> bytes:
    data = packed(zipfile.ZIP_DEFLATED)
    central = data.find(b"PK\x01\x02")
    data[central + 10 : central + 12] = data[8:10] = struct.pack("<H", 97)
    return bytes(data)


def other_local(offset: int, value: bytes) -> bytes:
    """The first member's own header says something else than the directory."""
    data = packed(zipfile.ZIP_DEFLATED)
    data[offset : offset + len(value)] = value
    return bytes(data)


DAMAGE: dict[str, Callable[[], bytes]] = {
    "check sum": lambda: scratched(zipfile.ZIP_STORED),
    "deflate": lambda: scratched(zipfile.ZIP_DEFLATED),
    "bzip2": lambda: scratched(zipfile.ZIP_BZIP2),
    "lzma": lambda: scratched(zipfile.ZIP_LZMA),
    "method": unknown_method,
    "name": lambda: other_local(30, b"z"),
    "name that is no text": lambda: other_local(6, b"\0\x08")[:30] + b"\xff" + other_local(6, b"\0\x08")[31:],
    "no header": lambda: other_local(0, b"PK\x03\x04")[:4] + b"\0" * 60 + other_local(0, b"PK")[64:],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_member_is_named_and_the_other_film_is_taken(owner: User, client: Client, damage: str) -> None:
    client.force_login(owner)
    broken, sound = json.loads(send(client, ("films.zip", DAMAGE[damage]()), as_json=True).content)["outcomes"]
    assert "broken.png" in broken["error"]
    assert sound["url"] == Study.objects.get().get_absolute_url()


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_no_scratch_anywhere_is_a_500(owner: User, client: Client, method: int) -> None:
    client.force_login(owner)
    whole = packed(method)
    places: list[Any] = [*range(64), *range(len(whole) - 220, len(whole))]
    for place in places[::7]:
        data = bytearray(whole)
        data[place] ^= 0xFF
        assert send(client, ("films.zip", bytes(data)), as_json=True).status_code == 200


def test_what_is_no_archive_beyond_its_first_bytes_is_reported(owner: User, client: Client) -> None:
    client.force_login(owner)
    assert "damaged or of an unknown kind" in send(client, ("a.zip", b"PK\x03\x04 and then nothing")).content.decode()

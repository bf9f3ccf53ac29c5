"""Everything one person has stored, as one ZIP: films, heat maps, predictions, reviews, confirmed diagnoses, account.

The archive is made while it is sent: at no time is more than one block of one film in memory, and nothing is written
to disk for it.
"""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.models import User
from django.db.models import Prefetch
from django.http import HttpRequest, StreamingHttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from diagnosis import storage
from diagnosis.access import person
from diagnosis.history import exports
from diagnosis.history.filters import ORDERS
from diagnosis.history.keyset import batches
from diagnosis.models import ApiToken, Prediction, Preferences, SavedFilter, Study, StudyQuerySet, Webhook

BLOCK = 1 << 18  # bytes of a film in memory at a time
AT_ONCE = 100  # studies


@require_safe
@never_cache
def account_export(request: HttpRequest) -> StreamingHttpResponse:
    """Download everything this person has stored."""
    name = f"pneumoweb-{timezone.localdate():%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingHttpResponse(archive(person(request)), content_type="application/zip", headers=headers)


class _Sink(io.RawIOBase):
    """Takes what zipfile writes until it is sent. It cannot be sought, so zipfile writes sizes after each entry."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._parts.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def archive(user: User, chosen: StudyQuerySet | None = None) -> Iterator[bytes]:
    """The ZIP, block by block: of everything, or of the chosen studies alone (then without the account)."""
    sink = _Sink()
    studies = Study.objects.visible_to(user) if chosen is None else chosen
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("README.txt", _readme(whole=chosen is None))
        if chosen is None:
            target.writestr("account.json", json.dumps(_account(user), ensure_ascii=False, indent=1, default=str))
        yield from _text(target, sink, "history.csv", exports.as_csv(_records(studies, user)))
        yield from _text(target, sink, "studies.json", _studies_json(studies, user))
        for batch in batches(studies.with_hidden(user).prefetch_related("predictions"), ORDERS["newest"], AT_ONCE):
            for study in batch:
                yield from _pictures(target, sink, study)
    yield sink.take()


def _records(studies: StudyQuerySet, user: User) -> Iterator[dict[str, Any]]:
    for batch in batches(exports.with_all(studies, user), ORDERS["newest"]):
        yield from map(exports.as_record, batch)


def _text(target: zipfile.ZipFile, sink: _Sink, name: str, chunks: Iterator[str]) -> Iterator[bytes]:
    with target.open(name, "w", force_zip64=True) as entry:
        for chunk in chunks:
            entry.write(chunk.encode())
            yield sink.take()


def _pictures(target: zipfile.ZipFile, sink: _Sink, study: Study) -> Iterator[bytes]:
    when = timezone.localtime(study.created_at).timetuple()[:6]
    for prediction in [] if study.answer_hidden else study.predictions.all():
        for folder, picture in (("heatmaps", prediction.heatmap), ("lungs", prediction.lungs)):
            if picture:
                target.writestr(zipfile.ZipInfo(f"{folder}/{study.pk}-{prediction.attempt}.png", when), bytes(picture))
                yield sink.take()
    try:
        kind, _content_type = storage.film_of(study)
        film = storage.open_file(study, kind)
    except FileNotFoundError:
        return  # deleted meanwhile, or lost: studies.json names it all the same
    parts = [(f"films/{study.pk}{Path(kind).suffix}", film)]
    with contextlib.suppress(FileNotFoundError):
        parts.append((f"originals/{storage.original_name(study)}", storage.open_file(study, storage.ORIGINAL)))
    for name, part in parts:
        with part, target.open(zipfile.ZipInfo(name, when), "w", force_zip64=True) as entry:
            while block := part.read(BLOCK):
                entry.write(block)
                yield sink.take()


def _studies_json(studies: StudyQuerySet, user: User) -> Iterator[str]:
    """All studies with all their predictions and reviews, not only the current ones."""
    yield "["
    comma = ""
    predictions = Prediction.objects.select_related("model_version").defer("heatmap", "lungs", "model_version__card")
    rows = studies.with_hidden(user).prefetch_related(
        Prefetch("predictions", queryset=predictions), "reviews", "references"
    )
    for batch in batches(rows, ORDERS["newest"], AT_ONCE):
        for study in batch:
            yield f"{comma}\n{json.dumps(_study(study, user), ensure_ascii=False, default=str)}"
            comma = ","
    yield "\n]\n"


def _study(study: Any, user: User) -> dict[str, Any]:
    plain = _plain(study, leave={"label_key", "finding", "probability", "predicted_by"})
    predictions = [] if study.answer_hidden else study.predictions.all()
    return {
        **plain,
        "answer_hidden": study.answer_hidden,
        "predictions": [_prediction(prediction) for prediction in predictions],
        "reviews": [_plain(row, {"author"}) for row in study.reviews.all() if row.author_id == user.pk],
        "confirmed_diagnoses": [_plain(row, {"author"}) for row in study.references.all() if row.author_id == user.pk],
    }


def _prediction(prediction: Prediction) -> dict[str, Any]:
    version = prediction.model_version
    return {
        **_plain(prediction, {"heatmap", "lungs", "model_version"}),
        "model_version": version.version,
        "model_sha256": version.sha256,
    }


def _plain(row: Any, leave: set[str]) -> dict[str, Any]:
    return {field.name: field.value_from_object(row) for field in row._meta.fields if field.name not in leave}


def _account(user: User) -> dict[str, Any]:
    addresses = EmailAddress.objects.filter(user=user)
    return {
        "username": user.get_username(),
        "email_addresses": [{"address": row.email, "verified": row.verified} for row in addresses],
        "name": user.get_full_name(),
        "joined_at": user.date_joined.isoformat(),
        "api_tokens": [_plain(row, {"digest", "user"}) for row in ApiToken.objects.filter(user=user)],
        "webhooks": [_plain(row, {"encrypted_secret", "user"}) for row in Webhook.objects.filter(user=user)],
        "saved_filters": dict(SavedFilter.objects.filter(owner=user).values_list("name", "query")),
        "preferences": {name: str(value) for name, value in _plain(Preferences.of(user), {"user"}).items()},
    }


def _readme(*, whole: bool) -> str:
    account = (
        (_("account.json: your account, preferences and saved filters; no password, no secret of the second step."),)
        if whole
        else ()
    )
    columns = "\n".join(f"  {name}: {meaning}" for name, meaning in exports.COLUMNS.items())
    return "\n".join(
        (
            _("Everything you have stored in PneumoWeb.") if whole else _("Studies that you chose in PneumoWeb."),
            "",
            _("films/<study>: the radiographs as they are stored, without any metadata."),
            _("originals/<study>: the files as they were submitted, where this site keeps them."),
            _("heatmaps/<study>-<attempt>.png: heat maps at the network's own resolution; white is the strongest."),
            _("lungs/<study>-<attempt>.png: where the lungs were found; white is surely lung."),
            _("studies.json: every study with every prediction, review and confirmed diagnosis, older ones included."),
            _("history.csv: one line for each study, with what is current. Its columns:"),
            columns,
            *account,
            "",
            _("Answers to radiographs that you chose to read first, and have not read yet, are left out."),
            str(exports.DISCLAIMER),
            "",
        )
    )

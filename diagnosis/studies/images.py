"""Pictures of a study. Each asks who is looking; a stranger gets 404."""

from __future__ import annotations

import io
from collections.abc import Callable
from uuid import UUID

import numpy as np
from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe
from PIL import Image

from diagnosis import storage
from diagnosis.access import study_or_404
from diagnosis.models import Prediction, Study
from diagnosis.results.correction import as_submitted, corrected_file
from diagnosis.results.heatmap_image import colour
from diagnosis.results.lungs_image import outline
from diagnosis.reviews.readings import hidden_from
from ml import upsample

# Private: no shared cache may keep a film. No-cache: a browser that has it asks each time before it shows it, so that
# after signing out, or once the study is deleted, nobody at the same screen sees it again. The question costs little:
# the pixels of a study never change, so its id is the ETag, and the answer 304 reads no file.
CACHE = "private, no-cache"
SUBMITTED = "submitted"  # value of `as`: the film as it came, where the image check put it right


def unchanged(request: HttpRequest, etag: str) -> HttpResponseBase | None:
    """The answer 304 to a browser that has this already; ``None`` to one that has not. Ask who is looking before."""
    response = get_conditional_response(request, etag=etag)
    if response is not None:
        response.headers["Cache-Control"] = CACHE
    return response


def send_file(study: Study, kind: str, content_type: str, request: HttpRequest | None = None) -> HttpResponseBase:
    """Stream one stored file, or have the front server do it where there is one (``SENDFILE``).

    With ``request``, a browser that has it already is told so, and no file is opened.

    Raises:
        Http404: the file is gone.
    """
    etag = f'"{study.pk.hex}-{kind}"'
    if request is not None and (known := unchanged(request, etag)):
        return known
    response: HttpResponseBase
    if settings.SENDFILE:
        response = HttpResponse(content_type=content_type)
        response["X-Accel-Redirect"] = storage.accel_path(study, kind)
    else:
        try:
            response = FileResponse(storage.open_file(study, kind), content_type=content_type)
        except FileNotFoundError as error:
            raise Http404("The stored film is gone.") from error
        response.headers["ETag"] = etag  # a front server has one of its own, and answers 304 by it itself
    response.headers["Cache-Control"] = CACHE
    return response


def send_film(study: Study, request: HttpRequest | None = None) -> HttpResponseBase:
    """The film as it is stored.

    Raises:
        Http404: it is gone.
    """
    try:
        kind, content_type = storage.film_of(study)
    except FileNotFoundError as error:
        raise Http404("The stored film is gone.") from error
    return send_file(study, kind, content_type, request)


def send_thumbnail(study: Study, request: HttpRequest | None = None) -> HttpResponseBase:
    """The small picture.

    Raises:
        Http404: it is gone.
    """
    return send_file(study, storage.THUMBNAIL, "image/jpeg", request)


def send_corrected(study: Study, request: HttpRequest | None = None, *, small: bool = False) -> HttpResponseBase:
    """The film, or its thumbnail, as it is shown: put right by the image check, where it had to.

    Raises:
        Http404: it is gone.
    """
    as_it_lies = request is not None and request.GET.get("as") == SUBMITTED
    if not study.corrected or as_it_lies:
        return send_thumbnail(study, request) if small else send_film(study, request)
    etag = f'"{study.pk.hex}-{"small" if small else "film"}-{study.quarter_turns}{study.inverted:d}"'
    if request is not None and (known := unchanged(request, etag)):
        return known
    try:
        with storage.open_file(study, storage.THUMBNAIL if small else storage.film_of(study)[0]) as file:
            data, content_type = corrected_file(file, study, small=small)
    except FileNotFoundError as error:
        raise Http404("The stored film is gone.") from error
    return HttpResponse(data, content_type=content_type, headers={"Cache-Control": CACHE, "ETag": etag})


@require_safe
def study_image(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The film, full size, lossless, without any metadata; put right by the image check unless ``?as=submitted``."""
    return send_corrected(study_or_404(request, pk, with_hidden=False), request)


@require_safe
def study_thumbnail(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """A small picture for lists; put right as the film is."""
    return send_corrected(study_or_404(request, pk, with_hidden=False), request, small=True)


@require_safe
def study_original(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The file as it was submitted, where the site keeps it: a download for its owner, never shown inside a page."""
    study = study_or_404(request, pk, with_hidden=False)
    if not storage.has_original(study):
        raise Http404("The submitted file was not kept.")
    response = send_file(study, storage.ORIGINAL, "application/octet-stream")
    response.headers["Content-Disposition"] = f'attachment; filename="{storage.original_name(study)}"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _overlay(
    request: HttpRequest, pk: UUID, kind: str, most: int, draw: Callable[[Prediction, Study, int, int, bool], bytes]
) -> HttpResponseBase:
    """A transparent PNG to lay over the film, in the shape that is asked for: put right, or as submitted.

    Args:
        request: Signed in; ``as`` in the query asks for the film as it was submitted.
        pk: The study's.
        kind: Field of the prediction that it is drawn from; 404 where that is empty or the answer is hidden.
        most: Its longer edge at most, in pixels; the browser spreads it over the film.
        draw: Gives the PNG of width × height pixels, as submitted or not.
    """
    study = study_or_404(request, pk, with_hidden=False)
    prediction = study.prediction
    if prediction is None or not getattr(prediction, kind):
        raise Http404(f"There is no {kind}.")
    if hidden_from(request.user, study):
        raise Http404("It is shown once the film has been read.")
    as_it_lies = request.GET.get("as") == SUBMITTED and study.corrected
    etag = f'"{prediction.pk}-{kind}{"-submitted" if as_it_lies else ""}"'
    if known := unchanged(request, etag):
        return known
    width, height = (study.width, study.height) if as_it_lies else study.shown_size
    scale = min(1.0, most / max(width, height))
    data = draw(prediction, study, max(1, round(width * scale)), max(1, round(height * scale)), as_it_lies)
    return HttpResponse(data, content_type="image/png", headers={"Cache-Control": CACHE, "ETag": etag})


def _lungs(prediction: Prediction, study: Study, width: int, height: int, as_it_lies: bool) -> bytes:
    return outline(bytes(prediction.lungs), study, width, height, submitted=as_it_lies)


def _heat(prediction: Prediction, study: Study, width: int, height: int, as_it_lies: bool) -> bytes:
    with Image.open(io.BytesIO(prediction.heatmap)) as image:
        levels = np.asarray(image, dtype=np.float32) / np.float32(255)
    if as_it_lies:
        levels = as_submitted(levels, study)
    buffer = io.BytesIO()
    colour(upsample(levels, width, height)).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@require_safe
def study_lungs(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The outline of the lungs; none where the prediction was made before lungs were looked for, or none were found."""
    return _overlay(request, pk, "lungs", 1024, _lungs)


@require_safe
def study_heatmap(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """The class activation map of the current prediction; it is never drawn on the film itself."""
    return _overlay(request, pk, "heatmap", 512, _heat)

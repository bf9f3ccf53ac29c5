"""What every operation of the API has in common: how its errors are documented, and that it ignores no parameter."""

from __future__ import annotations

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse
from rest_framework.request import Request

from diagnosis.api.problems import Problem
from diagnosis.api.serializers import ProblemSerializer

PROBLEM = OpenApiResponse(ProblemSerializer, description="What is wrong, in `code`, `detail` and `errors`.")


def refuse_unknown(request: Request, *allowed: str) -> None:
    """Refuse query parameters other than these: a mistyped one must not be ignored.

    Raises:
        Problem: 400, naming each.
    """
    unknown = sorted(set(request.query_params) - set(allowed))
    if unknown:
        errors = [
            {"field": name, "code": "UNKNOWN", "detail": _("This parameter is not known here.")} for name in unknown
        ]
        raise Problem(400, "INVALID", _("The address holds parameters that are not known here."), errors)

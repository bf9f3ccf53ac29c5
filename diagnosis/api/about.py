"""What a program can ask about this site: who it is here, and which models there are."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from diagnosis.api.conventions import PROBLEM
from diagnosis.api.serializers import ModelSerializer, PersonSerializer
from diagnosis.models import ApiToken, ModelVersion, Preferences


class Me(APIView):
    """The person behind the request."""

    @extend_schema(operation_id="get_me", responses={200: PersonSerializer, 401: PROBLEM, 403: PROBLEM})
    def get(self, request: Request) -> Response:
        """Who you are here and what you may do."""
        token = request.auth if isinstance(request.auth, ApiToken) else None
        mine = Preferences.of(request.user)
        found = {
            "username": request.user.get_username(),
            "scopes": token.scopes if token else ["read", "submit", "delete"],
            "token": token.name if token else None,
            "expires_at": token.expires_at if token else None,
            "operating_point": mine.operating_point,
            "reader_first": mine.reader_first,
        }
        return Response(PersonSerializer(found).data)


class Models(APIView):
    """The model versions."""

    @extend_schema(operation_id="list_models", responses={200: ModelSerializer(many=True), 401: PROBLEM, 403: PROBLEM})
    def get(self, request: Request) -> Response:
        """Model versions. Every one this site has had, with its card; `active` is the one that analyses new studies."""
        return Response(ModelSerializer(ModelVersion.objects.all(), many=True).data)


class OneModel(APIView):
    """One model version."""

    @extend_schema(operation_id="get_model", responses={200: ModelSerializer, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM})
    def get(self, request: Request, sha256: str) -> Response:
        """One model version. With its card."""
        found = ModelVersion.objects.filter(sha256=sha256).first()
        if found is None:
            raise exceptions.NotFound
        return Response(ModelSerializer(found).data)


class Nowhere(APIView):
    """An address that the API does not have."""

    authentication_classes = ()
    permission_classes = ()
    schema = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        """Not found, by whatever method.

        Raises:
            NotFound: always.
        """
        raise exceptions.NotFound

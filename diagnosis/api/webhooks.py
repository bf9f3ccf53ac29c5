"""A person's webhooks by program: what became of each message, and sending it once more.

They are made, switched and deleted on the account page alone, where the password is asked for.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from diagnosis.access import person
from diagnosis.api.conventions import PROBLEM, refuse_unknown
from diagnosis.models import State, Webhook

LISTED = 100  # messages, the newest


class WebhookSerializer(serializers.Serializer[Any]):
    """Where a person's programs are told that a study is finished."""

    id = serializers.IntegerField()
    url = serializers.CharField()
    created_at = serializers.DateTimeField()
    disabled_at = serializers.DateTimeField(allow_null=True)
    disabled_because = serializers.ChoiceField(choices=Webhook.Off.choices, allow_blank=True)
    failures = serializers.IntegerField(help_text="In a row.")


class DeliverySerializer(serializers.Serializer[Any]):
    """One message to one receiver."""

    id = serializers.UUIDField(help_text="As in the header `webhook-id`.")
    study = serializers.UUIDField(source="study_id")
    state = serializers.ChoiceField(choices=State.choices, help_text="What the message says of the study.")
    created_at = serializers.DateTimeField()
    delivered_at = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField(allow_null=True, help_text="When it is tried next; null: taken, or given up.")
    tries = serializers.IntegerField()
    status = serializers.IntegerField(allow_null=True, help_text="HTTP status of the last try; null: no answer.")
    trouble = serializers.CharField(allow_blank=True, help_text="Code of what went wrong at the last try.")


def _mine(request: Request) -> QuerySet[Webhook]:
    if settings.WEBHOOKS == "off":
        raise Http404
    return Webhook.objects.filter(user=person(request._request))


class Webhooks(APIView):
    """The webhooks."""

    @extend_schema(
        operation_id="list_webhooks",
        responses={200: WebhookSerializer(many=True), 400: PROBLEM, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM},
    )
    def get(self, request: Request) -> Response:
        """Your webhooks. 404 where this site sends none."""
        refuse_unknown(request)
        return Response(WebhookSerializer(_mine(request), many=True).data)


class Deliveries(APIView):
    """The messages to one of them."""

    @extend_schema(
        operation_id="list_deliveries",
        responses={200: DeliverySerializer(many=True), 400: PROBLEM, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM},
    )
    def get(self, request: Request, pk: int) -> Response:
        """Newest messages. To one of your webhooks, a hundred at most."""
        refuse_unknown(request)
        found = get_object_or_404(_mine(request), pk=pk)
        return Response(DeliverySerializer(found.deliveries.order_by("-created_at", "-id")[:LISTED], many=True).data)


class Resending(APIView):
    """One message."""

    @extend_schema(
        operation_id="resend_delivery", request=None,
        responses={202: DeliverySerializer, 400: PROBLEM, 401: PROBLEM, 403: PROBLEM, 404: PROBLEM},
    )  # fmt: skip
    def post(self, request: Request, pk: int, delivery: UUID) -> Response:
        """Resend a message."""
        refuse_unknown(request)
        found = get_object_or_404(get_object_or_404(_mine(request), pk=pk).deliveries, pk=delivery)
        found.resend()
        found.refresh_from_db()
        return Response(DeliverySerializer(found).data, status=202)

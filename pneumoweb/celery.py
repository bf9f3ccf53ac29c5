"""The Celery application. Its settings are the CELERY_ ones of settings.py; the tasks live in diagnosis/tasks.py."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pneumoweb.settings")
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "diagnosis.worker.transport:Transport"
app = Celery("pneumoweb")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(["diagnosis"], related_name="worker.startup")  # loads the model when a worker starts
app.steps["worker"].add("diagnosis.worker.watchdog:Watch")
app.steps["worker"].add("diagnosis.webhooks.sender:Sender")
app.steps["consumer"].add("diagnosis.worker.heartbeat:Heartbeat")

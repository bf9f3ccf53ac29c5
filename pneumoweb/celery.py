"""The Celery application. Its settings are the CELERY_ ones of settings.py; the tasks live in diagnosis/tasks.py."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pneumoweb.settings")
app = Celery("pneumoweb")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="worker.startup")  # loads the model when a worker starts
app.steps["consumer"].add("diagnosis.worker.heartbeat:Heartbeat")

"""What runs in a Celery worker: analysis, the loaded model, queue, sweeper, heartbeat."""

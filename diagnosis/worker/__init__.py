"""What runs in a Celery worker: analysis, the loaded model, queue, sweeper, watchdog, heartbeat."""

import os

ENDED_ITSELF = os.EX_SOFTWARE  # the exit status of a worker whose watchdog ended it; `manage.py serve` starts it again

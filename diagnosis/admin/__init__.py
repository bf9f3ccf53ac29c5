"""Django admin: studies, predictions, model versions, users, dashboard; its modules register themselves."""

from diagnosis.admin import predictions, studies, tokens, users, webhooks  # noqa: F401  (registers them)

#!/usr/bin/env python
"""Django's command line for PneumoWeb; `manage.py serve` runs the whole site."""

import os
import sys


def main() -> None:
    """Run one management command; a garbled setting ends it with one clear line, not a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pneumoweb.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"PneumoWeb cannot start: {error}")


if __name__ == "__main__":
    main()

"""How the files of ``static/`` are served: compressed, and under names that change with their content."""

from __future__ import annotations

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStaticFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise has no types
    """WhiteNoise's storage, in which our scripts also import each other by names with a hash.

    Otherwise a browser would run, after an upgrade, the new ``viewer.js`` with the modules it had kept from before.
    Django can do it for every file (``support_js_module_import_aggregation``), but then stops at an example in a
    comment of htmx's extensions; hence only for ``static/js/``, and for the one form of import that is used there.
    """

    patterns = (
        *CompressedManifestStaticFilesStorage.patterns,
        (
            "js/*.js",
            ((r'(?P<matched>import (?P<names>{[^}]+}) from "(?P<url>\.[^"]+)";)', 'import %(names)s from "%(url)s";'),),
        ),
    )

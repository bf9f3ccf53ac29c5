"""settings.py: what is garbled or unknown stops the start with a text that names it; defaults are safe."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from dotenv import dotenv_values

from tests.places import ROOT


def run(data_dir: Path, *command: str, env_file: Path | None = None, **environment: str) -> tuple[int, str]:
    """Run Python under these variables alone; gives its status and everything it printed."""
    known = {"PATH": os.environ["PATH"], "DATA_DIR": str(data_dir), "ENV_FILE": str(env_file or os.devnull)}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env={**known, **environment}, capture_output=True, text=True
    )
    return done.returncode, done.stdout + done.stderr


def start(data_dir: Path, *command: str, env_file: Path | None = None, **environment: str) -> tuple[int, str]:
    """Run a management command, by default ``check``."""
    return run(data_dir, "manage.py", *(command or ("check",)), env_file=env_file, **environment)


def settings(data_dir: Path, names: str = "DATA_DIR", env_file: Path | None = None) -> str:
    """What the settings say, read as every process of the site does, without the apps: their start takes a second."""
    code = f"from django.conf import settings as s; print({', '.join(f's.{name}' for name in names.split())})"
    status, output = run(data_dir, "-c", code, env_file=env_file, DJANGO_SETTINGS_MODULE="pneumoweb.settings")
    assert status == 0, output
    return output


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "eighty"),
        ("PORT", "70000"),
        ("DEBUG", "perhaps"),
        ("DATABASE_URL", "oracle-of-delphi://x"),
        ("REDIS_URL", "localhost:6379"),
        ("EMAIL_VERIFICATION", "sometimes"),
        ("LOG_LEVEL", "LOUD"),
        ("DEFAULT_LANGUAGE", "latin"),
    ],
)
def test_a_garbled_value_stops_the_start_with_a_line_that_names_it(tmp_path: Path, name: str, value: str) -> None:
    status, output = start(tmp_path, **{name: value})
    assert status == 1
    assert output.startswith("PneumoWeb cannot start: ")
    assert name in output
    assert "Traceback" not in output


def test_every_garbled_value_is_named_at_once(tmp_path: Path) -> None:
    _status, output = start(tmp_path, PORT="eighty", WEB_THREADS="0")
    assert "PORT" in output
    assert "WEB_THREADS" in output


def test_an_unknown_name_in_env_file_is_a_typing_mistake_worth_a_stop(tmp_path: Path) -> None:
    env_file = tmp_path / "env"
    env_file.write_text("ALOWED_HOSTS=example.org\n")
    status, output = start(tmp_path, env_file=env_file)
    assert status == 1
    assert "ALOWED_HOSTS" in output


def test_the_data_folder_and_the_key_in_it_are_for_nobody_else(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    assert settings(data_dir) == f"{data_dir}\n"
    key = data_dir / "secret_key"
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    made = key.read_text()
    assert len(made) >= 50
    assert settings(data_dir, "SECRET_KEY") == f"{made}\n"
    assert key.read_text() == made


def test_deployment_checks_are_clean_behind_https_and_complain_without(tmp_path: Path) -> None:
    deploy = ("check", "--deploy", "--fail-level", "WARNING")
    tmp_path.chmod(0o700)
    assert start(tmp_path, *deploy, HTTPS="1", TRUST_PROXY="1") == (
        0,
        "System check identified no issues (2 silenced).\n",
    )
    status, output = start(tmp_path, *deploy, HTTPS="1")
    assert status == 1
    assert "TRUST_PROXY" in output


def test_behind_https_every_cookie_is_of_this_host_alone(tmp_path: Path) -> None:
    code = (
        "from django.conf import settings as s; from django.contrib import messages as m; from diagnosis.messages "
        "import _Cookie; from diagnosis.accounts.adapter import known_browser_cookie as k; "
        "print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME, _Cookie.cookie_name, k())"
    )
    status, output = start(tmp_path, "shell", "-v0", "-c", code, HTTPS="1", TRUST_PROXY="1")
    assert status == 0, output
    names = output.split()
    assert len(names) == 5
    assert all(name.startswith("__Host-") for name in names), names


def test_settings_example_file_and_readme_name_the_same_variables_and_defaults() -> None:
    source = (ROOT / "pneumoweb" / "settings.py").read_text()
    read = set(re.findall(r"env\.\w+\(\s*\"([A-Z_]+)\"", source))
    example = dotenv_values(ROOT / ".env.example")
    assert set(example) == read
    table = dict(re.findall(r"^\| `([A-Z_]+)` \| (.*?) \|", (ROOT / "README.md").read_text(), re.MULTILINE))
    assert set(table) == read
    assert {name: text.strip("`") for name, text in table.items()} == {
        name: value or "" for name, value in example.items()
    }


def test_the_example_file_copied_as_it_is_changes_nothing(tmp_path: Path) -> None:
    names = "DATABASES ALLOWED_HOSTS EMAIL_BACKEND SIGNUP_OPEN"
    assert settings(tmp_path, names, env_file=ROOT / ".env.example") == settings(tmp_path, names)


def test_every_package_is_pinned_exactly_and_has_its_reason() -> None:
    reasons = (ROOT / "docs" / "decisions.md").read_text()
    for file in ("requirements.txt", "requirements-dev.txt"):
        for line in (ROOT / file).read_text().splitlines():
            if not line or line.startswith(("#", "-r ")):
                continue
            name, pin = re.split(r"(?=[=<>~ ;])", line, maxsplit=1)
            assert pin.startswith("=="), f"{file}: {line}"
            assert re.search(rf"^\|.*\b{re.escape(name.split('[')[0])}\b.*\|", reasons, re.MULTILINE), (
                f"no reason for {name}"
            )

# PneumoWeb: `make run` is all it takes. Each target says what it does; `make` alone lists them.
PYTHON ?= python3
VENV = .venv
PY = $(VENV)/bin/python
export PYTHONUNBUFFERED = 1
unexport PYTHONDONTWRITEBYTECODE  # some containers set it, and each process would then compile all modules for itself

help:  ## list the targets
	@grep -E '^[a-z]+:.*## ' Makefile | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: $(VENV)/installed  ## install what is missing, then run the whole site (Ctrl-C stops it)
	@$(PY) manage.py serve

admin: $(VENV)/installed  ## make an administrator
	@$(PY) manage.py createsuperuser

test: $(VENV)/installed-dev  ## run the tests that need no browser, three workers for two cores
	@echo "Running the tests that need no browser: three workers for two cores, each with a database of its own."
	@echo "A dot is a test that passed; how many of how many stands at the right. What takes long comes first."
	@$(PY) -m pytest -m "not browser and not drill" --ignore tests/browser --ignore tests/drills -n auto

check: $(VENV)/installed-dev  ## lint, types, migrations, API schema, deployment settings
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(PY) manage.py makemigrations --check --dry-run
	$(PY) manage.py spectacular --api-version 1 --fail-on-warn --validate --file /dev/null
	HTTPS=1 TRUST_PROXY=1 ALLOWED_HOSTS=pneumoweb.example.org $(PY) manage.py check --deploy --fail-level WARNING

bench: $(VENV)/installed-dev  ## measure; prints a table and writes benchmarks/results.json
	$(PY) -m benchmarks

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(0 if v >= (3, 11) else "PneumoWeb needs Python 3.11 or newer; this is %d.%d. Name another one: make run PYTHON=python3.12" % v)'
	@echo "Making the virtual environment $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

# Not compiled: for the site, most of a gigabyte is never imported, and what is compiles itself then. Tests import
# nearly all of it, in several processes at once, each of which would compile it for itself.
PIP_INSTALL = $(PY) -m pip install --quiet --disable-pip-version-check --no-compile

$(VENV)/installed: requirements.txt | $(VENV)/bin/python
	@echo "Installing requirements.txt (a few minutes the first time, about 1 GB with TensorFlow) …"
	@$(PIP_INSTALL) --requirement requirements.txt
	@touch $@

$(VENV)/installed-dev: requirements-dev.txt $(VENV)/installed
	@echo "Installing requirements-dev.txt, and compiling all that is installed …"
	@$(PIP_INSTALL) --requirement requirements-dev.txt
	@$(PY) -m compileall -q -j 0 $(VENV)/lib >/dev/null || true  # some packages hold templates of modules
	@touch $@

.PHONY: help run admin test check bench

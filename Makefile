# The developer's verbs; `make` lists them. Needs Python 3.11 or 3.12 with headers, a C compiler,
# and a network the first time. Whatever pip is configured with (a mirror, a proxy) is used as it is.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input --use-pep517
INSTALLED := $(VENV)/.installed
INSTALLED_DEV := $(VENV)/.installed-dev
MESSAGES := $(VENV)/.messages
ASSETS := server/shell/static/build/.built

# An interpreter will do when it is 3.11 or 3.12, can make a venv, and has Python.h (durable-rules is built here).
SUITABLE := import ensurepip, os, sys, sysconfig; v = sys.version_info[:2]; \
    sys.exit(not ((3, 11) <= v < (3, 13) and os.path.exists(sysconfig.get_path("include") + "/Python.h")))
PYTHON ?= $(shell for name in python3.11 python3.12 python3; do \
    if "$$name" -c '$(SUITABLE)' >/dev/null 2>&1; then echo "$$name"; break; fi; done)

.DEFAULT_GOAL := help
.PHONY: help run test check format messages lock clean

help: ## list the verbs
	@echo "make VERB, where VERB is one of"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "The command behind them is $(BIN)/anhu; anhu --help tells more."

run: $(INSTALLED) $(MESSAGES) $(ASSETS) ## install, build, migrate, load the sample county if empty, and serve
	@exec $(BIN)/anhu serve --prepare

test: $(INSTALLED_DEV) $(MESSAGES) $(ASSETS) ## run the whole test suite (DATABASE_URL chooses the database)
	$(BIN)/python -m pytest -q -n 2 --dist worksteal $(PYTEST_OPTIONS)

check: $(INSTALLED_DEV) $(MESSAGES) $(ASSETS) ## lint, format, types, floors, migrations, deployment and translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/anhu manage makemigrations --check --dry-run
	@ANHU_ENV=production SECRET_KEY="$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(60))')" \
	    ALLOWED_HOSTS=localhost $(BIN)/anhu manage check --deploy --fail-level WARNING
	$(BIN)/anhu messages check

format: $(INSTALLED_DEV) ## let ruff mend and format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: $(INSTALLED_DEV) ## bring the translation catalogues up to date with the code
	$(BIN)/anhu messages extract
	$(BIN)/anhu messages compile

lock: $(INSTALLED_DEV) ## resolve the dependencies anew into the lock files
	$(compile) pyproject.toml --extra postgres --extra redis -o requirements.lock
	$(compile) pyproject.toml --all-extras --group dev -c requirements.lock -o requirements-dev.lock
	$(compile) --group node -o server/assets/node.lock
	cd server/assets && npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved

clean: ## remove what was built and installed; the data folder stays
	rm -rf $(VENV) server/shell/static/build server/assets/node_modules .mypy_cache .ruff_cache .pytest_cache

# --- what the verbs stand on -------------------------------------------------------------------

compile = $(BIN)/uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command "make lock"

$(BIN)/python:
	@if [ -z "$(PYTHON)" ]; then \
	    echo "No Python 3.11 or 3.12 with venv and headers was found." >&2; \
	    echo "On Debian and Ubuntu: apt install python3-venv python3-dev gcc make" >&2; \
	    echo "Elsewhere: make run PYTHON=/path/to/python3.12" >&2; exit 1; fi
	@command -v cc >/dev/null || command -v gcc >/dev/null || { \
	    echo "No C compiler was found. On Debian and Ubuntu: apt install gcc" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(INSTALLED): pyproject.toml requirements.lock | $(BIN)/python
	@echo "Installing what Anhu needs into $(VENV) (once; a minute or two)"
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --editable .
	@touch $@

$(INSTALLED_DEV): requirements-dev.lock $(INSTALLED)
	@echo "Installing the developer's tools into $(VENV)"
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

$(MESSAGES): $(INSTALLED) $(wildcard */locale/*/LC_MESSAGES/*.po)
	@$(BIN)/anhu messages compile
	@touch $@

$(ASSETS): $(INSTALLED) $(shell find server/assets -name node_modules -prune -o -type f -print)
	@$(BIN)/anhu assets
	@touch $@

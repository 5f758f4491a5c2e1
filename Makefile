# The two commands you need are `make run` and `make test`; `make check` is what CI runs before the tests.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Hundreds of processes start in the tests, and compiling took most of each start: what is compiled is kept.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test compiled check lint types contracts migrations templates deployment prose bench soak lock schema screenshots clean help

help: ## List these targets
	@grep -hE '^[a-z]+:.*## ' Makefile | sed 's/:.*## /\t/' | expand -t 14

run: $(VENV)/.desk ## Everything on this machine, with sample data; Ctrl-C stops it
	@exec $(BIN)/python manage.py up

test: $(VENV)/.dev $(VENV)/.cloud ## All tests, including those in a real browser (ARGS="-k rating" for some)
	@$(BIN)/python tests/e2e/chromium.py
	$(BIN)/python -m pytest -n 4 --dist loadgroup $(ARGS)

# Where there is no C compiler, one line says so, and plain Python runs.
run test bench: compiled

compiled: $(VENV)/.compiler
	@$(BIN)/python -m deploy.compile

check: lint types contracts migrations templates deployment prose ## All static checks

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/python manage.py check
	SECRET_KEY=- DATABASE_URL=postgres:/// REDIS_URL=redis:// $(BIN)/mypy .

contracts: $(VENV)/.dev
	$(BIN)/lint-imports

migrations: $(VENV)/.dev
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py lintmigrations --include-apps core accounts leads pricing invoices receivables reports

templates: $(VENV)/.dev
	$(BIN)/djlint --check --lint .

deployment: $(VENV)/.dev
	$(BIN)/hadolint Dockerfile
	$(BIN)/cfn-lint templates/*.yml
	$(BIN)/shellcheck deploy/*.sh deploy/nginx/*.sh .ci/run
	$(BIN)/zizmor --offline --quiet --pedantic .github
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@if command -v actionlint >/dev/null; then actionlint; \
		else echo "actionlint is not on the path, so CI runs it (go install github.com/rhysd/actionlint/cmd/actionlint@v1.7.12)"; fi
	HTTPS=1 DEBUG=0 SECRET_KEY=01234567890123456789012345678901234567890123456789 ALLOWED_HOSTS=engine.example \
		DATABASE_URL=postgres://engine:-@database/engine REDIS_URL=redis://redis \
		$(BIN)/python manage.py check --deploy --fail-level WARNING

prose: $(VENV)/.dev ## Words that read as translated, British or misspelled, by docs/style (ARGS="docs pricing/admin")
	$(BIN)/python -m tests.prose $(ARGS)

bench: $(VENV)/.dev ## How fast the engine is, compared with its floors and the usual way (ARGS="rating --quick", ARGS=--write)
	$(BIN)/python -m tests.bench $(ARGS)

soak: $(VENV)/.dev ## Everything at once while processes are killed, then checks that nothing is lost (ARGS="--minutes 2 --seed 7")
	$(BIN)/python -m tests.soak $(ARGS)

lock: $(VENV)/.dev ## Lock the requirements again, with hashes
	for part in requirements requirements-desk requirements-watch requirements-compile requirements-dev requirements-cloud; do \
		$(BIN)/uv pip compile $$part.in --output-file $$part.txt --universal --python-version 3.11 \
			--fork-strategy fewest --generate-hashes --no-strip-extras --no-header --quiet || exit 1; done

schema: $(VENV)/.dev ## Write docs/schema.dbml from the models and docs/schema.txt from the migrations
	$(BIN)/python manage.py schema

screenshots: $(VENV)/.dev ## The pictures in docs/, from a running `make run`
	$(BIN)/python -m tests.e2e.screenshots $(ADDRESS)

clean: ## Delete the environment and the local data
	-[ -x $(BIN)/python ] && $(BIN)/python manage.py down
	rm -rf $(VENV) var

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11, 3.12 or 3.13 is needed; $(PYTHON) was not found."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "Python 3.11, 3.12 or 3.13 is needed; $(PYTHON) is $$($(PYTHON) -V). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "On Debian and Ubuntu: apt install python3-venv"; rm -rf $(VENV); exit 1; }

$(VENV)/.desk: requirements.txt requirements-desk.txt | $(VENV)/bin/python
	@echo "Installing the locked requirements …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt -r requirements-desk.txt
	@touch $@

$(VENV)/.compiler: requirements-compile.txt $(VENV)/.desk
	@if command -v $${CC:-cc} >/dev/null; then \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-compile.txt && touch $@; fi

$(VENV)/.dev: requirements-dev.txt requirements-watch.txt $(VENV)/.desk
	@echo "Installing the requirements of checks and tests …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-watch.txt -r requirements-dev.txt
	@touch $@

# An environment of its own: the AWS emulator needs other versions than the engine.
$(VENV)/.cloud: requirements-cloud.txt | $(VENV)/bin/python
	@echo "Installing the AWS emulator …"
	@$(BIN)/python -m venv $(VENV)/cloud
	@$(VENV)/cloud/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-cloud.txt
	@touch $@

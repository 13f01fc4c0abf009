PYTHON ?= python3
BIN := .venv/bin
RUN := $(BIN)/python

.PHONY: demo bootstrap dev check test bench lock doctor

demo: bootstrap
	@exec $(RUN) -m dinh up --demo

bootstrap:
	@$(PYTHON) scripts/bootstrap.py

dev:
	@$(PYTHON) scripts/bootstrap.py --dev

check: dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(RUN) scripts/with_postgres.py $(RUN) -m dinh makemigrations --check --dry-run

test: dev
	@$(PYTHON) scripts/provision.py
	$(RUN) scripts/with_postgres.py sh -e scripts/pytest.sh $(ARGS)

bench: dev
	@$(RUN) scripts/with_postgres.py $(RUN) bench/run.py $(NAME)

doctor: bootstrap
	@$(RUN) -m dinh doctor

# Needs uv. Without any index address, so that the locks hold for every mirror.
LOCK := uv pip compile --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header --python-version 3.11 --quiet
lock:
	$(LOCK) requirements/base.in -o requirements/base.txt
	$(LOCK) requirements/dev.in -o requirements/dev.txt

# Both commands of the README do all set-up; logic lives in scripts/, never here.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := src/hystrixpy src/zuulpy src/evcache src/titan_sched examples/reference_app
EDITABLES := $(addprefix -e ,$(PACKAGES))
PIP := $(BIN)/python -m pip --disable-pip-version-check -q install

.PHONY: demo test check bench drill lock engines web screenshots clean

demo: $(VENV)/.stamp-demo
	@$(BIN)/refapp up

test: $(VENV)/.stamp-dev
	@$(BIN)/python -m pytest

check: $(VENV)/.stamp-dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python scripts/web.py --check

bench: $(VENV)/.stamp-dev
	@$(BIN)/python scripts/bench.py

drill: $(VENV)/.stamp-dev
	@$(BIN)/python -m pytest tests -m drill -s -q

lock: $(VENV)/.stamp-dev
	@$(BIN)/python scripts/lock.py

engines:
	@$(PYTHON) scripts/engines.py install

web: $(VENV)/.stamp-dev
	@$(BIN)/python scripts/web.py

screenshots: $(VENV)/.stamp-dev
	@$(BIN)/python scripts/screenshots.py

clean:
	rm -rf $(VENV)

$(VENV)/.stamp-venv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "needs Python 3.11 or later: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "needs python3-venv: sudo apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV) && touch $@

$(VENV)/.stamp-demo: $(VENV)/.stamp-venv requirements/demo.txt requirements/ffmpeg.txt $(addsuffix /pyproject.toml,$(PACKAGES))
	@$(PYTHON) scripts/setup.py demo
	@touch $@

$(VENV)/.stamp-dev: $(VENV)/.stamp-venv requirements/dev.txt $(addsuffix /pyproject.toml,$(PACKAGES))
	@$(PYTHON) scripts/setup.py dev
	@touch $@

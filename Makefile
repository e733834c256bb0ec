# Two targets for a fresh machine; both need only Python 3.11 to 3.13 and pip, and are cheap the second time.
#   make demo   install, train a GAN in front of you, restyle garments with it, leave demo/lookbook.html
#   make test   install with the development tools, then ruff, mypy and pytest
PYTHON ?= python3
VENV ?= .venv
TEST_EXTRAS ?= train,dev,studio,backends,openvino,litert
DEMO_FLAGS ?=
PIP = $(VENV)/bin/python -m pip --disable-pip-version-check

.PHONY: demo test clean

demo: $(VENV)/.installed-train
	$(VENV)/bin/muslin demo --output demo $(DEMO_FLAGS)

test: $(VENV)/.installed-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/python -m pytest

# The stamps make installing idempotent: pip runs again only when pyproject.toml is newer than they are.
$(VENV)/.installed-train: pyproject.toml | $(VENV)/bin/python
	@echo "Installing muslin with its training half into $(VENV) (about a minute the first time)"
	$(PIP) install --editable ".[train]"
	@touch $@

$(VENV)/.installed-test: pyproject.toml | $(VENV)/bin/python
	@echo "Installing muslin with its development tools into $(VENV)"
	$(PIP) install --editable ".[$(TEST_EXTRAS)]"
	@touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || \
	  { echo "muslin needs Python 3.11, 3.12 or 3.13; '$(PYTHON)' is" "$$($(PYTHON) --version 2>&1)." \
	         "Choose another: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

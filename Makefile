# Two targets for a fresh machine; both need only Python 3.11 to 3.13 and pip, and are cheap the second time.
#   make demo   install, train a GAN in front of you, restyle garments with it, leave demo/lookbook.html
#   make test   install with the development tools, then ruff, mypy and pytest
# And three for whoever publishes it: make requirements, make sbom, make audit (docs/supply-chain.md).
PYTHON ?= python3
VENV ?= .venv
TEST_EXTRAS ?= train,dev,studio,backends,openvino,litert
DEMO_FLAGS ?=
PIP = $(VENV)/bin/python -m pip --disable-pip-version-check

.PHONY: demo test clean requirements sbom audit

demo: $(VENV)/.installed-train
	$(VENV)/bin/muslin demo --output demo $(DEMO_FLAGS)

test: $(VENV)/.installed-test
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --quiet --check .
	$(VENV)/bin/mypy
	$(VENV)/bin/python -m pytest -n 2 --dist loadfile

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

# Supply chain (docs/supply-chain.md). The tools live in an environment of their own.
TOOLS = build/tools

requirements: $(TOOLS)/.installed
	for set in plain train; do \
	  { echo "# Installed by: pip install --require-hashes -r requirements/$$set.txt. Made by: make requirements"; \
	    $(TOOLS)/bin/uv pip compile pyproject.toml $$([ $$set = plain ] || echo --extra $$set) --universal \
	      --generate-hashes --no-header --no-annotate --no-emit-index-url --no-emit-find-links --python-version 3.11 -q; \
	  } > requirements/$$set.tmp && mv requirements/$$set.tmp requirements/$$set.txt || exit 1; done

sbom: $(TOOLS)/.installed requirements/plain.txt
	rm -rf build/plain && $(PYTHON) -m venv build/plain
	build/plain/bin/python -m pip install -q --require-hashes -r requirements/plain.txt
	build/plain/bin/python -m pip install -q --no-deps .
	build/plain/bin/python -m pip uninstall -qy pip setuptools
	$(TOOLS)/bin/cyclonedx-py environment build/plain/bin/python --pyproject pyproject.toml -o build/sbom.cdx.json

audit: $(TOOLS)/.installed
	$(TOOLS)/bin/python requirements/audit.py $(TOOLS)/bin/pip-audit

$(TOOLS)/.installed:
	$(PYTHON) -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip install -q uv cyclonedx-bom pip-audit
	@touch $@

clean:
	rm -rf $(VENV) demo build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis

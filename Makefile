.PHONY: check test check-long mutation docs

check: ## what CI asks of every change, besides the tests
	uv run ruff check .
	uv run ruff format --check .
	uv run mypy
	uv run lint-imports
	uv run python docs/render.py --check

test: ## the test command of the README
	uv run pytest

check-long: ## tests that take minutes
	uv run pytest -m long -n 0

mutation: ## change the protocol's code on purpose, and list what no test noticed
	uv run --group mutation mutmut run
	uv run --group mutation mutmut results

docs: ## render the pages that are data
	uv run python docs/render.py

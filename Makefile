# Names for what bin/ does; where there is no make, call those.
python = $${VENV:-.venv}/bin/python

.PHONY: run test bench fmt requirements

run:
	@bin/run

test:
	@bin/test

bench:
	@bin/setup requirements-dev.txt
	@$(python) -m config.throwaway_database --durable -- $(python) -m bench
	@$(python) -m config.throwaway_database --durable -- $(python) -m bench.pages
	@$(python) -m config.throwaway_database --durable -- $(python) -m bench.evening
	@$(python) -m config.throwaway_database --durable -- $(python) -m bench.slow_clients
	@$(python) -m config.throwaway_database --durable -- $(python) -m bench.rosters

fmt:
	@bin/setup requirements-dev.txt
	@$(python) -m ruff check --fix .
	@$(python) -m ruff format .

# After a change of dependencies in pyproject.toml; needs uv.
compile = uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header
requirements:
	$(compile) -o requirements.txt
	$(compile) --extra dev --constraint requirements.txt -o requirements-dev.txt

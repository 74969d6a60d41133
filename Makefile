# Everything a newcomer runs. Each target sets up what it needs and says so in one line.
.PHONY: demo test test-fast test-stores test-cyrus test-dovecots test-pythons test-kerberos test-checkdmarc test-sdk test-pipelines test-board test-office soak soak-day mutate bench-engine bench-dns bench-tenant bench-day bench-copy bench-file bench-board bench-scale bench-suite lint audit golden messages package requirements clean

PYTHON ?= python3
# Tests side by side, two a core, for most of them wait for a server; a worker that runs out takes some of the others'.
WORKERS ?= $(shell expr 2 \* $$(nproc))
PARALLEL = -n $(WORKERS) --dist worksteal
# Where nothing but files and memory is needed. What these folders ask of servers, --fast leaves out.
FAST = tests/test_layers.py tests/test_error_codes.py tests/config tests/resources tests/planning tests/state tests/applying tests/views
# In memory where that has room, for much of this is waiting for a disk.
ROOMY = $(shell test $$(df --output=avail /dev/shm 2>/dev/null | tail -n 1) -gt 1000000 2>/dev/null && echo PYTEST_DEBUG_TEMPROOT=/dev/shm)

demo: .setup/run ## the whole story, on a sandbox, in under two minutes
	@.venv/bin/python scripts/demo.py

test: .setup/dev lint ## linters, types, layers and the test suite
	@.venv/bin/pytest -q $(PARALLEL)

test-fast: .setup/dev ## the tests that need no server, in a minute
	@$(ROOMY) .venv/bin/pytest -q --fast -o tmp_path_retention_policy=failed $(PARALLEL) $(FAST)

test-stores: .setup/dev ## where state may live, on PostgreSQL and Azurite
	@scripts/test-stores

test-kerberos: .setup/dev ## DNS updates signed with a Kerberos ticket, on BIND and a KDC of our own
	@scripts/test-kerberos

test-checkdmarc: .setup/dev ## a second opinion on SPF and DMARC in dns check
	@.venv/bin/python -c 'import checkdmarc' 2>/dev/null || .venv/bin/pip install --quiet --no-deps --require-hashes -r requirements/checkdmarc.txt
	@.venv/bin/pytest -q -m checkdmarc tests/providers/dns/checks/test_second_opinion.py

test-sdk: .setup/dev ## Microsoft's own client before the sandbox's tenant (450 MB more)
	@scripts/test-sdk

test-pipelines: .setup/dev ## the written workflow files before actionlint, zizmor, their schemas and gitlab-ci-local
	@scripts/test-pipelines

test-office: .setup/dev ## the workbook in a real LibreOffice: filled in, saved in each format, read back, printed
	@scripts/test-office

test-board: .setup/dev ## the board in Chromium: axe-core, keyboard, widths, dark, print, live; pictures in .artefacts/board
	@scripts/test-board

test-cyrus: .setup/dev ## copies out of an old host that is not Dovecot
	@scripts/test-cyrus

mutate: .setup/dev ## how many random small changes make test-fast notices; ARGS="--sample 100 --seed 2 planning"
	@.venv/bin/python -c 'import mutmut' 2>/dev/null || .venv/bin/pip install --quiet --no-deps --require-hashes -r requirements/mutate.txt
	@.venv/bin/python scripts/mutate.py $(ARGS)

test-pythons: .setup/dev ## the test suite on each Python from 3.11 to 3.14 found here
	@scripts/test-pythons

test-dovecots: .setup/dev ## old and new mail hosts of different releases of Dovecot, both ways round
	@scripts/test-dovecots

audit: .setup/dev ## known vulnerabilities and licences of the dependencies, bandit on our own code
	@scripts/audit

soak: .setup/dev ## the long runs left out of make test
	@.venv/bin/pytest -q -m soak

.PHONY: soak-day bench-day
soak-day: .setup/dev ## a batch of 40 federations × 50 mailboxes from J-14 to closed, and mail from everywhere all the while
	@.venv/bin/pytest -q -m soak tests/scenarios/test_whole_day.py

bench-dns: .setup/dev ## DNS: 100 zones at 20 ms, beside octoDNS on the same server
	@.venv/bin/python -m bench.dns

bench-engine: .setup/dev ## plan and apply of 10,000 mailboxes, beside terraform
	@.venv/bin/python -m bench.engine

bench-tenant: .setup/dev ## creating a batch of 40 federations, against the least Microsoft's quotas allow
	@.venv/bin/python -m bench.tenant

bench-day: .setup/dev ## the eve of 40 federations: its length against the least, its cost, the forecast beside it
	@.venv/bin/python -m bench.day

bench-copy: .setup/dev ## the mail copier against mbsync, dsync and imapsync (IMAPSYNC=path), on this machine
	@command -v mbsync >/dev/null || { echo 'bench-copy: mbsync is missing: apt-get install isync' >&2; exit 1; }
	@.venv/bin/python -m bench.copy

bench-file: .setup/dev ## the workbook out and back, beside the libraries writing and reading it bare
	@.venv/bin/python -m bench.file

bench-board: .setup/dev ## the board of 40 federations: first paint, page, update, memory and idle of its server
	@.venv/bin/python -m bench.board

bench-scale: .setup/dev ## 10,000 mailboxes queued on PostgreSQL, workers side by side, ten times the tenant
	@.venv/bin/python -m bench.scale

bench-suite: .setup/dev ## make test beside make test as it was before it ran on every core
	@.venv/bin/python -m bench.suite

lint: .setup/dev
	@.venv/bin/ruff format --check --quiet
	@.venv/bin/ruff check --quiet
	@.venv/bin/mypy --no-error-summary
	@.venv/bin/lint-imports --no-logo >.setup/layers || { cat .setup/layers; exit 1; }

.setup/%: scripts/setup requirements/%.txt pyproject.toml
	@PYTHON=$(PYTHON) scripts/setup $*

golden: .setup/dev ## write the golden files of the views anew; review the difference
	@.venv/bin/pytest -q tests/views tests/resources tests/config tests/planning --update-golden
	@.venv/bin/python scripts/picture.py

messages: .setup/dev ## find every message in the code and bring the French catalogue up to date; names what has no French
	@.venv/bin/python scripts/messages.py

package: .setup/dev ## dist/: built, checked, and the wheel tried in an empty environment
	@scripts/package

requirements: ## pin again every dependency, by hash
	.venv/bin/pip install --quiet pip-tools
	.venv/bin/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --extra build -o requirements/run.txt pyproject.toml
	.venv/bin/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --extra build --extra board --extra dev --extra hosted --extra stores -o requirements/dev.txt pyproject.toml
	@# pip-compile drops the markers of extras: opa-eval has no wheel for Linux but on x86_64.
	@sed -i.bak "s/^opa-eval==[^ ]*/& ; sys_platform != 'linux' or platform_machine == 'x86_64'/" requirements/dev.txt
	@rm requirements/dev.txt.bak
	.venv/bin/pip-compile --quiet --generate-hashes --no-emit-index-url --no-emit-find-links --strip-extras --allow-unsafe --extra sdk -c requirements/dev.txt -o requirements/sdk.txt pyproject.toml
	.venv/bin/pip install --quiet --require-hashes -r requirements/dev.txt
	.venv/bin/python scripts/third_party.py

clean:
	rm -rf .venv .setup .demo

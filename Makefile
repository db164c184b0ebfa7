# Every target is one command a person could type. make itself answers 2 for any failure, so each
# command ends with a line that holds its own exit code and meaning (see README, "Exit codes").

.DEFAULT_GOAL := help
PYTHON := .venv/bin/python

# Nobody is told that you run this.
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export RUNTIME__DLTHUB_TELEMETRY := false
export GX_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

# `make extract SAMPLE=100` becomes `--sample 100`; `DRY_RUN=1` becomes `--dry-run`.
option = $(if $($(1)),--$(2) $($(1)))
switch = $(if $(filter-out 0,$($(1))),--$(2))
list = $(if $($(1)),--$(2) "$($(1))")
each = $(foreach name,$($(1)),--$(2) $(name))

EXTRACT_OPTIONS = $(call option,SAMPLE,sample) $(call each,INCLUDE,include) $(call each,EXCLUDE,exclude) \
	$(call switch,FULL,full) $(call option,PAGE_SIZE,page-size) $(call option,MAX_DEPTH,max-depth) \
	$(call option,REQUEST_TIMEOUT,request-timeout) $(call option,RATE_LIMIT_DELAY,rate-limit-delay) \
	$(call option,RATE_LIMIT_RETRIES,rate-limit-retries) $(call option,WORKERS,workers) \
	$(call option,REQUESTS_PER_MINUTE,requests-per-minute) $(call switch,SKIP_FILES,skip-files) \
	$(call option,MAX_FILE_MB,max-file-mb) $(call switch,VERIFY_FILES,verify-files)
SCOPE_OPTIONS = $(call list,ACCOUNTS,accounts) $(call option,LIMIT,limit) \
	$(call list,STATUS,status) $(call list,SKIP_TABLES,skip-tables)
ROUTE_OPTIONS = $(call option,ROUTE,route) $(call list,REST_TABLES,rest-tables)
LOAD_OPTIONS = $(ROUTE_OPTIONS) $(call switch,DRY_RUN,dry-run) $(SCOPE_OPTIONS) \
	$(call option,ON_CONFLICT,on-conflict) $(call switch,MANY_GONE,many-gone) \
	$(call option,MAX_PASSES,max-passes) $(call switch,NO_REMAP,no-remap) \
	$(call switch,SKIP_FILES,skip-files) $(call switch,DEBUG_RECORDS,debug-records)

.PHONY: help
help: ## what can be done (this list)
	@awk 'BEGIN {FS = ":.*## "} /^## / {printf "\n%s\n", substr($$0, 4)} \
		/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(PYTHON):
	@echo "there is no .venv yet: run 'make setup' first" >&2; exit 2

## Start here

.PHONY: setup demo test
setup: ## everything a fresh machine lacks: packages, MariaDB for the sandbox, .env, profiles.yml
	@scripts/setup.sh

demo: setup ## sandboxes, the whole way on a generated tenant, and the report
	@$(PYTHON) -m services up
	@$(PYTHON) -m sandbox up
	@$(PYTHON) -m runtime migrate

test: ## all tests, against real local servers of their own (sets up what they need)
	@scripts/setup.sh --with-browser
	@PYTHONDONTWRITEBYTECODE= $(PYTHON) -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder

## The way, stage by stage

.PHONY: discover extract extract-status extract-clean backup backup-test backup-clean transform accept inspect attest plan load retry handover load-status rollback ids backup-splynx restore-splynx reconcile compare-preview report explain dossier verify migrate purge
discover: | $(PYTHON) ## what Sonar has and what an extraction would read
	@$(PYTHON) -m extract discover

extract: | $(PYTHON) ## land Sonar in the warehouse, and prove it (SAMPLE= INCLUDE= EXCLUDE= FULL=1 …)
	@$(PYTHON) -m extract run $(EXTRACT_OPTIONS)

extract-status: | $(PYTHON) ## what landed last time, with grades
	@$(PYTHON) -m extract status

extract-clean: | $(PYTHON) ## forget what landed (YES=1)
	@$(PYTHON) -m extract clean $(call switch,YES,yes)

backup: extract ## the same as extract

backup-test: SAMPLE = 100
backup-test: extract ## extract 100 rows a collection, to see that all of it can be read

backup-clean: extract-clean ## the same as extract-clean

inspect: | $(PYTHON) ## what the target has: columns, keys, ids in use, switches (ROUTE=rest without its database; NEW_EPOCH=1 after a restore or reset)
	@$(PYTHON) -m load inspect $(call option,ROUTE,route) $(call switch,NEW_EPOCH,new-epoch)

attest: | $(PYTHON) ## vouch for switches of Splynx that could not be found (SWITCH="a b" WORDS=)
	@$(PYTHON) -m load attest $(call each,SWITCH,switch) --words "$(WORDS)"

transform: | $(PYTHON) ## dbt build: seeds, models, data tests
	@$(PYTHON) -m transform run

accept: | $(PYTHON) ## Great Expectations over the marts: Data Docs and the verdict
	@$(PYTHON) -m expectations run

plan: | $(PYTHON) ## what a load would write (ROUTE= ACCOUNTS= LIMIT= STATUS= SKIP_TABLES=)
	@$(PYTHON) -m load plan $(ROUTE_OPTIONS) $(SCOPE_OPTIONS)

load: | $(PYTHON) ## write the accepted rows (ROUTE=mysql|rest|hybrid REST_TABLES= DRY_RUN=1 ACCOUNTS= LIMIT= STATUS= SKIP_TABLES= MAX_PASSES= ON_CONFLICT=keep|overwrite|fail MANY_GONE=1 NO_REMAP=1 SKIP_FILES=1 DEBUG_RECORDS=1)
	@$(PYTHON) -m load run $(LOAD_OPTIONS)

retry: | $(PYTHON) ## load what is in quarantine, after its cause was mended (ROUTE=mysql|rest)
	@$(PYTHON) -m load retry $(call option,ROUTE,route)

handover: | $(PYTHON) ## after a load: network passwords, gateway tokens, portal passwords over Splynx's API, kept nowhere (ONLY=network|payment|portal INVITATIONS=)
	@$(PYTHON) -m load handover $(call option,ONLY,only) $(call option,INVITATIONS,invitations)

load-status: | $(PYTHON) ## what the last load did, and its run
	@$(PYTHON) -m load status

rollback: | $(PYTHON) ## take back what one run wrote (RUN=)
	@$(PYTHON) -m load rollback $(call option,RUN,run)

ids: | $(PYTHON) ## which Splynx id each Sonar record has: build/ids/index.html (OUT=)
	@$(PYTHON) -m load ids $(call option,OUT,out)

backup-splynx: | $(PYTHON) ## dump the whole Splynx database, with metadata to verify it by (TO=); OUTSIDE="what and where" declares one that you made
	@$(PYTHON) -m load backup $(call option,TO,to) $(call list,OUTSIDE,declare-outside-backup)

restore-splynx: | $(PYTHON) ## verify a backup (FROM=); with YES=1 put it back (DESPITE_MISMATCH=1)
	@$(PYTHON) -m load restore $(call option,FROM,from) $(call switch,YES,yes) \
		$(call switch,DESPITE_MISMATCH,despite-mismatch)

reconcile: | $(PYTHON) ## compare Sonar, warehouse and Splynx (CHOSEN=1: only what the last load of some customers was of)
	@$(PYTHON) -m load.reconcile $(call switch,CHOSEN,chosen)

compare-preview: | $(PYTHON) ## what a test Splynx previews against what is expected (FILE=)
	@$(PYTHON) -m load compare-preview $(call option,FILE,file)

report: | $(PYTHON) ## the site to read and sign: build/report/index.html, with lists of keys beside it
	@$(PYTHON) -m load.report

explain: | $(PYTHON) ## one account through every layer; personal values on the terminal or in OUT only (ACCOUNT= TABLE= RAW=1 JSON=1 OUT=)
	@$(PYTHON) -m load.explain $(ACCOUNT) $(call each,TABLE,table) $(call switch,RAW,raw) \
		$(call switch,JSON,json) $(call option,OUT,out)

dossier: | $(PYTHON) ## seal report, reconciliation, decisions and hashes in one archive: build/dossier.zip (OUT=)
	@$(PYTHON) -m load.dossier seal $(call option,OUT,out)

verify: | $(PYTHON) ## check such an archive, offline (FILE= SEAL=)
	@$(PYTHON) -m load.dossier verify $(FILE) $(call option,SEAL,seal)

migrate: | $(PYTHON) ## all stages under one run; again: only what changed (WAVES=1,10,100: so many customers first, each wave reconciled; ROUTE= REST_TABLES=)
	@$(PYTHON) -m runtime migrate $(call list,WAVES,waves) $(ROUTE_OPTIONS)

purge: | $(PYTHON) ## when all is over: personal data out of warehouse and machine, ids and decisions stay (YES=1 RUN=)
	@$(PYTHON) -m runtime purge $(call switch,YES,yes) $(call option,RUN,run)

## Look and learn

.PHONY: doctor docs
doctor: | $(PYTHON) ## what this machine, the live Sonar and the live Splynx are like, and what to mend
	@code=0; $(PYTHON) -m extract doctor || code=$$?; $(PYTHON) -m load doctor || code=$$?; exit $$code

docs: | $(PYTHON) ## pages about source and target (build/docs/{sonar,splynx}/index.html), the field mapping, the dbt docs (build/dbt/static_index.html)
	@$(PYTHON) -m extract docs
	@$(PYTHON) -m transform field-mapping
	@$(PYTHON) -m transform model-docs
	@$(PYTHON) -m load docs

## Local servers

.PHONY: services-up services-down sandbox-up sandbox-reset sandbox-down
services-up: | $(PYTHON) ## start the embedded warehouse (unless WAREHOUSE_URL is set)
	@$(PYTHON) -m services up

services-down: | $(PYTHON) ## stop it
	@$(PYTHON) -m services down

sandbox-up: | $(PYTHON) ## start a Sonar and a Splynx to rehearse with (SIZE= SEED= FACTOR=)
	@$(PYTHON) -m sandbox up $(call option,SIZE,size) $(call option,SEED,seed) $(call option,FACTOR,factor)

sandbox-reset: | $(PYTHON) ## make its Splynx a fresh installation again (PREFILLED=1: one that staff has used)
	@$(PYTHON) -m sandbox reset $(call switch,PREFILLED,prefilled)

sandbox-down: | $(PYTHON) ## stop them
	@$(PYTHON) -m sandbox down

## For those who change the code

.PHONY: lint format coverage test-fast prove prove-tests bench-extract bench-transform bench-accept bench-load bench-rest bench-reconcile bench-whole bench-growth bench clean
lint: | $(PYTHON) ## form, types, import rules, dead code, SQL (ruff, mypy, import-linter, vulture, sqlfluff)
	@.venv/bin/ruff format --check . && .venv/bin/ruff check . && .venv/bin/mypy
	@.venv/bin/lint-imports --no-cache >build/lint.log || { cat build/lint.log; exit 1; }
	@.venv/bin/vulture
	@.venv/bin/sqlfluff lint --disable-progress-bar --processes 2 dbt_project/models dbt_project/tests

format: | $(PYTHON) ## ruff format
	@.venv/bin/ruff format . && .venv/bin/ruff check --fix .

coverage: | $(PYTHON) ## all tests, and which lines of the code they ran (build/coverage/index.html)
	@$(PYTHON) -m pytest --numprocesses 2 --dist loadscope --no-loadscope-reorder \
		--cov --cov-report=term:skip-covered --cov-report=html:build/coverage

test-fast: | $(PYTHON) ## the tests that need no server
	@$(PYTHON) -m pytest -m "not postgres and not mysql and not e2e"

prove: | $(PYTHON) ## the long proofs: kills, faults, drift (build/proof.json; 40 minutes on two cores)
	@PROVE=1 $(PYTHON) -m pytest -m prove -v --numprocesses 2 --dist loadscope --no-loadscope-reorder

bench-extract: | $(PYTHON) ## how fast extraction is beside the leanest client and plain dlt
	@$(PYTHON) -m bench.extract

bench-load: | $(PYTHON) ## how fast rows come into MySQL beside its own client, PyMySQL and dlt
	@$(PYTHON) -m bench.load

bench-rest: | $(PYTHON) ## how fast a load goes over the API beside the bare requests of the same
	@$(PYTHON) -m bench.rest

bench-transform: | $(PYTHON) ## how fast dbt is beside the same SQL without it, and after small changes
	@$(PYTHON) -m bench.transform

bench-accept: | $(PYTHON) ## how long acceptance takes beside the same checks as one query a table
	@$(PYTHON) -m bench.accept

bench-reconcile: | $(PYTHON) ## how fast marts and tables are compared beside reladiff
	@$(PYTHON) -m bench.reconcile

bench-whole: | $(PYTHON) ## the whole way on the reference tenant, stage by stage (PROFILE=1: and where Python spends its time)
	@$(PYTHON) -m bench.whole $(call switch,PROFILE,profile)

bench-growth: | $(PYTHON) ## the whole way on tenants of other sizes: what a row costs (FACTORS="0.1 3" RECORD=build/bench/growth-NAME.json)
	@$(PYTHON) -m bench.growth $(call each,FACTORS,factors) $(call option,RECORD,record)

bench: | $(PYTHON) ## every benchmark and the whole way, one summary: build/bench/index.html (QUICK=1 GROWTH=1 PROFILE=1)
	@$(PYTHON) -m bench $(call switch,QUICK,quick) $(call switch,GROWTH,growth) $(call switch,PROFILE,profile)

prove-tests: | $(PYTHON) ## break the code on purpose, once per important test, and see it turn red
	@$(PYTHON) scripts/prove_tests.py

clean: ## remove what can be made again: build/ and caches (never .local, .env, profiles.yml)
	@rm -rf build .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -not -path './.venv/*' -prune -exec rm -rf {} +

# Waypost's build and tests. `make help` lists what there is.

GO ?= go
# Every process and tool is a folder of cmd/.
COMMANDS = $(wildcard cmd/*/main.go)

.DEFAULT_GOAL := help
.PHONY: help build run test bench fuzz soak lint setup clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Static (no cgo), without machine paths or version-control stamps, so that the
# same source gives the same bytes and the binaries run on any Linux.
build: ## build every program of cmd/ into bin/
	@mkdir -p bin
	$(if $(COMMANDS),CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '-s -w' -o bin/ $(dir $(addprefix ./,$(COMMANDS))),@echo 'no programs in cmd/ yet')

run: build ## show the main job: PostgreSQL, a relay of it, a consumer, some load, an orderly stop
	WAYPOST_PG_VERSIONS=15 scripts/setup --servers-only
	scripts/demo

test: ## set up what is needed, build, lint and run every test (WAYPOST_PG_VERSIONS="15 17" narrows)
	scripts/test

bench: build ## measure Waypost and PostgreSQL's own programs side by side, print the ratios
	WAYPOST_PG_VERSIONS=15 scripts/setup --servers-only
	$(GO) run ./bench

fuzz: ## run each fuzzer for FUZZTIME (default 30s)
	scripts/fuzz

soak: build ## the long run: 200 kills, 50 tree kills, each fuzzer for 10 minutes
	scripts/setup
	scripts/soak

lint: ## gofmt, go vet, staticcheck, the import graph
	scripts/lint

setup: ## install or fetch what the tests need (PostgreSQL 15 to 18, its field's programs, gcc, strace)
	scripts/setup

clean: ## remove what was built (the fetched PostgreSQLs stay in .cache/)
	rm -rf bin run

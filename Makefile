# `make` lists the targets. `make demo` and `make test` set everything up first.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-builtin-rules

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
# Maturin passes other flags than a plain build: in one target directory cargo would rebuild both every time.
PY_TARGET := $(CURDIR)/target/py
export FINOPS_VECTORS_DIR ?= $(CURDIR)/bindings/vectors
# A run of the tests says the same about the same sources; `make laws` looks for what other cases would find.
export PROPTEST_RNG_SEED ?= 20261122
SEEDS ?= 20
RUST_CRATES := --workspace --exclude finops-python --exclude finops-node

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

## Set-up ------------------------------------------------------------------------------------------

.PHONY: check-tools
check-tools:
	@command -v cargo >/dev/null || { echo "cargo is missing: install Rust 1.95 or newer"; exit 1; }
	@command -v node >/dev/null || { echo "node is missing: install Node.js 20 or newer"; exit 1; }
	@command -v npm >/dev/null || { echo "npm is missing: install Node.js 20 or newer with npm"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12"; exit 1; }
	@node -e 'process.exit(process.versions.node.split(".")[0] < 20 ? 1 : 0)' || { echo "Node.js 20 or newer is needed"; exit 1; }

$(VENV)/.ready: bindings/python/requirements-dev.txt | check-tools
	$(PYTHON) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check -r bindings/python/requirements-dev.txt
	touch $@

# A real OPA for the differential test: ctypes over a C library, so that any Python can load the wheel.
.PHONY: opa
opa: .opa/.ready ## Fetch OPA 1.20.2 for the differential test

.opa/.ready: | check-tools
	mkdir -p .opa
	$(PYTHON) -m pip download --quiet --disable-pip-version-check --no-deps --ignore-requires-python --only-binary=:all: \
		--python-version 3.14 --dest .opa opa-golib-python-bindings==0.4.4
	cd .opa && echo "d411c901e14b8c7c3023e23e4a944f4cf429c1d31baf80e959e57d11efbfd24a  $$(ls *.whl)" | sha256sum --check --quiet -
	$(PYTHON) -m zipfile --extract .opa/*.whl .opa
	touch $@

bindings/node/node_modules/.ready: bindings/node/package.json bindings/node/package-lock.json | check-tools
	cd bindings/node && npm ci --no-audit --no-fund --loglevel=error
	touch $@

.PHONY: build build-python build-node
build: build-python build-node ## Build the Python and Node packages in place

build-python: $(VENV)/.ready
	cd bindings/python && VIRTUAL_ENV=$(CURDIR)/$(VENV) CARGO_TARGET_DIR=$(PY_TARGET) $(CURDIR)/$(VENV)/bin/maturin develop --release --quiet

build-node: bindings/node/node_modules/.ready
	cd bindings/node && npm run --silent build

## The two commands ----------------------------------------------------------------------------------

.PHONY: demo
demo: build ## Meter recorded responses, take a cluster of 300 workloads through the loop; write out/
	$(PY) examples/money_loop/demo.py --out out

.PHONY: test
test: fmt-check lint test-rust test-python test-node vectors check-generated ## Set up and run every test in every language

.PHONY: ready
ready: test ## What CI runs

## Parts ---------------------------------------------------------------------------------------------

.PHONY: fmt fmt-check lint
fmt: ## Format the Rust sources
	cargo fmt --all

fmt-check:
	cargo fmt --all -- --check

lint: ## Clippy with the lint wall
	cargo clippy $(RUST_CRATES) --all-targets --quiet -- -D warnings
	# Their macros export nothing in test mode, where everything would look unused.
	cargo clippy -p finops-python -p finops-node --quiet -- -D warnings

.PHONY: test-rust test-python test-node
test-rust: | check-tools ## Rust unit, property, golden and integration tests, and the examples in the docs
	cargo test $(RUST_CRATES) --quiet
	cargo test -p finops-store --features tls --quiet --test store tls

test-python: build-python ## The Python package: behaviour, types, stubs, the gate against a real OPA
	@$(MAKE) --no-print-directory opa || echo "NO OPA ON THIS MACHINE: the differential test is skipped" >&2
	cd bindings/python && $(CURDIR)/$(PY) -m pytest -q

test-node: build-node ## The Node package: behaviour and types
	cd bindings/node && npm test --silent

.PHONY: vectors
vectors: build ## Run the shared vectors ($FINOPS_VECTORS_DIR) through Rust, Python and Node
	cargo test -p finops --test vectors --quiet -- --nocapture
	$(PY) bindings/python/tests/vectors.py
	node bindings/node/test/vectors.mjs

.PHONY: check-generated
check-generated: build ## Fail when a generated file is stale
	$(PYTHON) finops-core/data/carbon/build.py --check
	$(PYTHON) bindings/attribution.py --check
	cargo run --quiet -p finops-cli -- prices verify
	cd bindings/node && npm run --silent check-types

.PHONY: bench bench-rust
bench: build bench-rust ## Compare with peers in one run; print ratios (installs the peers into .bench)
	benches/run.sh

bench-rust: ## Rust micro-benchmarks
	cargo bench -p finops-benches --quiet

.PHONY: laws
laws: | check-tools ## Run the property tests with $SEEDS new seeds, each of which it prints
	cargo test $(RUST_CRATES) --quiet --lib --tests --no-run
	for run in $$(seq $(SEEDS)); do \
		export PROPTEST_RNG_SEED=$$(od -An -N4 -tu4 /dev/urandom | tr -d ' '); echo "PROPTEST_RNG_SEED=$$PROPTEST_RNG_SEED"; \
		cargo test $(RUST_CRATES) --quiet --lib --no-fail-fast; \
		cargo test $(RUST_CRATES) --quiet --no-fail-fast --test '*law*' --test oracles --test carbon_wire --test inventory; done

.PHONY: fuzz
fuzz: ## Fuzz every parser for a minute each (needs cargo-fuzz: `cargo install cargo-fuzz`)
	cd finops-telemetry && for target in extract stream catalogue feed text record; do \
		RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none $$target -- -max_total_time=60; done
	cd finops-core && for target in read_kubernetes read_prometheus quantity cluster_data finding redact yaml_edit hcl_edit; do \
		RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none $$target -- -max_total_time=60; done
	cd finops-policy && for target in json lint bundle; do \
		RUSTC_BOOTSTRAP=1 cargo fuzz run --sanitizer none $$target -- -max_total_time=60; done

.PHONY: prices
prices: ## Rebuild the price catalogue from its public sources
	$(PYTHON) finops-core/data/prices/build.py

.PHONY: clean
clean: ## Remove what the targets above made
	rm -rf target $(VENV) .bench .opa out bindings/node/node_modules bindings/node/*.node

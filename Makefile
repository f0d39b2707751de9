# Postern. `make` lists what there is to make. Go, make and git are enough to begin with; what a target needs beside
# them is installed when run as root on Debian, and named otherwise.

GO       ?= go
LINT      = bin/tools/golangci-lint
S3SERVER  = bin/tools/versitygw
BUILD     = $(shell git describe --always --dirty 2>/dev/null)
GOBUILD   = CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -ldflags '-s -w -X main.build=$(BUILD)'
PLATFORMS = linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
COUNT    ?= 1
ROWS     ?= 1000000
REPEATS  ?= 3
BENCH    ?=
FUZZ     ?= 30
NEED      = testdata/tools/need.sh
# The race detector makes a test five to ten times as long, and finds something only where there is more than one goroutine:
# the packages of CONCURRENT are watched whole, and of those whose tests are long one test of each kind. make test-long
# watches all of them.
# make test-long fuzzes every target for FUZZ seconds; one alone: go test -run '^$$' -fuzz '^NAME$$' -fuzzminimizetime 10x DIR
RACED     = ^TestScripts$$/^(plan|s3)$$
RACEDRUNS = ^Test(EveryRowIsAccountedFor|UnchangedRunPublishesNothing|PreflightComesFirst|KillAtAnyTime|BatchesDecideNothing|Supersedes|CollisionSideBySide)$$
RACEDWORK = ^Test(SplitsMakeNoDifference|WorkersAndASink|SplitsAreCalledOff|DigestsAreOfWhatWasRead|DiscoverTellsInOrder|ReadingBesideTheDigest|SideBySide.*|NumbersFrom|OrderTurnsOnRowsAlone|SameRowsSameBytes|Crew|Pieces|PiecesFail|FileThatChanges|Frames.*|LargeDictionary)$$
RACEDLOAD = ^Test(BuiltInDefinitions|OtherEndings|Version)
CONCURRENT = ./pkg/notice ./pkg/state ./pkg/store/... ./pkg/recipient/...

.DEFAULT_GOAL := help
.PHONY: help build demo test check-format interop test-long bench bench-test bench-stages arm64 lint cross readme clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/postern and bin/postern-verify
	$(GOBUILD) -o bin/ ./cmd/...

demo: build ## a synthetic council from keys to a verified drop, in demo/
	@$(NEED) ssh-keygen
	@testdata/demo/demo.sh

check-format:
	@testdata/tools/gofmt.sh

# Most of what tests do is short: with more room before memory is collected, the commands that they run take some quarter
# less of the processor.
test: export GOGC = 400
test: check-format $(S3SERVER) ## every test that fits into a quarter of an hour
	@$(NEED) gcc g++ ssh-keygen python3
	$(GO) vet ./...
	POSTERN_VERSITYGW=$(CURDIR)/$(S3SERVER) $(GO) test -shuffle=on -timeout 18m ./...
	POSTERN_VERSITYGW=$(CURDIR)/$(S3SERVER) $(GO) test -race -shuffle=on -timeout 18m $(CONCURRENT)
	$(GO) test -race -timeout 18m -run '$(RACEDLOAD)' ./pkg/dataset
	$(GO) test -race -timeout 18m -run '$(RACEDWORK)' ./pkg/extract ./pkg/extract/csv ./pkg/harmonise ./pkg/minimise ./pkg/parquetfile ./pkg/table
	POSTERN_VERSITYGW=$(CURDIR)/$(S3SERVER) $(GO) test -race -timeout 18m -run '$(RACED)' ./cmd/postern
	POSTERN_VERSITYGW=$(CURDIR)/$(S3SERVER) $(GO) test -race -timeout 18m -run '$(RACEDRUNS)' ./pkg/export
	@$(MAKE) --no-print-directory interop bench-test

interop: build ## DuckDB and Python read a drop (their own module)
	@$(NEED) gcc g++ ssh-keygen python3
	cd testdata/interop && $(GO) vet ./... && $(GO) test -count=1 -timeout 10m -v ./...

test-long: build $(S3SERVER) ## fuzzing (FUZZ seconds a target), kill tests over and over, 1,000,000 children
	@$(NEED) gcc g++ ssh-keygen python3
	POSTERN_LONG=1 POSTERN_VERSITYGW=$(CURDIR)/$(S3SERVER) $(GO) test -shuffle=on -timeout 60m ./...
	POSTERN_VERSITYGW=$(CURDIR)/$(S3SERVER) $(GO) test -race -shuffle=on -timeout 60m ./...
	POSTERN_LONG=1 POSTERN_VERSITYGW=$(CURDIR)/$(S3SERVER) $(GO) test -count=20 -timeout 60m -run 'Kill|Crash|Interrupt|Signal' ./...
	testdata/tools/fuzz.sh $(FUZZ)
	@$(MAKE) --no-print-directory arm64
	python3 testdata/tools/cost.py testdata/demo/demo.sh --folder bin/large --children 1000000 --years 4
	rm -rf bin/large

# BENCH is for more: make bench ROWS=10000000 BENCH='-parts main,shuffled -strict'; bin/bench/bench -h lists what there is.
bench: build ## Postern beside DuckDB and Python on ROWS rows, REPEATS times each
	@$(NEED) gcc g++ ssh-keygen python3
	cd bench && CGO_ENABLED=1 $(GO) build -trimpath -buildvcs=false -o ../bin/bench/ ./...
	bin/bench/bench -rows $(ROWS) -repeats $(REPEATS) $(BENCH)

bench-test:
	@$(NEED) gcc g++ python3
	cd bench && CGO_ENABLED=1 $(GO) vet ./... && CGO_ENABLED=1 $(GO) test -timeout 10m ./...

bench-stages: ## Go benchmarks of each stage, COUNT times each
	$(GO) test -run '^$$' -bench . -benchmem -count=$(COUNT) -timeout 60m ./...

$(LINT): testdata/tools/go.mod testdata/tools/go.sum
	cd testdata/tools && CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -o ../../$(LINT) github.com/golangci/golangci-lint/v2/cmd/golangci-lint

# The S3 server that tests start and stop: make bin/tools/versitygw.
$(S3SERVER): testdata/tools/go.mod testdata/tools/go.sum
	cd testdata/tools && CGO_ENABLED=0 $(GO) build -trimpath -buildvcs=false -o ../../$(S3SERVER) github.com/versity/versitygw/cmd/versitygw

arm64: build ## the same Parquet bytes from the command for arm64, which qemu-user runs
	@$(NEED) qemu-aarch64 ssh-keygen
	GOOS=linux GOARCH=arm64 $(GOBUILD) -o bin/cross/linux-arm64/ ./cmd/postern
	testdata/tools/arm64.sh $(CURDIR)/bin/postern $(CURDIR)/bin/cross/linux-arm64/postern

lint: $(LINT) ## golangci-lint, built from the tools module
	CGO_ENABLED=0 $(LINT) run ./...
	@$(NEED) gcc g++
	cd bench && CGO_ENABLED=1 ../$(LINT) run --config ../.golangci.yml ./...

cross: ## both commands for Linux, macOS and Windows, amd64 and arm64
	@for platform in $(PLATFORMS); do \
		echo "$$platform"; \
		GOOS=$${platform%/*} GOARCH=$${platform#*/} $(GOBUILD) -o bin/cross/$$(echo $$platform | tr / -)/ ./cmd/... || exit 1; \
	done

readme: demo ## run the commands that README.md shows
	@$(NEED) python3
	python3 testdata/tools/readme.py README.md .

clean: ## remove everything that was made
	rm -rf bin demo bench/out

# Sluice. `make` alone prints help.
#
# Everything is found by its place: lib/**.c is the library, components/X/ the executable `X`, cli/ the executable
# `sluice`, tests/unit/**_test.c one test program each. A new file needs no line here.

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
# make V=1 shows the commands.
Q := $(if $(V),,@)
SHELL := /bin/bash
.SHELLFLAGS := -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# One knob for flavours: make test SANITIZE=address,undefined (or thread). Each has its own build folder.
SANITIZE ?=
CC = gcc
CCACHE := $(shell command -v ccache 2>/dev/null)
comma := ,
FLAVOUR := $(if $(SANITIZE),$(subst $(comma),-,$(SANITIZE)),release)
B := build/$(FLAVOUR)
GEN := build/gen

# ---- flags -------------------------------------------------------------------------------------------------------
WARN := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wpointer-arith -Wvla \
        -Wwrite-strings -Wformat=2 -Wno-format-nonliteral -Wundef -Wcast-qual \
        $(if $(SANITIZE),-Wno-maybe-uninitialized) # the sanitizers' own calls mislead it
# -ffp-contract=off: the same arithmetic everywhere (DESIGN 5, one transform).
OPT := $(if $(SANITIZE),-O1 -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=all,-O2) -g1
CPPFLAGS := -D_GNU_SOURCE -Ilib -I$(GEN) -isystem $(GEN)/proto -I. -include base/forbid.h
CFLAGS = -std=gnu17 $(OPT) $(WARN) -ffp-contract=off -fno-math-errno -pthread
# A program takes only the libraries that it has a use for.
LDLIBS = -Wl,--as-needed -lcjson -lyaml -lsqlite3 -lprotobuf-c -lzstd -lsnappy -llz4 -lz \
         -lxxhash -lcrypto -lxgboost -lm -lpthread
# Loops over parameters are worth better code than -O2 makes.
CFLAGS_lib_core_learn_optimizer := -O3
CFLAGS_lib_adapter_cpu_learner_cpu := -O3
CFLAGS_lib_adapter_cpu_backward := -O3
LDFLAGS = $(if $(SANITIZE),-fsanitize=$(SANITIZE)) -pthread -Wl,-z,relro,-z,now

# ---- what there is -----------------------------------------------------------------------------------------------
LIB_SRC := $(sort $(shell find lib -name '*.c' 2>/dev/null))
PROTO := $(sort $(wildcard lib/codec/proto/*.proto))
PROTO_C := $(PROTO:lib/codec/proto/%.proto=$(GEN)/proto/%.pb-c.c)
PROTO_H := $(PROTO_C:.c=.h)
LIB_OBJ := $(LIB_SRC:%.c=$B/%.o) $(PROTO_C:$(GEN)/%.c=$B/gen/%.o)
COMPONENTS := $(sort $(notdir $(patsubst %/main.c,%,$(wildcard components/*/main.c))))
BIN := $(COMPONENTS:%=$B/bin/%) $(if $(wildcard cli/*.c),$B/bin/sluice)
TEST_SRC := $(sort $(shell find tests/unit tests/contract -name '*_test.c' 2>/dev/null))
TEST_BIN := $(TEST_SRC:tests/%.c=$B/tests/%)
SUPPORT_SRC := $(sort $(wildcard tests/support/*.c))
SUPPORT_OBJ := $(SUPPORT_SRC:%.c=$B/%.o)
FUZZ_SRC := $(sort $(wildcard tests/fuzz/*_fuzz.c))
FUZZ_REPLAY := $(FUZZ_SRC:tests/fuzz/%.c=$B/tests/fuzz/%_replay)
FUZZ_BIN := $(FUZZ_SRC:tests/fuzz/%.c=build/fuzz/%)
TOOL_SRC := $(sort $(wildcard tests/integration/tools/*.c))
TOOL_BIN := $(TOOL_SRC:tests/%.c=$B/tests/%)

help: ## this text
	@echo "Sluice: make TARGET [SANITIZE=address,undefined]"
	@grep -hE '^[a-z][a-z0-9-]*:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## ?/  \1\t/' | sort | expand -t18

# ---- build -------------------------------------------------------------------------------------------------------
deps: ## install the packages that building and testing need
	@hack/deps build test

build: .build-deps ## the sluice executable and every component, in build/release/bin
	@+$(MAKE) --no-print-directory -j $$(nproc) binaries

.PHONY: .build-deps binaries
.build-deps:
	@hack/deps build

binaries: $(BIN)

$(GEN)/proto/%.pb-c.c $(GEN)/proto/%.pb-c.h: lib/codec/proto/%.proto
	@mkdir -p $(GEN)/proto
	$(Q)protoc-c --proto_path=lib/codec/proto --c_out=$(GEN)/proto $(notdir $<)

# Generated code is not held to this house's warnings.
$B/gen/proto/%.pb-c.o: $(GEN)/proto/%.pb-c.c | $(PROTO_H)
	@mkdir -p $(@D)
	$(Q)$(CCACHE) $(CC) -std=gnu17 $(OPT) -w -I$(GEN)/proto -c -o $@ $<

$B/%.o: %.c | $(PROTO_H)
	@mkdir -p $(@D)
	$(Q)$(CCACHE) $(CC) $(CPPFLAGS) $(CFLAGS) $(CFLAGS_$(subst /,_,$*)) -MMD -MP -c -o $@ $<

$B/libsluice.a: $(LIB_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^

# What shapes a component's output: its own sources and every library floor but the programs' wiring.
$B/build_ids.c: hack/build-ids $(LIB_SRC) $(shell find components lib -name '*.[ch]' -o -name '*.inc' 2>/dev/null)
	@mkdir -p $(@D)
	$(Q)hack/build-ids > $@.part && mv $@.part $@

$B/build_ids.o: $B/build_ids.c
	$(Q)$(CCACHE) $(CC) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

define program
$B/bin/$(1): $(patsubst %.c,$B/%.o,$(wildcard $(2)/*.c)) $B/build_ids.o $B/libsluice.a
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(LDFLAGS) -o $$@ $$^ $$(LDLIBS)
endef
$(foreach c,$(COMPONENTS),$(eval $(call program,$(c),components/$(c))))
$(eval $(call program,sluice,cli))

# ---- tests -------------------------------------------------------------------------------------------------------
$B/tests/%_test: $B/tests/%_test.o $(SUPPORT_OBJ) $B/build_ids.o $B/libsluice.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

# Small programs that integration tests drive.
$B/tests/integration/tools/%: $B/tests/integration/tools/%.o $B/build_ids.o $B/libsluice.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# A fuzz target as a plain program that replays its corpus.
$B/tests/fuzz/%_fuzz_replay: $B/tests/fuzz/%_fuzz.o $B/tests/fuzz/replay.o $B/libsluice.a
	@mkdir -p $(@D)
	$(Q)$(CC) $(LDFLAGS) -o $@ $^ $(LDLIBS)

# The same under libFuzzer: every source is compiled with its coverage, once for all targets.
FUZZ_FLAGS := -std=gnu17 -g -O1 -w -ffp-contract=off -pthread
FUZZ_OBJ := $(LIB_SRC:%.c=build/fuzz/obj/%.o) $(PROTO_C:$(GEN)/%.c=build/fuzz/obj/gen/%.o) build/fuzz/obj/build_ids.o

build/fuzz/obj/%.o: %.c | $(PROTO_H)
	@mkdir -p $(@D)
	$(Q)$(CCACHE) clang $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined -MMD -MP -c -o $@ $<

build/fuzz/obj/gen/%.o: $(GEN)/%.c
	@mkdir -p $(@D)
	$(Q)$(CCACHE) clang $(FUZZ_FLAGS) -I$(GEN)/proto -c -o $@ $<

build/fuzz/obj/build_ids.o: $B/build_ids.c
	@mkdir -p $(@D)
	$(Q)$(CCACHE) clang $(CPPFLAGS) $(FUZZ_FLAGS) -c -o $@ $<

build/fuzz/libsluice.a: $(FUZZ_OBJ)
	@rm -f $@
	$(Q)ar rcs $@ $^

build/fuzz/%_fuzz: tests/fuzz/%_fuzz.c build/fuzz/libsluice.a
	@mkdir -p $(@D)
	$(Q)clang $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined -o $@ $^ $(LDLIBS)

test-programs: $(TEST_BIN) $(FUZZ_REPLAY) $(TOOL_BIN)

unit: $(TEST_BIN) ## unit and contract tests of this flavour
	@hack/run-tests $B $(TEST_BIN:%=%)

test: .test-deps ## build and run every test: unit, contract, golden, fuzz corpus, integration
	@+$(MAKE) --no-print-directory test-all

.PHONY: .test-deps test-all
.test-deps:
	@hack/deps build test

test-all:
	@hack/test

golden-update: ## write tests/golden anew from what the code says now; read the diff
	@hack/golden

asan: ## unit tests with AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory unit SANITIZE=address,undefined

tsan: ## unit tests with ThreadSanitizer
	@$(MAKE) --no-print-directory unit SANITIZE=thread

fuzz: $(FUZZ_BIN) ## fuzz every decoder for FUZZ_SECONDS (60) each
	@hack/fuzz $(FUZZ_BIN)

crash: build ## 100 runs of a real pipeline, killed at random moments and resumed
	@hack/deps test && CRASH_N=100 hack/integration crash

bench: build ## measure against the peers; figures go to docs/benchmarks.md by hand
	@hack/deps test && hack/bench

quality: build ## AUC of each model family on all 3 M flights beside scikit-learn and XGBoost (minutes)
	@hack/deps build test && $(MAKE) --no-print-directory test-programs
	@SLUICE_QUALITY_ROWS=3000000 SLUICE_BIN=$(CURDIR)/$B/bin $(VENV)/bin/python3 tests/integration/trainer_quality_test.py

# ---- checks ------------------------------------------------------------------------------------------------------
C_FILES = $(shell git ls-files --cached --others --exclude-standard '*.c' '*.h' | sort)

fmt: ## format every C file in place
	@clang-format -i $(C_FILES)

check: .test-deps fmt-check lint layers headers ## format, lint, layers, headers

.PHONY: fmt-check
fmt-check:
	@clang-format --dry-run --Werror $(C_FILES)

lint: $(PROTO_H) ## clang with all warnings, cppcheck, shellcheck
	@hack/lint "$(CPPFLAGS) $(WARN) -Wno-shadow"

layers: ## no upward include, no include cycle
	@hack/layers

headers: $(PROTO_H) ## every header compiles alone
	@hack/headers "$(CC) $(CPPFLAGS) -std=gnu17 $(WARN)"

# ---- examples ----------------------------------------------------------------------------------------------------
quickstart: build ## install, build, and run the birdstrikes example from CSV to a pushed model
	@hack/quickstart

data: ## fetch the big example's data (flights, 3 M rows)
	@hack/deps data

clean: ## remove what was built
	rm -rf build

.PHONY: help golden-update crash test-programs deps build unit test asan tsan fuzz bench quality fmt check lint layers headers quickstart data clean
.SECONDARY:
-include $(shell find $B build/fuzz -name '*.d' 2>/dev/null)

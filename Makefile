# SPDX-License-Identifier: GPL-2.0
#
# The conveniences; what to build stands in Kbuild.
#
# Each kernel has its own folder build/KERNEL, a tree of links to our sources,
# so that the objects of several kernels never meet and nothing is written
# beside the sources. With BUILD=FOLDER it is not in the checkout, which may be read-only.

KERNEL ?= stock
PREFIX ?= /usr/local
CC ?= gcc
# A package has the program linked to its distribution's libraries: STATIC=
STATIC := -static
MYMM_VERSION :=
# Not from the environment, where that name may mean something else: clean removes it.
BUILD := build

name  := $(notdir $(KERNEL))
tree  := $(BUILD)/$(name)
cli   := $(BUILD)/mymm
man   := $(patsubst Documentation/%,$(BUILD)/%,$(wildcard Documentation/man/*))

# What tests run: static for a guest that has no libc, dynamic to have one's malloc.
static  := fuzz replies mymem harm mymem_calls mymem_frames pressure filework scatter objects_look
dynamic := malloc_steps malloc_calls

# For trace.dat; scripts/mymm_static.c says what is wrapped.
tracing := -isystem /usr/include/tracefs -isystem /usr/include/traceevent
tracing_libs := -Wl,--wrap=dlopen -ltracefs -ltraceevent -lzstd -lz

# For the screen of mymm top.
screen_libs := -lncursesw -ltinfo

# A compiler newer than ours may know warnings that are news to us.
strict := $(if $(CI),-Werror)
# As Ubuntu's gcc has by default, so that what it warns of is seen everywhere.
fortify := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
compile := scripts/cc $(CC) -O2 -g -Wall -Wextra $(strict) $(fortify) -Isrc/uapi

# A line for what is made, as Kbuild prints it, or with V=1 the command.
quiet = $(if $(filter 1,$(V)),,@$(if $(findstring s,$(firstword -$(MAKEFLAGS))),,echo '  $1	$@';))

objects := $(patsubst scripts/%.c,$(BUILD)/cli/%.o,$(wildcard scripts/mymm*.c))

# make would take a blank, or a colon, for the end of a name.
ifneq ($(words $(subst :, ,$(BUILD))),1)
$(error BUILD='$(BUILD)' has a blank or a colon, which make can't handle)
endif

# Of the checkout, and not of one that it lies in; looked up when the CLI is built.
version = -DMYMM_VERSION='"$(or $(MYMM_VERSION),$(if $(wildcard .git),$(shell git describe --always --dirty 2>/dev/null)),unknown)"'

MAKEFLAGS += --no-print-directory
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
.PHONY: FORCE compile_commands.json deps all modules cli programs man run shell test test-debug test-distros deb test-deb quick bench pressure mirror pictures lint install uninstall clean help

all: modules cli man ## build the modules for the distribution's kernel, the CLI and its manual (the default)

modules: | $(BUILD) ## build the modules; KERNEL=stock|6.1|6.12|kunit|debug|um|um-debug|PATH
	@flock $(tree).lock scripts/build $(KERNEL) $(tree)

cli: $(cli) $(BUILD)/libmymalloc.so $(addprefix $(BUILD)/,$(static) $(dynamic)) ## build the CLI, libmymalloc.so, and programs for tests

$(cli): $(objects) $(BUILD)/cli/objects
	$(call quiet,LD)scripts/cc $(CC) $(STATIC) -o $@ $(objects) $(tracing_libs) $(screen_libs)

# Their names, written anew when a source comes or goes: what is gone must be linked no more.
$(BUILD)/cli/objects: FORCE
	@mkdir -p $(@D)
	@echo '$(objects)' | cmp -s - $@ || echo '$(objects)' >$@

FORCE:

$(objects): $(BUILD)/cli/%.o: scripts/%.c $(wildcard scripts/*.h src/uapi/*.h) Makefile | deps
	@mkdir -p $(@D)
	$(call quiet,CC)$(compile) -Iscripts $(tracing) -c -o $@ $<

$(BUILD)/cli/mymm_html.o: $(wildcard scripts/report*)
$(BUILD)/cli/mymm_lab.o: $(wildcard $(addprefix Documentation/labs/,lib.sh *.md zh/*.md))
# It alone says which version it is, and so is compiled anew with whatever changes.
$(BUILD)/cli/mymm.o: compile += $(version)
$(BUILD)/cli/mymm.o: $(filter-out $(BUILD)/cli/mymm.o,$(objects)) $(BUILD)/cli/objects

programs: $(cli) $(BUILD)/libmymalloc.so man ## build what a package has: the CLI, libmymalloc.so and the manual

man: $(man) ## build the manual pages, which name the CLI's options

$(man): $(BUILD)/%: Documentation/% scripts/man $(cli)
	@mkdir -p $(@D)
	$(call quiet,MAN)scripts/man $(cli) $< >$@

# initfirst: before any other library's constructor may call malloc.
$(BUILD)/libmymalloc.so: scripts/libmymalloc.c src/uapi/mymem.h | deps
	$(call quiet,CC)$(compile) -fPIC -shared -fcf-protection -fvisibility=hidden -Wl,-z,initfirst,-z,now -o $@ $<

$(addprefix $(BUILD)/,$(dynamic)): $(BUILD)/%: qemu/%.c | deps
	$(call quiet,CC)$(compile) -o $@ $< -lpthread

$(addprefix $(BUILD)/,$(static)): $(BUILD)/%: qemu/%.c qemu/scenario.h src/uapi/mymm.h src/uapi/mymem.h | deps
	$(call quiet,CC)$(compile) -static -o $@ $< -lpthread

$(BUILD):
	@mkdir -p $@

deps: | $(BUILD)
	@scripts/deps cli

run: ## a tour: load, replay a recorded compile, look, give back, unload
	@scripts/run

shell: ## a prompt in the VM, modules and CLI at hand; KERNEL=, VM='--mem 2048 ...'
	@qemu/vm --kernel $(KERNEL) --timeout 0 $(VM) --tty || \
		{ code=$$?; [ $$code -lt 122 ] || [ $$code -gt 125 ] || exit $$code; }

test: ## all tests on the KUnit kernel, the stock one and user-mode Linux; SEED= FILTER= repeat one
	@scripts/test host kunit stock um

quick: ## the KUnit suites on user-mode Linux, in seconds; FOR=src/FOLDER/FILE.c FILTER=
	@FILTER="$${FILTER:-kunit}" scripts/test um

test-debug: ## the same under KASAN, lockdep and kmemleak
	@scripts/test um-debug debug

test-distros: ## make run on each distribution that is supported, from nothing; as root
	@scripts/test-distros

deb: ## packages for this distribution: mymm-dkms, mymm-utils
	@scripts/deb

test-deb: ## install these in a root of Debian 12, boot it, upgrade its kernel, remove them; as root
	@scripts/test-deb

bench: ## what an operation costs beside the kernel's own: instructions; KERNEL=um: time
	@scripts/bench --kernel $(KERNEL)

pressure: cli ## major faults beside Linux's, of memory that does not fit
	@scripts/pressure --kernel $(KERNEL)

mirror: cli $(BUILD)/objects_look ## the running kernel's free lists and caches, and a pool's beside them, under load
	@scripts/mirror --kernel $(KERNEL)

pictures: cli ## draw the pictures of Documentation/pictures anew
	@scripts/pictures --kernel $(KERNEL)

lint: ## each checker that has something to say about the sources
	@scripts/lint

compile_commands.json: modules ## how each file is compiled, for clangd and its like; KERNEL=kunit
	@scripts/compile-commands $(KERNEL) $(tree) >$@

install: all ## for use by hand: the module for KERNEL, CLI, manual and headers; DESTDIR= PREFIX=
	@scripts/install $(KERNEL) $(tree) $(cli)

uninstall: ## take away what install put there
	@scripts/install --remove

clean: ## remove what was built here; the kernels in the cache stay
	@find $(BUILD) -maxdepth 1 -type l -lname '/var/tmp/mymm-*' -exec sh -c 'rm -rf "$$(realpath "$$1")"' sh {} \; 2>/dev/null || true
	rm -rf $(BUILD)

help: ## this list
	@LC_ALL=C sed -n 's/^\([a-z_.-]*\):.*## \(.*\)/\1#\2/p' $(firstword $(MAKEFILE_LIST)) | \
		awk -F'#' '{ printf "  make %-20s %s\n", $$1, $$2 }'

export BUILD SEED STORM FOR FILTER KERNEL DESTDIR PREFIX

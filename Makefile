# SPDX-License-Identifier: BSD-2-Clause OR MIT
# Builds, runs and tests Partita. `make help` lists the targets. One file, no recursion: new sources are found by name.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

CC = gcc
OBJCOPY = objcopy
PYTHON = python3
# V=1 shows the commands.
Q = $(if $(V),,@)
say = @printf '  %-8s %s\n'

# ---- flags ----------------------------------------------------------------------------------------------------------
# Paths are made relative and nothing records a date, so that equal sources give equal bytes in every folder.
WARN = -Wall -Wextra -Werror -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wundef
COMMON = -std=gnu11 -g $(WARN) -MMD -MP -ffile-prefix-map=$(CURDIR)=.
INCLUDE = -Isrc -Isrc/lib -Iarch/x86 -Ibuild/gen
FREESTANDING = -ffreestanding -nostdlib -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none -mgeneral-regs-only -fno-strict-aliasing
CORE_CFLAGS = $(COMMON) $(FREESTANDING) -O2 -m64 -mno-red-zone -mcmodel=kernel $(INCLUDE)
BOOT_CFLAGS = $(COMMON) $(FREESTANDING) -Os -m32 -march=i686 $(INCLUDE) -Iboot
HOST_CFLAGS = $(COMMON) -O2
UNIT_CFLAGS = $(COMMON) -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
	$(INCLUDE) -Igen -Ibuild/obj/gen -Itests/unit
LINK = -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,max-page-size=4096 -Wl,--fatal-warnings

# ---- sources --------------------------------------------------------------------------------------------------------
GEN_SRC = $(wildcard gen/*.c)
SPEC = $(wildcard spec/*.def spec/*/*.def)
CORE_SRC = $(wildcard src/*.c src/lib/*.c arch/x86/*.c arch/x86/*.S arch/x86/vmx/*.c arch/x86/vmx/*.S \
	arch/x86/svm/*.c arch/x86/svm/*.S build/gen/spec_*.c)
BOOT_SRC = $(wildcard boot/*.c boot/*.S)
UNIT_SRC = $(wildcard tests/unit/test_*.c)

# $(call objects,folder,sources): where the objects of sources lie under build/obj.
objects = $(patsubst %,build/obj/$(1)/%.o,$(basename $(2)))
GEN_OBJ = $(patsubst gen/%.c,build/obj/gen/%.o,$(GEN_SRC)) build/obj/gen/lex.o build/obj/gen/parse.o
CORE_OBJ = $(call objects,core,$(CORE_SRC))
BOOT_OBJ = $(call objects,boot32,$(BOOT_SRC))
UNIT_BIN = $(patsubst tests/unit/%.c,build/unit/%,$(UNIT_SRC))

.PHONY: all hvgen unit clean distclean setup help
all: build/partita build/disk-loader.bin build/hvgen

# ---- tools ----------------------------------------------------------------------------------------------------------
# Checked once; a later change of the package list checks again.
build/.setup: boot/setup
	$(Q)mkdir -p build
	$(Q)boot/setup
	$(Q)touch $@

setup:
	boot/setup

# ---- generator ------------------------------------------------------------------------------------------------------
GEN_CFLAGS = $(HOST_CFLAGS) -Igen -Ibuild/obj/gen
# What lemon and re2c write is not ours to keep free of these.
TOOL_CFLAGS = -Wno-unused-parameter -Wno-unused-variable -Wno-missing-prototypes -Wno-sign-compare -Wno-type-limits

hvgen: build/hvgen
build/hvgen: $(GEN_OBJ)
	$(say) LINK $@
	$(Q)$(CC) -o $@ $^

build/obj/gen/%.o: gen/%.c build/obj/gen/parse.h Makefile | build/.setup
	$(say) CC $<
	$(Q)$(CC) $(GEN_CFLAGS) -c -o $@ $<

build/obj/gen/lex.o build/obj/gen/parse.o: build/obj/gen/%.o: build/obj/gen/%.c build/obj/gen/parse.h Makefile
	$(say) CC $<
	$(Q)$(CC) $(GEN_CFLAGS) $(TOOL_CFLAGS) -c -o $@ $<

build/obj/gen/parse.c build/obj/gen/parse.h &: gen/parse.y Makefile | build/.setup
	$(say) LEMON $<
	$(Q)mkdir -p build/obj/gen
	$(Q)lemon -q -dbuild/obj/gen $<

build/obj/gen/lex.c: gen/lex.re Makefile | build/.setup
	$(say) RE2C $<
	$(Q)mkdir -p build/obj/gen
	$(Q)re2c -W -Werror --no-generation-date -o $@ $<

# The stamp is an included makefile on purpose: make brings it up to date first and then starts over, so that it sees the
# names and times of what hvgen wrote. hvgen leaves a file alone whose content stays the same.
build/gen/.stamp: build/hvgen $(SPEC)
	$(say) HVGEN spec/hypercalls.def
	$(Q)mkdir -p build/gen
	$(Q)build/hvgen gen -o build/gen spec/hypercalls.def
	$(Q)touch $@

ifneq ($(or $(if $(MAKECMDGOALS),,all),$(filter-out help clean distclean setup hvgen build/hvgen,$(MAKECMDGOALS))),)
ifneq ($(and $(wildcard gen/main.c),$(wildcard spec/hypercalls.def)),)
include build/gen/.stamp
endif
endif

# ---- hypervisor -----------------------------------------------------------------------------------------------------
build/obj/core/%.o: %.c Makefile
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CORE_CFLAGS) -c -o $@ $<

build/obj/core/%.o: %.S Makefile
	$(say) AS $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CORE_CFLAGS) -c -o $@ $<

build/core.elf: $(CORE_OBJ) arch/x86/core.ld Makefile
	$(say) LINK $@
	$(Q)$(CC) -m64 $(LINK) -T arch/x86/core.ld -Wl,-Map=build/core.map -o $@ $(CORE_OBJ)

build/core.bin: build/core.elf
	$(say) OBJCOPY $@
	$(Q)$(OBJCOPY) -O binary $< $@

build/obj/boot32/%.o: %.c Makefile
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BOOT_CFLAGS) -c -o $@ $<

# One of these takes the core in with .incbin "build/core.bin".
build/obj/boot32/%.o: %.S build/core.bin Makefile
	$(say) AS $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(BOOT_CFLAGS) -c -o $@ $<

build/partita: $(BOOT_OBJ) boot/boot.ld Makefile
	$(say) LINK $@
	$(Q)$(CC) -m32 $(LINK) -T boot/boot.ld -o $@ $(BOOT_OBJ)

# The disk loader with which boot/run starts Bochs; not part of the hypervisor.
build/disk-loader.bin: boot/disk/loader.S Makefile
	$(say) AS $<
	$(Q)mkdir -p build/obj/boot32/boot/disk
	$(Q)$(CC) $(BOOT_CFLAGS) -c -o build/obj/boot32/boot/disk/loader.o $<
	$(Q)$(CC) -m32 $(LINK) -Wl,-Ttext=0x7c00,--oformat=binary -o $@ build/obj/boot32/boot/disk/loader.o

# ---- unit tests -----------------------------------------------------------------------------------------------------
# Each tests/unit/test_*.c is one program. A line in it `/* link: a.c b.c */` (there may be several) names the sources,
# relative to the top, that it is linked with.
build/obj/unit/%.o: %.c Makefile
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS) $(if $(filter build/obj/gen/%,$<),$(TOOL_CFLAGS)) -c -o $@ $<

unit_links = $(shell sed -n 's,^/\* link: *\(.*\) \*/$$,\1,p' $(1))
define unit_program
build/unit/$(1): build/obj/unit/tests/unit/$(1).o $(call objects,unit,$(call unit_links,tests/unit/$(1).c))
	$$(say) LINK $$@
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) -fsanitize=address,undefined -o $$@ $$^ -lcmocka
endef
$(foreach t,$(patsubst tests/unit/%.c,%,$(UNIT_SRC)),$(eval $(call unit_program,$(t))))

unit: $(UNIT_BIN)
	$(Q)set -e; for t in $^; do echo "== $$t"; $$t; done

# ---- housekeeping ---------------------------------------------------------------------------------------------------
clean:
	rm -rf $(filter-out build/linux,$(wildcard build/* build/.setup))

distclean:
	rm -rf build

-include $(patsubst %.o,%.d,$(GEN_OBJ) $(CORE_OBJ) $(BOOT_OBJ)) $(shell find build/obj/unit -name "*.d" 2>/dev/null)

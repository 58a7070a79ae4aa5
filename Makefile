# SPDX-License-Identifier: BSD-2-Clause OR MIT
# Builds, runs and tests Partita. `make help` lists the targets. One file, no recursion: new sources are found by name.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

CC = gcc
OBJCOPY = objcopy
STRIP = strip
PYTHON = python3
# V=1 shows the commands.
Q = $(if $(V),,@)
say = @printf '  %-8s %s\n'

# ---- flags ----------------------------------------------------------------------------------------------------------
# Paths are made relative and nothing records a date, so that equal sources give equal bytes in every folder.
WARN = -Wall -Wextra -Werror -Wno-unused-parameter -Wstrict-prototypes -Wmissing-prototypes -Wundef
COMMON = -std=gnu11 -g $(WARN) -MMD -MP -ffile-prefix-map=$(CURDIR)=.
INCLUDE = -Isrc -Isrc/lib -Iarch/x86 -Ibuild/gen
FREESTANDING = -Wvla -ffreestanding -nostdlib -fno-pic -fno-pie -fno-stack-protector -fno-asynchronous-unwind-tables \
	-fcf-protection=none -mgeneral-regs-only -fno-strict-aliasing
# Nothing in the core needs more of its stack than words do: no function spends instructions on aligning it further.
CORE_CFLAGS = $(COMMON) $(FREESTANDING) -m64 -mno-red-zone -mno-sse -mpreferred-stack-boundary=3 -mcmodel=kernel \
	$(INCLUDE)
# What a guest waits for is made fast, the rest small.
CORE_HOT = $(addprefix src/,cpuid flush gpa hv_interrupt hv_scheduler hv_synic hv_tlb hypercall interrupt lapic lapic_ipi \
	lapic_timer msr msr_apic msr_time port reftsc remote stimer synic lib/string lib/vpset) $(addprefix arch/x86/,apic \
	apic_page guest_memory guest_walk idt irq machine mmio svm/exit svm/regs svm/svm vmx/exit) \
	$(addprefix build/gen/,spec_calls spec_check spec_msrs)
core_speed = $(if $(filter $(addsuffix .c,$(CORE_HOT)),$(1)),-O2 -fno-align-jumps -fno-align-loops -falign-functions=8,-Os)
BOOT_CFLAGS = $(COMMON) $(FREESTANDING) -Os -m32 -march=i686 $(INCLUDE) -Iboot
HOST_CFLAGS = $(COMMON) -O2
UNIT_CFLAGS = $(COMMON) -O1 -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all \
	$(INCLUDE) -Igen -Ibuild/obj/gen -Itests/unit
LINK = -nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,noexecstack -Wl,-z,max-page-size=4096 -Wl,--fatal-warnings

# ---- sources --------------------------------------------------------------------------------------------------------
GEN_SRC = $(wildcard gen/*.c)
GEN_MADE = build/obj/gen/lex.c build/obj/gen/parse.c build/obj/gen/text.c
GEN_TEXT = $(filter-out gen/text/text.h,$(wildcard gen/text/*)) gen/LANGUAGE.md
SPEC = $(wildcard spec/*.def spec/*/*.def)
CORE_SRC = $(wildcard src/*.c src/lib/*.c arch/x86/*.c arch/x86/*.S arch/x86/vmx/*.c arch/x86/vmx/*.S \
	arch/x86/svm/*.c arch/x86/svm/*.S build/gen/spec_*.c)
GUEST_SRC = $(wildcard tests/guest/*.c tests/guest/*.S)
BOOT_SRC = $(wildcard boot/*.c boot/*.S)
UNIT_SRC = $(wildcard tests/unit/test_*.c)

# $(call objects,folder,sources): where the objects of sources lie under build/obj: x.c -> x.o, x.S -> x.S.o.
objects = $(patsubst %,build/obj/$(1)/%.o,$(patsubst %.c,%,$(2)))
GEN_OBJ = $(patsubst gen/%.c,build/obj/gen/%.o,$(GEN_SRC)) $(GEN_MADE:.c=.o)
CORE_OBJ = $(call objects,core,$(CORE_SRC))
BOOT_OBJ = $(call objects,boot32,$(BOOT_SRC))
# Test guests: rt* is the runtime of all of them, bench* the measurements, the rest the conformance suite.
GUEST_RT = $(filter tests/guest/rt%,$(GUEST_SRC))
GUEST_BENCH = $(filter tests/guest/bench%,$(GUEST_SRC))
GUEST_SUITE = $(filter-out $(GUEST_BENCH),$(GUEST_SRC))
GUESTS = $(if $(GUEST_SUITE),build/guest64.elf build/guest32.elf) $(if $(GUEST_BENCH),build/bench.elf)
UNIT_BIN = $(patsubst tests/unit/%.c,build/unit/%,$(UNIT_SRC))

.PHONY: fuzz all hvgen outputs guests iso unit run test check-header bench doc docs count errata clean distclean setup help
all: build/partita build/disk-loader.bin build/hvgen

# ---- tools ----------------------------------------------------------------------------------------------------------
# Checked once; a later change of the package list checks again.
build/.setup: boot/setup
	$(Q)mkdir -p build
	$(Q)boot/setup
	$(Q)touch $@

build/.setup-tests: boot/setup | build/.setup
	$(Q)boot/setup --tests
	$(Q)touch $@

setup:
	boot/setup --tests

# ---- generator ------------------------------------------------------------------------------------------------------
GEN_CFLAGS = $(HOST_CFLAGS) -Igen -Ibuild/obj/gen
# What lemon and re2c write is not ours to keep free of these.
TOOL_CFLAGS = -Wno-unused-variable -Wno-missing-prototypes -Wno-sign-compare -Wno-type-limits

hvgen: build/hvgen
build/hvgen: $(GEN_OBJ)
	$(say) LINK $@
	$(Q)$(CC) -o $@ $^

# The same under ASan and UBSan, for tests/gen/run.
CHECKED_OBJ = $(call objects,unit,$(GEN_SRC) $(GEN_MADE))
$(CHECKED_OBJ): | build/obj/gen/parse.h
build/hvgen-checked: $(CHECKED_OBJ)
	$(say) LINK $@
	$(Q)$(CC) -fsanitize=address,undefined -o $@ $^

build/obj/gen/%.o: gen/%.c build/obj/gen/parse.h Makefile | build/.setup
	$(say) CC $<
	$(Q)$(CC) $(GEN_CFLAGS) -c -o $@ $<

$(GEN_MADE:.c=.o): build/obj/gen/%.o: build/obj/gen/%.c build/obj/gen/parse.h Makefile
	$(say) CC $<
	$(Q)$(CC) $(GEN_CFLAGS) $(TOOL_CFLAGS) -c -o $@ $<

build/obj/gen/parse.c build/obj/gen/parse.h &: gen/parse.y Makefile | build/.setup
	$(say) LEMON $<
	$(Q)mkdir -p build/obj/gen
	$(Q)lemon -q -dbuild/obj/gen $<
	$(Q)touch build/obj/gen/parse.c build/obj/gen/parse.h # lemon leaves an unchanged header alone: make would start over

build/obj/gen/lex.c: gen/lex.re Makefile | build/.setup
	$(say) RE2C $<
	$(Q)mkdir -p build/obj/gen
	$(Q)re2c -W -Werror --no-generation-date -o $@ $<

# Each file of gen/text, and the manual, becomes a string: hv_tlfs.py is text_hv_tlfs_py. Parts of headers lose their own
# head.
build/obj/gen/text.c: $(GEN_TEXT) Makefile
	$(say) TEXT $@
	$(Q)mkdir -p build/obj/gen
	$(Q)for f in $(GEN_TEXT); do \
		echo "const char text_$$(basename $$f | tr . _)[] ="; \
		case $$f in */guest_*|*/trace_*) head='1,/^$$/d' ;; *) head= ;; esac; \
		sed -e "$$head" -e 's/\\/\\\\/g; s/"/\\"/g; s/.*/"&\\n"/' $$f; echo ";"; \
	done >$@

# The stamp is an included makefile on purpose: make brings it up to date first and then starts over, so that it sees the
# names and times of what hvgen wrote. hvgen leaves a file alone whose content stays the same.
build/gen/.stamp: build/hvgen $(SPEC)
	$(say) HVGEN spec/hypercalls.def
	$(Q)mkdir -p build/gen
	$(Q)build/hvgen gen -o build/gen --only core --only guest --only doc --only test spec/hypercalls.def
	$(Q)touch $@

ifneq ($(or $(if $(MAKECMDGOALS),,all),$(filter-out help clean distclean setup count errata changelog check-release release hvgen build/hvgen build/hvgen-checked,$(MAKECMDGOALS))),)
ifneq ($(and $(wildcard gen/main.c),$(wildcard spec/hypercalls.def)),)
include build/gen/.stamp
endif
endif

# What others than C take from the specification: a crate, a module, vectors, what feeds a fuzzer.
OUTPUT_SETS = rust python vectors fuzz trace
build/outputs/.stamp: build/hvgen $(SPEC) Makefile
	$(say) HVGEN build/outputs
	$(Q)build/hvgen gen -o build/outputs $(addprefix --only ,$(OUTPUT_SETS)) spec/hypercalls.def
	$(Q)touch $@

outputs: build/outputs/.stamp

# ---- hypervisor -----------------------------------------------------------------------------------------------------
build/obj/core/%.o: %.c Makefile
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(CORE_CFLAGS) $(call core_speed,$<) -c -o $@ $<

build/obj/core/%.S.o: %.S Makefile
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
build/obj/boot32/%.S.o: %.S build/core.bin Makefile
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
# relative to the top, that it is linked with; `core` among them is the neutral hypervisor on the fake machine.
UNIT_CORE = $(filter-out src/main.c src/lib/string.c,$(wildcard src/*.c src/lib/*.c)) arch/x86/guest_walk.c $(wildcard build/gen/spec_*.c) \
	$(wildcard tests/unit/fake_*.c)

build/obj/unit/%.o: %.c Makefile
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS) $(if $(filter build/obj/gen/%,$<),$(TOOL_CFLAGS)) -c -o $@ $<

unit_named = $(shell sed -n 's,^/\* link: *\(.*\) \*/$$,\1,p' $(1))
unit_links = $(foreach s,$(call unit_named,$(1)),$(if $(filter core,$(s)),$(UNIT_CORE),$(s)))
define unit_program
build/unit/$(1): build/obj/unit/tests/unit/$(1).o $(call objects,unit,$(call unit_links,tests/unit/$(1).c))
	$$(say) LINK $$@
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) -fsanitize=address,undefined -o $$@ $$^ -lcmocka
endef
$(foreach t,$(patsubst tests/unit/%.c,%,$(UNIT_SRC)),$(eval $(call unit_program,$(t))))

unit: $(UNIT_BIN)
	$(Q)set -e; for t in $(UNIT_BIN); do echo "== $$t"; $$t; done

# The decoder of accesses to the APIC page against Zydis: part of `make test`.
DECODER_OBJ = build/obj/unit/tests/decoder/zydis.o
$(DECODER_OBJ): UNIT_CFLAGS += -O2
$(DECODER_OBJ): | build/.setup-tests
build/decoder: $(DECODER_OBJ) build/obj/unit/arch/x86/mmio.o build/obj/unit/arch/x86/insn.o
	$(say) LINK $@
	$(Q)$(CC) -fsanitize=address,undefined -o $@ $^ -lZydis

# ---- fuzzing --------------------------------------------------------------------------------------------------------
# Handlers and calling convention on the fake machine of the unit tests, under libFuzzer, which is Clang's.
FUZZ_SECONDS = 60
FUZZ_SRC = tests/fuzz/fuzz_hypercall.c
FUZZ_CFLAGS = -std=gnu11 -g -O1 -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	-Wno-include-next-absolute-path $(INCLUDE) -Itests/unit
# $(call fuzz_program,flags): build it; the flags can plant a bug.
fuzz_program = clang $(FUZZ_CFLAGS) $(1) -o $@ $(FUZZ_SRC) $(call unit_links,$(FUZZ_SRC)) -lcmocka
FUZZ_BIN = build/fuzz/hypercall build/fuzz/wild-status build/fuzz/long-read
$(FUZZ_BIN): $(FUZZ_SRC) $(wildcard src/*.[ch] src/lib/*.[ch] tests/unit/fake*) build/gen/.stamp Makefile | build/.setup-tests
	$(say) CLANG $@
	$(Q)mkdir -p $(@D)
	$(Q)$(call fuzz_program,$(PLANT))
build/fuzz/wild-status: PLANT = -DPLANT_WILD_STATUS -Wl,--wrap=hv_get_partition_id
build/fuzz/long-read: PLANT = -DPLANT_LONG_READ -Wl,--wrap=hv_flush_virtual_address_space_ex

# What it finds lies in build/fuzz, and what it learns in build/fuzz/corpus.
fuzz: build/fuzz/hypercall outputs
	$(Q)mkdir -p build/fuzz/corpus
	$(Q)build/fuzz/hypercall -max_total_time=$(FUZZ_SECONDS) -max_len=4104 -dict=build/outputs/fuzz/hv_tlfs.dict \
		-artifact_prefix=build/fuzz/ build/fuzz/corpus build/outputs/fuzz/corpus

# ---- the mutation check ---------------------------------------------------------------------------------------------
# The tests of the calling convention once more, with its source replaced by one that holds its mutants.
MUTANT_BIN = $(addprefix build/mutants/,test_order test_hypercall test_vectors)

build/mutants/hypercall.c: src/hypercall.c tests/run/mutants
	$(say) MUTANTS $<
	$(Q)mkdir -p $(@D)
	$(Q)tests/run/mutants --instrument $@

build/obj/unit/build/mutants/hypercall.o: UNIT_CFLAGS += -w
define mutant_program
build/mutants/$(1): build/obj/unit/tests/unit/$(1).o build/obj/unit/build/mutants/hypercall.o \
	$(filter-out %/src/hypercall.o,$(call objects,unit,$(call unit_links,tests/unit/$(1).c)))
	$$(say) LINK $$@
	$$(Q)$$(CC) -fsanitize=address,undefined -o $$@ $$^ -lcmocka
endef
$(foreach t,$(notdir $(MUTANT_BIN)),$(eval $(call mutant_program,$(t))))

.PHONY: mutants eva
mutants: build/unit/test_mutants $(MUTANT_BIN)
	$(Q)tests/run/mutants

# Frama-C over the generated validators.
eva: build/gen/.stamp | build/.setup-tests
	$(Q)tests/eva/run

# ---- test guests ----------------------------------------------------------------------------------------------------
# Multiboot1 ELF32 images that use nothing of the hypervisor but the generated guest header and vectors.
GUEST_CFLAGS = $(COMMON) $(FREESTANDING) -O2 -mno-red-zone -Ibuild/gen -Itests/guest

define guest_rules
build/obj/guest$(1)/%.o: %.c Makefile
	$$(say) CC "$$< ($(1))"
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) -m$(1) $$(GUEST_CFLAGS) -c -o $$@ $$<

build/obj/guest$(1)/%.S.o: %.S Makefile
	$$(say) AS "$$< ($(1))"
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) -m$(1) $$(GUEST_CFLAGS) -c -o $$@ $$<
endef
$(eval $(call guest_rules,64))
$(eval $(call guest_rules,32))

guests: $(GUESTS)
build/guest64.elf: $(call objects,guest64,$(GUEST_SUITE))
build/guest32.elf: $(call objects,guest32,$(GUEST_SUITE))
build/bench.elf: $(call objects,guest64,$(GUEST_RT) $(GUEST_BENCH))
build/guest64.elf build/bench.elf: tests/guest/guest.ld Makefile
	$(say) LINK $@
	$(Q)$(CC) -m64 $(GUEST_LINK) -o $@ $(filter %.o,$^)
	$(Q)$(OBJCOPY) -O elf32-i386 $@
build/guest32.elf: tests/guest/guest.ld Makefile
	$(say) LINK $@
	$(Q)$(CC) -m32 $(GUEST_LINK) -o $@ $(filter %.o,$^)
# The whole guest is one segment that may be written and run.
GUEST_LINK = $(LINK) -Wl,--no-warn-rwx-segments -T tests/guest/guest.ld

# ---- Linux as root --------------------------------------------------------------------------------------------------
# The stock kernel stays where it is when the rest is cleaned.
build/linux/vmlinuz: | build/.setup
	$(say) FETCH $@
	$(Q)boot/fetch-kernel build/linux

# Debian's newest kernel. Without a network the tests go on without it, and say so.
build/linux-backports/vmlinuz: | build/.setup
	$(say) FETCH $@
	$(Q)boot/fetch-kernel build/linux-backports trixie-backports

.PHONY: backports
backports: | build/.setup
	$(Q)mkdir -p build/linux-backports
	$(Q)test -e build/linux-backports/vmlinuz || \
		$(MAKE) --no-print-directory build/linux-backports/vmlinuz 2>build/linux-backports/missing || \
		cat build/linux-backports/missing >&2

# The work that the root is given in tests. Its C library is the system's, and so the only one here that is not ours.
WORK = build/load build/probe

$(WORK): build/%: tests/linux/%.c Makefile | build/.setup
	$(say) CC $<
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HOST_CFLAGS) -static -pthread -o $@ $<
	$(Q)$(STRIP) $@

build/initramfs.cpio: boot/initramfs boot/initramfs-init $(WORK) | build/.setup
	$(say) INITRD $@
	$(Q)boot/initramfs $@ boot/initramfs-init /bin/busybox $(WORK)

LINUX = build/linux/vmlinuz build/initramfs.cpio
# More for boot/run, as in `make run RUN="--platform bochs-vmx --mem 1024"`.
RUN =

run: all $(LINUX)
	$(Q)boot/run $(RUN) --initrd build/initramfs.cpio build/linux/vmlinuz || [ $$? -eq 130 ] # 130: from the keyboard

# A disc for GRUB: the hypervisor by multiboot2, the root and its initial RAM disk as modules.
iso: build/partita.iso
build/partita.iso: build/partita boot/grub.cfg $(LINUX)
	$(say) ISO $@
	$(Q)rm -rf build/iso && mkdir -p build/iso/boot/grub
	$(Q)cp boot/grub.cfg build/iso/boot/grub/
	$(Q)cp build/partita $(LINUX) build/iso/boot/
	$(Q)grub-mkimage -O i386-pc-eltorito -p /boot/grub -o build/iso/boot/eltorito.img \
		biosdisk iso9660 normal multiboot2 serial terminal
	$(Q)xorriso -as mkisofs -R -b boot/eltorito.img -no-emul-boot -boot-load-size 4 -boot-info-table \
		-o $@ build/iso >build/iso.log 2>&1 || { cat build/iso.log >&2; false; }

# ---- tests ----------------------------------------------------------------------------------------------------------
# Arguments of the runner, as in `make test TESTS="unit generator"`.
TESTS =

test: all outputs docs guests iso $(LINUX) backports $(UNIT_BIN) $(MUTANT_BIN) build/decoder build/hvgen-checked | build/.setup-tests
	$(Q)tests/run/all $(TESTS)

# Debian's kernels as root: each, on each platform, with 1, 2 and 4 VPs. `make test` has time for some of it.
.PHONY: matrix
matrix: all $(LINUX) backports
	$(Q)tests/run/all full-matrix

# Random traffic between the processors of a guest, and work for Linux, on both platforms. SEED repeats the traffic.
MINUTES = 4
SEED =
.PHONY: soak
soak: all guests $(LINUX) backports
	$(Q)MINUTES=$(MINUTES) SEED=$(SEED) tests/run/all -v soak

# The guest header with every compiler here; part of `make test`.
check-header: build/gen/.stamp | build/.setup-tests
	$(Q)package/check-header | grep -v '^ok'

bench: all build/bench.elf
	$(Q)tests/run/bench

.PHONY: bench-hvgen
bench-hvgen: build/hvgen
	$(Q)tests/gen/bench

# What the specification holds, and its marks as a page.
count: build/hvgen
	$(Q)build/hvgen count spec/hypercalls.def

errata: build/hvgen
	$(Q)build/hvgen errata spec/hypercalls.def >spec/ERRATA.new
	$(Q)mv spec/ERRATA.new spec/ERRATA.md

# ---- released versions of the interface ------------------------------------------------------------------------------
# Each stands in released/ as one file that is never changed; `make release` puts the next one there. A break that is
# wanted all the same has a line in released/allowed.
RELEASED = $(shell ls released/*.def 2>/dev/null | sort -rV)
LATEST = $(firstword $(RELEASED))
INTERFACE_VERSION = $(shell sed -n 's/^interface ".*" version //p' spec/hypercalls.def)

.PHONY: changelog check-release release
# What changed, newest version first: for the guest package.
changelog: build/changelog.md
build/changelog.md: build/hvgen $(SPEC) $(RELEASED)
	$(say) DIFF $@
	$(Q)new=spec/hypercalls.def; { echo "# Changes of the hypervisor interface"; \
		for old in $(RELEASED); do \
			echo; build/hvgen diff --changelog $$old $$new || [ $$? -le 2 ]; new=$$old; \
		done; \
		echo; build/hvgen diff --changelog $$new; } >$@

# Whether the version goes as far as the changes since the latest release demand.
check-release: build/hvgen
	$(Q)$(if $(LATEST),build/hvgen diff --release $(addprefix --allow-file ,$(wildcard released/allowed)) \
		$(LATEST) spec/hypercalls.def,echo "nothing is released yet: any version will do")

release: check-release
	$(Q)test ! -e released/$(INTERFACE_VERSION).def || { echo "$(INTERFACE_VERSION) is released already" >&2; false; }
	$(Q)mkdir -p released
	$(Q)build/hvgen flat spec/hypercalls.def >released/$(INTERFACE_VERSION).def
	@echo "released/$(INTERFACE_VERSION).def: to be committed"

# ---- the guest package ----------------------------------------------------------------------------------------------
# The header and what OS teams get with it: as a tree, as a tarball that is the same for everybody, or installed.
PACKAGE = build/hv-tlfs-$(INTERFACE_VERSION)
PACKED = $(shell find package examples -type f)
PREFIX = /usr/local
DESTDIR =

.PHONY: dist install uninstall
dist: $(PACKAGE).tar.gz
$(PACKAGE)/SHA256SUMS: build/gen/.stamp build/outputs/.stamp build/changelog.md LICENSE $(PACKED)
	$(say) STAGE $(PACKAGE)
	$(Q)package/stage $(PACKAGE)

$(PACKAGE).tar.gz: $(PACKAGE)/SHA256SUMS
	$(say) TAR $@
	$(Q)tar -C build --sort=name --format=ustar --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
		--mtime=@$${SOURCE_DATE_EPOCH:-$$(git log -1 --format=%ct 2>/dev/null || echo 0)} \
		-cf - $(notdir $(PACKAGE)) | gzip -9n >$@
	$(Q)cd build && sha256sum $(notdir $@) >$(notdir $@).sha256

# With the generator, its manual page and the specification in one file, which the tarball has not.
install: $(PACKAGE)/SHA256SUMS build/hvgen
	$(Q)$(PACKAGE)/install --install "$(DESTDIR)" "$(PREFIX)"
	$(Q)mkdir -p "$(DESTDIR)$(PREFIX)/bin" "$(DESTDIR)$(PREFIX)/share/man/man1"
	$(Q)install -m 755 build/hvgen "$(DESTDIR)$(PREFIX)/bin/"
	$(Q)install -m 644 doc/hvgen.1 "$(DESTDIR)$(PREFIX)/share/man/man1/"
	$(Q)build/hvgen flat spec/hypercalls.def >build/flat.def
	$(Q)install -m 644 build/flat.def "$(DESTDIR)$(PREFIX)/share/hv-tlfs/hypercalls.def"

uninstall: $(PACKAGE)/SHA256SUMS
	$(Q)rm -f $(foreach f,bin/hvgen share/man/man1/hvgen.1 share/hv-tlfs/hypercalls.def,"$(DESTDIR)$(PREFIX)/$f")
	$(Q)$(PACKAGE)/install --uninstall "$(DESTDIR)" "$(PREFIX)"

doc: build/gen/reference.md
	@echo "The reference of the interface: build/gen/reference.md"

# From scratch each time, so that no page outlives what it was about.
docs: build/docs/.stamp
	@echo "The reference as linked pages: build/docs/index.html"
build/docs/.stamp: build/hvgen $(SPEC) $(wildcard doc/site/*)
	$(say) HVGEN build/docs
	$(Q)rm -rf build/docs
	$(Q)build/hvgen gen -o build --only html spec/hypercalls.def
	$(Q)cp doc/site/style.css doc/site/search.js build/docs/
	$(Q)touch $@

# ---- housekeeping ---------------------------------------------------------------------------------------------------
help:
	@echo "make            build the hypervisor (build/partita) and the generator (build/hvgen)"
	@echo "make run        boot the stock Debian kernel on it under QEMU; RUN=\"...\" adds options of boot/run"
	@echo "make test       run every test; TESTS=\"...\" only those stages (tests/run/all --help)"
	@echo "make matrix     Debian's kernels as root on both platforms with 1, 2 and 4 VPs, as a table"
	@echo "make soak       random traffic of four VPs and work for Linux, for MINUTES=4; SEED=N repeats it"
	@echo "make unit       build and run the unit tests alone"
	@echo "make check-header  compile the guest header with every compiler here"
	@echo "make dist       the guest package as a tarball; make install, make uninstall: DESTDIR= PREFIX=/usr/local"
	@echo "make fuzz       fuzz hypercalls on the host for FUZZ_SECONDS=60"
	@echo "make mutants    make every rule wrong in every way: a test must notice each"
	@echo "make eva        prove with Frama-C that no input makes a generated validator misbehave"
	@echo "make bench      measure the exit paths in instructions; also writes build/bench.json"
	@echo "make bench-hvgen  measure the generator: time and memory over the whole specification"
	@echo "make iso        build/partita.iso: GRUB, the hypervisor and Linux as its root"
	@echo "make doc        the reference of the interface: build/gen/reference.md"
	@echo "make docs       the same as linked pages for a browser: build/docs/index.html"
	@echo "make count      how much the specification says, by provenance, architecture and state"
	@echo "make errata     write spec/ERRATA.md from the marks of the specification"
	@echo "make changelog  build/changelog.md: what changed in the interface since each release"
	@echo "make check-release  whether its version goes as far as its changes demand"
	@echo "make release    keep the interface of this version in released/"
	@echo "make hvgen      the generator alone"
	@echo "make outputs    build/outputs: for Rust, Python, fuzzers, traces; vectors in JSON"
	@echo "make guests     the test guests alone"
	@echo "make setup      install the Debian packages that are missing (every target does this by itself)"
	@echo "make clean      remove what was built; the fetched kernels stay"
	@echo "make distclean  remove all of build/"
	@echo "V=1 shows the commands."

clean:
	rm -rf $(filter-out build/linux%,$(wildcard build/* build/.setup*))

# Everything, the fetched kernels too.
distclean:
	rm -rf build

-include $(patsubst %.o,%.d,$(GEN_OBJ) $(CORE_OBJ) $(BOOT_OBJ)) $(shell find build/obj/unit build/obj/guest* -name "*.d" 2>/dev/null)

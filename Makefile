# SPDX-License-Identifier: GPL-2.0
#
# make help says what there is. The module is built in build/<kernel release>, one directory for
# each kernel, from symbolic links to the sources (scripts/farm).

KDIR ?= /lib/modules/$(shell uname -r)/build
# The kernel's own name for itself. (Debian's include/config/kernel.release of 6.1 says another name.)
release = $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h 2>/dev/null)
BUILD ?= build/$(release)
HOST_BUILD ?= build/host
DESTDIR ?=
PREFIX ?= /usr/local
KUNIT ?=

jobs = $(if $(filter -j% --jobserver%,$(MAKEFLAGS)),,-j$(shell nproc))
kbuild = flock $(BUILD)/.lock $(MAKE) $(jobs) -C $(KDIR) M=$(abspath $(BUILD)) KUNIT=$(KUNIT)

all: modules

check-kdir:
	@test -e $(KDIR)/Makefile || { \
		echo "make: no kernel to build against at $(KDIR): install the headers of the running kernel, or give KDIR=" >&2; \
		exit 1; }
	@test -n "$(release)" || { \
		echo "make: $(KDIR) is not configured and built (no include/generated/utsrelease.h): run 'make modules_prepare' there" >&2; \
		exit 1; }

modules: check-kdir
	@mkdir -p $(BUILD)
	@flock $(BUILD)/.lock scripts/farm . $(BUILD)
	+@$(kbuild) modules

# A module that is a source is built with these: headers, the C++ rule, and the CRCs of the
# symbols that perfbuf.ko exports for this kernel.
producer_dir = $(DESTDIR)$(PREFIX)/src/perfbuf
install-producer-headers:
	install -d $(producer_dir)/include/perfbuf $(producer_dir)/include/linux
	install -m 644 include/perfbuf/* $(producer_dir)/include/perfbuf/
	install -m 644 include/producer.mk $(producer_dir)/
	install -m 644 include/uapi/linux/*.h $(producer_dir)/include/linux/
	find cxxrt -type f ! -path '*/tests/*' ! -name runtime.cpp ! -name gate -exec install -m 644 -D {} $(producer_dir)/{} \;
	install -m 755 cxxrt/gate $(producer_dir)/cxxrt/

install-producer: modules install-producer-headers
	install -d $(producer_dir)/$(release)
	install -m 644 $(BUILD)/Module.symvers $(producer_dir)/$(release)/

install-module: modules install-producer
	@# A distribution keeps the key of its kernel to itself: without it there is nothing to sign with.
	+@$(kbuild) modules_install $(if $(wildcard $(KDIR)/certs/signing_key.pem),,CONFIG_MODULE_SIG_ALL=) $(if $(DESTDIR),INSTALL_MOD_PATH=$(abspath $(DESTDIR)))
	install -d $(DESTDIR)$(PREFIX)/include/linux
	install -m 644 include/uapi/linux/*.h $(DESTDIR)$(PREFIX)/include/linux/
	install -d $(DESTDIR)/etc/udev/rules.d
	install -m 644 scripts/60-perfbuf.rules $(DESTDIR)/etc/udev/rules.d/
	$(if $(DESTDIR),,depmod $(release))

# The program with what it preloads, its library, its manual pages and completion for two shells.
share = $(DESTDIR)$(PREFIX)/share
install-program:
	@command -v cmake >/dev/null || { \
		echo "make: the program needs cmake and some libraries: 'scripts/setup user' installs them; 'make install-module' does without" >&2; \
		exit 1; }
	+@$(MAKE) user
	DESTDIR=$(abspath $(DESTDIR)) cmake --install $(HOST_BUILD) --prefix $(PREFIX)
	scripts/man $(HOST_BUILD)/man $(HOST_BUILD)/reader/perfbuf
	for section in 1 4 9; do \
		install -d $(share)/man/man$$section && \
		install -m 644 $(HOST_BUILD)/man/*.$$section $(share)/man/man$$section/ || exit; \
	done
	scripts/completion $(HOST_BUILD)/completion $(HOST_BUILD)/reader/perfbuf
	install -D -m 644 $(HOST_BUILD)/completion/perfbuf $(share)/bash-completion/completions/perfbuf
	install -D -m 644 $(HOST_BUILD)/completion/_perfbuf $(share)/zsh/site-functions/_perfbuf

install: install-module install-program

user:
	@mkdir -p $(HOST_BUILD)
	@flock $(HOST_BUILD)/.lock cmake -S . -B $(HOST_BUILD)
	+@flock $(HOST_BUILD)/.lock cmake --build $(HOST_BUILD) $(jobs) $(if $(TARGET),--target $(TARGET))

kunit:
	@scripts/test kunit

test:
	@scripts/test $(PART)

demo:
	@scripts/demo

bench:
	@mkdir -p build
	@scripts/bench-ring $(if $(QUICK),--quick) $(KERNEL) > build/bench-ring.md
	@cat build/bench-ring.md
	@bench/ring/plot.py < build/bench-ring.md > build/bench-ring.svg
ifeq ($(filter arm64-%,$(KERNEL)),)
	@scripts/bench-functrace $(if $(QUICK),--quick) $(KERNEL) > build/bench-functrace.md
	@cat build/bench-functrace.md
	@scripts/bench-native $(if $(QUICK),--quick) > build/bench-native.md
	@cat build/bench-native.md
	@scripts/bench-control $(if $(QUICK),--quick) $(KERNEL) > build/bench-control.md
	@cat build/bench-control.md
endif

vm:
	@scripts/vm --kernel $(or $(KERNEL),6.1) -- $(or $(RUN),sh)

clean:
	rm -rf build

help:
	@echo 'make             the module for the running kernel, in build/<release>/perfbuf.ko'
	@echo 'make KDIR=<dir>  the module for another kernel: its headers, or its build directory'
	@echo '     KUNIT=1     and perfbuf_kunit.ko;  W=e: a warning is an error;  V=1: the commands'
	@echo '     BUILD=<dir> and elsewhere than in build/<release>'
	@echo 'make install     the module, its headers and its udev rule, and the program with its manual pages;'
	@echo '                 DESTDIR= and PREFIX= as in other Makefiles'
	@echo 'make install-module  of that, only what is of the module; install-program: the other part'
	@echo 'make install-producer  what modules that are sources are built with, in PREFIX/src/perfbuf'
	@echo 'make user        the program perfbuf and its library, in build/host'
	@echo '     TARGET=<t>  only that target of CMake; TARGET=tests: all test programs'
	@echo 'make test        all tests; PART="gates kunit" for some of them'
	@echo 'make kunit       the KUnit suites in QEMU'
	@echo 'make vm          a shell in QEMU with the module loaded; KERNEL=6.1|6.12|kunit|kunit-debug'
	@echo 'make demo        records a workload on a stock kernel in QEMU and shows it with perf'
	@echo 'make bench       instructions of a record in each ring of the kernel and in ours, of a function entry in'
	@echo '                 its tracer and in ours; KERNEL= as above; and the time of a record of ours, natively'
	@echo 'make clean       removes build/ (kernels are kept elsewhere: docs/building.md)'

.PHONY: all check-kdir modules install install-module install-program install-producer install-producer-headers user kunit test demo bench vm clean help

# SPDX-License-Identifier: GPL-2.0
#
# For the Kbuild file of a module that is a source of perfbuf, from where 'make install-producer'
# has put it:
#
#	obj-m := mydev.o
#	PERFBUF ?= /usr/local/src/perfbuf
#	include $(PERFBUF)/producer.mk
#
# With PERFBUF_CXX := y before it, .cpp files are compiled for the kernel as .c files are.

ccflags-y += -I$(PERFBUF)/include

# The CRCs of the symbols that perfbuf.ko exports, for this kernel: from 'make install-producer', or from DKMS. The release
# comes from utsrelease.h, because Debian's include/config/kernel.release has another name.
perfbuf-release := $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(objtree)/include/generated/utsrelease.h)
perfbuf-symvers := $(PERFBUF)/$(perfbuf-release)/Module.symvers /var/lib/perfbuf/$(perfbuf-release)/Module.symvers
KBUILD_EXTRA_SYMBOLS ?= $(firstword $(wildcard $(perfbuf-symvers)) $(perfbuf-symvers))

ifneq ($(PERFBUF_CXX),)
cxxrt-dir := $(shell realpath --relative-to=$(src) $(PERFBUF)/cxxrt)
include $(PERFBUF)/cxxrt/cxx.mk
endif

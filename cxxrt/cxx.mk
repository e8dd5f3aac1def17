# SPDX-License-Identifier: GPL-2.0
#
# The kbuild rule for C++20 in an out-of-tree module. In the Kbuild file:
#
#	cxxrt-dir := cxxrt		(where this file is, seen from the Kbuild file)
#	include $(src)/$(cxxrt-dir)/cxx.mk
#
# A .cpp file is then listed as its .o, as a .c file is. Knobs: cxxflags-y (all C++ files),
# CXXFLAGS_<path>.o (one file), CXX_DEBUG_INFO=1 (keep -g).
#
# The flags are the kernel's own c_flags less what is only for C: hardening (retpoline, return
# thunks, stack protector, IBT, ...) and the sanitizers of the kernel at hand come along, and a
# flag that a later kernel adds comes along too. There is no list of flags to keep.

# gcc-12 -> g++-12, x86_64-linux-gnu-gcc -> x86_64-linux-gnu-g++, clang-16 -> clang++-16; the
# plugins and the ABI flags want the compiler that built the kernel.
cxx-cc := $(firstword $(filter-out ccache distcc sccache,$(CC)))
CXX_KERNEL ?= $(patsubst ./%,%,$(dir $(cxx-cc))$(subst clang,clang++,$(subst gcc,g++,$(notdir $(cxx-cc)))))
cxx := $(CXX_KERNEL)

# Options that are not for C++ are those of which the compiler says so itself.
cxx-rejects := $(shell LC_ALL=C $(cxx) $(KBUILD_CPPFLAGS) $(KBUILD_CFLAGS) $(KBUILD_CFLAGS_MODULE) \
	-fsyntax-only -x c++ /dev/null 2>&1 | sed -n \
	-e "s/.*option '\([^']*\)' is valid for .* but not for C++.*/\1/p" \
	-e "s/.*'-Werror=' argument '\([^']*\)' is not valid for C++.*/\1/p" \
	-e "s/.*invalid argument '\([^']*\)' not allowed with 'C++'.*/\1/p")
# g++ takes these but they mean nothing or harm in C++; -fms-extensions changes name lookup.
cxx-rejects += -std=% -fms-extensions -Wno-pointer-sign -Wno-address-of-packed-member
# RANDSTRUCT: gcc's plugin crashes g++. A C++ structure keeps its order; one that C shares does, too, if it
# says __no_randomize_layout or is not made of function pointers alone.
cxx-rejects += -fplugin=%/randomize_layout_plugin.so -fplugin-arg-randomize_layout_plugin-% \
	-frandomize-layout-seed-file=%

# Kernel headers are not C++: with neither path nor forced includes of theirs, including one fails.
cxx-kernel-headers = $(LINUXINCLUDE) -include $(srctree)/include/linux/compiler_types.h

# An inline function that two files emit does not link with -mrecord-mcount, and the write path
# needs notrace: ftrace does not trace C++.
cxx-ftrace = $(CC_FLAGS_FTRACE)

# pahole (BTF) gives up on C++ types, and kbuild then deletes the module.
cxx-debug-info = $(if $(CXX_DEBUG_INFO),,$(DEBUG_CFLAGS) -g -gdwarf-% -gz%)

# The freestanding headers: the compiler's own libstdc++ (/c++/<version> and its target's
# directory), then the directory of its <stddef.h>. The C library stays outside.
cxx-std-headers := $(addprefix -isystem , \
	$(shell LC_ALL=C $(cxx) -x c++ -E -v /dev/null 2>&1 >/dev/null | sed -n \
		'/^#include </,/^End/{s/^ //;/\/c++\/[0-9]/{/backward/!p}}') \
	$(firstword $(wildcard $(addsuffix /include,$(shell $(cxx) -print-resource-dir 2>/dev/null)) \
		$(shell $(cxx) -print-file-name=include))))
ifeq ($(findstring /c++/,$(cxx-std-headers)),)
ifneq ($(wildcard $(cxx)) $(shell command -v $(cxx)),)
$(error $(cxx) has no C++ standard library headers: install its libstdc++ development package)
else
$(error $(cxx) is not installed: the module needs the C++ compiler that belongs to $(CC))
endif
endif

# uapi headers parse as C++, given stubs (in overlay/) for two internal headers they name.
cxx-uapi-headers = $(addprefix -isystem , \
	$(srctree)/arch/$(SRCARCH)/include/uapi $(objtree)/arch/$(SRCARCH)/include/generated/uapi \
	$(srctree)/include/uapi $(objtree)/include/generated/uapi) -D__EXPORTED_HEADERS__

cxx-overlay := -I$(src)/$(cxxrt-dir)/overlay

# A kernel does not define __aarch64_ldadd8_relax and the like.
cxx-option = $(shell $(cxx) -Werror $1 -fsyntax-only -x c++ /dev/null 2>/dev/null && echo $1)

# Thread-safe statics and __cxa_atexit stay at their defaults on purpose: code that needs them is
# then refused by the gate, instead of silently doing nothing.
cxx-language := -std=gnu++20 -ffreestanding -fbuiltin -fno-exceptions -fno-rtti \
	-fno-asynchronous-unwind-tables -fno-unwind-tables \
	$(call cxx-option,-mno-outline-atomics) \
	$(if $(findstring clang,$(notdir $(cxx))),,-fno-gnu-unique)

cxx-warnings := -Wall -Wextra -Wnon-virtual-dtor -Woverloaded-virtual -Wextra-semi \
	-Wno-missing-field-initializers -Wno-unused-parameter \
	$(if $(findstring clang,$(notdir $(cxx))),,-Wsuggest-override -Wno-array-bounds)

cxx_flags = $(cxx-overlay) \
	$(filter-out $(cxx-rejects) $(cxx-kernel-headers) $(cxx-ftrace) $(cxx-debug-info),$(c_flags)) \
	-include $(objtree)/include/generated/autoconf.h \
	$(cxx-std-headers) $(cxx-uapi-headers) $(cxx-language) $(cxx-warnings) \
	$(cxxflags-y) $(CXXFLAGS_$(target-stem).o)

# --- The gates: what compiles and then does not work in a module. See cxxrt/gate.

cxx-gate := $(src)/$(cxxrt-dir)/gate
cxx-run-gate = NM='$(NM)' OBJDUMP='$(OBJDUMP)' CONFIG_CONSTRUCTORS=$(CONFIG_CONSTRUCTORS) \
	CONFIG_KCSAN=$(CONFIG_KCSAN) \
	$(CONFIG_SHELL) $(cxx-gate)
cmd_cxx_gate = $(cxx-run-gate) object $@ $<

# -fpatchable-function-entry (padding before functions, 6.2) also lists the functions, in a section
# that x86 does not read. An inline function of which the linker drops a copy does not link with it
# (g++ 12), and since g++ 13 each has a section of that name, which sysfs refuses (EEXIST).
cmd_cxx_entries = $(if $(filter -fpatchable-function-entry=%,$(cxx_flags)),; \
	$(OBJCOPY) --remove-section=__patchable_function_entries $@)

# fixdep removes the dependency file, so the included files are looked at before it. Where the
# compiler found no such header, the gate says what is meant by that.
quiet_cmd_cxx_o_cpp = CXX $(quiet_modtag) $@
      cmd_cxx_o_cpp = $(cxx) $(cxx_flags) -c -o $@ $< || { \
		$(cxx) $(patsubst -Wp$(comma)-MMD$(comma)%,,$(cxx_flags)) -M -MG $< 2>/dev/null | \
			$(cxx-run-gate) headers $(srctree) $(objtree) $<; exit 1; }; \
	$(cxx-run-gate) headers $(srctree) $(objtree) $< < $(depfile) $(cmd_cxx_entries) $(cmd_objtool)

define rule_cxx_o_cpp
	$(call cmd_and_fixdep,cxx_o_cpp)
	$(call cmd,gen_objtooldep)
	$(call cmd,cxx_gate)
endef

$(obj)/%.o: $(src)/%.cpp $(src)/$(cxxrt-dir)/cxx.mk $(cxx-gate) FORCE
	$(call if_changed_rule,cxx_o_cpp)

quiet_cmd_cxx_s_cpp = CXX $(quiet_modtag) $@
      cmd_cxx_s_cpp = $(cxx) $(cxx_flags) -fverbose-asm -S -o $@ $<
$(obj)/%.s: $(src)/%.cpp FORCE
	$(call if_changed_dep,cxx_s_cpp)

quiet_cmd_cxx_i_cpp = CPP $(quiet_modtag) $@
      cmd_cxx_i_cpp = $(cxx) $(cxx_flags) -E -o $@ $<
$(obj)/%.i: $(src)/%.cpp FORCE
	$(call if_changed_dep,cxx_i_cpp)

# The linked module: before modpost, so that our sentence comes before its "undefined!".
quiet_cmd_cxx_gated = GATE    $<
      cmd_cxx_gated = $(cxx-run-gate) module $< && touch $@

$(obj)/%.gated: $(obj)/%.o $(cxx-gate) FORCE
	$(call if_changed,cxx_gated)

always-y += $(patsubst %.o,%.gated,$(filter %.o,$(obj-m)))
targets += $(patsubst %.o,%.gated,$(filter %.o,$(obj-m)))
clean-files += *.gated

# objtool notes addresses of functions, and the linker keeps one of the copies that several files
# emit of an inline function. So it runs once, on the linked module (as it does where IBT is on).
override delay-objtool := y

# And so that no two sections of the module have one name, which sysfs refuses.
ldflags-y += $(call ld-option,--force-group-allocation)

# Link-time optimisation, to be measured: LTO=1 for all objects of a module, LTO="<path>.o ..." for these,
# LTO_FLAGS="..." beside it. gcc makes their code anew in the link; that in the objects is for the CRCs and the
# gate, for which nm must not ask the linker's plugin (it leaves out names that assembly makes).
ifneq ($(LTO),)
cxx-lto := -flto -ffat-lto-objects $(LTO_FLAGS)
ccflags-y += $(if $(filter 1,$(LTO)),$(cxx-lto))
$(foreach object,$(filter %.o,$(LTO)),$(eval CFLAGS_$(object) += $(cxx-lto)))
override NM := $(NM) --target=elf64-x86-64
override cmd_ld_multi_m = $(CC) $(filter-out $(CC_FLAGS_FTRACE),$(KBUILD_CFLAGS)) $(KBUILD_CFLAGS_MODULE) \
	-g0 -flto -flto-partition=none -flinker-output=nolto-rel -r -nostdlib -o $@ @$< \
	$(addprefix -Wl$(comma),$(ldflags-y)) $(cmd_objtool)
endif

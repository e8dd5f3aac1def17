# SPDX-License-Identifier: GPL-2.0
# Running a program where QEMU counts instructions: one is one tick of the time stamp counter (arm64: of the
# virtual counter), the same in every run. Sourced, with bash, after lib.bash. $work is a directory of the caller's.

# icount_build KERNEL_DIRECTORY DIRECTORY: perfbuf.ko, and the module whose Kbuild is bench/DIRECTORY, in
# the mirror of the sources. Prints the directory of the latter; perfbuf.ko is two above it.
icount_build() {
	local build
	build=$top/build/$(cat "$1/release")
	make -s -C "$top" KDIR="$1/kdir" BUILD="$build" modules >&2 &&
		flock "$build/.lock" make -s -C "$1/kdir" M="$build/bench/$2" \
			KBUILD_EXTRA_SYMBOLS="$build/Module.symvers" modules >&2 ||
		die "bench/$2 does not build for $1"
	echo "$build/bench/$2"
}

# icount_program OUTPUT SOURCE...: a program for there; $icount_compiler is its compiler, if not this machine's.
icount_program() {
	"${icount_compiler:-g++}" -std=c++20 -O2 -Wall -Wextra -Wno-missing-field-initializers -static \
		-isystem "$top/include/uapi" -I "$top/reader/include" -o "$@"
}

# The architecture of the kernel in a directory: x86 or arm64.
icount_arch() {
	cat "$1/arch" 2>/dev/null || echo x86
}

# The kernel and its compiler, as tables begin.
icount_heading() {
	echo "$(cat "$1/release"), $(sed -n 's/^CONFIG_CC_VERSION_TEXT="\(.*\)"/\1/p' "$1/config")${PERFBUF_APPEND:+, $PERFBUF_APPEND}"
}

# Lines of a function, an address and the bytes there (bench/common/steps.c): the instruction in the
# place of the bytes.
disassembled() {
	local function address bytes
	while read -r function address bytes; do
		printf "$(sed 's/../\\x&/g' <<< "$bytes")" > "$work/bytes"
		objdump -D -b binary -m i386:x86-64 --no-show-raw-insn --adjust-vma=0x"$address" \
			--stop-address=$((0x$address + 1)) "$work/bytes" |
			awk -v name="$function" -v at="$address:" '$1 == at { sub(/^[^\t]*\t/, ""); printf "%-32s %s\n", name, $0 }'
	done
}

# icount_run KERNEL_DIRECTORY PROGRAM [ARGUMENT...] -- MODULE...: boots the kernel, loads the modules,
# runs the program (a static one) and prints what it says. icount_perfbuf: parameters of perfbuf.ko;
# icount_append: of the kernel.
icount_run() {
	local kernel_dir=$1 root=$work/root command=() module parameters busybox append machine
	shift
	rm -rf "$root"
	mkdir -p "$root"/{bin,proc,sys,dev}
	# Without erms and fsrm a copied qword is an instruction of rep movs, not a byte.
	machine=(qemu-system-x86_64 -M q35 -cpu "max,-erms,-fsrm") busybox=$(command -v busybox)
	append="console=ttyS0 noapictimer tsc_early_khz=1000000 lpj=4000000 tsc=reliable"
	if [ "$(icount_arch "$kernel_dir")" = arm64 ]; then
		machine=(qemu-system-aarch64 -M "virt,gic-version=3" -cpu "max,pauth-impdef=on,cntfrq=1000000000")
		busybox=$kernel_dir/busybox append=console=ttyAMA0
	fi
	cp "$busybox" "$root/bin/busybox"
	cp "$1" "$root/run"
	shift
	while [ "$1" != -- ]; do
		command+=("$1")
		shift
	done
	shift
	cat > "$root/init" <<'END'
#!/bin/busybox sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sysfs /sys
/bin/busybox mount -t devtmpfs devtmpfs /dev
/bin/busybox mount -t tracefs tracefs /sys/kernel/tracing
END
	for module; do
		cp "$module" "$root/"
		[ "$(basename "$module")" = perfbuf.ko ] && parameters=${icount_perfbuf:-} || parameters=
		echo "/bin/busybox insmod /$(basename "$module") $parameters || /bin/busybox poweroff -f" >> "$root/init"
	done
	# The module's clock comes on once the kernel has calibrated the counter.
	cat >> "$root/init" <<END
for try in 1 2 3 4 5 6 7 8; do
	[ "\$(/bin/busybox cat /sys/module/perfbuf/parameters/tsc_clock_is_on)" = N ] || break
	/bin/busybox sleep 1
done
echo BENCH-BEGIN
/run ${command[*]@Q}
echo "BENCH-END \$?"
/bin/busybox poweroff -f
END
	chmod 755 "$root/init"
	(cd "$root" && find . | cpio -o -H newc --quiet -R 0:0) > "$work/initrd"

	# In the foreground, or Ctrl-C would not reach QEMU, and all would wait for its end.
	timeout --foreground "${icount_timeout:-600}" "${machine[@]}" -no-user-config -nodefaults -nographic -no-reboot \
		-accel tcg,thread=single -smp 1 -icount shift=0,sleep=off -m 512 \
		-kernel "$kernel_dir/bzImage" -initrd "$work/initrd" -serial stdio -monitor none \
		-append "panic=-1 quiet $append ${icount_append:-} ${PERFBUF_APPEND:-}" \
		</dev/null 2>&1 | tr -d '\r' > "$work/log" || :
	grep -q '^BENCH-END 0$' "$work/log" || { tail -n 30 "$work/log" >&2 && die "no result on $kernel_dir"; }
	sed -n '/BENCH-BEGIN$/,/^BENCH-END/{//!p}' "$work/log"
}

# SPDX-License-Identifier: GPL-2.0
# Reading results: each prints "N passed, N failed" last. Sourced, with bash.

# GoogleTest's own words, of a program that was to end with its summary.
gtest_counts() {
	awk '
		{ sub(/\r$/, "") }
		/^\[=+\] [0-9]+ tests? from .* ran\./ { ran = $2 }
		/^\[ *PASSED *\] [0-9]+ tests?\./ { passed = $4 }
		/^\[ *OK *\] / { ok++ }
		/^\[ *FAILED *\] [^ ]+ \(/ || /^\[ *FAILED *\] [^ ]+, where/ { if (!seen[$4]++) failed++ }
		/^\[ *SKIPPED *\] [^ ]+ \(/ { skipped++; print "did not run: " $4 }
		/^ *YOU HAVE [0-9]+ DISABLED/ { disabled = $3; print "did not run: " disabled " disabled" }
		END {
			if (ran == "") { print "the program did not end: no summary"; failed++; passed = ok }
			else if (ran == 0) { print "no test ran"; failed++ }
			else if (ran > passed + failed + skipped) failed += ran - passed - failed - skipped
			print passed + 0 " passed, " failed + skipped + disabled " failed"
		}' "$1"
}

# Adds one test to the counts that end a log: that the status of a run was what it was to be.
with_status() {
	local status=$1 name=$2 counts passed failed
	counts=$(tail -n 1)
	read -r passed _ failed _ <<< "$counts"
	if [ "$status" = 0 ]; then
		echo "$((passed + 1)) passed, $failed failed"
	elif [ "$failed" -gt 0 ] && [ "$status" -lt 124 ]; then
		echo "$counts"
	else
		echo "FAILED: $name (status $status)"
		echo "$passed passed, $((failed + 1)) failed"
	fi
}

# The commit of this tree, with a + if the tree differs from it in more than results and the table that is made of them.
tree_commit() {
	local commit
	commit=$(git rev-parse --short=7 HEAD 2>/dev/null) || { echo - && return; }
	[ -z "$(git status --porcelain -- . ':!scripts/tests/*.results' ':!README.md' ':!tested-kernels')" ] || commit+=+
	echo "$commit"
}

# The counts that end files, each of which has to have some, added.
added_counts() {
	tail -qn 1 "$@" | awk -v files=$# '
		{ passed += $1; failed += $3 }
		END { print passed + 0 " passed, " failed + (NR < files) " failed" }'
}

#!/bin/sh
# Fuzzes every fuzz target of the module, one after the other:  fuzz.sh SECONDS
#
# What a target finds is kept by Go in the package's testdata/fuzz and belongs into the next commit. What is new to it is
# made shorter ten times at the most: of a whole workbook, Go would spend the run on that and try little else.
set -eu

seconds=${1:?give the seconds for each target}
go test -list '^Fuzz' ./... | awk '
	/^Fuzz/ { targets[++n] = $1 }
	/^ok/   { for (i = 1; i <= n; i++) print $2, targets[i]; n = 0 }
' | {
	count=0
	while read -r package target; do
		echo "== $target in $package"
		go test -run '^$' -fuzz "^$target\$" -fuzztime "${seconds}s" -fuzzminimizetime 10x "$package" </dev/null || exit 1
		count=$((count + 1))
	done
	[ "$count" -gt 0 ] || { echo "fuzz: no target was found" >&2; exit 1; }
	echo "== $count targets"
}

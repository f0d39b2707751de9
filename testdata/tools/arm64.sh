#!/bin/sh
# Holds Parquet files to being the same bytes on another architecture: exports of the same extracts, under the same keys, by
# the commands for this machine and for arm64, which qemu-user runs.
#
#   testdata/tools/arm64.sh NATIVE ARM64        the two commands; `make arm64` builds them
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
native=${1:?give the command for this machine}
other=${2:?give the command for arm64}
month=$(date -u +%Y-%m) # on whose first day both count ages
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

council() { # FOLDER AGREEMENT FORMATS: a council that may export, and its extracts
	mkdir -p "$1/agreements" "$1/people" "$1/drops"
	cd "$1"
	# Of the pupils in a register that synth makes, a third has no number of the authority's.
	sed 's/max_unusable: 0.02/max_unusable: 0.5/' "$2" >agreements/agreement.yaml
	[ ! -d "$root/agreements/notices" ] || cp -r "$root/agreements/notices" agreements/
	cat >postern.yaml <<YAML
organisation: {name: Coventry City Council, la_code: "331"}
extracts: ./extracts
agreements: ./agreements
state: ./state
store: dir:./drops
keys: {master: file:./keys/master, identity: file:./keys/identity, salts: file:./keys/salts, signing: file:./keys/signing, register: file:./keys/register, rights: file:./keys/rights.pub}
YAML
	printf 'apiVersion: postern/roles/v1\norganisation: "331"\npeople:\n' >agreements/roles.yaml
	for person in "ada submitter" "dora dpo" "owen asset-owner"; do
		name=${person% *}
		ssh-keygen -q -t ed25519 -N '' -C '' -f "people/$name"
		printf '  - {name: %s, role: %s, key: %s}\n' "$name" "${person#* }" "$(cat "people/$name.pub")" >>agreements/roles.yaml
	done
	"$native" synth cohort extracts --children 150 --years 3 --seed 5 --formats "$3" >/dev/null
	"$native" keys new agreements/agreement.yaml >/dev/null
	for name in dora owen; do
		"$native" agreement sign agreements/roles.yaml --key "people/$name" >/dev/null
	done
	for step in "submit ada" "advise-clear dora" "approve owen"; do
		"$native" agreement sign agreements/agreement.yaml --decision "${step% *}" --key "people/${step#* }" >/dev/null
	done
}

files() { # FOLDER: the digests of its Parquet files
	cd "$1"/drops/*/*/ && find . -name '*.parquet' -exec sha256sum {} + | sort -k 2
}

check() { # NAME AGREEMENT FORMATS
	council "$work/$1" "$2" "$3"
	cp -a "$work/$1" "$work/$1-arm64"
	(cd "$work/$1" && "$native" export agreements/agreement.yaml --reference-month "$month" >/dev/null 2>"$work/log") || { cat "$work/log" >&2 && exit 1; }
	(cd "$work/$1-arm64" && qemu-aarch64 "$other" export agreements/agreement.yaml --reference-month "$month" >/dev/null 2>"$work/log") || { cat "$work/log" >&2 && exit 1; }
	files "$work/$1" >"$work/here"
	files "$work/$1-arm64" >"$work/there"
	if [ ! -s "$work/here" ] || ! cmp -s "$work/here" "$work/there"; then
		diff "$work/here" "$work/there" >&2 || true
		echo "arm64: the Parquet files of $1 are not the same bytes" >&2
		exit 1
	fi
	echo "arm64: $(wc -l <"$work/here") Parquet files of $1 are the same bytes"
}

check attendance "$root/bench/agreement.yaml" attendance
check family-valued "$root/agreements/family-valued-2026.yaml" ssda903,cin,school_census,giap

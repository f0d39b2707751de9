#!/bin/sh
# Fails when a Go file is not as gofmt writes it, and names it.
set -eu

files=$(gofmt -l bench cmd pkg schemas testdata)
[ -z "$files" ] || { printf 'not as gofmt writes them:\n%s\nrun: gofmt -w FILE\n' "$files" >&2; exit 1; }

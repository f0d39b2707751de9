#!/bin/sh
# Makes sure that commands are there:  need.sh COMMAND…
#
# What is missing is installed from Debian's packages when this runs as root where there is apt-get; otherwise the
# package to install is named, and the exit code is 1.
set -eu

package() {
	case $1 in
	gcc) echo gcc libc6-dev ;; # the race detector, and DuckDB's driver
	g++) echo g++ ;;
	ssh-keygen) echo openssh-client ;;
	python3) echo python3 ;;
	git) echo git ;;
	qemu-aarch64) echo qemu-user ;;
	*) echo "$1" ;;
	esac
}

missing=''
for command in "$@"; do
	command -v "$command" >/dev/null 2>&1 || missing="$missing $(package "$command")"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null 2>&1; then
	echo "installing:$missing" >&2
	# shellcheck disable=SC2086 # one word a package
	if ! DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2; then
		DEBIAN_FRONTEND=noninteractive apt-get update -q >&2
		DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing >&2
	fi
	exit 0
fi
echo "missing here: install the packages$missing (on Debian: sudo apt-get install$missing)" >&2
exit 1

#!/bin/sh
# Keeps what the program writes now: a council that does not exist makes two drops, withdraws the first, and makes one
# that replaces it. Everything goes into a new folder beside this script.
#
#   testdata/versions/keep.sh NAME [BIN]      NAME is that of the folder: v3; BIN is the folder of the programs (bin)
#
# What is kept is never made anew: drops of that form are held by recipients.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(CDPATH='' cd -- "$here/../.." && pwd)
[ $# -ge 1 ] || { echo "keep: give the name of the folder, such as v3" >&2 && exit 2; }
keep=$here/$1
bin=$(CDPATH='' cd -- "${2:-$root/bin}" && pwd)
[ ! -e "$keep" ] || { echo "keep: $keep is there already, and is never made anew" >&2 && exit 1; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
postern() {
	"$bin/postern" "$@" 2>log || { cat log >&2 && exit 1; }
}

mkdir agreements people drops
chmod 700 people
cp "$root/testdata/agreements/looked-after.yaml" agreements/agreement.yaml
cp -R "$root/agreements/notices" agreements/ 2>/dev/null || true
cat >postern.yaml <<YAML
organisation: {name: Coventry City Council, la_code: "331"}
extracts: ./extracts
agreements: ./agreements
state: ./state
store: dir:./drops
keys:
  master: file:./keys/master
  identity: file:./keys/identity
  salts: file:./keys/salts
  signing: file:./keys/signing
  register: file:./keys/register
  rights: file:./keys/rights.pub
YAML
for person in analyst dpo owner; do
	ssh-keygen -q -t ed25519 -N '' -C "" -f "people/$person"
done
cat >agreements/roles.yaml <<YAML
# Who may decide on this council's agreements. Valid with the signatures of the DPO and of the asset owner beside it.
apiVersion: postern/roles/v1
organisation: "331"
people:
  - {name: Ada Analyst, role: submitter, key: $(cut -d ' ' -f 1,2 people/analyst.pub)}
  - {name: Dora Officer, role: dpo, key: $(cut -d ' ' -f 1,2 people/dpo.pub)}
  - {name: Owen Owner, role: asset-owner, key: $(cut -d ' ' -f 1,2 people/owner.pub)}
YAML
a=agreements/agreement.yaml
{
	postern keys new $a
	postern synth cohort extracts --children 100 --years 2 --seed 7 --formats ssda903,cin
	postern agreement sign agreements/roles.yaml --key people/dpo
	postern agreement sign agreements/roles.yaml --key people/owner
	postern agreement sign $a --decision submit --key people/analyst
	postern agreement sign $a --decision advise-clear --key people/dpo
	postern agreement sign $a --decision approve --key people/owner
	postern export $a
	first=$(ls drops/*)
	postern withdraw "$first" --reason "kept to show what a withdrawn drop looks like"
	postern export $a
} >steps
postern keys show --allowed-signers >allowed_signers

# Nothing of this machine goes with it.
grep -rl "$work" state | while read -r file; do
	sed "s#$work#/srv/postern#g" "$file" >clean && cat clean >"$file"
done
mkdir "$keep" "$keep/state"
cp -R allowed_signers agreements drops "$keep/"
for part in register drops runs preflight; do
	[ ! -e "state/$part" ] || cp -R "state/$part" "$keep/state/"
done
chmod -R u=rwX,go=rX "$keep"
echo "kept in $keep"

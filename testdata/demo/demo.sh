#!/bin/sh
# The gate from end to end, with a council that does not exist: keys, roles, decisions, extracts, a plan, a drop, and
# the recipient's checks with Postern's verifier and with stock tools alone.
#
#   testdata/demo/demo.sh [--folder FOLDER] [--bin FOLDER] [--children N] [--years N] [--plain-keys]
#
# The folder (demo) is removed and made anew. With --plain-keys the secrets are ordinary files of mode 0600; without,
# they are encrypted with age. postern and postern-verify must have been built (bin): `make demo` does both.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
folder=demo
bin=bin
children=2000
years=10
secret=.age
while [ $# -gt 0 ]; do
	case $1 in
	--folder) folder=$2 && shift 2 ;;
	--bin) bin=$2 && shift 2 ;;
	--children) children=$2 && shift 2 ;;
	--years) years=$2 && shift 2 ;;
	--plain-keys) secret='' && shift ;;
	*) echo "demo: unknown option $1" >&2 && exit 2 ;;
	esac
done
case $folder in /*) ;; *) folder=$root/$folder ;; esac
case $bin in /*) ;; *) bin=$root/$bin ;; esac
agreement=agreements/family-valued-2026.yaml
expired=agreements/family-valued-2020.yaml

n=0
step() {
	n=$((n + 1))
	printf '\n%2d. %s\n' "$n" "$1"
}

log=''
fail() {
	[ -z "$log" ] || [ ! -s "$log" ] || cat "$log" >&2
	echo "demo: $1" >&2
	exit 1
}

# ends CODE COMMAND… runs a command that must end with this exit code.
ends() {
	want=$1
	shift
	code=0
	"$@" || code=$?
	[ "$code" -eq "$want" ] || fail "'$*' ended with exit code $code instead of $want"
}

# The binaries are called by their paths: nothing of that name elsewhere on the machine can take their place.
postern() { "$bin/postern" "$@"; }

for tool in postern postern-verify; do
	[ -x "$bin/$tool" ] || fail "$bin/$tool is missing: run make build"
done
command -v ssh-keygen >/dev/null || fail "ssh-keygen is missing: install the package openssh-client"

# What is removed is a folder that an earlier demo made, never another.
if [ -e "$folder" ]; then
	[ -f "$folder/.made-by-demo" ] || [ -z "$(ls -A "$folder")" ] || fail "$folder was not made by the demo: remove it, or give another --folder"
	rm -rf "$folder"
fi
mkdir -p "$folder"
cd "$folder"
: >.made-by-demo

step "A demo council: configuration, and an OpenSSH key for each of three people"
mkdir agreements people drops
chmod 700 people
cp -r "$root/$agreement" "$root/$expired" "$root/agreements/notices" agreements/
cat >postern.yaml <<YAML
organisation: {name: Coventry City Council, la_code: "331"}
extracts: ./extracts
agreements: ./agreements
state: ./state
store: dir:./drops
keys:
  master: file:./keys/master$secret
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

step "The council's keys, its register, and a salt for this agreement alone"
ends 0 postern keys new "$agreement"

step "Synthetic extracts of $children children who do not exist: care, need, school and pupil premium, from the same children"
ends 0 postern synth cohort extracts --children "$children" --years "$years" --seed 2026
echo "The last year's files, in extracts/2025-26:"
(cd extracts/2025-26 && echo "  " *.* && echo "  " autumn/* && echo "  " spring/*)

step "The roles file: the DPO signs with postern, the asset owner with plain ssh-keygen"
ends 0 postern agreement sign agreements/roles.yaml --key people/dpo
ssh-keygen -q -Y sign -n postern-roles@v1 -f people/owner <agreements/roles.yaml >agreements/roles.yaml.owen.owner.sig

step "Every mistake in configuration, definitions and agreements (there is none)"
ends 0 postern check

step "Before anybody has decided, an export is refused: exit code 3"
ends 3 postern export "$agreement" 2>refused.txt
cat refused.txt
grep -q SIGNATURE_MISSING refused.txt || fail "the refusal is not SIGNATURE_MISSING"

step "Three people decide: the analyst submits, the DPO advises, the asset owner approves"
ends 0 postern agreement sign "$agreement" --decision submit --key people/analyst
ends 0 postern agreement sign "$agreement" --decision advise-clear --key people/dpo
ends 0 postern agreement sign "$agreement" --decision approve --key people/owner
ends 0 postern agreement status "$agreement"

step "What would leave: postern plan writes nothing"
log=plan.log # shown when it goes wrong
ends 0 postern plan "$agreement" >plan.txt 2>$log
awk '/^HOW IT WOULD LEAVE/ { exit } { print }' plan.txt
echo "… and column by column how it would leave, and what would be held back: plan.txt"
[ -z "$(ls -A drops)" ] || fail "the plan has written a drop"

step "The export"
log=export.log
ends 0 postern export "$agreement" >export.txt 2>$log
sed -n 1,2p export.txt
log=

step "What the council promised in 2020 has expired, and the gate keeps it: exit code 3"
ends 3 postern export "$expired" 2>refused.txt
cat refused.txt
grep -q DSA_EXPIRED refused.txt || fail "the refusal is not DSA_EXPIRED"

step "At the recipient's end: the drop, and the council's public keys, which come by another way than the drop"
drop=$(sed -n 's/^Published drop \([^ ]*\) to .*/\1/p' export.txt)
[ -n "$drop" ] && [ -f "drops/$drop/SHA256SUMS.sig" ] || fail "the export does not say which drop it published"
mkdir -p "recipient/${drop%/*}"
cp -R "drops/$drop" "recipient/$drop"
ends 0 postern keys show --allowed-signers >recipient/allowed_signers
cd recipient
cat allowed_signers

step "Verified with postern-verify, which holds no key and can read no extract"
ends 0 "$bin/postern-verify" "$drop" --signers allowed_signers

step "Verified without Postern: ssh-keygen -Y verify, sha256sum -c"
cd "$drop"
ends 0 ssh-keygen -Y verify -f ../../allowed_signers -I drops@331.postern -n postern-drop@v1 -s SHA256SUMS.sig <SHA256SUMS
ends 0 sha256sum -c SHA256SUMS
cd "$folder"

step "One changed byte, and neither finds it whole: exit codes 6 and 1"
cp -R "drops/$drop" tampered
chmod -R u+w tampered
printf ' ' >>tampered/manifest.json
ends 6 "$bin/postern-verify" tampered --signers recipient/allowed_signers >tampered.txt 2>&1
grep '^fail' tampered.txt
cd tampered
ends 1 sha256sum -c --quiet SHA256SUMS
cd "$folder"
rm -rf tampered

step "A second export from the same extracts publishes nothing"
log=again.log
ends 0 postern export "$agreement" >again.txt 2>$log
log=
cat again.txt
grep -q '^Nothing changed' again.txt || fail "the second export did not find that nothing changed"
[ "$(ls "drops/${drop%/*}")" = "${drop##*/}" ] || fail "there is more than one drop"

step "The register has every decision, drop and refusal, and nobody changed it"
ends 0 postern register show
ends 0 postern register verify

step "What left, how each column was treated, what was held back, and who was found again in which extract"
# The findings are counted here by their rule; export.txt has them all, with places and what to do.
awk '/^WHAT LEFT/ { on = 1 } /^FINDINGS/ { exit } on' export.txt
echo "FINDINGS by rule: in how many places (each with what to do: export.txt)"
awk '/^(notice|warning|quarantine): [A-Z_]+: / { sub(":$", "", $2); print $1, $2 }' export.txt | sort | uniq -c
printf '\n%s\n' "$(tail -n 1 export.txt)"

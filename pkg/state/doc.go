// Package state is the council's own folder: what Postern has to remember from one run to the next, and what only the
// council may know of a run. It holds personal data, and nothing in it ever leaves.
//
//	state/
//	  lock                                        held by the run at work
//	  salts.json                                  which salt belongs to which agreement and epoch, by fingerprint
//	  register/                                   the register of decisions and drops: package register's
//	  staging/<agreement>/<name>/                 files of a run at work, in the clear
//	  preflight/<agreement>/000001.json …         what was checked before each run, never changed
//	  runs/<agreement>/000001.json …              one record of each run, never changed
//	  drops/<agreement>.json                      the ledger of published drops
//	  membership/<agreement>/<drop>/<table>.age   which pseudonyms were in a drop, sealed to the rights key
//
// # Who may see it
//
// Folders have mode 0700 and files 0600 from the moment they are made. Open looks at everything in the folder and refuses
// it with ErrExposed when anything is open to the group or to everybody, and when there is a symbolic link. ModesChecked says
// whether the platform has such modes: on Windows it has not, and a command that opens the folder there must say
// that nobody looked.
//
// # One run at a time
//
// Whoever writes holds the Lock: a run from its start to its end, on any agreement. Reading needs no lock, since files appear
// whole: each is written under a temporary name that begins with .tmp-, flushed to the disk, given its final name, and
// the folder flushed. A run that is killed leaves at most such a temporary file, which no reader looks at, and the next
// run's Sweep removes it together with staging that nothing claims.
//
// # Names
//
// Agreements, drops, tables and staging folders become file names. They are made of a–z, 0–9, dot, hyphen and underscore, begin
// and end with a letter or digit, and are at most 100 bytes. Capital letters are refused, because dsa-a and DSA-A would be one
// folder on macOS. A table may have two parts: ssda903/episodes.
package state

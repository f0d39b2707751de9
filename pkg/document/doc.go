// Package document reads the YAML files that people write and sign, and that the gate must not misread: agreements,
// roles, dataset definitions, the configuration.
//
// YAML has many ways of saying one thing, and readers that differ over the rarer ones. A file that a Data Protection
// Officer reads in an editor must say the same to the gate, so only the plain part of YAML is accepted:
//
//   - one document of block or flow mappings and sequences, scalars on one line, long text in a block (| |- > >-);
//   - keys of the English alphabet and ASCII signs alone, so that no key looks like another;
//   - no anchors, aliases, merge keys, tags, directives, explicit keys (?), second documents or document ends;
//   - no tabs, control, formatting (zero-width, right-to-left) or private-use characters, no other spaces than the
//     ordinary one, no byte order mark, no bytes that are not UTF-8;
//   - no bare yes, no, on, off, y or n; and where text is wanted, nothing that some reader takes for a number, a date
//     or nothing at all (0123, 331, 12:30, 2026-04-01, ~, null): such text is written in quotes;
//   - in double quotes only the escapes \" and \\ .
//
// The syntax tree is that of github.com/goccy/go-yaml, which is believed about structure and not about values: each
// scalar is read again from the source at its own place, and what the tree does not account for is a problem.
//
// # Walking a document
//
// Parse returns the root mapping and a Log. The walk asks each mapping for the keys it knows, with what is wanted of
// them; what is missing, of the wrong kind or out of bounds is recorded in the log with its line and column, and the
// walk goes on with a zero value, so that every mistake of a file is told at once. Done reports the keys that nobody
// asked for. Nothing that was read before the log was found empty may be used.
//
//	root, log := document.Parse("roles.yaml", data)
//	root.String("apiVersion", document.OneOf("postern/roles/v1"))
//	code := root.String("la_code", document.Matching(laCode, "three digits in quotes"))
//	for _, person := range root.Sequence("people") {
//		m := person.Mapping()
//		name := m.String("name")
//		from, given := m.Date("valid_from", document.Optional())
//		m.Done()
//	}
//	root.Done()
//	if problems := log.Problems(); problems != nil {
//		return problems
//	}
//
// # What a problem says
//
// A problem names the file, line and column (in characters, from 1), the path of known keys, what is wrong and what to
// do. It never repeats the source, not even a misspelt key: a file may hold, by mistake, what must not be in a log.
//
// It has a Code, which is stable. Those of how a file is written stand in the line that tells the problem
// (YAML_DUPLICATE_KEY); those of what it says by itself (YAML_MISSING_KEY), and RULE_BROKEN of what two values say
// together, are for programs.
//
// Entries of free-keyed mappings and items of sequences appear in paths by number, from 1, until Entry.Known says that the
// key is a name that is known from elsewhere.
package document

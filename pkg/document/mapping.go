package document

import (
	"fmt"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// Mapping is a mapping being walked. Every method that reads a key records in the log what is wrong with it and
// returns a zero value then; a mapping that could not be read itself answers everything with zero values and silence.
type Mapping struct {
	node  *node
	path  string
	log   *Log
	asked []string
	free  bool
}

// Entry is one key of a free-keyed mapping.
type Entry struct {
	Key      string
	KeyPlace Place
	Value    *Value

	name string
}

// Place is where the mapping begins: its first key, or its opening brace.
func (m *Mapping) Place() Place { return m.node.place }

// Path names the mapping by the known keys that lead to it.
func (m *Mapping) Path() string { return m.path }

// Broken reports that the mapping could not be read: that was recorded, and everything asked of it is silent.
func (m *Mapping) Broken() bool { return m.node.kind != mapping }

// Has reports whether a key is there (whatever its value), without asking for it.
func (m *Mapping) Has(key string) bool { return m.find(key) != nil }

// KeyPlace is where a key stands; the mapping's own place when it is not there.
func (m *Mapping) KeyPlace(key string) Place {
	if e := m.find(key); e != nil {
		return e.place
	}
	return m.Place()
}

// Problem records a problem about the mapping as a whole.
func (m *Mapping) Problem(message, hint string) { m.Fault(BrokenRule, message, hint) }

// Fault records a problem about the mapping as a whole, with its code.
func (m *Mapping) Fault(code Code, message, hint string) {
	m.log.fault(code, m.Place(), m.path, message, hint)
}

// Value asks for a key whose kind is not fixed. A key that is not there gives a problem unless Optional; the answer is
// then a value that is silent.
func (m *Mapping) Value(key string, options ...Option) *Value {
	return m.value(key, wanted(options))
}

func (m *Mapping) value(key string, w want) *Value {
	if !slices.Contains(m.asked, key) {
		m.asked = append(m.asked, key)
	}
	path := join(m.path, key)
	if e := m.find(key); e != nil {
		return &Value{node: e.value, path: path, log: m.log, given: true}
	}
	if !w.optional && !m.Broken() {
		m.log.fault(MissingKey, m.Place(), path, "is missing", w.hint)
	}
	return &Value{node: &node{place: m.Place()}, path: path, log: m.log}
}

// String asks for text on one line that is not empty: see Value.String.
func (m *Mapping) String(key string, options ...Option) string {
	return m.Value(key, options...).String(options...)
}

// Text asks for prose, which may be a block of several lines: see Value.Text.
func (m *Mapping) Text(key string, options ...Option) string {
	return m.Value(key, options...).Text(options...)
}

// Int asks for a whole number: see Value.Int.
func (m *Mapping) Int(key string, options ...Option) int {
	return m.Value(key, options...).Int(options...)
}

// Float asks for a decimal number: see Value.Float.
func (m *Mapping) Float(key string, options ...Option) float64 {
	return m.Value(key, options...).Float(options...)
}

// Bool asks for true or false.
func (m *Mapping) Bool(key string, options ...Option) bool {
	return m.Value(key, options...).Bool(options...)
}

// Date asks for a day written YYYY-MM-DD; false when there is none, or none that can be read.
func (m *Mapping) Date(key string, options ...Option) (civil.Date, bool) {
	return m.Value(key, options...).Date(options...)
}

// Strings asks for a sequence of texts; the options are wanted of each.
func (m *Mapping) Strings(key string, options ...Option) []string {
	return m.Value(key, options...).Strings(options...)
}

// Sequence asks for a sequence of anything.
func (m *Mapping) Sequence(key string, options ...Option) []*Value {
	return m.Value(key, options...).Sequence(options...)
}

// Mapping asks for a mapping within.
func (m *Mapping) Mapping(key string, options ...Option) *Mapping {
	return m.Value(key, options...).Mapping()
}

// Entries asks for every key, in the order of the file, where the keys are not fixed.
func (m *Mapping) Entries() []*Entry {
	m.free = true
	if m.Broken() {
		return nil
	}
	entries := make([]*Entry, len(m.node.entries))
	for i, e := range m.node.entries {
		path := fmt.Sprintf("%s[%d]", m.path, i+1)
		entries[i] = &Entry{
			Key: e.key, KeyPlace: e.place, name: join(m.path, e.key),
			Value: &Value{node: e.value, path: path, log: m.log, given: true},
		}
	}
	return entries
}

// Known says that the key is a name that is known from elsewhere (the program, the dataset definitions), so that paths
// may show it instead of its number.
func (e *Entry) Known() { e.Value.path = e.name }

// Problem records a problem about the key.
func (e *Entry) Problem(message, hint string) { e.Fault(BrokenRule, message, hint) }

// Fault records a problem about the key, with its code.
func (e *Entry) Fault(code Code, message, hint string) {
	e.Value.log.fault(code, e.KeyPlace, e.Value.path, message, hint)
}

// Done records each key that nobody asked for, with the list of those that are accepted.
func (m *Mapping) Done() {
	if m.Broken() || m.free {
		return
	}
	hint := "accepted here: " + strings.Join(m.asked, ", ")
	for _, e := range m.node.entries {
		if !slices.Contains(m.asked, e.key) && english(e.key) { // others have been reported
			m.log.fault(UnknownKey, e.place, m.path, "unknown key", hint)
		}
	}
}

func (m *Mapping) find(key string) *entry {
	if m.Broken() {
		return nil
	}
	for i := range m.node.entries {
		if m.node.entries[i].key == key {
			return &m.node.entries[i]
		}
	}
	return nil
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

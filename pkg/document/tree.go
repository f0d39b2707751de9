package document

// kind is what a node is.
type kind uint8

const (
	broken   kind = iota // already reported: everything asked of it is silent
	empty                // a key without a value
	scalar               // text
	mapping              // keys and values
	sequence             // items
)

// style is how a scalar is written.
type style uint8

const (
	plain style = iota
	quoted
	block
)

// node is the package's own syntax tree: what is left of the library's after each value has been checked against the
// source.
type node struct {
	kind    kind
	style   style
	place   Place
	text    string
	entries []entry
	items   []*node
}

// entry is one key of a mapping.
type entry struct {
	key   string
	place Place
	value *node
}

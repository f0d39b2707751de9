package document

import (
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// Bounds of a document. An agreement that a person can read aloud stays far below each.
const (
	DefaultMaxBytes = 256 << 10 // of the file
	MaxDepth        = 32        // of mappings and sequences within each other
	MaxItems        = 10_000    // of one sequence
	MaxKeys         = 2_000     // of one mapping

	maxTokens   = 200_000 // of the file: bounds the work, whatever the size allowed
	maxEmpty    = 1_000   // keys and items without a value, at each of which the library copies what follows
	maxRefusals = 50      // parts of YAML that are left out, after which the rest is not looked at: anchors nest, too
)

// Limit changes a bound for one file.
type Limit func(*limits)

type limits struct{ maxBytes int }

// MaxBytes allows larger files than DefaultMaxBytes: dataset definitions are longer than agreements.
func MaxBytes(n int) Limit { return func(l *limits) { l.maxBytes = n } }

// Parse reads a document whose root is a mapping. What is wrong with it is in the log, which the walk goes on filling;
// the mapping returned is never nil: where nothing could be read it is broken, and silent.
//
// The file's name is used in problems as given.
func Parse(file string, data []byte, options ...Limit) (*Mapping, *Log) {
	bounds := limits{maxBytes: DefaultMaxBytes}
	for _, option := range options {
		option(&bounds)
	}
	log := NewLog(file)
	root := &node{place: Place{1, 1}}
	if len(data) > bounds.maxBytes {
		log.fault(TooLarge, root.place, "", "the file is too large", "is it the right file?")
		return &Mapping{node: root, log: log}, log
	}
	src := newSource(data, log)
	if tree := read(src, log); tree != nil {
		root = tree
	}
	return &Mapping{node: root, log: log}, log
}

// read makes the checked tree, or nil when there is none to walk.
func read(src *source, log *Log) *node {
	tokens, ok := tokenise(src.text)
	if !ok {
		log.fault(Malformed, Place{1, 1}, "", "cannot be read as YAML", "")
		return nil
	}
	if !checkTokens(tokens, log) {
		return nil
	}
	body, place, ok := syntaxTree(tokens)
	if !ok && log.onLine(place.Line) {
		return nil
	}
	if !ok {
		log.fault(Malformed, place, "", "the structure of the file is broken at this place or just before it",
			"look for a missing quote, bracket, colon or comma, or for an indentation that does not line up")
		return nil
	}
	if body == nil {
		log.fault(Nothing, Place{1, 1}, "", "the file says nothing", "")
		return nil
	}
	// What has been found so far (a tag, a tab) may leave text behind that the tree does not account for.
	clean := log.Empty()
	c := &converter{src: src, log: log}
	root := c.convert(body, 1, 1)
	if root.kind != mapping {
		if root.kind != broken {
			log.fault(WrongKind, root.place, "", "is not a mapping (keys and values)", "")
		}
		return nil
	}
	if clean && log.Empty() {
		src.checkLeftovers(log)
	}
	return root
}

// tokenise runs the library's lexer; it reports false when the lexer panics, which no input should make it do.
func tokenise(text string) (tokens token.Tokens, ok bool) {
	defer func() {
		if recover() != nil {
			tokens, ok = nil, false
		}
	}()
	return lexer.Tokenize(text), true
}

// syntaxTree runs the library's parser. Its errors repeat the source, so that only their place is kept.
func syntaxTree(tokens token.Tokens) (body ast.Node, place Place, ok bool) {
	place = Place{1, 1}
	defer func() {
		if recover() != nil {
			body, ok = nil, false
		}
	}()
	file, err := parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		return nil, placeOfError(err, place), false
	}
	for _, doc := range file.Docs {
		// Further documents have been reported from their tokens.
		if doc.Body != nil && doc.Body.Type() != ast.DirectiveType {
			return doc.Body, place, true
		}
	}
	return nil, place, true
}

// placeOfError takes the place out of an error of the library, whose interface is internal to it.
func placeOfError(err error, otherwise Place) Place {
	if e, ok := err.(interface{ GetToken() *token.Token }); ok {
		if tk := e.GetToken(); tk != nil && tk.Position != nil {
			return placeOf(tk)
		}
	}
	return otherwise
}

func placeOf(tk *token.Token) Place {
	return Place{max(tk.Position.Line, 1), max(tk.Position.Column, 1)}
}

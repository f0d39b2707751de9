package document

import (
	"fmt"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"
)

// converter makes the package's own tree from the library's, checking each value against the source.
type converter struct {
	src *source
	log *Log
}

// convert takes a node at a depth. Within a block, children stand at minColumn or to the right of it.
func (c *converter) convert(n ast.Node, depth, minColumn int) *node {
	if n == nil || n.GetToken() == nil {
		return &node{place: Place{1, 1}}
	}
	out := &node{place: placeOf(n.GetToken())}
	if depth > MaxDepth {
		c.log.fault(TooDeep, out.place, "", "is nested too deeply", fmt.Sprintf("at most %d levels are accepted", MaxDepth))
		return out
	}
	switch n := n.(type) {
	case *ast.MappingNode:
		c.mapping(out, n, depth, minColumn)
	case *ast.SequenceNode:
		c.sequence(out, n, depth, minColumn)
	case *ast.LiteralNode:
		c.block(out, n)
	case *ast.NullNode:
		if n.Token.Type == token.ImplicitNullType || c.src.at(out.place) == nil || n.Token.Origin == "" {
			out.kind = empty
			return out
		}
		c.scalar(out, n.Token)
	case *ast.StringNode:
		c.scalar(out, n.Token)
	case *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		c.scalar(out, n.GetToken())
	case *ast.AnchorNode: // reported from its token, as are the next ones
		return c.convert(n.Value, depth+1, minColumn)
	case *ast.TagNode:
		return c.convert(n.Value, depth+1, minColumn)
	case *ast.AliasNode, *ast.MergeKeyNode, *ast.MappingKeyNode, *ast.DirectiveNode:
	default:
		c.log.fault(Malformed, out.place, "", "cannot be read here", "")
	}
	return out
}

func (c *converter) mapping(out *node, n *ast.MappingNode, depth, minColumn int) {
	out.kind = mapping
	if n.IsFlowStyle && n.Start != nil {
		out.place = placeOf(n.Start)
	} else if len(n.Values) > 0 {
		out.place = placeOf(n.Values[0].Key.GetToken())
	}
	if len(n.Values) > MaxKeys {
		out.kind = broken
		c.log.fault(TooMany, out.place, "", fmt.Sprintf("is a mapping of more than %d keys", MaxKeys), "")
		return
	}
	seen := make(map[string]bool, len(n.Values))
	childColumn := out.place.Column
	if n.IsFlowStyle {
		childColumn = 1
	} else if out.place.Column < minColumn {
		c.misaligned(out.place)
	}
	for _, v := range n.Values {
		key := c.key(v.Key)
		if !n.IsFlowStyle && key.place.Column != out.place.Column {
			c.misaligned(key.place)
		}
		// A block sequence may stand in its key's own column.
		value := c.convert(v.Value, depth+1, childColumn)
		if m, ok := v.Value.(*ast.MappingNode); ok && !n.IsFlowStyle && !m.IsFlowStyle && value.place.Column <= key.place.Column {
			c.misaligned(value.place)
		}
		if key.kind != scalar {
			continue
		}
		if value.kind == empty {
			value.place = key.place
		}
		if !english(key.text) {
			c.log.fault(KeyLookalike, key.place, "", "this key has a letter that is not of the English alphabet, and may only look like the one that is meant",
				"type the key again; text that is no name of the file format belongs into a value")
		}
		if seen[key.text] {
			c.log.fault(DuplicateKey, key.place, "", "this key is there twice", "remove one")
			continue
		}
		seen[key.text] = true
		out.entries = append(out.entries, entry{key: key.text, place: key.place, value: value})
	}
}

// english reports whether a key is of ASCII characters alone: "purpоse" with a Cyrillic o is another key than the one that
// people read.
func english(key string) bool {
	for i := range len(key) {
		if key[i] >= 0x80 {
			return false
		}
	}
	return true
}

func (c *converter) key(n ast.MapKeyNode) *node {
	out := &node{place: placeOf(n.GetToken())}
	switch n := n.(type) {
	case *ast.StringNode, *ast.BoolNode, *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode, *ast.NullNode:
		c.scalar(out, n.GetToken())
		if what := mistakenFor(out.text); out.kind == scalar && out.style == plain && what != "" {
			c.log.fault(BareWord, out.place, "", "unquoted, this key is "+what+" to some readers", `write it in "quotes"`)
		}
	case *ast.MergeKeyNode, *ast.MappingKeyNode, *ast.AnchorNode, *ast.TagNode, *ast.AliasNode: // reported already
	default:
		c.log.fault(Malformed, out.place, "", "is no key", "a key is a single word or text in quotes")
	}
	return out
}

func (c *converter) sequence(out *node, n *ast.SequenceNode, depth, minColumn int) {
	out.kind = sequence
	if n.Start != nil {
		out.place = placeOf(n.Start)
	}
	if len(n.Values) > MaxItems {
		out.kind = broken
		c.log.fault(TooMany, out.place, "", fmt.Sprintf("has more than %d entries", MaxItems), "")
		return
	}
	childColumn := out.place.Column + 1
	if n.IsFlowStyle {
		childColumn = 1
	} else if out.place.Column < minColumn {
		c.misaligned(out.place)
	}
	for _, v := range n.Values {
		item := c.convert(v, depth+1, childColumn)
		if item.kind == empty {
			item.place = out.place
		}
		out.items = append(out.items, item)
	}
}

func (c *converter) misaligned(at Place) {
	c.log.fault(Malformed, at, "", "is not in line with what it belongs to", "give all keys of one mapping the same indentation")
}

// scalar reads a value on one line from the source itself.
func (c *converter) scalar(out *node, tk *token.Token) {
	rest := c.src.at(out.place)
	var n int
	var problem string
	switch tk.Type {
	case token.DoubleQuoteType:
		out.style = quoted
		out.text, n, problem = readDoubleQuoted(rest)
	case token.SingleQuoteType:
		out.style = quoted
		out.text, n, problem = readSingleQuoted(rest)
	default:
		out.text, n, problem = readPlain(rest, tk.Value)
	}
	if problem != "" && c.log.onLine(out.place.Line) {
		return // the library's columns are off after a tag
	}
	if problem != "" {
		c.log.fault(Ambiguous, out.place, "", problem, "write one value on one line; long text goes into a block (>-)")
		return
	}
	out.kind = scalar
	c.src.use(out.place, n)
}

func readPlain(rest []rune, value string) (text string, n int, problem string) {
	want := []rune(value)
	if len(want) == 0 || len(rest) < len(want) || string(rest[:len(want)]) != value {
		return "", 0, "is not a value on one line"
	}
	return value, len(want), ""
}

func readSingleQuoted(rest []rune) (text string, n int, problem string) {
	var out []rune
	for i := 1; i < len(rest); i++ {
		switch {
		case rest[i] != '\'':
			out = append(out, rest[i])
		case i+1 < len(rest) && rest[i+1] == '\'':
			out = append(out, '\'')
			i++
		default:
			return string(out), i + 1, ""
		}
	}
	return "", 0, "is quoted text that does not end on its line"
}

func readDoubleQuoted(rest []rune) (text string, n int, problem string) {
	var out []rune
	for i := 1; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			return string(out), i + 1, ""
		case '\\':
			i++
			if i == len(rest) {
				return "", 0, "is quoted text that does not end on its line"
			}
			if rest[i] != '"' && rest[i] != '\\' {
				return "", 0, `has an escape other than \" and \\`
			}
			out = append(out, rest[i])
		default:
			out = append(out, rest[i])
		}
	}
	return "", 0, "is quoted text that does not end on its line"
}

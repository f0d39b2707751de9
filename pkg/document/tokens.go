package document

import (
	"fmt"

	"github.com/goccy/go-yaml/token"
)

// notAccepted are the tokens of the parts of YAML that are left out.
func notAccepted(t token.Type) (code Code, message, hint string) {
	switch t {
	case token.AnchorType:
		return Anchor, "anchors (&) are not accepted", "write the value out where it is used"
	case token.AliasType:
		return Alias, "aliases (*) are not accepted", "write the value out; text that begins with * needs quotes"
	case token.MergeKeyType:
		return MergeKey, "merge keys (<<) are not accepted", "write the keys out"
	case token.TagType:
		return Tag, "tags (!) are not accepted", "leave it out; text that begins with ! needs quotes"
	case token.MappingKeyType:
		return ExplicitKey, "explicit keys (?) are not accepted", "write key: value; text that begins with ? needs quotes"
	case token.DirectiveType:
		return Directive, "directives (%) are not accepted", "leave it out; text that begins with % needs quotes"
	case token.DocumentEndType:
		return DocumentEnd, "document ends (...) are not accepted", "end the file after the last value"
	case token.DocumentHeaderType:
		return SecondDocument, "a second document (---) is not accepted", "one file holds one document"
	default:
		return "", "", ""
	}
}

// checkTokens reports what is left out of YAML here, and reports false when the file must not be given to the parser,
// whose work grows with the square of the depth, of the keys of a mapping and of the number of empty values.
func checkTokens(tokens token.Tokens, log *Log) bool {
	if len(tokens) > maxTokens {
		log.fault(TooMany, Place{1, 1}, "", "the file holds too many values", "is it the right file?")
		return false
	}
	var g gauge
	begun, refusals := false, 0
	for i, tk := range tokens {
		place := placeOf(tk)
		if tk.Type == token.InvalidType {
			log.fault(Malformed, place, "", "cannot be read as YAML from here on",
				"look for a missing quote or bracket; text with special characters needs quotes")
			return false
		}
		code, message, hint := notAccepted(tk.Type)
		if tk.Type == token.DocumentHeaderType && !begun {
			message = ""
		}
		if message != "" {
			log.fault(code, place, "", message, hint)
			refusals++
		}
		begun = begun || tk.Type != token.CommentType
		g.add(tokens, i)
		switch {
		case g.depth() > 2*MaxDepth:
			log.fault(TooDeep, place, "", "is nested too deeply", "")
			return false
		case g.empty > maxEmpty:
			log.fault(TooMany, place, "", "there are too many keys without a value up to here", "")
			return false
		case g.keys > MaxKeys:
			log.fault(TooMany, place, "", fmt.Sprintf("is a mapping of more than %d keys", MaxKeys), "")
			return false
		case refusals > maxRefusals:
			return false
		}
	}
	return true
}

// gauge measures from tokens, roughly and never by less than half, how deep a document is nested and how many of its
// values are empty.
type gauge struct {
	flow    []bracket // that are open
	columns []column  // of the block mappings and sequences that are open
	empty   int
	keys    int // of the largest block mapping
}

type column struct {
	at, keys int
}

type bracket struct {
	mapping bool
	colon   bool // in the entry being read
}

func (g *gauge) depth() int { return len(g.flow) + len(g.columns) }

func (g *gauge) add(tokens token.Tokens, i int) {
	tk := tokens[i]
	last := len(g.flow) - 1
	switch tk.Type {
	case token.MappingStartType, token.SequenceStartType:
		g.flow = append(g.flow, bracket{mapping: tk.Type == token.MappingStartType})
	case token.MappingEndType, token.SequenceEndType:
		if last >= 0 {
			g.flow = g.flow[:last]
		}
	case token.CollectEntryType:
		if last >= 0 && g.flow[last].mapping && !g.flow[last].colon {
			g.empty++
		}
		if last >= 0 {
			g.flow[last].colon = false
		}
	case token.MappingValueType:
		if last >= 0 {
			g.flow[last].colon = true
		}
		g.value(tokens, i, tokens[max(i-1, 0)])
	case token.SequenceEntryType:
		g.open(tk)
		g.value(tokens, i, tk)
	case token.MappingKeyType:
		g.open(tk)
	default:
		if i+1 < len(tokens) && tokens[i+1].Type == token.MappingValueType {
			g.open(tk)
		}
	}
}

// value counts a value that is not there: of the key or dash owner, whose value begins after token i.
func (g *gauge) value(tokens token.Tokens, i int, owner *token.Token) {
	for i++; i < len(tokens) && tokens[i].Type == token.CommentType; i++ {
	}
	if i >= len(tokens) {
		g.empty++
		return
	}
	next := tokens[i]
	switch next.Type {
	case token.CollectEntryType, token.MappingEndType, token.SequenceEndType:
		g.empty++
	default:
		sequence := next.Type == token.SequenceEntryType && owner.Type != token.SequenceEntryType
		if next.Position.Line > owner.Position.Line && next.Position.Column <= owner.Position.Column && !sequence {
			g.empty++
		}
	}
}

func (g *gauge) open(tk *token.Token) {
	if len(g.flow) > 0 {
		return
	}
	at := tk.Position.Column
	for len(g.columns) > 0 && g.columns[len(g.columns)-1].at > at {
		g.columns = g.columns[:len(g.columns)-1]
	}
	if len(g.columns) == 0 || g.columns[len(g.columns)-1].at < at {
		g.columns = append(g.columns, column{at: at})
	}
	if tk.Type != token.SequenceEntryType {
		c := &g.columns[len(g.columns)-1]
		c.keys++
		g.keys = max(g.keys, c.keys)
	}
}

package agreement

import (
	_ "embed"
	"strings"
	"unicode"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/document"
)

// successions is data that anybody can add to: who was followed by whom.
//
//go:embed succession.yaml
var successions []byte

// succession is an organisation that was followed by another.
type succession struct {
	name  string
	also  []string // other names it went by
	by    string
	since civil.Date
}

// succeeded finds an organisation by any name it went by; nil when it is not known to have been followed. Capital letters
// and punctuation make no difference: "What Works for Children’s Social Care" is the one with a straight apostrophe.
func succeeded(name string) *succession {
	list, _ := parseSuccessions(successions) // held by a test
	for i, s := range list {
		for _, known := range append([]string{s.name}, s.also...) {
			if plainName(known) == plainName(name) {
				return &list[i]
			}
		}
	}
	return nil
}

// plainName is a name in small letters and digits alone.
func plainName(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

func parseSuccessions(data []byte) ([]succession, error) {
	root, log := document.Parse("succession.yaml", data)
	root.String("apiVersion", document.OneOf("postern/succession/v1"))
	var out []succession
	for _, item := range root.Sequence("organisations", document.NotEmpty()) {
		m := item.Mapping()
		s := succession{name: m.String("name"), also: m.Strings("also", document.Optional()), by: m.String("followed_by")}
		s.since, _ = m.Date("since")
		m.Done()
		out = append(out, s)
	}
	root.Done()
	return out, log.Err()
}

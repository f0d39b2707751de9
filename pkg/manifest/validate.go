package manifest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxCount is the largest whole number that every reader of JSON holds exactly.
const maxCount = 1<<53 - 1

// maxText is the longest text of a member, in characters.
const maxText = 2000

// The shapes of the members, the same as in schemas/manifest.schema.json.
var (
	digestForm    = regexp.MustCompile(`^[0-9a-f]{64}$`)
	keyCheckForm  = regexp.MustCompile(`^[0-9a-f]{16}$`)
	agreementForm = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	dropIDForm    = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}/[0-9]{4,16}-[0-9]{8}$`)
	roleForm      = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,63}$`)
	signerForm    = regexp.MustCompile(`^SHA256:[A-Za-z0-9+/]{43}$`)
	laCodeForm    = regexp.MustCompile(`^[0-9]{3}$`)
	domainForm    = regexp.MustCompile(`^[a-z][a-z0-9-]*/[a-z][a-z0-9-]*$`)
	letterForm    = regexp.MustCompile(`^[a-z]$`)
	tableForm     = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}(/[a-z0-9][a-z0-9_-]{0,63})?$`)
	columnForm    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)
	pathForm      = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,63}(/[a-z0-9][a-z0-9_-]{0,63}){0,3}\.parquet$`)
	shareForm     = regexp.MustCompile(`^(0|under 1|[1-9][0-9]?|100|under 10 children|all but under 10 children)$`)
	measureForm   = regexp.MustCompile(`^(not measured|0|under 1|[1-9][0-9]?|100|under 10 children|all but under 10 children)$`)
)

// Validate reports everything that keeps the manifest from being written: members of another shape than the schema
// gives them, figures that do not add up, names that stand twice, references to nothing. The error names members,
// never what is in them.
func (m *Manifest) Validate() error {
	v := &validation{}
	v.is("format", m.Format == Format || m.Format == FormatV1)
	v.is("classification", m.Classification == Classification)
	v.is("notice", m.Notice == Notice)
	v.drop(m)
	v.agreement(&m.Agreement)
	v.parties(m)
	v.is("reference_date", m.ReferenceDate == m.ReferenceDate.FirstOfMonth())
	v.is("period", m.Period.DataFrom <= m.Period.DataTo)
	v.pseudonyms(&m.Pseudonyms)
	v.text("tool.name", m.Tool.Name)
	v.text("tool.version", m.Tool.Version)
	v.maybe("tool.build", m.Tool.Build)
	v.tables(m)
	v.sources(m)
	v.disclosure(m)
	v.text("register.origin", m.Register.Origin)
	v.whole("register.size", m.Register.Size, 1)
	root, err := base64.StdEncoding.Strict().DecodeString(m.Register.Root)
	v.is("register.root", err == nil && len(root) == 32)
	return v.err()
}

type validation struct {
	wrong []error
}

func (v *validation) err() error { return errors.Join(v.wrong...) }

func (v *validation) is(member string, ok bool) {
	if !ok {
		v.wrong = append(v.wrong, fmt.Errorf("manifest: %s is missing or not as the format has it", member))
	}
}

func (v *validation) shape(member string, re *regexp.Regexp, s string) {
	v.is(member, re.MatchString(s))
}

func (v *validation) whole(member string, n, least int64) { v.is(member, n >= least && n <= maxCount) }

// text holds a member to be readable: there, of a sensible length, without characters that move what is printed.
func (v *validation) text(member, s string) { v.is(member, s != "" && readable(s)) }

func (v *validation) maybe(member, s string) { v.is(member, readable(s)) }

func readable(s string) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= maxText && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs)
	})
}

func (v *validation) drop(m *Manifest) {
	v.whole("drop.sequence", m.Drop.Sequence, 1)
	v.is("drop.id", m.Drop.ID == DropID(m.Agreement.ID, m.Drop.Sequence, m.Drop.Date))
	if m.Drop.PreviousSumsSHA256 != "" {
		v.shape("drop.previous_sums_sha256", digestForm, m.Drop.PreviousSumsSHA256)
	}
	for i, s := range m.Drop.Supersedes {
		v.is("drop.supersedes", dropIDForm.MatchString(s) && strings.HasPrefix(s, m.Agreement.ID+"/") && s != m.Drop.ID)
		v.is("drop.supersedes", i == 0 || m.Drop.Supersedes[i-1] < s && m.Format != FormatV1)
	}
}

func (v *validation) agreement(a *Agreement) {
	v.shape("agreement.id", agreementForm, a.ID)
	v.whole("agreement.version", a.Version, 1)
	v.shape("agreement.sha256", digestForm, a.SHA256)
	v.shape("agreement.definitions_sha256", digestForm, a.DefinitionsSHA256)
	v.text("agreement.title", a.Title)
	v.is("agreement.decisions", len(a.Decisions) > 0)
	for i, d := range a.Decisions {
		at := fmt.Sprintf("agreement.decisions[%d].", i)
		v.shape(at+"role", roleForm, d.Role)
		v.shape(at+"decision", roleForm, d.Decision)
		v.shape(at+"signer", signerForm, d.Signer)
		v.shape(at+"statement_sha256", digestForm, d.StatementSHA256)
		v.is(at+"time", d.Time.Year() >= 2000 && d.Time.Year() < 10000)
	}
}

func (v *validation) parties(m *Manifest) {
	v.text("controller.name", m.Controller.Name)
	v.shape("controller.la_code", laCodeForm, m.Controller.LACode)
	v.text("controller.dpo", m.Controller.DPO)
	v.text("recipient.name", m.Recipient.Name)
	v.text("recipient.role", m.Recipient.Role)
	v.text("recipient.setting", m.Recipient.Setting)
	v.text("recipient.contact", m.Recipient.Contact)
	v.text("purpose.code", m.Purpose.Code)
	v.text("purpose.text", m.Purpose.Text)
}

func (v *validation) pseudonyms(p *Pseudonyms) {
	v.is("pseudonyms.scheme", p.Scheme == Scheme)
	v.whole("pseudonyms.epoch", p.Epoch, 1)
	v.shape("pseudonyms.key_check", keyCheckForm, p.KeyCheck)
	var seen names
	for i, d := range p.Domains {
		at := fmt.Sprintf("pseudonyms.domains[%d]", i)
		v.shape(at+".domain", domainForm, d.Domain)
		v.shape(at+".letter", letterForm, d.Letter)
		v.whole(at+".version", d.Version, 1)
		v.is(at, seen.add("domain", d.Domain) && seen.add("letter", d.Letter))
	}
}

func (v *validation) tables(m *Manifest) {
	v.is("tables", len(m.Tables) > 0)
	var tables, paths names
	for i := range m.Tables {
		t := &m.Tables[i]
		at := fmt.Sprintf("tables[%d].", i)
		v.shape(at+"name", tableForm, t.Name)
		v.is(at+"name", tables.add("", t.Name))
		v.shape(at+"source", tableForm, t.Source)
		v.text(at+"meaning", t.Meaning)
		v.files(at, t, &paths)
		v.columns(at, t, &m.Pseudonyms)
	}
}

func (v *validation) files(at string, t *Table, paths *names) {
	v.is(at+"files", len(t.Files) > 0 && slices.IsSortedFunc(t.Files, func(a, b File) int {
		return strings.Compare(a.Path, b.Path)
	}))
	var rows, children int64
	for i, f := range t.Files {
		at := fmt.Sprintf("%sfiles[%d].", at, i)
		v.shape(at+"path", pathForm, f.Path)
		v.is(at+"path", paths.add("", f.Path))
		v.shape(at+"sha256", digestForm, f.SHA256)
		v.whole(at+"bytes", f.Bytes, 1)
		v.whole(at+"rows", f.Rows, 0)
		v.is(at+"distinct_children", f.DistinctChildren >= 0 && f.DistinctChildren <= f.Rows)
		rows, children = rows+f.Rows, children+f.DistinctChildren
	}
	v.whole(at+"rows", t.Rows, 0)
	v.is(at+"rows", t.Rows == rows)
	v.is(at+"distinct_children", t.DistinctChildren == children && (t.ChildrenColumn != "" || children == 0))
}

func (v *validation) columns(at string, t *Table, p *Pseudonyms) {
	v.is(at+"columns", len(t.Columns) > 0)
	if t.ChildrenColumn != "" {
		c := t.Column(t.ChildrenColumn)
		v.is(at+"children_column", c != nil && c.Domain != "")
	}
	var seen names
	for i := range t.Columns {
		c := &t.Columns[i]
		at := fmt.Sprintf("%scolumns[%d].", at, i)
		v.shape(at+"name", columnForm, c.Name)
		v.is(at+"name", seen.add("", c.Name))
		v.is(at+"type", slices.Contains([]string{String, Date, Int32, Boolean}, c.Type))
		v.text(at+"meaning", c.Meaning)
		v.shape(at+"class", roleForm, c.Class)
		for _, s := range c.Source {
			v.text(at+"source", s)
		}
		v.text(at+"treatment", c.Treatment)
		// There is no free text in a drop: a string is a pseudonym or one of its column's codes.
		v.is(at+"domain", c.Domain == "" || c.Type == String && p.DomainLetter(c.Domain) != "")
		v.is(at+"codes", (len(c.Codes) > 0) == (c.Type == String && c.Domain == ""))
		var codes names
		for _, code := range c.Codes {
			v.text(at+"codes", code.Code)
			v.text(at+"codes", code.Meaning)
			v.is(at+"codes", codes.add("", code.Code))
		}
		v.is(at+"nulls", c.Nulls >= 0 && c.Nulls <= t.Rows && (c.Nullable || c.Nulls == 0))
	}
}

func (v *validation) sources(m *Manifest) {
	v.is("sources", len(m.Sources) > 0)
	for i, s := range m.Sources {
		at := fmt.Sprintf("sources[%d].", i)
		v.shape(at+"format", roleForm, s.Format)
		v.shape(at+"table", tableForm, s.Table)
		v.is(at+"collection_year", s.CollectionYear == 0 || s.CollectionYear >= 1990 && s.CollectionYear < 2200)
		v.is(at+"term", slices.Contains([]string{"", "autumn", "spring", "summer"}, s.Term))
		v.text(at+"definitions", s.Definitions)
		v.shape(at+"commitment", digestForm, s.Commitment)
	}
	for i, l := range m.Linkage {
		at := fmt.Sprintf("linkage[%d].", i)
		v.shape(at+"table", tableForm, l.Table)
		v.shape(at+"domain", domainForm, l.Domain)
		v.shape(at+"linked_percent", shareForm, l.LinkedPercent)
	}
}

func (v *validation) disclosure(m *Manifest) {
	d := &m.Disclosure
	v.shape("disclosure.profile", roleForm, d.Profile)
	var seen names
	for i, q := range d.QuasiIdentifiers {
		at := fmt.Sprintf("disclosure.quasi_identifiers[%d]", i)
		v.is(at, seen.add("", q) && slices.ContainsFunc(m.Tables, func(t Table) bool {
			name, ok := strings.CutPrefix(q, t.Name+".")
			return ok && t.Column(name) != nil
		}))
	}
	v.whole("disclosure.children", d.Children, 0)
	v.shape("disclosure.children_unique_percent", measureForm, d.UniquePercent)
	v.shape("disclosure.children_under_5_percent", measureForm, d.Under5Percent)
	v.shape("disclosure.children_under_10_percent", measureForm, d.Under10Percent)
	// One is measured with the others, or none is.
	v.is("disclosure.children_under_5_percent", d.Measured() == (d.Under5Percent != NotMeasured))
	v.is("disclosure.children_under_10_percent", d.Measured() == (d.Under10Percent != NotMeasured))
}

// names tells whether a name, within its kind, is new.
type names map[[2]string]bool

func (n *names) add(kind, name string) bool {
	if *n == nil {
		*n = names{}
	}
	k := [2]string{kind, name}
	if (*n)[k] {
		return false
	}
	(*n)[k] = true
	return true
}

package manifest

import (
	"fmt"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
)

// The constants of a manifest. A drop is personal data, and says so in the same words every time.
const (
	Format         = "postern-manifest/v2"
	Classification = "personal-data/pseudonymised"
	Notice         = "This is personal data. Names and numbers are replaced with a code only the council can undo, " +
		"and someone who knows a child well may still recognise them. Data protection law covers every row."
	Scheme = "p1" // how pseudonyms are made
)

// FormatV1 is the first format: a drop named at most one that it superseded. Such drops are read for as long as they may
// be held.
const FormatV1 = "postern-manifest/v1"

// The files of a drop beside its Parquet files.
const (
	Name            = "manifest.json"
	DataPackageName = "datapackage.json"
	ReadmeName      = "README.html"
	ProofName       = "register.proof"
	SumsName        = "SHA256SUMS"
	SignatureName   = "SHA256SUMS.sig"
)

// What lies beside the files of a drop once the council has withdrawn it, and is no part of it.
const (
	WithdrawnName          = "WITHDRAWN"
	WithdrawnSignatureName = "WITHDRAWN.sig"
)

// Manifest is the content of manifest.json. Its members are written in this order.
type Manifest struct {
	Format          string     `json:"format"`         // the constant Format; FormatV1 of an older drop
	Classification  string     `json:"classification"` // the constant Classification
	Notice          string     `json:"notice"`         // the constant Notice
	Drop            Drop       `json:"drop"`
	Agreement       Agreement  `json:"agreement"`
	Controller      Controller `json:"controller"`
	Recipient       Recipient  `json:"recipient"`
	Purpose         Purpose    `json:"purpose"`
	ReferenceDate   civil.Date `json:"reference_date"` // the first day of a month; ages are counted on it
	Period          Period     `json:"period"`
	Pseudonyms      Pseudonyms `json:"pseudonyms"`
	Tool            Tool       `json:"tool"`
	Tables          []Table    `json:"tables"`
	Sources         []Source   `json:"sources"`
	Linkage         []Linkage  `json:"linkage"` // empty where nothing is linked inside the gateway
	Disclosure      Disclosure `json:"disclosure"`
	RegistryApplied bool       `json:"registry_applied"` // rights holds were looked up and honoured; never how many
	Register        RegisterAt `json:"register"`
}

// Drop says which drop this is and how it follows the one before.
type Drop struct {
	ID       string     `json:"id"`       // DropID(agreement, sequence, date)
	Sequence int64      `json:"sequence"` // from 1, rising within the agreement; a gap is an abandoned attempt, or a drop of another store
	Date     civil.Date `json:"date"`     // the civil date in England on which the drop was made
	// PreviousSumsSHA256 is the SHA-256 (hex) of the SHA256SUMS of the agreement's drop before in the same store; empty for
	// the first there.
	PreviousSumsSHA256 string `json:"previous_sums_sha256"`
	// Supersedes are the ids of earlier, withdrawn drops that this one replaces, sorted; none for most. In FormatV1 there
	// is at most one.
	Supersedes []string `json:"supersedes"`
}

// Agreement says under which agreement the data left, and who decided so.
type Agreement struct {
	ID                string     `json:"id"`
	Version           int64      `json:"version"`            // from 1
	SHA256            string     `json:"sha256"`             // hex, of the exact bytes of the agreement
	DefinitionsSHA256 string     `json:"definitions_sha256"` // hex, of the dataset definitions it was approved with
	Title             string     `json:"title"`
	RecipientUntil    civil.Date `json:"recipient_until"` // the last day on which the recipient may hold the data
	Decisions         []Decision `json:"decisions"`       // in order of time
}

// Decision is one signed statement on the agreement.
type Decision struct {
	Role            string    `json:"role"`             // analyst, data-protection-officer, …
	Decision        string    `json:"decision"`         // submit, advise-clear, approve, …
	Signer          string    `json:"signer"`           // fingerprint of the signing key, SHA256:… as ssh-keygen -l writes it
	StatementSHA256 string    `json:"statement_sha256"` // hex, of the statement that was signed
	Time            time.Time `json:"time"`             // as stated; UTC, whole seconds
}

// Controller is the council.
type Controller struct {
	Name   string `json:"name"`
	LACode string `json:"la_code"` // three digits
	DPO    string `json:"dpo"`     // how to reach the Data Protection Officer
}

// Recipient is who may hold the drop.
type Recipient struct {
	Name    string `json:"name"`
	Role    string `json:"role"`    // controller or processor
	Setting string `json:"setting"` // where the data may be held, as the agreement says: secure, …
	Contact string `json:"contact"`
}

// Purpose is what the drop may be used for.
type Purpose struct {
	Code string `json:"code"`
	Text string `json:"text"`
}

// Period bounds the events in the drop, both days included.
type Period struct {
	DataFrom civil.Date `json:"data_from"`
	DataTo   civil.Date `json:"data_to"`
}

// Pseudonyms says how the codes were made, never with what.
type Pseudonyms struct {
	Scheme  string   `json:"scheme"` // the constant Scheme
	Epoch   int64    `json:"epoch"`  // from 1; a new epoch is a new set of codes
	Domains []Domain `json:"domains"`
	// KeyCheck is 16 hexadecimal digits that stay the same as long as the keys do: a recipient sees a change of keys
	// before it looks like a new cohort.
	KeyCheck string `json:"key_check"`
}

// Domain is one kind of identifier that is replaced, and the version of the rule that normalises it first.
type Domain struct {
	Domain  string `json:"domain"` // child/la-child-id
	Letter  string `json:"letter"` // with the epoch, the beginning of each code: c1_
	Version int64  `json:"version"`
}

// Tool is the program that made the drop.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Build   string `json:"build"` // the source revision; may be empty
}

// Table is one table of the drop.
type Table struct {
	Name             string   `json:"name"`   // children, or ssda903/episodes for a table as returned
	Source           string   `json:"source"` // the core table or source table that it was made from
	Meaning          string   `json:"meaning"`
	Files            []File   `json:"files"` // its parts, sorted by path; they hold disjoint ranges of pseudonyms
	Rows             int64    `json:"rows"`
	DistinctChildren int64    `json:"distinct_children"` // distinct values of ChildrenColumn; 0 where that is empty
	ChildrenColumn   string   `json:"children_column"`   // the pseudonym by which rows are ordered; empty if none
	Columns          []Column `json:"columns"`           // in the order of the Parquet schema
}

// File is one Parquet file.
type File struct {
	Path             string `json:"path"`
	SHA256           string `json:"sha256"` // hex
	Bytes            int64  `json:"bytes"`
	Rows             int64  `json:"rows"`
	DistinctChildren int64  `json:"distinct_children"`
}

// The types of a column, as Parquet holds them.
const (
	String  = "string"  // UTF-8; either a pseudonym or one of Column.Codes
	Date    = "date"    // days since 1 January 1970
	Int32   = "int32"   // a whole number
	Boolean = "boolean" // true or false
)

// Column is one column of a table.
type Column struct {
	Name      string   `json:"name"`
	Type      string   `json:"type"` // String, Date, Int32 or Boolean
	Meaning   string   `json:"meaning"`
	Class     string   `json:"class"`     // quasi-identifier, special-category, …
	Domain    string   `json:"domain"`    // of a pseudonym, one of Pseudonyms.Domains; else empty
	Source    []string `json:"source"`    // the source columns it was made from; empty for a constant
	Treatment string   `json:"treatment"` // what was done to it, in words: "date to month"
	Codes     []Code   `json:"codes"`     // every value a string column can have, unless it is a pseudonym
	Nullable  bool     `json:"nullable"`
	Nulls     int64    `json:"nulls"` // empty cells, over all files of the table
}

// Code is one value of a coded column.
type Code struct {
	Code    string `json:"code"`
	Meaning string `json:"meaning"`
}

// Source is one file that was read, named by a commitment that only the council can open.
type Source struct {
	Format         string `json:"format"`          // ssda903
	Table          string `json:"table"`           // episodes
	CollectionYear int64  `json:"collection_year"` // the year in which it ends; 0 where the format has none
	Term           string `json:"term"`            // autumn, spring or summer, of a return made every term; else empty
	Definitions    string `json:"definitions"`     // version of the dataset definitions it was read with
	Commitment     string `json:"commitment"`      // hex, keyed: HMAC-SHA-256 of the file's digest
}

// Linkage is how well one table could be linked to another inside the gateway.
type Linkage struct {
	Table         string `json:"table"`
	Domain        string `json:"domain"`         // the identifier that links
	LinkedPercent string `json:"linked_percent"` // banded, as Percent writes it
}

// Disclosure says how easily a child could be singled out by the released quasi-identifiers together. Shares are
// written by Percent; where no table with one row per child leaves, all three are NotMeasured.
type Disclosure struct {
	Profile          string   `json:"profile"`           // the release profile of the agreement: secure, …
	QuasiIdentifiers []string `json:"quasi_identifiers"` // table.column
	Children         int64    `json:"children"`          // distinct children of the table that has most of them
	UniquePercent    string   `json:"children_unique_percent"`
	Under5Percent    string   `json:"children_under_5_percent"`  // in a group of fewer than 5 who look alike
	Under10Percent   string   `json:"children_under_10_percent"` // in a group of fewer than 10 who look alike
}

// NotMeasured stands for a share of Disclosure that was not measured: unlike "0" it says nothing of any child.
const NotMeasured = "not measured"

// Measured reports whether the shares were measured: whether a table with one row per child leaves.
func (d *Disclosure) Measured() bool { return d.UniquePercent != NotMeasured }

// RegisterAt is the checkpoint of the council's register under which register.proof includes this drop.
type RegisterAt struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"` // entries
	Root   string `json:"root"` // standard base64 of the 32-byte tree head
}

// DropID is the name of a drop: dsa-coventry-fv-2026/0007-20261121. The sequence has at least four digits.
func DropID(agreement string, sequence int64, date civil.Date) string {
	y, m, d := date.YMD()
	return fmt.Sprintf("%s/%04d-%04d%02d%02d", agreement, sequence, y, m, d)
}

// Files lists the Parquet files of all tables, sorted by path.
func (m *Manifest) Files() []File {
	var out []File
	for _, t := range m.Tables {
		out = append(out, t.Files...)
	}
	sortFiles(out)
	return out
}

// Column finds a column by its name; nil when the table has none.
func (t *Table) Column(name string) *Column {
	for i := range t.Columns {
		if t.Columns[i].Name == name {
			return &t.Columns[i]
		}
	}
	return nil
}

// DomainLetter is the letter of a pseudonymisation domain; empty when the manifest does not have the domain.
func (p *Pseudonyms) DomainLetter(domain string) string {
	for _, d := range p.Domains {
		if d.Domain == domain {
			return d.Letter
		}
	}
	return ""
}

// Package extract reads what a council's source systems export: untreated personal data.
//
// # What comes in
//
// A text file is recognised by its header, never by its name: the table whose columns it has, by the dataset
// definitions; a document by its root element and the collection it states. Text files lie in sets, one set per format,
// collection year and, for returns made every term, term; year and term are told from the set's folder or file name
// ("2020-21", "2021", "2024_autumn") and held against the dates inside, or the year from the dates alone. A document
// states its year itself. What is not recognised, or not certain, is refused: the gate does not guess.
//
// # What comes out
//
// A Batch is a block of rows of one table in columns. A column is a list of distinct values and, per row, the position
// of its value: every cell is decoded once per distinct value of a batch, or once for many batches where a worker keeps
// a stock of values (Stock). Only the columns that were asked for become values; the others are skipped by the reader.
//
// # Side by side
//
// What is done with a row seldom turns on the rows before it. Who asks for rows may say so (Workers): then a reader that
// can cut its file has several goroutines take splits of it, and joins what they made in the order of the file. A file is
// the one that was recognised, byte for byte, however it is read: it is held against a fingerprint block by block
// (Source.Holds, Source.Watch).
//
// # What is kept back
//
// A row in which an asked-for cell breaks a rule is quarantined: counted, reported as a finding with its place, and in
// no batch. A row that is marked as given in confidence is held back, unless it is asked for. Rows read = rows in batches +
// rows quarantined + rows in confidence, always (Tally). A file that cannot be read as what it says it is stops the run
// (Invalid).
//
// A Batch must never reach a Parquet writer: package minimise turns it into treated data, and only that can be written.
package extract

import (
	"context"
	"crypto/sha256"
	"errors"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// Form is what a file is: it decides which reader reads it, and what a set is.
type Form uint8

// The forms of a file.
const (
	Text     Form = iota // delimited text: one table, in a set with the other files of its return
	Document             // one XML document: all tables of its format, a set of its own
	Sheet                // one sheet of a workbook: one table, in a set with the other sheets
)

// Source is one table of one recognised file. A text file holds one table, a document all those of its format, a
// workbook one for each of its sheets that is a table.
type Source struct {
	File      string // as findings name it: the path that was given, and what stands below it
	Path      string // where it is
	Form      Form
	Sheet     int // of a workbook: which of its sheets, from 1
	Table     *dataset.Table
	Year      int    // the collection year, by the year it ends in; a reader sets it where the file itself states it
	Term      string // of a termly format: dataset.Autumn, Spring, Summer
	Authority string // the code of the local authority, where the file states it
	// First and Last are the days that rows brought together tell of, where that is less than the year; else 0.
	First, Last civil.Date
	Header      Header // of a text file
	Size        int64
	SHA256      [sha256.Size]byte // of the whole file, taken when it was recognised

	seen  *fingerprint // of the file when it was recognised; nil when no digest was taken
	below string       // the part of the path that may name a year
}

// Place is a place in the source's file; row 0 is the whole file, column "" all columns.
func (s *Source) Place(row int64, column string) finding.Place {
	p := finding.Place{File: s.File, Sheet: s.Sheet, Row: row, Column: column}
	if s.Table != nil {
		p.Table = s.Table.ID()
	}
	return p
}

// Header is the first line of a file, matched to a table.
type Header struct {
	Fields  int            // how many fields every row must have
	Row     int64          // of a sheet: the row that it stands in, from 1
	At      map[string]int // position of each column of the table that the file has
	Unknown []int          // positions of columns that the table does not have, from 0
}

// Batch is a block of untreated rows.
type Batch struct {
	Source  *Source
	Rows    []int64 // the number of each row in its file, from 1
	Columns []Column
	// Broken is the rows that were quarantined for a cell, nil when there are none. What they say must not leave; that
	// they say something about a child and a day keeps an older row on the same from leaving in their place. A cell
	// that breaks a rule is empty here, but for one that should say whether the row was given in confidence: it is true.
	Broken *Batch
	// Confidential is the sound rows that were given in confidence, nil when there are none, or when they were asked for
	// as any other (Demand.Confidential). What they say must not leave, neither by itself nor in a sum, a mark or a link.
	Confidential *Batch
	// Begun is, for rows whose event date is not known, a day on which what they tell of had begun: what began before the
	// data period stays out of it. Nil where nothing of the kind is known; in rows with a date it says nothing.
	Begun []civil.Date
}

// Withheld lists the parts of a batch that are held back: its broken rows, and those given in confidence.
func (b *Batch) Withheld() []*Batch {
	var out []*Batch
	for _, part := range []*Batch{b.Broken, b.Confidential} {
		if part != nil {
			out = append(out, part)
		}
	}
	return out
}

// Len is the number of rows.
func (b *Batch) Len() int { return len(b.Rows) }

// Column finds a column by its name; nil when it was not asked for.
func (b *Batch) Column(name string) *Column {
	for i := range b.Columns {
		if b.Columns[i].Def.Name == name {
			return &b.Columns[i]
		}
	}
	return nil
}

// Column is one column of a batch.
type Column struct {
	Def    *dataset.Column
	From   string   // the source column, where Def is of a core table
	Values []Value  // the distinct values
	Index  []uint32 // per row, the position of its value
	// Stock tells whether what was worked out for the values of an earlier batch still serves: batches that a worker gets
	// one after the other and whose columns have the same Stock have the same values, the later one perhaps more behind
	// them. Nil is no other batch's.
	Stock *Stock
}

// Stock is the identity of a list of values that only grows.
type Stock struct{ _ byte }

// Named is the column's name in the file that it is from.
func (c *Column) Named() string {
	if c.From != "" {
		return c.From
	}
	return c.Def.Heading()
}

// At is the value of a row.
func (c *Column) At(row int) Value { return c.Values[c.Index[row]] }

// State says what a value is.
type State uint8

// The states of a value.
const (
	Empty    State = iota // nothing was returned
	Known                 // a value of the column's type
	Month                 // a partial date known to the month: Num is the first day of it
	Year                  // a partial date known to the year: Num is 1 January
	Unusable              // an identifier that stands for nobody (Outcome says why)
)

// Value is one decoded cell.
type Value struct {
	State   State
	Outcome identifier.Outcome // of an identifier
	Num     int32              // a date in days from 1970-01-01, a position in the column's codes, a number, 0 or 1
	// Text is a normalised identifier. An Unusable one has it where only the check digit or letter is wrong: then it may
	// be compared inside the gateway, and never hashed.
	Text   string
	Simple string // what trimming, width and case alone make of it, where that is something else
}

// Tally counts the rows of one file. Read = Passed + Quarantined + Confidential.
type Tally struct {
	Read         int64 `json:"read"`
	Passed       int64 `json:"passed"`
	Quarantined  int64 `json:"quarantined"`
	Confidential int64 `json:"in_confidence"` // held back, since they are marked as given in confidence
}

// Reader reads one kind of file. It is safe for concurrent use: several files may be read side by side.
type Reader interface {
	// Recognise says which tables of the definitions a file holds: one Source for each, with its Table, and with Header,
	// Year and Authority as far as the file itself states them. A file that is unreadable, malformed or not recognised
	// is an *Invalid.
	Recognise(ctx context.Context, catalogue *dataset.Catalogue, path, file string, report *finding.Report) ([]*Source, error)

	// Read meets all demands, which are of sources of one file. A file that is not readable to its end, or that is not
	// the file that was recognised, is an error, and what the sinks got must be thrown away.
	Read(ctx context.Context, demands []*Demand) error
}

// Demand is what somebody wants of a source.
type Demand struct {
	Source *Source
	Want   Want
	Report *finding.Report // gets the findings
	// Confidential asks for rows that were given in confidence as for any other.
	Confidential bool
	// Sink gets the rows in batches, in file order, with only the columns of Want decoded. A batch and all it holds is
	// valid until Sink returns.
	Sink func(*Batch) error
	// Workers, where it is not nil, is asked in place of Sink: nothing that is done with a row turns on the rows before
	// it, so that a reader may cut the file into splits and read these side by side.
	Workers Workers
	Tally   Tally // of the rows; the reader fills it in
}

// Workers does something with rows whose order does not matter, or matters only where two splits meet.
type Workers interface {
	// Worker makes what one goroutine needs. It is called once per goroutine, by any of them.
	Worker() Worker
}

// Worker works on splits of a file, one after the other, in any order. What it remembers of one split serves it with the
// next, and must not show in what comes out.
type Worker interface {
	// Begin begins a split. Findings on its rows go to report, whose rows are counted from the first of the split unless
	// joined: then every split before it has been joined, and rows are counted from the first of the file.
	Begin(report *finding.Report, joined bool) Piece
}

// Piece is what becomes of one split. It touches nothing that others can see, but for memory that is safe to share,
// until it is joined: a piece that turns out to begin in the middle of a record is dropped, and begun again.
type Piece interface {
	// Add takes rows of the split, in file order. A batch is valid until Add returns.
	Add(b *Batch) error
	// Join makes the piece a part of the whole. Pieces are joined one at a time, in the order of the file. ErrAgain says
	// that the piece must be made again now that all before it is joined; it never comes from one that was begun so.
	Join() error
}

// ErrAgain is returned by Piece.Join when what stands before the split changes what becomes of it.
var ErrAgain = errors.New("the split must be read again after the one before it")

// Want is the list of columns to decode.
type Want []*dataset.Column

// NewWant looks up the columns of a table by name, in the order given, and adds those that a rule of theirs needs
// (the date that a date may not precede), and the one that marks rows as given in confidence. A column that the source's file lacks is decoded as empty.
func NewWant(table *dataset.Table, names ...string) Want {
	var want Want
	seen := make(map[string]bool)
	add := func(name string) {
		if c := table.Column(name); c != nil && !seen[name] {
			seen[name] = true
			want = append(want, c)
		}
	}
	for _, name := range names {
		add(name)
	}
	for _, c := range table.Columns {
		if c.InYear {
			add(c.Name) // it tells whether the row is of the year at all
		}
	}
	for _, c := range want {
		if c.NotBefore != "" {
			add(c.NotBefore)
		}
	}
	add(table.InConfidence)
	return want
}

// Invalid is an extract of which nothing can be made: the run ends before anything is written. It says what was found;
// the findings name file, table, row, column and rule.
type Invalid struct {
	Findings []finding.Finding
	Near     bool // of a header that is that of no table: it comes near one, and lacks some of it
}

// Error writes the first finding, and how many there are.
func (e *Invalid) Error() string {
	if len(e.Findings) == 0 {
		return "the extract cannot be used"
	}
	return e.Findings[0].String()
}

// NextStep is the hint of the first finding.
func (e *Invalid) NextStep() string {
	if len(e.Findings) == 0 {
		return ""
	}
	return e.Findings[0].Hint
}

// Stop makes an *Invalid of one finding.
func Stop(rule string, place finding.Place, message, hint string) error {
	return &Invalid{Findings: []finding.Finding{{
		Rule: rule, Severity: finding.Stop, Place: place, Count: 1, Message: message, Hint: hint,
	}}}
}

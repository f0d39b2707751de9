package synth

import (
	"os"
	"strconv"

	"github.com/postern-gateway/postern/pkg/civil"
)

// The tables of a set, in the order of their files.
const (
	header = iota
	episodes
	uasc
	reviews
	oc2
	oc3
	ad1
	placedAdoption
	previousPermanence
	missing
	swEpisodes
)

// table is one file of a set.
type table struct {
	format  string
	file    string // below the year's folder
	columns string
	start   string // before the header line: a byte order mark, or nothing
	newline string
	open    bool // no newline after the last line
	tabs    bool // fields are separated by tabs
}

// tablesOf are the tables of a collection year's set.
func tablesOf(year int) []table {
	all := []table{
		header:             {file: "header.csv", columns: "CHILD,SEX,DOB,ETHNIC,UPN,MOTHER,MC_DOB"},
		episodes:           {file: "episodes.csv", columns: "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN"},
		uasc:               {file: "uasc.csv", columns: "CHILD,SEX,DOB,DUC"},
		reviews:            {file: "reviews.csv", columns: "CHILD,DOB,REVIEW,REVIEW_CODE"},
		oc2:                {file: "oc2.csv", columns: "CHILD,DOB,SDQ_SCORE,SDQ_REASON,CONVICTED,HEALTH_CHECK,IMMUNISATIONS,TEETH_CHECK,HEALTH_ASSESSMENT,SUBSTANCE_MISUSE,INTERVENTION_RECEIVED,INTERVENTION_OFFERED"},
		oc3:                {file: "oc3.csv", columns: "CHILD,DOB,IN_TOUCH,ACTIV,ACCOM"},
		ad1:                {file: "ad1.csv", columns: "CHILD,DOB,DATE_INT,DATE_MATCH,FOSTER_CARE,NB_ADOPTR,SEX_ADOPTR,LS_ADOPTR"},
		placedAdoption:     {file: "placed_adoption.csv", columns: "CHILD,DOB,DATE_PLACED,DATE_PLACED_CEASED,REASON_PLACED_CEASED"},
		previousPermanence: {file: "previous_permanence.csv", columns: "CHILD,DOB,PREV_PERM,LA_PERM,DATE_PERM"},
		missing:            {file: "missing.csv", columns: "CHILD,DOB,MISSING,MIS_START,MIS_END", open: true},
		swEpisodes:         {file: "sw_episodes.csv", columns: "CHILD,DOB,SW_ID,SW_DECOM,SW_DEC,SW_REASON", start: "\ufeff", newline: "\r\n"},
	}
	for i := range all {
		all[i].format = SSDA903
		if all[i].newline == "" {
			all[i].newline = "\n"
		}
	}
	if year < workersFrom {
		return all[:swEpisodes]
	}
	return all
}

// bufferSize is the buffer of one file: with the most files there are, 11 MB in all.
const bufferSize = 64 << 10

// file is one file being written. Lines are separated, not ended, by newlines until it is closed.
type file struct {
	table    table
	path     string
	out      *os.File // nil once closed
	buf      []byte
	rows     int64
	localRef bool
	err      error // the first one; nothing is written after it
}

func createFile(path string, t table) (*file, error) {
	out, err := os.OpenFile(path+part, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	f := &file{table: t, path: path, out: out, buf: make([]byte, 0, bufferSize)}
	f.buf = append(f.buf, t.start...)
	f.buf = append(f.buf, t.columns...)
	return f, nil
}

// addLocalRef gives the table a last column that the return does not have: the source system's own number of a row.
func (f *file) addLocalRef() {
	f.localRef = true
	f.buf = append(f.buf, ",LOCAL_REF"...)
}

// longest is more than a row can take.
const longest = 2048

// row begins a row. Fields are appended to what it returns, each followed by a comma.
func (f *file) row() line {
	if len(f.buf) > bufferSize-longest {
		f.flush()
	}
	return append(f.buf, f.table.newline...)
}

// end takes back a row that row began.
func (f *file) end(b line) {
	f.rows++
	if f.localRef {
		b = b.text("EPR" + zeroPadded(strconv.FormatInt(f.rows, 10), 8))
	}
	if f.table.tabs {
		for i := len(f.buf); i < len(b); i++ {
			if b[i] == ',' {
				b[i] = '\t'
			}
		}
	}
	f.buf = b[:len(b)-1]
}

func (f *file) flush() {
	if f.err == nil {
		_, f.err = f.out.Write(f.buf)
	}
	f.buf = f.buf[:0]
}

// close writes what is left.
func (f *file) close() error {
	if !f.table.open {
		f.buf = append(f.buf, f.table.newline...)
	}
	f.flush()
	if err := f.out.Close(); f.err == nil {
		f.err = err
	}
	f.out = nil
	return f.err
}

// abandon closes the file without writing what is left.
func (f *file) abandon() {
	if f.out != nil {
		_ = f.out.Close() // it is about to be removed
		f.out = nil
	}
}

// line is a row being written: fields, each followed by a comma. No value has a comma, quote or newline in it.
type line []byte

func (b line) text(s string) line { return append(append(b, s...), ',') }

func (b line) blank() line { return append(b, ',') }

// date writes DD/MM/YYYY.
func (b line) date(d civil.Date) line {
	y, m, day := d.YMD()
	return append(b,
		byte('0'+day/10), byte('0'+day%10), '/', byte('0'+m/10), byte('0'+m%10), '/',
		byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), ',')
}

// ended writes the date of an end that is known by a day, else nothing.
func (b line) ended(d, by civil.Date) line {
	if d > by {
		return b.blank()
	}
	return b.date(d)
}

func (b line) number(n int) line { return append(strconv.AppendInt(b, int64(n), 10), ',') }

// postcodes is how many postcodes the area ZZ is taken to have: districts 1 to 99, sectors 0 to 9, and units of two of
// the twenty letters that units are written in.
const postcodes = 99 * 10 * 20 * 20

// unitLetters are the letters of the end of a postcode: not C, I, K, M, O or V.
const unitLetters = "ABDEFGHJLNPQRSTUWXYZ"

// postcode writes the postcode of a number, nothing for 0.
func (b line) postcode(n uint32) line {
	if n == 0 {
		return b.blank()
	}
	n--
	b = strconv.AppendUint(append(b, "ZZ"...), uint64(1+n/4000), 10)
	return append(b, ' ', byte('0'+n/400%10), unitLetters[n/20%20], unitLetters[n%20], ',')
}

// urn writes an Ofsted number, in its older form SC012345 when it is below a million, nothing for 0.
func (b line) urn(n uint32) line {
	switch {
	case n == 0:
		return b.blank()
	case n < 1_000_000:
		b = append(b, "SC"...)
		for unit := uint32(100_000); unit > 0; unit /= 10 {
			b = append(b, byte('0'+n/unit%10))
		}
		return append(b, ',')
	default:
		return append(strconv.AppendUint(b, uint64(n), 10), ',')
	}
}

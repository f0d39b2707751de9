package draft

import (
	"bytes"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// How much is kept of a column.
const (
	keptHashes  = 1024
	keptValues  = 256
	longestCode = 80 // in bytes: what is longer is no code and no spelling of one
)

// observed is what is counted of one column, cell by cell.
type observed struct {
	filled, broken   int64 // cells with anything in them; cells that are not UTF-8
	absent           int64 // cells that say in a word that there is nothing: N/A, NULL
	chars, words     int64
	longest          int
	forms            [16]int64 // dates, by their form
	shortYear        int64     // dates of which the year has two digits, or day or month one
	zoned            int64     // partial dates: ZZ for what is not known
	whole, decimal   int64
	least, greatest  int64
	zeroed           int64 // whole numbers with a zero in front
	bit, truth, yes  int64 // 0 and 1; true and false; yes and no
	upn, nhs, worker int64
	childLike        int64 // cells that a child's number could be
	email, postcode  int64
	phone            int64
	person           int64 // two or three words that each begin with a capital
	headerAgain      int64 // cells that are the column's own header
	values           map[string]struct{}
	manyValues       bool
	distinct         sketch
}

var (
	emailLike    = regexp.MustCompile(`^[^@\s]+@[^@\s]+\.[^@\s]+$`)
	postcodeLike = regexp.MustCompile(`^[A-Za-z]{1,2}[0-9][A-Za-z0-9]? ?[0-9][A-Za-z]{2}$`)
	phoneLike    = regexp.MustCompile(`^(\+44|0)[0-9 ()-]{9,15}$`)
	shortDate    = regexp.MustCompile(`^[0-9]{1,2}[/.-][0-9]{1,2}[/.-]([0-9]{2}|[0-9]{4})$|^[0-9]{1,2}[ -][A-Za-z]{3}[ -][0-9]{2}$`)
	partialDate  = regexp.MustCompile(`^(?i:zz)/([0-9]{2}|(?i:zz))/([0-9]{4}|(?i:zzzz))$`)
)

// printable is a header as text: nothing of it that is not UTF-8 or cannot be printed, white space as single blanks.
func printable(cell []byte) string {
	text := strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError || !unicode.IsPrint(r):
			return -1
		default:
			return r
		}
	}, string(bytes.ToValidUTF8(cell, nil)))
	return strings.Join(strings.Fields(text), " ")
}

func (o *observed) add(cell []byte, header string) {
	if !utf8.Valid(cell) {
		o.filled, o.broken = o.filled+1, o.broken+1
		return
	}
	text := strings.TrimSpace(string(cell))
	if text == "" {
		return
	}
	o.filled++
	switch strings.ToUpper(text) {
	case "N/A", "NA", "NULL", "NONE", "-", "NOT KNOWN", "#N/A", "NAN":
		o.absent++
	}
	n := utf8.RuneCountInString(text)
	o.chars, o.longest = o.chars+int64(n), max(o.longest, n)
	words := strings.Fields(text)
	o.words += int64(len(words))
	if len(words) > 1 && len(words) < 4 && capitals(words) {
		o.person++
	}
	if strings.EqualFold(text, header) {
		o.headerAgain++
	}
	o.keep(text)
	if n <= 40 {
		o.shape(text)
	}
}

// shape counts what a short cell looks like.
func (o *observed) shape(text string) {
	if at := extract.DateForm(dataset.DateForms(), text); at >= 0 {
		o.forms[at]++
	} else if shortDate.MatchString(text) {
		o.shortYear++
	} else if partialDate.MatchString(text) {
		o.zoned++
	}
	o.number(text)
	switch strings.ToLower(text) {
	case "0", "1":
		o.bit++
	case "true", "false":
		o.truth++
	case "y", "n", "yes", "no":
		o.yes++
	}
	switch {
	case len(text) == 13:
		if _, outcome := identifier.Normalise(identifier.UPN, text); outcome == identifier.OK {
			o.upn++
		}
	case len(text) >= 10 && len(text) <= 12:
		if _, outcome := identifier.Normalise(identifier.NHSNumber, text); outcome == identifier.OK {
			o.nhs++
		}
	}
	if _, outcome := identifier.Normalise(identifier.WorkerSWE, text); outcome == identifier.OK {
		o.worker++
	}
	if _, outcome := identifier.Normalise(identifier.LAChildID, text); outcome == identifier.OK && strings.ContainsAny(text, "0123456789") {
		o.childLike++
	}
	switch {
	case emailLike.MatchString(text):
		o.email++
	case postcodeLike.MatchString(text):
		o.postcode++
	case phoneLike.MatchString(text):
		o.phone++
	}
}

func (o *observed) number(text string) {
	text = strings.TrimSuffix(text, ".0")
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strings.HasPrefix(text, "+") {
		if _, err := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64); err == nil {
			o.decimal++
		}
		return
	}
	if o.whole == 0 || n < o.least {
		o.least = n
	}
	if o.whole == 0 || n > o.greatest {
		o.greatest = n
	}
	o.whole++
	if len(text) > 1 && text[0] == '0' {
		o.zeroed++
	}
}

// capitals reports whether each word is a capital and small letters, as in a name.
func capitals(words []string) bool {
	for _, w := range words {
		for i, r := range strings.TrimRight(w, ",.") {
			if i == 0 && !unicode.IsUpper(r) || i > 0 && !unicode.IsLetter(r) && r != '\'' && r != '-' {
				return false
			}
		}
	}
	return true
}

// keep keeps a value while the column may be one of codes, and its hash while there is room.
func (o *observed) keep(text string) {
	hash := fnv.New64a()
	_, _ = hash.Write([]byte(text)) // a hash never fails
	o.distinct.add(hash.Sum64())
	switch {
	case o.manyValues:
	case len(text) > longestCode || len(o.values) == keptValues:
		if _, has := o.values[text]; !has {
			o.values, o.manyValues = nil, true
		}
	default:
		if o.values == nil {
			o.values = make(map[string]struct{})
		}
		o.values[text] = struct{}{}
	}
}

// sketch tells about how many different hashes it was given, in bounded memory: it keeps those that end in so many zero
// bits, of which there are few enough (Wegman's adaptive sampling). Up to keptHashes it counts exactly.
type sketch struct {
	kept  map[uint64]struct{}
	zeros uint
}

func (s *sketch) add(hash uint64) {
	// FNV mixes its last bytes badly into the low bits.
	hash ^= hash >> 33
	hash *= 0xff51afd7ed558ccd
	hash ^= hash >> 33
	if hash&(1<<s.zeros-1) != 0 {
		return
	}
	if s.kept == nil {
		s.kept = make(map[uint64]struct{})
	}
	s.kept[hash] = struct{}{}
	for len(s.kept) > keptHashes {
		s.zeros++
		for h := range s.kept {
			if h&(1<<s.zeros-1) != 0 {
				delete(s.kept, h)
			}
		}
	}
}

func (s *sketch) count() int64 { return int64(len(s.kept)) << s.zeros }

// most reports whether a count is at least so many in a hundred of the cells that hold anything.
func (o *observed) most(count int64, percent int64) bool {
	return o.filled > 0 && 100*count >= percent*o.filled
}

// dates is how many cells are dates that can be read.
func (o *observed) dates() int64 {
	n := int64(0)
	for _, c := range o.forms {
		n += c
	}
	return n
}

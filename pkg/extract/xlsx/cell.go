package xlsx

import (
	"bytes"
	"strconv"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
)

// exactDigits is how many digits of a whole number a spreadsheet keeps.
const exactDigits = 15

// Day 0 of the two ways in which workbooks count days, as days of civil.Date. The one that begins in 1900 has a 29
// February of that year as its day 60; days before it count from one day later.
const (
	dayZero1900  = -25569
	dayZero1904  = -24107
	leapDay1900  = 60
	dayNoLonger  = 73415 // 1 January 2101 in the later of the two
	dateOfNoDay  = "1900-02-29"
	earlierZeros = dayZero1900 + 1
)

// said makes of a cell what its column's definition can read, or says which rule the cell breaks. What it returns holds
// until the next row. A column of free text breaks none: nothing of it ever leaves, and a team that a look-up did not find
// shall cost no row.
func (p *pass) said(def *dataset.Column, c *raw) ([]byte, string) {
	value, rule := p.judge(def, c)
	if def.Type == dataset.Text {
		rule = ""
	}
	return value, rule
}

func (p *pass) judge(def *dataset.Column, c *raw) ([]byte, string) {
	value := c.value
	if c.formula && (!c.valued || len(value) == 0 && c.kind != text && c.kind != shared) {
		return nil, RuleNotComputed
	}
	switch c.kind {
	case failed:
		return nil, RuleError
	case truthValue:
		return truthText(def, value), ""
	case isoDate:
		if def.Type == dataset.Date || def.Type == dataset.PartialDate {
			if d, ok := extract.DayOf(string(bytes.TrimSpace(value))); ok {
				from := len(p.made)
				p.made = appendISO(p.made, d)
				return p.made[from:], ""
			}
			value, _, _ = bytes.Cut(value, []byte{'T'})
		}
		return value, ""
	case number:
		value = bytes.TrimSpace(value)
		if len(value) == 0 {
			return nil, ""
		}
		if def.Type == dataset.Date || def.Type == dataset.PartialDate {
			return p.day(value), ""
		}
		return whole(def, value)
	default:
		return value, ""
	}
}

// indexOf reads the number of a shared string, from 0.
func indexOf(value []byte) (uint32, bool) {
	n := uint32(0)
	value = bytes.TrimSpace(value)
	for _, c := range value {
		if c < '0' || c > '9' || n > 1<<28 {
			return 0, false
		}
		n = n*10 + uint32(c-'0')
	}
	return n, len(value) > 0
}

func truthText(def *dataset.Column, value []byte) []byte {
	value = bytes.TrimSpace(value)
	if def.Type == dataset.Boolean {
		return value
	}
	switch string(value) {
	case "1", "true":
		return []byte("TRUE")
	case "0", "false":
		return []byte("FALSE")
	default:
		return value
	}
}

// whole makes a whole number its digits, and leaves any other as it is written.
func whole(def *dataset.Column, value []byte) ([]byte, string) {
	digits, fraction, pointed := bytes.Cut(value, []byte{'.'})
	if pointed && (len(fraction) == 0 || len(bytes.Trim(fraction, "0")) > 0) {
		return value, ""
	}
	bare := bytes.TrimPrefix(digits, []byte{'-'})
	if len(bare) == 0 || len(bytes.Trim(bare, "0123456789")) > 0 {
		return value, ""
	}
	if len(bytes.TrimLeft(bare, "0")) > exactDigits && def.Type != dataset.Integer {
		return nil, RuleInexact
	}
	return digits, ""
}

// day makes a count of days a date, by the way in which the workbook counts. A number that is no day of a calendar
// becomes one that none has; one that is far too large for a day stays as it is written, for a column whose dates are
// digits.
func (p *pass) day(value []byte) []byte {
	n, ok := int64(0), len(value) <= 6
	for _, c := range value {
		if ok = ok && '0' <= c && c <= '9'; !ok {
			break
		}
		n = n*10 + int64(c-'0')
	}
	if !ok {
		if len(bytes.Trim(value, "0123456789.eE+-")) > 0 {
			return value
		}
		f, err := strconv.ParseFloat(string(value), 64)
		switch {
		case err != nil || f >= 1e7:
			return value
		case f < 0:
			return []byte(dateOfNoDay)
		}
		n = int64(f)
	}
	var d civil.Date
	switch {
	case n > dayNoLonger:
		return []byte(dateOfNoDay)
	case p.book.epoch1904:
		d = civil.Date(n + dayZero1904)
	case n == leapDay1900 || n == 0:
		return []byte(dateOfNoDay)
	case n < leapDay1900:
		d = civil.Date(n + earlierZeros)
	default:
		d = civil.Date(n + dayZero1900)
	}
	if year, _, _ := d.YMD(); year > civil.LatestYear {
		return []byte(dateOfNoDay)
	}
	from := len(p.made)
	p.made = appendISO(p.made, d)
	return p.made[from:]
}

func appendISO(b []byte, d civil.Date) []byte {
	y, m, day := d.YMD()
	return append(b, byte('0'+y/1000), byte('0'+y/100%10), byte('0'+y/10%10), byte('0'+y%10), '-',
		byte('0'+m/10), byte('0'+m%10), '-', byte('0'+day/10), byte('0'+day%10))
}

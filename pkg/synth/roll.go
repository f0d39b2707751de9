package synth

import (
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/civil"
)

// monthNames are three letters for each month.
const monthNames = "JanFebMarAprMayJunJulAugSepOctNovDec"

// day writes YYYY-Mon-DD 00:00:00, nothing for never.
func (b line) day(d civil.Date) line {
	if d == never {
		return b.blank()
	}
	y, m, day := d.YMD()
	b = append(strconv.AppendInt(b, int64(y), 10), '-')
	b = append(append(b, monthNames[3*m-3:3*m]...), '-', byte('0'+day/10), byte('0'+day%10))
	return append(b, " 00:00:00,"...)
}

// float writes a whole number as the extract does: 134.0.
func (b line) float(n int) line { return append(strconv.AppendInt(b, int64(n), 10), ".0,"...) }

// coded writes letters and four digits: SUR1234.
func (b line) coded(letters string, n uint64) line {
	n = 1000 + n%9000
	return append(strconv.AppendUint(append(b, letters...), n, 10), ',')
}

// writing is a row of a pupil table with what it is made from.
type writing struct {
	census *censusFiles
	person *person
	id     *identity
	row    *roll
	table  uint64 // the pupil's key
	source uint64 // the row's own
	names  uint64 // the pupil's names and whatever else does not change
}

// roll writes a row of a pupil table with its meal periods and session details.
func (c *censusFiles) roll(k *keys, p *person, id *identity, r *roll) {
	w := writing{
		census: c, person: p, id: id, row: r, table: k.pupilKey(id.school.key, r.slot),
		source: mix(k.seed ^ uint64(id.school.key)<<12 ^ uint64(r.census)<<4 ^ uint64(r.slot)<<1 ^ uint64(oneNumber(r.off, 1, 0))),
		names:  k.names(id.school.key),
	}
	at, details := onRoll, [2]int{detailsOnRoll, halfOnRoll}
	if r.off {
		at, details = noLongerOnRoll, [2]int{detailsOffRoll, halfOffRoll}
	}
	f := c.files[at]
	b := f.row()
	for _, name := range c.columns[at] {
		b = w.cell(b, name)
	}
	f.end(b)
	for i := r.meals[0]; i < r.meals[1]; i++ {
		m := &id.school.meals[i]
		f := c.files[mealTable]
		b := f.row().key(w.table).school(r.school).opaque(k.row.at(uint64(f.rows))).number(i - r.meals[0] + 1).opaque(w.source)
		f.end(b.day(m.start).day(m.end).text(m.country))
	}
	for part := range r.parts() {
		if f := c.files[details[part]]; f != nil {
			w.marks(f, k, id.school.marks[r.attended[part].marks[0]:r.attended[part].marks[1]])
		}
	}
}

// marks writes session rows.
func (w *writing) marks(f *file, k *keys, marks []mark) {
	for i := range marks {
		b := f.row().key(w.table).school(w.row.school).opaque(k.row.at(uint64(f.rows))).number(i + 1).opaque(w.source)
		f.end(b.float(marks[i].sessions).text(marks[i].code))
	}
}

func (b line) school(n int) line {
	return append(strconv.AppendInt(append(b, "SCH"...), int64(n+1), 10), ',')
}

// flag writes a boolean, one way or another by the census; blank for one in ten.
func (w *writing) flag(b line, n uint64, share int) line {
	n = mix(w.names ^ n)
	value := int(n>>8%1000) < share
	switch {
	case n%10 == 0:
		return b.blank()
	case w.row.census%3 == 0:
		return b.text(oneOf(value, "1", "0"))
	default:
		return b.text(oneOf(value, "True", "False"))
	}
}

// cell writes a column of a pupil table. Columns for other ages than 5 to 16 are blank.
func (w *writing) cell(b line, column string) line {
	r, p, n := w.row, w.person, w.names
	switch column {
	case "pupilonrolltableid", "pupilnolongeronrolltableid":
		return b.key(w.table)
	case "NativeId":
		return b.school(r.school)
	case "dob":
		return b.day(p.birth)
	case "surname":
		return b.coded("SUR", n)
	case "forename":
		return b.coded("FOR", n>>14)
	case "middlenames":
		return b.coded("MID", n>>21)
	case "preferredsurname":
		return b.coded("PSUR", n>>28)
	case "formersurname":
		return b.coded("FSUR", n>>35)
	case "upn":
		return b.text(r.upn)
	case "formerupn":
		return b.text(r.former)
	case "uniquelearnernumber":
		if r.year < 10 {
			return b.blank()
		}
		nine, check := uln(n)
		return append(strconv.AppendUint(b, nine, 10), byte('0'+check), ',')
	case "gender", "sex":
		return b.text(p.sex)
	case "entrydate":
		return b.day(r.entry)
	case "leavingdate":
		return b.day(r.leaving)
	case "pupilonrollorderseqcolumn", "pupilnolongeronrollorderseqcolumn":
		return b.text("1")
	case "sourceid":
		return b.opaque(w.source)
	case "schoolcensustableid":
		return b.opaque(mix(uint64(r.school)<<8 + uint64(r.census)))
	case "moveoffrollflag", "moveonrollflag", "missingaddress", "duplicatenotfunded":
		return b.opaque(mix(w.source ^ uint64(column[4])))
	case "schoollunchtaken":
		return w.flag(b, 1, 700)
	case "parttime":
		return w.flag(b, 2, 5)
	case "senunitindicator":
		return w.flag(b, 3, 20)
	case "resourcedprovisionindicator":
		return w.flag(b, 4, 20)
	case "enrolstatus":
		return b.text(r.status)
	case "ncyearactual", "ncyearleaving":
		return b.number(r.year)
	case "language":
		return b.text(oneOf(n%8 == 0, "PNJA", "ENG"))
	case "boarder":
		return b.text("N")
	case "senprovision":
		return b.text(string("NNNNNNKKE"[n>>5%9]))
	case "plaa":
		return b.text(oneOf(w.adopted(), "A", "N"))
	case "servicechild":
		return b.text(oneOf(w.service(), "Y", "N"))
	case "youngcarer":
		return b.text(oneOf(n>>9%60 == 0, "P", "N"))
	case "ethnicity":
		return b.text(extended(p.ethnicity, n>>17))
	default:
		return w.sessions(b, column)
	}
}

// sessions writes the columns that count sessions; any other is blank.
func (w *writing) sessions(b line, column string) line {
	part, of := 0, strings.TrimPrefix(column, "termlysessions")
	if half, ok := strings.CutPrefix(column, "summerhalfterm2sessions"); ok {
		part, of = 1, half
	}
	a := &w.row.attended[part]
	switch of {
	case "possible":
		return b.float(a.possible)
	case "authorised":
		return b.float(a.aggregate.authorised)
	case "unauthorised":
		return b.float(a.aggregate.unauthorised)
	case "educational":
		return b.float(a.aggregate.educational)
	case "exceptional":
		return b.float(a.aggregate.exceptional)
	default:
		return b.blank()
	}
}

func (w *writing) adopted() bool {
	for i := range w.id.school.premiums {
		if w.id.school.premiums[i].adopted {
			return true
		}
	}
	return false
}

func (w *writing) service() bool {
	for i := range w.id.school.premiums {
		if w.id.school.premiums[i].service {
			return true
		}
	}
	return false
}

// Package attendance makes daily attendance extracts of children who do not exist, as large as one likes, in the 14 columns
// that an authority's system exports: numbers, names and addresses of the pupil, the session, its mark, and what was known
// of the pupil on the day.
//
// The same Extract gives the same bytes. A row is a function of the seed and its place in the register, so that one order of
// rows holds exactly the rows of another, and no more is kept in memory than the children (about 120 bytes each):
//
//	Register   day by day, every child in the order of the register, morning and afternoon: what systems export
//	Shuffled   the rows of Register in an order that no cache foresees
//	Distinct   a child a row: no identifier comes twice
//
// One surname in twenty holds a comma, and is quoted; forenames hold letters outside ASCII. Every cell is sound: what the
// gate does with unsound ones is for its tests.
package attendance

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"time"
)

// Order is the order of an extract's rows.
type Order string

// The orders.
const (
	Register Order = "register"
	Shuffled Order = "shuffled"
	Distinct Order = "distinct"
)

// Extract says which rows to make.
type Extract struct {
	Order    Order
	Rows     int // at least 1
	Children int // who take turns, at least 1; of Distinct it is not asked for
	Seed     uint64
}

// Header is the first line.
const Header = "la_child_id,upn,forename,surname,dob,postcode,school_urn,session_date,session,attendance_code,fsm,pupil_premium,ethnicity,gender\n"

// Name is a file name that tells the extract from all others. Its numbers are so long that none is taken for a collection year.
func (e Extract) Name() string {
	if e.Order == Distinct {
		return fmt.Sprintf("%s-%010d-%010d.csv", e.Order, e.Rows, e.Seed)
	}
	return fmt.Sprintf("%s-%010d-%010d-%010d.csv", e.Order, e.Rows, e.Children, e.Seed)
}

// Write writes the extract.
func (e Extract) Write(to io.Writer) error {
	if e.Rows < 1 || e.Order != Distinct && e.Children < 1 {
		return fmt.Errorf("an extract of %d rows and %d children: both must be at least 1", e.Rows, e.Children)
	}
	w := bufio.NewWriterSize(to, 1<<20)
	if _, err := w.WriteString(Header); err != nil {
		return err
	}
	place, err := e.place()
	if err != nil {
		return err
	}
	from := newDrawn(e.Seed)
	var register []child
	if e.Order != Distinct {
		register = make([]child, min(e.Children, (e.Rows+1)/2))
		for i := range register {
			register[i] = from.child(e.Seed, i)
		}
	}
	for n := range e.Rows {
		at := place(n)
		chance := mixed(e.Seed, uint64(at))
		var c child
		var day, session int
		if e.Order == Distinct {
			c, day, session = from.child(e.Seed, at), int(chance>>32)%len(from.days), at&1
		} else {
			turn := at / 2
			c, day, session = register[turn%e.Children], turn/e.Children%len(from.days), at&1
		}
		line := append(w.AvailableBuffer(), c.before...)
		line = append(line, from.days[day]...)
		line = append(line, [2]string{",AM,", ",PM,"}[session]...)
		line = append(line, from.mark(chance, session)...)
		line = append(line, c.behind...)
		if _, err := w.Write(line); err != nil {
			return err
		}
	}
	return w.Flush()
}

// place gives for each row of the file its place in the register.
func (e Extract) place() (func(n int) int, error) {
	switch e.Order {
	case Register, Distinct:
		return func(n int) int { return n }, nil
	case Shuffled:
		return shuffle(e.Rows, e.Seed), nil
	}
	return nil, fmt.Errorf("there is no order %q: take %s, %s or %s", e.Order, Register, Shuffled, Distinct)
}

// child is what each of a child's rows says before and behind the session.
type child struct{ before, behind string }

func (d drawn) child(seed uint64, number int) child {
	r := rand.New(rand.NewPCG(seed, uint64(number)))
	yes := func(percent int) string {
		if r.IntN(100) < percent {
			return "Y"
		}
		return "N"
	}
	one := func(of []string) string { return of[r.IntN(len(of))] }
	born := time.Date(2006, time.September, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, r.IntN(12*365))
	const letters = "ABDEFGHJLNPQRSTUWXYZ"
	postcode := fmt.Sprintf("%c%c%d %d%c%c", letters[r.IntN(20)], letters[r.IntN(20)], 1+r.IntN(29), r.IntN(10), letters[r.IntN(20)], letters[r.IntN(20)])
	return child{
		before: fmt.Sprintf("C%0*d,%s,%s,%s,%s,%s,%s,", 7+r.IntN(3), 1_000_000+number, upn(number),
			one(d.forenames), one(d.surnames), born.Format("02/01/2006"), postcode, one(d.schools)),
		behind: fmt.Sprintf(",%s,%s,%s,%c\n", yes(24), yes(28), one(d.ethnicGroups), "MF"[r.IntN(2)]),
	}
}

// upn is a unique pupil number: twelve digits behind the letter that checks them.
func upn(number int) string {
	digits := fmt.Sprintf("%012d", 331_200_000_000+int64(number)*7_001%668_000_000_000)
	sum := 0
	for i := range digits {
		sum += (i + 2) * int(digits[i]-'0')
	}
	return string("ABCDEFGHJKLMNPQRTUVWXYZ"[sum%23]) + digits
}

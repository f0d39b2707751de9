package harmonise

import (
	"slices"

	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/identifier"
)

// pupil is one row in the making.
type pupil struct {
	key   pupilKey
	src   *extract.Source // of the first row
	row   int64
	rows  int64 // the pupil's own
	rolls int   // of these, on rolls that list a child once
	cells []sum // per column
	// Of several formats that have the pupil, the one that the definitions name first counts: what another one says is held
	// against it.
	format  string
	other   []sum // per column, what the others say; nil for nothing
	otherAt finding.Place
}

// sum is a cell in the making: numbers add up, truths are truth together.
type sum struct {
	num     int32
	known   bool // something was added
	lacking bool // something that belongs to it is missing
}

func (s *sum) add(v extract.Value, def *dataset.Column) {
	switch {
	case v.State != extract.Known:
		s.lacking = true
	case !s.known:
		s.num, s.known = v.Num, true
	case def.Type == dataset.Boolean:
		s.num |= v.Num
	default:
		s.num += v.Num
	}
}

// value is the cell. What is lacking leaves nothing of a sum, but no doubt about what is true already.
func (s *sum) value(def *dataset.Column) extract.Value {
	if !s.known || s.lacking && (def.Type != dataset.Boolean || s.num == 0) {
		return extract.Value{}
	}
	return extract.Value{State: extract.Known, Num: s.num}
}

// addPupils brings a batch of pupils' own rows in.
func (p *portion) addPupils(b *extract.Batch) {
	who, cells := p.identify(b), p.cells(b, p.source.Feed)
	for row := range b.Len() {
		var o owner
		child := who(row)
		switch {
		case child == shared:
			p.refuse(b, row, p.source.Pupils.Identifiers[0], RuleShared, "a number of the pupil is that of more than one child, so it links to none",
				"find out whose it is: see also the findings on the children's own returns")
			o.count = &p.Tally.Quarantined
			p.in.Links.trace(p.number).Shared++
		case p.heldBack(b, row):
			o.count = &p.Tally.Elsewhere
		case !p.stated(b, row):
			p.loseRow(b, row, child, &p.Tally.Quarantined)
			p.Tally.Quarantined++
			continue
		case child == Nobody:
			o.count = &p.Tally.Unlinked
			if p.malformed(b, row) >= finding.Quarantine {
				o.count = &p.Tally.Quarantined
			}
		default:
			o.pupil = p.pupil(child, b, row)
		}
		p.own(b, row, o)
		if o.pupil == nil {
			*o.count++
			continue
		}
		p.in.Links.person(child).found |= 1 << p.number
		if o.pupil.format != p.format() {
			p.outranked(o.pupil, b, row, cells)
			continue
		}
		p.in.Links.noteFound(p.number, p.numbersOf(b, row))
		p.enrol(o.pupil, b, row)
		p.saidAgain(o.pupil, b, row, cells)
		for i, name := range p.columns {
			if f := p.source.Feed(name); f == nil || f.Is == "" || !o.pupil.cells[i].known { // what the return tells of is the same in every row
				o.pupil.cells[i].add(cells[i](row), p.def(i))
			}
		}
	}
	for _, part := range b.Withheld() {
		p.lose(part, part == b.Confidential)
	}
}

// identify tells the child of each row.
func (p *portion) identify(b *extract.Batch) func(row int) uint32 {
	columns := make([]*extract.Column, len(p.source.Pupils.Identifiers))
	for i, name := range p.source.Pupils.Identifiers {
		columns[i] = b.Column(name)
	}
	numbers := make([]extract.Value, len(columns))
	return func(row int) uint32 {
		for i, c := range columns {
			numbers[i] = c.At(row)
		}
		return p.in.Links.find(numbers)
	}
}

// numbersOf are the numbers of the pupil of a row.
func (p *portion) numbersOf(b *extract.Batch, row int) []extract.Value {
	numbers := make([]extract.Value, len(p.source.Pupils.Identifiers))
	for i, name := range p.source.Pupils.Identifiers {
		numbers[i] = b.Column(name).At(row)
	}
	return numbers
}

// malformed warns of a pupil whose number is none: a spreadsheet may have taken it for one of its own. It returns what
// becomes of the row.
func (p *portion) malformed(b *extract.Batch, row int) finding.Severity {
	for _, name := range p.source.Pupils.Identifiers {
		if c := b.Column(name); c.At(row).Outcome == identifier.Malformed {
			return p.Report.Add(RuleMalformed, finding.Warning, b.Source.Place(b.Rows[row], c.Named()),
				"the cell holds no pupil number, so the pupil is found to be no child", "export the table again, with pupil numbers as text")
		}
	}
	return finding.Notice
}

// heldBack reports whether another school's row counts the pupil. A row that does not say counts.
func (p *portion) heldBack(b *extract.Batch, row int) bool {
	if p.source.Pupils.Status == "" {
		return false
	}
	c := b.Column(p.source.Pupils.Status)
	v := c.At(row)
	return v.State == extract.Known && slices.Contains(p.source.Pupils.HeldBack, c.Def.Codes[v.Num].Value)
}

// stated warns of a row that does not say what kind of enrolment it is. It reports whether the row counts.
func (p *portion) stated(b *extract.Batch, row int) bool {
	if p.source.Pupils.Status == "" {
		return true
	}
	c := b.Column(p.source.Pupils.Status)
	return c.At(row).State == extract.Known ||
		p.Report.Add(RuleEnrolment, finding.Warning, b.Source.Place(b.Rows[row], c.Named()),
			"the row does not say what kind of enrolment it is; it counts as the pupil's only one",
			"have the school state the enrolment status: a second school's row would count the pupil twice") < finding.Quarantine
}

func (p *portion) def(column int) *dataset.Column { return p.Table.Column(p.columns[column]) }

// pupil finds or makes the row of a child.
func (p *portion) pupil(child uint32, b *extract.Batch, row int) *pupil {
	key := pupilKey{child, p.when}
	k := p.rows[key]
	if k == nil {
		k = &pupil{key: key, src: b.Source, row: b.Rows[row], cells: make([]sum, len(p.columns)), format: p.format()}
		p.rows[key] = k
		p.list = append(p.list, k)
	}
	return k
}

// enrol counts a row of a pupil. A child cannot stand on two rolls that each list a child once.
func (p *portion) enrol(k *pupil, b *extract.Batch, row int) {
	if k.rows == 0 {
		k.src, k.row = b.Source, b.Rows[row]
	}
	k.rows++
	if !p.source.Pupils.Once {
		return
	}
	k.rolls++
	if k.rolls < 2 {
		return
	}
	const message = "a child stands on two rolls at once, neither of them as a subsidiary registration"
	const hint = "find out which school the child attends, and correct the other's return or its enrolment status"
	if k.rolls == 2 {
		p.Report.Add(RuleTwoRolls, finding.Quarantine, k.src.Place(k.row, ""), message, hint)
	}
	p.Report.Add(RuleTwoRolls, finding.Quarantine, b.Source.Place(b.Rows[row], ""), message, hint)
}

// own notes whose key a row has. Of a key that rows of two pupils have, nobody can tell whose the rows are that name it:
// these are quarantined, and what they would have fed is unknown of both.
func (p *portion) own(b *extract.Batch, row int, o owner) {
	key := p.keyOf(b, row, p.source.Pupils.Key)
	if key == nil {
		if o.pupil != nil && len(p.source.Pupils.Key) > 0 {
			p.lack(o.pupil, p.details)
		}
		return
	}
	n, isNew := p.keys.Number(key)
	if isNew {
		o.school = p.school(b, row, p.source.Pupils.Key)
		p.owners = append(p.owners, o)
		return
	}
	first := &p.owners[n]
	if !first.void && first.pupil == o.pupil && first.count == o.count {
		return // another row of the same pupil
	}
	for _, k := range []*pupil{first.pupil, o.pupil} {
		if k != nil {
			p.lack(k, p.details)
		}
	}
	*first = owner{count: &p.Tally.Quarantined, school: first.school, void: true}
	p.Report.Add(RuleKeyTwice, finding.Warning, b.Source.Place(b.Rows[row], ""),
		"another pupil of the school has the same record number, so rows about either are quarantined, and what they tell leaves as null",
		"export the table again, with record numbers that are unique in a school")
}

// school is the number of a school, by which what is missing of one is told from the others: the first part of a key.
func (p *portion) school(b *extract.Batch, row int, key []string) uint32 {
	n, _ := p.schools.Number([]byte(b.Column(key[0]).At(row).Text))
	return n
}

// keyOf is what names the pupil of a row; nil when a part of it is missing.
func (p *portion) keyOf(b *extract.Batch, row int, names []string) []byte {
	p.buffer = p.buffer[:0]
	for _, name := range names {
		v := b.Column(name).At(row)
		if v.State != extract.Known {
			return nil
		}
		p.buffer = append(append(p.buffer, v.Text...), 0)
	}
	if len(names) == 0 {
		return nil
	}
	return p.buffer
}

// lack makes some columns of a pupil's row unknown.
func (p *portion) lack(k *pupil, columns []bool) {
	for i, lacks := range columns {
		k.cells[i].lacking = k.cells[i].lacking || lacks
	}
}

func (p *portion) refuse(b *extract.Batch, row int, column, rule, message, hint string) {
	p.Report.Add(rule, finding.Quarantine, b.Source.Place(b.Rows[row], column), message, hint)
}

// addDetails brings a batch of rows about pupils in.
func (p *portion) addDetails(b *extract.Batch, d *detail) {
	cells, again := p.cells(b, d.Feed), p.repeated(b, d)
	for row := range b.Len() {
		o, known := p.ownerOf(b, row, d)
		switch {
		case !known:
			p.refuse(b, row, d.Key[0], RuleNoPupil, "the row is about a pupil who is not on the roll of the return, so what is told of the school's pupils is not known, and leaves as null",
				"export both tables again, at one time")
			p.Tally.Quarantined++
			d.nobody++
			d.missing[p.school(b, row, d.Key)] = true
		case o.pupil == nil:
			*o.count++
		case o.pupil.rolls > 1:
			p.Tally.Quarantined++
		default:
			p.Tally.Marks++
			for i := range p.columns {
				if d.fed[i] {
					o.pupil.cells[i].add(cells[i](row), p.def(i))
				}
			}
			again(row, o.pupil)
		}
	}
	if b.Confidential != nil {
		p.withhold(b.Confidential, d)
	}
	if b.Broken == nil {
		return
	}
	d.broken += int64(b.Broken.Len())
	for row := range b.Broken.Len() {
		o, known := p.ownerOf(b.Broken, row, d)
		switch {
		case !known:
			d.unreadable = true
		case o.pupil != nil:
			p.lack(o.pupil, d.fed)
			p.Report.Add(RuleIncomplete, finding.Warning, b.Broken.Source.Place(b.Broken.Rows[row], ""),
				"the row is quarantined, so what the child's rows come to is not known and leaves as null", "correct the row: see the findings on it")
		}
	}
}

// settle looks at what a table about pupils did not tell: rows of nobody known are somebody's, and a table without rows
// says nothing. What such rows would have fed is unknown: of the pupils of their school, or of all.
func (p *portion) settle(d *detail, src *extract.Source, tally extract.Tally) error {
	lost := tally.Quarantined - d.broken // rows that have not even the shape of one
	if tally.Read > 0 && d.nobody == tally.Passed && lost+d.broken+d.nobody == tally.Read {
		return extract.Stop(RuleNoPupil, src.Place(0, ""), "no row is about a pupil on the roll of the return",
			"export the table and the table of pupils again, at one time: they name pupils by the same numbers")
	}
	all := d.unreadable || lost > 0 || tally.Read == 0
	if !all && len(d.missing) == 0 {
		return nil
	}
	if all {
		p.Report.Add(RuleIncomplete, finding.Warning, src.Place(0, ""),
			"the table has no rows, or rows of which nobody can tell whose they are, so what it tells of all pupils leaves as null",
			"correct the rows that cannot be read, or export the table again")
	}
	for _, o := range p.owners {
		if o.pupil != nil && (all || d.missing[o.school]) {
			p.lack(o.pupil, d.fed)
		}
	}
	return nil
}

func (p *portion) ownerOf(b *extract.Batch, row int, d *detail) (owner, bool) {
	key := p.keyOf(b, row, d.Key)
	if key == nil {
		return owner{}, false
	}
	n, known := p.keys.Find(key)
	if !known {
		return owner{}, false
	}
	return p.owners[n], true
}

// pass passes the rows of the return on.
func (r *intake) pass() error {
	for _, p := range r.portions {
		var list []*pupil
		for _, k := range r.list {
			switch {
			case k.key.when != p.when || k.rows == 0:
			case k.rolls > 1:
				r.Tally.Quarantined += k.rows
			default:
				r.Tally.Left++
				r.Tally.Marks += k.rows - 1
				r.differ(k)
				list = append(list, k)
			}
		}
		for part := range slices.Chunk(list, emitRows) {
			if err := r.Sink(p.batch(part)); err != nil {
				return err
			}
		}
		r.list = slices.DeleteFunc(r.list, func(k *pupil) bool { return k.key.when == p.when })
	}
	for _, p := range r.portions {
		p.keys, p.owners, p.schools, p.said = nil, nil, nil, nil
	}
	r.rows, r.list, r.portions = nil, nil, nil
	return nil
}

func (p *portion) batch(list []*pupil) *extract.Batch {
	b := &extract.Batch{
		Source:  p.tellsOf(list[0].src.File),
		Columns: make([]extract.Column, len(p.columns)),
	}
	for _, k := range list {
		b.Rows = append(b.Rows, k.row)
	}
	for i := range p.columns {
		def := p.def(i)
		c := extract.Column{Def: def}
		seen := make(map[extract.Value]uint32)
		for _, k := range list {
			v := k.cells[i].value(def)
			if def.Name == p.Table.ChildID {
				v = p.in.Children.value(k.key.child)
			}
			n, known := seen[v]
			if !known {
				n = uint32(len(c.Values))
				seen[v] = n
				c.Values = append(c.Values, v)
			}
			c.Index = append(c.Index, n)
		}
		b.Columns[i] = c
	}
	return b
}

package harmonise

import (
	"slices"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
)

// cells makes, for each column of the table, what a row of a batch adds to it. An empty value is one that is lacking.
func (p *portion) cells(b *extract.Batch, feed func(string) *dataset.Feed) []func(row int) extract.Value {
	out := make([]func(row int) extract.Value, len(p.columns))
	for i, name := range p.columns {
		f := feed(name)
		switch {
		case name == p.Table.ChildID:
			out[i] = constant(extract.Value{})
		case f == nil && p.details[i], f != nil && p.details[i] && f.Is == "" && b.Source.Table.ID() == p.source.Table:
			out[i] = number(0) // the rows about the pupil tell: none is as good as nothing
		case f == nil:
			out[i] = constant(extract.Value{})
		case f.Is != "":
			out[i] = p.told(f.Is, p.Table.Column(name))
		default:
			out[i] = where(b, f, p.cell(b, f))
		}
	}
	return out
}

func constant(v extract.Value) func(int) extract.Value { return func(int) extract.Value { return v } }

func number(n int32) func(int) extract.Value {
	return constant(extract.Value{State: extract.Known, Num: n})
}

// told is what the return says by being the one it is.
func (p *portion) told(is string, def *dataset.Column) func(int) extract.Value {
	switch is {
	case dataset.IsYear:
		return number(int32(p.when.year))
	case dataset.IsTerm:
		at, _ := def.Code(p.when.term, 0)
		return number(int32(at))
	default:
		return number(int32(censusDay(p.census)))
	}
}

// censusDay is the day of a school census: the first Thursday of October, the third of January and of May.
func censusDay(o occasion) civil.Date {
	day := civil.MustYMD(o.year, 1, 15)
	switch o.term {
	case dataset.Autumn:
		day = civil.MustYMD(o.year-1, 10, 1)
	case dataset.Summer:
		day = civil.MustYMD(o.year, 5, 15)
	}
	for time.Unix(int64(day)*24*60*60, 0).UTC().Weekday() != time.Thursday {
		day++
	}
	return day
}

// cell is what a feed makes of one row.
func (p *portion) cell(b *extract.Batch, f *dataset.Feed) func(row int) extract.Value {
	switch {
	case f.Covers != nil:
		from, to, day := b.Column(f.Covers.From), b.Column(f.Covers.To), int32(censusDay(p.census))
		return func(row int) extract.Value {
			begun, ended := from.At(row), to.At(row)
			v := extract.Value{State: extract.Known}
			switch {
			case begun.State != extract.Known:
				return extract.Value{}
			case begun.Num <= day && (ended.State != extract.Known || ended.Num >= day):
				v.Num = 1
			}
			return v
		}
	case f.AnyOf != nil:
		counted := f.Counted(p.in.Choices.Premiums)
		columns := make([]*extract.Column, len(counted))
		for i, name := range counted {
			columns[i] = b.Column(name)
		}
		return func(row int) extract.Value {
			v := extract.Value{State: extract.Known}
			for _, c := range columns {
				switch cell := c.At(row); {
				case cell.State == extract.Known && cell.Num != 0:
					return extract.Value{State: extract.Known, Num: 1}
				case cell.State != extract.Known:
					v = extract.Value{}
				}
			}
			return v
		}
	default:
		return b.Column(f.From).At
	}
}

// where makes a row add nothing unless the feed's conditions hold for it.
func where(b *extract.Batch, f *dataset.Feed, cell func(row int) extract.Value) func(row int) extract.Value {
	for _, w := range f.Where {
		column, then := b.Column(w.Column), cell
		holds := make([]bool, len(column.Values))
		for i, v := range column.Values {
			code := ""
			if v.State == extract.Known {
				code = column.Def.Codes[v.Num].Value
			}
			holds[i] = slices.Contains(w.Codes, code)
		}
		cell = func(row int) extract.Value {
			if !holds[column.Index[row]] {
				return extract.Value{State: extract.Known}
			}
			return then(row)
		}
	}
	return cell
}

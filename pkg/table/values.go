package table

import (
	"bytes"
	"errors"
	"fmt"
)

// Value is one cell.
type Value struct {
	values *Values
	at     int32
}

// IsNull reports whether the cell is empty.
func (v Value) IsNull() bool { return v.at < 0 }

// Bytes is the text of a String cell. It is only lent: it changes when the function that was given it returns.
func (v Value) Bytes() []byte { return v.values.Bytes(int(v.at)) }

// Int32 is the number of an Int32 cell, or the day of a Date cell, counted from 1 January 1970.
func (v Value) Int32() int32 { return v.values.Int32(int(v.at)) }

// Boolean is the truth of a Boolean cell.
func (v Value) Boolean() bool { return v.values.Boolean(int(v.at)) }

// Each calls visit for every cell of a column from the first row to the last. Rows are counted from 0. An error of visit
// ends the reading and is returned as it is. Pages is quicker for whoever looks at values and not at cells.
func (f *File) Each(column string, visit func(row int64, v Value) error) error {
	return f.Pages(column, func(p Page) error {
		for i, at := range p.Index {
			if err := visit(p.Row+int64(i), Value{p.Values, at}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Strings are the cells of a String column, all at once: for columns that fit into memory. An empty cell is "".
func (f *File) Strings(column string) ([]string, error) {
	if i := f.index(column); i >= 0 && f.columns[i].Type != String {
		return nil, fmt.Errorf("column %s is not of strings", column)
	}
	var out, words []string
	err := f.Pages(column, func(p Page) error {
		if p.Fresh {
			words = words[:0]
			for i := range p.Values.Len() {
				words = append(words, string(p.Values.Bytes(i)))
			}
		}
		for _, at := range p.Index {
			if at < 0 {
				out = append(out, "")
			} else {
				out = append(out, words[at])
			}
		}
		return nil
	})
	return out, err
}

// Distinct counts the different values of a column, empty cells not counted. A String column whose equal values stand
// together in ascending order, as pseudonyms do in a drop, is counted in constant memory; any other column takes
// memory for each different value.
func (f *File) Distinct(column string) (int64, error) {
	i := f.index(column)
	if i >= 0 && f.columns[i].Type == String {
		n, err := f.distinctInOrder(column)
		if !errors.Is(err, errOutOfOrder) {
			return n, err
		}
	}
	texts, numbers := make(map[string]struct{}), make(map[int32]struct{})
	var met []bool // which of the page's values have been counted
	err := f.Pages(column, func(p Page) error {
		if p.Fresh {
			met = make([]bool, p.Values.Len())
		}
		for _, at := range p.Index {
			if at < 0 || met[at] {
				continue
			}
			met[at] = true
			if f.columns[i].Type == String {
				texts[string(p.Values.Bytes(int(at)))] = struct{}{}
			} else {
				numbers[p.Values.Int32(int(at))] = struct{}{}
			}
		}
		return nil
	})
	return int64(len(texts) + len(numbers)), err
}

// errOutOfOrder ends a count that supposed order.
var errOutOfOrder = errors.New("values are not in ascending order")

func (f *File) distinctInOrder(column string) (int64, error) {
	var last []byte
	n := int64(0)
	err := f.Pages(column, func(p Page) error {
		before, text := int32(-1), last
		for _, at := range p.Index {
			if at < 0 || at == before {
				continue
			}
			b := p.Values.Bytes(int(at))
			c := 1
			if n > 0 {
				c = bytes.Compare(b, text)
			}
			if c < 0 {
				return errOutOfOrder
			}
			if c > 0 {
				n++
			}
			before, text = at, b
		}
		last = append(last[:0], text...)
		return nil
	})
	return n, err
}

func (f *File) index(column string) int {
	for i, c := range f.columns {
		if c.Name == column {
			return i
		}
	}
	return -1
}

package table

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go"
)

// Value is one cell.
type Value struct{ v parquet.Value }

// IsNull reports whether the cell is empty.
func (v Value) IsNull() bool { return v.v.IsNull() }

// Bytes is the text of a String cell. It is only lent: it changes when the function that was given it returns.
func (v Value) Bytes() []byte { return v.v.ByteArray() }

// Int32 is the number of an Int32 cell, or the day of a Date cell, counted from 1 January 1970.
func (v Value) Int32() int32 { return v.v.Int32() }

// Boolean is the truth of a Boolean cell.
func (v Value) Boolean() bool { return v.v.Boolean() }

// batch is how many values are taken from a page at a time.
const batch = 512

// Each calls visit for every cell of a column from the first row to the last. Rows are counted from 0. An error of visit
// ends the reading and is returned as it is.
func (f *File) Each(column string, visit func(row int64, v Value) error) (err error) {
	index := f.index(column)
	if index < 0 {
		return fmt.Errorf("no column %s", column)
	}
	visiting := false
	defer guard(&err, &visiting)
	row := int64(0)
	buffer := make([]parquet.Value, batch)
	for _, group := range f.file.RowGroups() {
		end := row + group.NumRows()
		err := eachValue(group.ColumnChunks()[index], buffer, func(v parquet.Value) error {
			if row == end {
				return ErrDamaged
			}
			visiting = true
			err := visit(row, Value{v})
			visiting = false
			row++
			return err
		})
		if err != nil {
			return err
		}
		if row != end {
			return ErrDamaged
		}
	}
	if row != f.Rows() {
		return ErrDamaged
	}
	return nil
}

func eachValue(chunk parquet.ColumnChunk, buffer []parquet.Value, visit func(parquet.Value) error) (err error) {
	pages := chunk.Pages()
	defer func() {
		if closing := pages.Close(); closing != nil && err == nil {
			err = cause(closing)
		}
	}()
	for {
		page, err := pages.ReadPage()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return cause(err)
		}
		err = eachOfPage(page, buffer, visit)
		parquet.Release(page)
		if err != nil {
			return err
		}
	}
}

func eachOfPage(page parquet.Page, buffer []parquet.Value, visit func(parquet.Value) error) error {
	values := page.Values()
	for {
		n, err := values.ReadValues(buffer)
		for _, v := range buffer[:n] {
			if err := visit(v); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return cause(err)
		case n == 0:
			return ErrDamaged // neither a value nor an end: it would go on for ever
		}
	}
}

// Strings are the cells of a String column, all at once: for columns that fit into memory. An empty cell is "".
func (f *File) Strings(column string) ([]string, error) {
	if i := f.index(column); i >= 0 && f.columns[i].Type != String {
		return nil, fmt.Errorf("column %s is not of strings", column)
	}
	var out []string
	err := f.Each(column, func(_ int64, v Value) error {
		if v.IsNull() {
			out = append(out, "")
		} else {
			out = append(out, string(v.Bytes()))
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
	texts, numbers := map[string]struct{}{}, map[int32]struct{}{}
	err := f.Each(column, func(_ int64, v Value) error {
		switch {
		case v.IsNull():
		case f.columns[i].Type == String:
			if _, known := texts[string(v.Bytes())]; !known {
				texts[string(v.Bytes())] = struct{}{}
			}
		case f.columns[i].Type == Boolean && v.Boolean():
			numbers[1] = struct{}{}
		case f.columns[i].Type == Boolean:
			numbers[0] = struct{}{}
		case f.columns[i].Type == Other:
			return fmt.Errorf("column %s is of a type that no drop has", column)
		default:
			numbers[v.Int32()] = struct{}{}
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
	err := f.Each(column, func(_ int64, v Value) error {
		if v.IsNull() {
			return nil
		}
		switch b := v.Bytes(); {
		case n > 0 && string(b) == string(last):
		case n > 0 && string(b) < string(last):
			return errOutOfOrder
		default:
			n++
			last = append(last[:0], b...)
		}
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

package table

import (
	"errors"
	"fmt"
	"io"

	"github.com/parquet-go/parquet-go/format"
)

// Limits of one page. No file of a drop comes near them: its pages have 131,072 rows, its dictionaries at most a value for
// each of a row group's 1,048,576 rows.
const (
	maxPageBytes  = 128 << 20 // as it is decompressed
	maxPageValues = 4 << 20   // rows of a page, or values of a dictionary
)

// Page is some rows of one column that stand together. Values and Index are only lent: they change when the function that
// was given the page returns, but for the Values of a dictionary, which stay until a page with Fresh.
//
//	Values  0 "E1", 1 "V2", 2 "V4"        in no order; a value may be in no row, and may stand there twice
//	Index   0, 0, 1, -1, 0                five rows: E1, E1, V2, none, E1
type Page struct {
	Row    int64   // the first of the rows, counted from 0 from the beginning of the file
	Values *Values // what the rows point to
	Fresh  bool    // Values are not those of the page before: so it is with the first page of a row group at least
	Index  []int32 // for each row the place of its value in Values, or -1 when the cell is empty
	Nulls  int     // how many cells are empty
}

// Values are the values that the rows of pages point to: a dictionary, or, of a page without one, a value for each cell
// that is not empty (of booleans always these two, false and true).
type Values struct {
	kind    Type
	text    []byte   // of strings, one after the other with gap bytes between them
	offsets []uint32 // where each string begins, and where one more would
	gap     uint32
	numbers []int32 // of everything else
}

// Len is how many values there are.
func (v *Values) Len() int {
	if v.kind == String {
		return max(len(v.offsets)-1, 0)
	}
	return len(v.numbers)
}

// Bytes is the text of a String value.
func (v *Values) Bytes(i int) []byte {
	from, to := v.offsets[i], v.offsets[i+1]-v.gap
	return v.text[from:to:to]
}

// Int32 is the number of an Int32 value, or the day of a Date, counted from 1 January 1970.
func (v *Values) Int32(i int) int32 { return v.numbers[i] }

// Boolean is the truth of a Boolean value.
func (v *Values) Boolean(i int) bool { return v.numbers[i] != 0 }

// Pages calls visit for the pages of a column from the first row to the last. An error of visit ends the reading and is
// returned as it is. Time is in proportion to the rows that the file says it has: hold Rows to what is expected first.
//
// What is to be known of a value is best found out once for each of Values, when a page is Fresh, and of a row by its
// index; a value to which no row points is not in the column.
func (f *File) Pages(column string, visit func(Page) error) error {
	if i := f.index(column); i < 0 || f.columns[i].Type == Other {
		return f.GroupPages(0, column, visit) // says so, of a file without row groups too
	}
	for group := range len(f.begins) - 1 {
		if err := f.GroupPages(group, column, visit); err != nil {
			return err
		}
	}
	return nil
}

// GroupPages is Pages for one row group, counted from 0. Groups and columns may be read side by side.
func (f *File) GroupPages(group int, column string, visit func(Page) error) (err error) {
	index := f.index(column)
	if index < 0 {
		return fmt.Errorf("no column %s", column)
	}
	if f.columns[index].Type == Other {
		return fmt.Errorf("column %s: %w", column, ErrDamaged)
	}
	if group < 0 || group >= len(f.begins)-1 {
		return fmt.Errorf("no row group %d", group)
	}
	visiting := false
	defer guard(&err, &visiting)
	c, err := f.open(&f.file.Metadata().RowGroups[group].Columns[index].MetaData, f.columns[index])
	if err != nil {
		return err
	}
	row, end, fresh := f.begins[group], f.begins[group+1], false
	for {
		page, err := c.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return cause(err)
		}
		if int64(len(page.Index)) > end-row {
			return ErrDamaged
		}
		fresh = fresh || page.Fresh
		if len(page.Index) == 0 {
			continue
		}
		page.Row, page.Fresh, fresh = row, fresh, false
		row += int64(len(page.Index))
		visiting = true
		err = visit(page)
		visiting = false
		if err != nil {
			return err
		}
	}
	if row != end {
		return ErrDamaged
	}
	f.release(c) // only where nothing was wrong: a decoder that met damage may still know of its memory
	return nil
}

// physical is how the values of a type are stored.
func physical(t Type) format.Type {
	switch t {
	case String:
		return format.ByteArray
	case Boolean:
		return format.Boolean
	default:
		return format.Int32
	}
}

// Package parquetfile writes treated data as Parquet files, and reads every finished file back with another library.
//
// Only treated data can be written: Writer takes minimise.Batch, which nothing but package minimise can make.
//
// # What a file is
//
// A flat schema in the agreement's order of columns, every column optional: strings for pseudonyms and codes, DATE,
// INT32, BOOLEAN. Dictionary encoding, zstd level 1, pages of 131,072 rows, row groups of 1,048,576 rows, statistics
// and page index for the released columns (there are no others). The key-value metadata is what the caller gives, and
// says nothing of the drop, the machine or the time. Rows come in the order of their pseudonyms. Same rows, same bytes.
//
// A table of more than 4,194,304 rows is cut into up to 16 parts by the first four bits of its child's pseudonym, so that
// parts hold disjoint ranges and their distinct children add up. The data alone decides the cut. A table whose child does
// not leave is not cut.
//
// # Two libraries
//
// github.com/parquet-go/parquet-go writes; github.com/apache/arrow/go/v17 reads back. ReadBack holds schema, row and
// null counts, codes, and a running check over every cell in order against what was written: no file is trusted on its
// writer's word.
package parquetfile

import (
	"reflect"

	"github.com/parquet-go/parquet-go"

	"github.com/postern-gateway/postern/pkg/minimise"
)

// ordered is a group of columns in the order given: the library's own group sorts them by name.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

func (o ordered) Fields() []parquet.Field { return o.fields }

// field is one named column.
type field struct {
	parquet.Node
	name string
}

func (f field) Name() string { return f.name }

// Value is part of the library's interface for Go structs, which are not used here.
func (f field) Value(base reflect.Value) reflect.Value { return base.FieldByName(f.name) }

// schemaOf is the Parquet schema of a table.
func schemaOf(columns []minimise.Column) *parquet.Schema {
	root := ordered{Group: make(parquet.Group)}
	for _, c := range columns {
		node := parquet.Optional(nodeOf(c.Kind))
		root.Group[c.Name] = node
		root.fields = append(root.fields, field{Node: node, name: c.Name})
	}
	return parquet.NewSchema("postern", root)
}

func nodeOf(kind minimise.Kind) parquet.Node {
	switch kind {
	case minimise.Pseudonym, minimise.Code:
		return parquet.Encoded(parquet.String(), &parquet.RLEDictionary)
	case minimise.Date:
		return parquet.Encoded(parquet.Date(), &parquet.RLEDictionary)
	case minimise.Boolean:
		return parquet.Leaf(parquet.BooleanType)
	default:
		return parquet.Encoded(parquet.Leaf(parquet.Int32Type), &parquet.RLEDictionary)
	}
}

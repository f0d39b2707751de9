package parquetfile

import (
	"github.com/parquet-go/parquet-go/deprecated"
	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"

	"github.com/postern-gateway/postern/pkg/minimise"
)

// schemaOf is the Parquet schema of a table: a root, and the columns in the order given, each optional.
func schemaOf(columns []minimise.Column) []format.SchemaElement {
	out := []format.SchemaElement{{Name: "postern", NumChildren: thrift.New(int32(len(columns)))}}
	for _, c := range columns {
		e := format.SchemaElement{Name: c.Name, Type: thrift.New(physical(c.Kind)), RepetitionType: thrift.New(format.Optional)}
		switch {
		case isText(c.Kind):
			e.ConvertedType, e.LogicalType.Value = thrift.New(deprecated.UTF8), &format.StringType{}
		case c.Kind == minimise.Date:
			e.ConvertedType, e.LogicalType.Value = thrift.New(deprecated.Date), &format.DateType{}
		case c.Kind == minimise.Integer:
			e.LogicalType.Value = &format.IntType{BitWidth: 32, IsSigned: true}
		}
		out = append(out, e)
	}
	return out
}

// isText reports whether the values of a kind are strings.
func isText(kind minimise.Kind) bool { return kind == minimise.Pseudonym || kind == minimise.Code }

func physical(kind minimise.Kind) format.Type {
	switch {
	case isText(kind):
		return format.ByteArray
	case kind == minimise.Boolean:
		return format.Boolean
	default:
		return format.Int32
	}
}

// encodings are those that a column's chunks hold.
func encodings(kind minimise.Kind) []format.Encoding {
	if kind == minimise.Boolean {
		return []format.Encoding{format.Plain, format.RLE}
	}
	return []format.Encoding{format.Plain, format.RLE, format.RLEDictionary}
}

// number is the number that a code stands for, of a column whose values are no strings.
func number(c *minimise.Column, code uint32) int32 { return int32(int64(c.Base) + int64(code) - 1) }

// truth is a boolean as a byte.
func truth(n int32) byte {
	if n != 0 {
		return 1
	}
	return 0
}

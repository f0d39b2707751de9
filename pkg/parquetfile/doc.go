// Package parquetfile writes treated data as Parquet files, and reads every finished file back with another library.
//
// Only treated data can be written: Writer takes minimise.Batch, which nothing but package minimise can make.
//
// # What a file is
//
// A flat schema in the agreement's order of columns, every column optional: strings for pseudonyms and codes, DATE,
// INT32, BOOLEAN. Dictionary encoding without exception (a boolean is a bit), zstd level 1, pages of 131,072 rows, row
// groups of 1,048,576 rows, statistics and page index for the released columns (there are no others). The key-value
// metadata is what the caller gives, and says nothing of the drop, the machine or the time. Rows come in the order of
// their pseudonyms. Same rows, same bytes, for any number of workers and any cut of the rows into batches.
//
// A table of more than 4,194,304 rows is cut into up to 16 parts by the first four bits of its child's pseudonym, so that
// parts hold disjoint ranges and their distinct children add up. The data alone decides the cut. A table whose child does
// not leave is not cut.
//
// # Pages
//
// The pages are written here, from the codes that a minimise.Batch has instead of values: for each column of a row group
// the codes that occur are found and put in order, their values make the dictionary page, and each data page holds the
// places of its rows in that dictionary. Codes order as their values do, so that dictionaries are sorted, and least and
// greatest values are known by their places. No value is touched more than once per row group, and no value is copied per
// row. The columns of a row group are made side by side and written in their order; a large dictionary is made by all workers
// together, before those who are between two columns take up another, in pieces of 16,384 values, each compressed as a zstd frame
// by itself. It is written while the cells that point to it are made.
//
// A column of the dates 2024-09-02, null, 2024-09-02, 2024-09-03 has the codes 2, 0, 2, 3 (one more than the days since its
// base, 2024-09-01); of them 2 and 3 occur; the dictionary page holds the days 19968 and 19969, and the data page the
// levels 1 0 1 1 and the places 0 0 1.
//
// # Two programs
//
// What is written here is read back by github.com/parquet-go/parquet-go, of which the writer takes only the structures of
// headers and footers and the compression. ReadBack holds the file's bytes to a CRC-32C taken as they were written, holds
// schema, row and null counts, codes, and a running check over every cell in order against what was written, and takes the
// SHA-256 that is signed: no file is trusted on its writer's word. In the tests a third reader, github.com/apache/arrow/go/v17,
// and that library's own writer say what a file ought to hold.
package parquetfile

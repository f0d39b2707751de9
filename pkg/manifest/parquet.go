package manifest

import "strconv"

// FileMetadata is the whole key-value metadata of a table's Parquet files, so that a file that strays from its drop
// still says what it is: the classification, the agreement, and what each column means. It holds nothing that tells one
// drop, machine or moment from another: same rows, same bytes.
//
//	postern.classification        personal-data/pseudonymised
//	postern.agreement             dsa-coventry-fv-2026
//	postern.agreement_version     1
//	postern.table                 children
//	postern.column.child_id       Code that stands for the child …
func FileMetadata(agreement string, version int64, table *Table) map[string]string {
	kv := map[string]string{
		"postern.classification":    Classification,
		"postern.agreement":         agreement,
		"postern.agreement_version": strconv.FormatInt(version, 10),
		"postern.table":             table.Name,
	}
	for _, c := range table.Columns {
		kv["postern.column."+c.Name] = c.Meaning
	}
	return kv
}

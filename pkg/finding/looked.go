package finding

import (
	"cmp"
	"slices"
)

// Looked is one file that was looked at, with all that was found in it: what can be sent to those who own the system that
// the file is from.
type Looked struct {
	File     string        `json:"file"` // empty for what is about no single file
	Tables   []LookedTable `json:"tables"`
	Findings []Finding     `json:"findings"` // worst first
}

// LookedTable is one table of a file.
type LookedTable struct {
	Table        string `json:"table"`
	Sheet        int    `json:"sheet,omitempty"`
	When         string `json:"when"` // the return that it is of, in words
	Rows         int64  `json:"rows"`
	Sound        int64  `json:"sound"`
	Quarantined  int64  `json:"quarantined"`
	Confidential int64  `json:"in_confidence"`
}

// ByFile brings findings to the files that they are about, in the order of the files' names; those about no file come last.
// Files of which nothing but findings is known are added.
func ByFile(files []Looked, findings []Finding) []Looked {
	out := slices.Clone(files)
	at := make(map[string]int)
	for i := range out {
		at[out[i].File] = i
	}
	for _, f := range findings {
		i, known := at[f.Place.File]
		if !known {
			i = len(out)
			at[f.Place.File] = i
			out = append(out, Looked{File: f.Place.File})
		}
		out[i].Findings = append(out[i].Findings, f)
	}
	slices.SortStableFunc(out, func(a, b Looked) int {
		switch {
		case a.File == b.File:
			return 0
		case a.File == "":
			return 1
		case b.File == "":
			return -1
		default:
			return cmp.Compare(a.File, b.File)
		}
	})
	for i := range out {
		if out[i].Tables == nil {
			out[i].Tables = []LookedTable{}
		}
		if out[i].Findings == nil {
			out[i].Findings = []Finding{}
		}
	}
	return out
}

// Count is how many findings of a severity the file has.
func (l *Looked) Count(s Severity) int {
	n := 0
	for _, f := range l.Findings {
		if f.Severity == s {
			n++
		}
	}
	return n
}

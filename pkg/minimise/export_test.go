package minimise

import "slices"

// Runs are the spill files of the stage.
func (s *Stage) Runs() []string {
	var out []string
	for _, f := range slices.Concat(s.numbered.files, s.wide.files) {
		out = append(out, f.path)
	}
	return out
}

// LimitBucket sets how many bytes of a bucket are ordered in memory.
func (s *Stage) LimitBucket(bytes int) { s.limit = bytes }

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

// Blocks is how many bytes the blocks take that rows are put in, whether there are rows in them or not.
func (s *Stage) Blocks() int {
	n := 0
	for _, block := range slices.Concat(s.free, s.numbered.open[:], s.wide.open[:], slices.Concat(s.numbered.full[:]...), slices.Concat(s.wide.full[:]...)) {
		n += cap(block)
	}
	return n
}

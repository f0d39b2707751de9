package minimise

// heap is treated rows of one width in their buckets: in memory, and in spill files.
type heap struct {
	width int
	most  int               // how many bytes a block has at most
	open  [buckets][]byte   // the block that rows are put in
	used  [buckets]int      // how many of its bytes are rows
	full  [buckets][][]byte // those before it
	free  *[][]byte         // blocks of that size whose rows were spilled, of all heaps of the stage
	held  int               // bytes of rows in memory
	rows  [buckets]int64
	count int64
	files []*spillFile
}

// add puts rows into their buckets.
func (h *heap) add(rows, to []byte) {
	w := h.width
	for i, bucket := range to {
		n := h.used[bucket]
		if n+w > len(h.open[bucket]) {
			h.grow(int(bucket))
			n = 0
		}
		copy(h.open[bucket][n:n+w], rows[i*w:])
		h.used[bucket] = n + w
		h.rows[bucket]++
	}
	h.count += int64(len(to))
	h.held += len(rows)
}

// grow puts the bucket's block aside, and gives it a new one: larger than that, so that small tables take little.
func (h *heap) grow(bucket int) {
	last := h.open[bucket][:h.used[bucket]]
	if len(last) > 0 {
		h.full[bucket] = append(h.full[bucket], last)
	}
	if free := *h.free; len(free) > 0 {
		h.open[bucket], *h.free = free[len(free)-1], free[:len(free)-1]
		return
	}
	h.open[bucket] = make([]byte, max(min(2*cap(last), h.most), 16*h.width))
}

// each hands on the rows of a bucket that are in memory.
func (h *heap) each(bucket int, visit func(rows []byte)) {
	for _, block := range h.full[bucket] {
		visit(block)
	}
	visit(h.open[bucket][:h.used[bucket]])
}

// read hands on all rows of a bucket, in pieces that fill buf or are shorter. They are valid until visit returns.
func (h *heap) read(bucket int, buf []byte, visit func(rows []byte) error) error {
	for _, f := range h.files {
		if err := f.read(bucket, buf, visit); err != nil {
			return err
		}
	}
	var err error
	h.each(bucket, func(rows []byte) {
		if err == nil {
			err = visit(rows)
		}
	})
	return err
}

// forget throws the rows in memory away.
func (h *heap) forget() {
	h.held = 0
	clear(h.open[:])
	clear(h.used[:])
	clear(h.full[:])
}

package minimise

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// Ordered hands on all staged rows in order, in batches of at most 32,768. It can be called again. A batch is valid until
// yield returns. Rows are ordered ahead of yield, by other goroutines.
func (s *Stage) Ordered(ctx context.Context, yield func(*Batch) error) error {
	if s.Rows() == 0 {
		return ctx.Err()
	}
	o, err := s.ordering()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer o.wait.Wait()
	defer cancel()
	o.start(ctx)
	return o.handOn(ctx, yield)
}

// ordering is one time that a stage's rows are ordered.
type ordering struct {
	stage   *Stage
	wide    bool     // there are wide rows, so that all are widened
	width   int      // of a row that is ordered
	ranks   []*ranks // per column; of the child's pseudonym none where rows are wide
	limit   int64    // of the bytes of a bucket that is ordered in memory
	workers int
	full    []*ordered    // buckets that have rows, in order
	tokens  chan struct{} // one for each bucket that is at work or waits to be taken
	wait    sync.WaitGroup

	mu   sync.Mutex
	next int      // the bucket to be taken up next
	free [][]byte // memory for rows
}

// ordered is a bucket in the making.
type ordered struct {
	bucket int
	slabs  chan slab
}

// slab is ordered rows, or what went wrong.
type slab struct {
	rows []byte
	err  error
}

// ordering gets ready: the ranks of pseudonyms, and how much can be done at a time in the memory that there is.
func (s *Stage) ordering() (*ordering, error) {
	if s.closed {
		return nil, errClosed
	}
	o := &ordering{stage: s, wide: s.wide.count > 0, width: s.numbered.width, ranks: make([]*ranks, len(s.layout.columns))}
	if o.wide {
		o.width = s.wide.width
	}
	s.free = nil
	largest := int64(0)
	for bucket := range buckets {
		rows := o.rows(bucket)
		largest = max(largest, rows*int64(o.width))
		if rows > 0 {
			o.full = append(o.full, &ordered{bucket: bucket, slabs: make(chan slab, 1)})
		}
	}
	held := func() int { return s.numbered.held + s.wide.held }
	room := func() int64 { return max(int64(s.budget-held()), int64(s.budget/4), 1<<16) }
	limit := func() int64 {
		if s.limit > 0 {
			return int64(s.limit)
		}
		return min(room()/4, int64(o.width)<<indexBits)
	}
	if held() > 0 && largest > limit() {
		if err := s.spill(); err != nil {
			return nil, err
		}
		s.free = nil
	}
	for _, f := range slices.Concat(s.numbered.files, s.wide.files) {
		if err := f.check(); err != nil {
			return nil, fmt.Errorf("%s: %w", s.name, err)
		}
	}
	o.limit = limit()
	for i, book := range s.layout.books {
		if book != nil && !(o.wide && i == s.layout.lead) {
			o.ranks[i] = book.ranks(s.workers)
		}
	}
	o.workers = int(max(1, min(int64(s.workers), room()/(2*min(largest, o.limit)+1)-1)))
	o.tokens = make(chan struct{}, o.workers+1)
	return o, nil
}

// rows is how many rows a bucket has.
func (o *ordering) rows(bucket int) int64 {
	return o.stage.numbered.rows[bucket] + o.stage.wide.rows[bucket]
}

// start sets the workers to work. Whoever has a token takes up the next bucket, so that the bucket that is waited for is
// always at work.
func (o *ordering) start(ctx context.Context) {
	for range min(o.workers, len(o.full)) {
		o.wait.Go(func() {
			work := &sorter{ordering: o}
			for {
				select {
				case o.tokens <- struct{}{}:
				case <-ctx.Done():
					return
				}
				b := o.take()
				if b == nil {
					return
				}
				send := func(rows []byte, err error) error {
					select {
					case b.slabs <- slab{rows, err}:
						return err
					case <-ctx.Done():
						return ctx.Err()
					}
				}
				if err := work.bucket(b.bucket, send); err != nil {
					_ = send(nil, err) // it is not taken when nobody waits for it any more
					return
				}
				close(b.slabs)
			}
		})
	}
}

func (o *ordering) take() *ordered {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.next == len(o.full) {
		return nil
	}
	o.next++
	return o.full[o.next-1]
}

// memory gives memory for rows.
func (o *ordering) memory(bytes int) []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	for n := len(o.free) - 1; n >= 0; n-- {
		m := o.free[n]
		o.free = o.free[:n]
		if cap(m) >= bytes {
			return m[:bytes]
		}
	}
	return make([]byte, bytes, bytes+bytes/8)
}

// back takes memory back.
func (o *ordering) back(m []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.free = append(o.free, m)
}

// handOn takes the buckets in order, and hands on their rows in batches.
func (o *ordering) handOn(ctx context.Context, yield func(*Batch) error) error {
	w := o.width
	leader := o.leader()
	for _, next := range o.full {
		rows := int64(0)
		for {
			s, more, err := o.slab(ctx, next)
			if err != nil {
				return err
			}
			if !more {
				break
			}
			rows += int64(len(s.rows) / w)
			for batch := range slices.Chunk(s.rows, orderedRows*w) {
				if err := ctx.Err(); err != nil {
					return err
				}
				if err := yield(leader.batch(batch)); err != nil {
					return err
				}
			}
			o.back(s.rows)
		}
		if rows != o.rows(next.bucket) {
			return fmt.Errorf("%s: %w", o.stage.name, errDamaged)
		}
		<-o.tokens
	}
	return nil
}

// slab waits for the next slab of a bucket; there is none when it has ended.
func (o *ordering) slab(ctx context.Context, b *ordered) (s slab, more bool, err error) {
	select {
	case s, more = <-b.slabs:
		return s, more, s.err
	case <-ctx.Done():
		return slab{}, false, ctx.Err()
	}
}

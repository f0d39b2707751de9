package parquetfile

import (
	"sync"
	"sync/atomic"
)

// hand is one worker of those that share tasks.
type hand struct {
	number int
	help   chan func(*hand)
}

// sideBySide gives tasks, in their order, to workers. Whoever finds none left helps those who split theirs. do reports whether
// more tasks are to be taken up; those that are at work are always done to their end.
func sideBySide(workers, tasks int, do func(h *hand, task int) bool) {
	var next, busy atomic.Int64
	var wait sync.WaitGroup
	help := make(chan func(*hand))
	busy.Store(int64(workers))
	for n := range workers {
		wait.Go(func() {
			h := &hand{n, help}
			for task := int(next.Add(1)) - 1; task < tasks; task = int(next.Add(1)) - 1 {
				if !do(h, task) {
					next.Store(int64(tasks))
				}
			}
			if busy.Add(-1) == 0 {
				close(help) // nobody has anything to split any more
			}
			for part := range help {
				part(h)
			}
		})
	}
	wait.Wait()
}

// split does the parts of a task, together with those who have none of their own any more. It returns the error of the first part
// that has one.
func (h *hand) split(parts int, do func(h *hand, part int) error) error {
	var next atomic.Int64
	var helpers sync.WaitGroup
	errs := make([]error, parts)
	work := func(h *hand) bool {
		part := int(next.Add(1)) - 1
		if part < parts {
			errs[part] = do(h, part)
		}
		return part < parts
	}
	all := func(h *hand) {
		defer helpers.Done()
		for work(h) {
		}
	}
	for {
		helpers.Add(1)
		select {
		case h.help <- all:
			continue
		default:
			helpers.Done()
		}
		if !work(h) {
			break
		}
	}
	helpers.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

package parquetfile

import (
	"slices"
	"sync"
)

// crew is workers who share tasks. Whoever has none helps those who have split theirs, in the order in which they did, and takes
// up a new one only when there is nothing to help with: then a long task ends early, and what waits for it can begin.
type crew struct {
	mu     sync.Mutex
	change sync.Cond // something to do has come up, or nothing will any more, or a split task is done
	next   int       // task to take up
	tasks  int
	busy   int       // workers who may still split what they do
	split  []*shared // in the order in which they were
}

// shared is a task that is split into parts.
type shared struct {
	do    func(h *hand, part int) error
	next  int // part to take up
	errs  []error
	doing int // parts at work
}

// hand is one worker.
type hand struct {
	number int
	crew   *crew
}

// sideBySide gives tasks, in their order, to workers. do reports whether more tasks are to be taken up; those that are at work are
// always done to their end.
func sideBySide(workers, tasks int, do func(h *hand, task int) bool) {
	c := &crew{tasks: tasks}
	c.change.L = &c.mu
	var wait sync.WaitGroup
	for n := range workers {
		wait.Go(func() { c.work(&hand{n, c}, do) })
	}
	wait.Wait()
}

// work does what there is to do until nothing will come any more.
func (c *crew) work(h *hand, do func(h *hand, task int) bool) {
	c.mu.Lock()
	for {
		switch s := c.unfinished(); {
		case s != nil:
			c.part(h, s)
		case c.next < c.tasks:
			task := c.next
			c.next++
			c.busy++
			c.mu.Unlock()
			more := do(h, task)
			c.mu.Lock()
			c.busy--
			if !more {
				c.next = c.tasks
			}
			c.change.Broadcast()
		case c.busy == 0:
			c.mu.Unlock()
			return
		default:
			c.change.Wait()
		}
	}
}

// unfinished is the first split task of which a part is left; nil when there is none.
func (c *crew) unfinished() *shared {
	for _, s := range c.split {
		if s.next < len(s.errs) {
			return s
		}
	}
	return nil
}

// part does the next part of a split task. The crew is locked before and after.
func (c *crew) part(h *hand, s *shared) {
	part := s.next
	s.next++
	s.doing++
	c.mu.Unlock()
	err := s.do(h, part)
	c.mu.Lock()
	s.errs[part] = err
	s.doing--
	if s.doing == 0 && s.next == len(s.errs) {
		c.change.Broadcast()
	}
}

// split does the parts of a task, together with those who have none of their own. It returns the error of the first part that has
// one. A part must not panic where its task would recover: others would go on with what is left.
func (h *hand) split(parts int, do func(h *hand, part int) error) error {
	if parts == 1 {
		return do(h, 0)
	}
	c, s := h.crew, &shared{do: do, errs: make([]error, parts)}
	c.mu.Lock()
	c.split = append(c.split, s)
	c.change.Broadcast()
	for s.next < parts {
		c.part(h, s)
	}
	for s.doing > 0 {
		c.change.Wait()
	}
	c.split = slices.DeleteFunc(c.split, func(other *shared) bool { return other == s })
	c.mu.Unlock()
	for _, err := range s.errs {
		if err != nil {
			return err
		}
	}
	return nil
}

package extract

import (
	"context"
	"crypto/sha256"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

// TakeDigests begins to take the digest of every file of the inventory, of as many at a time as there are processors, and
// returns at once; the files may be read for other ends meanwhile. settle waits for all of them: only then have the sources
// their SHA256. It is to be called; more than once does no harm. A file of which one reading saw other bytes than another
// is refused as changed, and its sources get none; all others get theirs. Whoever no longer wants the digests ends the context first.
func (inv *Inventory) TakeDigests(ctx context.Context) (settle func() error) {
	var taking errgroup.Group
	taking.SetLimit(runtime.GOMAXPROCS(0))
	var all []*digest
	of := make(map[*fingerprint]*digest)
	for _, src := range inv.Sources {
		if src.SHA256 != [sha256.Size]byte{} {
			continue // it was taken before
		}
		d := of[src.seen]
		if d == nil {
			d = &digest{of: &Source{File: src.File, Path: src.Path, seen: src.seen}}
			of[src.seen], all = d, append(all, d)
		}
		d.sources = append(d.sources, src)
	}
	var begun sync.WaitGroup
	begun.Go(func() { // the limit may make it wait
		for _, d := range all {
			taking.Go(func() error {
				d.failed = d.of.takeDigest(ctx)
				return nil // it is told in its turn
			})
		}
	})
	return sync.OnceValue(func() error {
		begun.Wait()
		_ = taking.Wait() // nothing fails
		var first error
		for _, d := range all {
			if err := d.give(); first == nil {
				first = err
			}
		}
		return first
	})
}

// digest is that of one file.
type digest struct {
	of      *Source
	sources []*Source // of the file
	failed  error
}

// give gives the sources of a file its digest.
func (d *digest) give() error {
	if d.failed != nil {
		return d.failed
	}
	for _, src := range d.sources {
		if src.Size != d.of.Size {
			return Changed(src)
		}
		src.SHA256 = d.of.SHA256
	}
	return nil
}

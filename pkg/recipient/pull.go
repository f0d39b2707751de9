package recipient

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/store"
)

// State says what became of one drop in a pull.
type State string

// The states of a drop.
const (
	Fetched    State = "fetched"      // new, verified, and now in the folder
	Held       State = "held"         // fetched before; nothing is said against it
	Recalled   State = "withdrawn"    // by the council, in a signed notice
	Replaced   State = "replaced"     // a later drop says that it replaces this one, and there is no notice
	Unverified State = "not verified" // it stays in the quarantine, or its notice cannot be believed
)

// Pulled is one drop of a pull.
type Pulled struct {
	Drop     string `json:"drop"` // dsa-coventry-fv-2026/0007-20261121
	State    State  `json:"state"`
	Sentence string `json:"sentence"`
	// Attention says that somebody must do something about it.
	Attention bool    `json:"attention"`
	Report    *Report `json:"report,omitempty"` // of one that was looked at now
}

// PullReport is what Pull did and found.
type PullReport struct {
	// Sound: every drop in the folder is verified, none that was withdrawn lies there, and the store has what it had.
	Sound    bool     `json:"sound"`
	Drops    []Pulled `json:"drops"`
	Problems []string `json:"problems"` // with the store itself; plain sentences
}

// Pull fetches an agreement's new drops from a store into a folder, each verified before it can be seen there.
//
// A drop is fetched into the folder's quarantine, .incoming, verified there with everything that Verify checks, the drop
// before it too, and then given its name in the folder, 0007-20261121. One that was withdrawn is not fetched. What is in
// the folder is never changed or overwritten, but that a notice of withdrawal is put into the drop's own folder. Of each drop
// the signed list, manifest and proof are kept in .records, without any row: they show that the next drop continues it,
// and that the store has not been put back to an earlier state, even when the drop itself has been destroyed as it must be.
//
// A pull that was killed is finished by the next one; what had come whole is not fetched again. The first drop that does not
// verify ends the fetching, since what follows it cannot be shown to continue anything. The report says what was found; an
// error means that the store or the folder failed. opt.Previous is not used.
func Pull(ctx context.Context, from store.Store, agreement, folder string, opt Options) (report *PullReport, err error) {
	if folder, err = filepath.Abs(folder); err != nil {
		return nil, err
	}
	if from.Location() == "dir:"+filepath.Dir(folder) && filepath.Base(folder) == agreement {
		return nil, finding.WithHint(errors.New("the folder to pull into is that of the store itself"), "name another folder, of your own")
	}
	s, err := openShelf(folder, agreement)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	p := &pull{from: from, agreement: agreement, shelf: s, opt: opt, report: &PullReport{Drops: []Pulled{}, Problems: []string{}}}
	if err := p.all(ctx); err != nil {
		return nil, err
	}
	p.conclude()
	return p.report, nil
}

// pull is a pull at work.
type pull struct {
	from      store.Store
	agreement string
	shelf     *shelf
	opt       Options
	report    *PullReport
	remote    map[string]map[string]bool // by drop, the files that the store has of it
}

func (p *pull) all(ctx context.Context) error {
	if err := p.list(ctx); err != nil {
		return err
	}
	p.gone()
	if err := p.remind(); err != nil {
		return err
	}
	names, err := p.shelf.loose()
	if err != nil {
		return err
	}
	for name, files := range p.remote {
		if files[manifest.SignatureName] { // else it is no drop yet, or an attempt that was given up
			names[name] = true
		}
	}
	for _, name := range slices.SortedFunc(maps.Keys(names), byNumber) {
		goOn, err := p.one(ctx, name)
		if err != nil {
			return fmt.Errorf("%s: %w", p.id(name), err)
		}
		if !goOn {
			return nil
		}
	}
	return nil
}

func (p *pull) id(name string) string { return p.agreement + "/" + name }

// list finds out what the store has of the agreement.
func (p *pull) list(ctx context.Context) error {
	p.remote = make(map[string]map[string]bool)
	for object, err := range p.from.List(ctx, p.agreement+"/") {
		if err != nil {
			return err
		}
		name, file, below := strings.Cut(strings.TrimPrefix(object.Key, p.agreement+"/"), "/")
		if !below || !looksLikeDrop(name) {
			continue
		}
		if p.remote[name] == nil {
			p.remote[name] = make(map[string]bool)
		}
		p.remote[name][file] = true
	}
	return nil
}

// gone notices a store that has less than it had.
func (p *pull) gone() {
	last := p.shelf.last()
	if last == nil {
		return
	}
	highest := ""
	for name, files := range p.remote {
		if files[manifest.SignatureName] && (highest == "" || byNumber(name, highest) > 0) {
			highest = name
		}
	}
	switch {
	case highest == "":
		p.problem("The store has no drop of %s, and you were sent up to %s. If the time that drops are kept there has passed, that is as agreed; "+
			"otherwise the store is not the one it was: ask the council.", p.agreement, p.id(last.name))
	case byNumber(highest, last.name) < 0:
		p.problem("The newest drop in the store is %s, and you were sent %s: the store was put back to an earlier state, or drops were taken out of it. "+
			"Ask the council.", p.id(highest), p.id(last.name))
	}
}

func (p *pull) problem(format string, args ...any) {
	p.report.Problems = append(p.report.Problems, fmt.Sprintf(format, args...))
}

func (p *pull) say(name string, state State, attention bool, format string, args ...any) {
	p.report.Drops = append(p.report.Drops, Pulled{Drop: p.id(name), State: state, Attention: attention, Sentence: fmt.Sprintf(format, args...)})
}

// one brings one finished drop of the store and the folder together. It reports whether the next may be looked at.
func (p *pull) one(ctx context.Context, name string) (bool, error) {
	if r := p.shelf.find(name); r != nil {
		return true, p.known(ctx, r)
	}
	if last := p.shelf.last(); last != nil && byNumber(name, last.name) < 0 {
		p.problem("Drop %s is there now, and was not when you were sent %s. It was left as it is: ask the council.", p.id(name), p.id(last.name))
		return true, nil
	}
	if p.shelf.holds(name) {
		return p.adopt(ctx, name)
	}
	return p.fetch(ctx, name)
}

// known looks again at a drop that was fetched before: it must be the same, and may have been withdrawn since.
func (p *pull) known(ctx context.Context, r *record) error {
	if !p.remote[r.name][manifest.SignatureName] {
		return nil // the store does not keep it any more
	}
	sums, err := readSmall(ctx, FromStore(p.from, p.id(r.name)), manifest.SumsName, manifest.MaxSumsBytes)
	var failed failure
	switch {
	case errors.As(err, &failed):
		p.problem("%s of drop %s in the store: %s", manifest.SumsName, p.id(r.name), string(failed))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	case string(sums) != string(r.sums):
		p.problem("The store has another drop under the name %s than the one you were sent. Ask the council.", p.id(r.name))
	}
	if r.notice != nil {
		return nil // told of with all the others that were withdrawn
	}
	w, notice, armoured, err := p.notice(ctx, r.name, r.sums)
	switch {
	case errors.As(err, &failed):
		p.say(r.name, Unverified, true, "%s", string(failed))
	case err != nil:
		return err
	case w != nil:
		return p.shelf.mark(r, notice, armoured)
	}
	return nil
}

// remind puts the notices that are recorded beside the drops that still lie in the folder, where a pull that was killed
// did not.
func (p *pull) remind() error {
	for _, r := range p.shelf.records {
		if r.notice == nil || !p.shelf.holds(r.name) {
			continue
		}
		armoured, err := os.ReadFile(p.shelf.at(shelfRecords, r.name, manifest.WithdrawnSignatureName))
		if err != nil {
			return err
		}
		if err := p.shelf.mark(r, r.notice, armoured); err != nil {
			return err
		}
	}
	return nil
}

// notice reads and verifies the notice of withdrawal that the store has beside a drop; nil when there is none.
func (p *pull) notice(ctx context.Context, name string, sums []byte) (w *Withdrawal, notice, armoured []byte, err error) {
	v := &verification{src: FromStore(p.from, p.id(name)), opt: p.opt, report: &Report{}, sumsText: sums}
	for file := range p.remote[name] {
		v.entries = append(v.entries, Entry{Path: file, Regular: true})
	}
	_, err = v.withdrawal(ctx)
	var good withdrawn
	if !errors.As(err, &good) {
		return nil, nil, nil, err
	}
	if notice, err = readSmall(ctx, v.src, manifest.WithdrawnName, maxSignature); err == nil {
		armoured, err = readSmall(ctx, v.src, manifest.WithdrawnSignatureName, maxSignature)
	}
	// Read twice, and verified as read the second time: this is what is kept.
	if err == nil {
		_, err = verifyNotice(notice, armoured, sums, p.opt)
	}
	return v.report.Withdrawn, notice, armoured, err
}

// adopt makes a record of a drop that lies in the folder already: a pull was killed just before, or somebody put it there.
func (p *pull) adopt(ctx context.Context, name string) (bool, error) {
	report, err := p.verify(ctx, p.shelf.at(name))
	if err != nil {
		return false, err
	}
	if !report.Verified && report.Withdrawn == nil {
		p.report.Drops = append(p.report.Drops, Pulled{Drop: p.id(name), State: Unverified, Attention: true, Report: report,
			Sentence: "What lies under its name in the folder is not verified. Move it away, and run the same command again."})
		return false, nil
	}
	r, err := p.shelf.remember(name, p.shelf.at(name))
	if err != nil {
		return false, err
	}
	return true, p.known(ctx, r)
}

// verify looks at a drop in a folder, after the last one of the records.
func (p *pull) verify(ctx context.Context, path string) (report *Report, err error) {
	drop, err := FromDir(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, drop.Close()) }()
	opt := p.opt
	opt.Previous = nil
	if last := p.shelf.last(); last != nil {
		before, err := FromDir(p.shelf.at(shelfRecords, last.name))
		if err != nil {
			return nil, err
		}
		defer func() { _ = before.Close() }() // only read from: nothing is lost
		opt.Previous = before
	}
	return Verify(ctx, drop, opt)
}

// conclude tells of the drops that were fetched before, and sums up.
func (p *pull) conclude() {
	replacedBy := make(map[string]string)
	for _, r := range p.shelf.records {
		for _, id := range r.manifest.Drop.Supersedes {
			replacedBy[id] = r.name
		}
	}
	told := make(map[string]bool)
	for _, d := range p.report.Drops {
		told[d.Drop] = true
	}
	for _, r := range p.shelf.records {
		id, held := p.id(r.name), p.shelf.holds(r.name)
		switch by, replaced := replacedBy[id]; {
		case r.notice != nil:
			p.sayWithdrawn(r, held)
		case replaced:
			p.say(r.name, Replaced, held, "Drop %s says that it replaces this one, whose notice of withdrawal is not in the store. Do not use it; ask the council.", p.id(by))
		case told[id]:
		case held:
			p.say(r.name, Held, false, "Fetched and verified before.")
		default:
			p.say(r.name, Held, false, "Fetched and verified before; it is no longer in the folder.")
		}
	}
	slices.SortStableFunc(p.report.Drops, func(a, b Pulled) int { return byNumber(lastPart(a.Drop), lastPart(b.Drop)) })
	p.report.Sound = len(p.report.Problems) == 0
	for _, d := range p.report.Drops {
		p.report.Sound = p.report.Sound && !d.Attention
	}
}

func lastPart(id string) string {
	_, last, _ := cutLast(id)
	return last
}

// sayWithdrawn tells of a withdrawn drop what the council says, and whether it still lies here.
func (p *pull) sayWithdrawn(r *record, held bool) {
	n, err := ParseNotice(r.notice)
	if err != nil {
		p.say(r.name, Unverified, true, "Its notice of withdrawal in %s is damaged.", shelfRecords)
		return
	}
	w := Withdrawal{Drop: n.Drop, Time: n.Time, Reason: n.Reason}
	if held {
		p.say(r.name, Recalled, true, "%s It still lies in %s.", w.sentence(), p.shelf.at(r.name))
		return
	}
	p.say(r.name, Recalled, false, "%s It is not in the folder.", w.sentence())
}

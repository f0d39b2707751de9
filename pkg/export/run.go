package export

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/minimise"
	"github.com/postern-gateway/postern/pkg/state"
)

// Keys are an agreement's keys, as far as a run needs them: custody.AgreementKeys. The secrets stay behind them.
type Keys interface {
	minimise.Keys
	KeyCheck() string
	Commit(label string, data []byte) string
	SaltFingerprint() string
}

// Request is what a run is asked to do.
type Request struct {
	Agreement string     // the agreement file
	Extracts  []string   // files and folders
	Reference civil.Date // the first day of a month; 0 for that of the run's own
}

// Outcome says how a run ended.
type Outcome string

// The outcomes of a run that did not fail.
const (
	Published Outcome = "published"
	Unchanged Outcome = "unchanged"
)

// Result is what a run did.
type Result struct {
	Outcome   Outcome            `json:"outcome"`
	Drop      string             `json:"drop"`      // the drop made, or the one that already holds the same
	Location  string             `json:"location"`  // of the store
	Recovered []string           `json:"recovered"` // drops of earlier, interrupted runs that this one finished or abandoned
	Record    *Record            `json:"-"`         // what only the council may know
	Manifest  *manifest.Manifest `json:"-"`         // nil when nothing changed
	Run       int                `json:"run"`       // the number of the run record
	Preflight int                `json:"preflight"` // the number of the pre-flight record
	Checks    []finding.Check    `json:"checks"`    // what was checked before any extract was opened
}

// Plan does all that a run does short of writing: it reads, treats, stages and measures. It uses keys made up for the
// occasion, so that planning needs none of the council's. The caller ends with CloseSurvey.
func (g *Gateway) Plan(ctx context.Context, req Request, keys minimise.Keys) (*Survey, error) {
	a, err := LoadAgreement(req.Agreement, g.Catalogue)
	if err != nil {
		return nil, err
	}
	s, err := g.discover(ctx, a, req.Extracts)
	if err != nil {
		return nil, err
	}
	if s.Reference, err = g.reference(req); err != nil {
		return nil, err
	}
	s.spillName, s.ownLock = "plan", true
	if err := g.stage(ctx, s, keys, g.spill(s)); err != nil {
		return nil, errors.Join(err, g.CloseSurvey(s))
	}
	return s, nil
}

// spill makes the folder of what a survey keeps on disk, under the state folder's staging. What a survey that was killed left
// there goes first.
func (g *Gateway) spill(s *Survey) func() (string, error) {
	return func() (string, error) {
		if s.ownLock && s.lock == nil {
			lock, err := g.State.Lock() // or a run would sweep the folder away
			if err != nil {
				return "", err
			}
			s.lock = lock
		}
		if !s.spilled {
			if err := g.State.RemoveStaging(s.Agreement.ID, s.spillName); err != nil {
				return "", err
			}
			s.spilled = true
		}
		return g.State.Staging(s.Agreement.ID, s.spillName)
	}
}

// CloseSurvey removes what a survey has spilled.
func (g *Gateway) CloseSurvey(s *Survey) error {
	var errs []error
	for _, t := range s.Tables {
		errs = append(errs, t.Stage.Close())
	}
	if s.plan != nil {
		errs = append(errs, s.plan.Children().Close())
	}
	if s.spilled {
		errs = append(errs, g.State.RemoveStaging(s.Agreement.ID, s.spillName))
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Unlock())
	}
	return errors.Join(errs...)
}

// Description is what a survey would make: tables as a manifest describes them, without files, and the risk.
type Description struct {
	Tables     []manifest.Table
	Disclosure manifest.Disclosure
}

// Describe counts the rows and distinct children of a survey's tables.
func (g *Gateway) Describe(ctx context.Context, s *Survey) (Description, error) {
	var d Description
	for _, staged := range s.Tables {
		t := describe(staged.Table, s.Sources)
		t.Rows = staged.Stage.Rows()
		var err error
		if t.DistinctChildren, err = staged.Stage.Children(ctx); err != nil {
			return Description{}, err
		}
		d.Tables = append(d.Tables, t)
	}
	d.Disclosure = riskOf(s, d.Tables)
	return d, nil
}

// reference is the first day of the month at which ages are counted.
func (g *Gateway) reference(req Request) (civil.Date, error) {
	if req.Reference != 0 {
		return req.Reference.FirstOfMonth(), nil
	}
	today, err := g.today()
	return today.FirstOfMonth(), err
}

// Run makes and publishes a drop. A refusal is recorded in the register; a failure leaves what it had staged to the
// next run, which finishes or abandons it.
func (g *Gateway) Run(ctx context.Context, req Request) (result *Result, err error) {
	lock, err := g.State.Lock()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	books, err := g.OpenBooks()
	if err != nil {
		return nil, err
	}
	r := &run{Gateway: g, req: req, started: g.Now(), books: books, result: &Result{Location: g.Store.Location(), Recovered: []string{}}}
	err = r.run(ctx)
	var refusal *finding.Refusal
	if errors.As(err, &refusal) && r.judgement != nil && !r.told { // of a file that is no agreement there is nothing to record it under
		err = errors.Join(err, r.tell(refusal))
	}
	if err != nil {
		return nil, err
	}
	return r.result, nil
}

// run is one run at work.
type run struct {
	*Gateway
	req       Request
	books     *Books
	judgement *Judgement
	keys      Keys
	survey    *Survey
	ledger    []state.PublishedDrop
	held      []state.PublishedDrop // drops of earlier runs that this one is to finish
	told      bool                  // the register and a run record have the refusal
	started   time.Time
	month     civil.Date // the first day of that at which ages are counted
	inputs    string     // digest of all that decides the bytes
	result    *Result
}

func (r *run) run(ctx context.Context) error {
	if err := r.judge(); err != nil {
		return r.distrusted(err)
	}
	p := &preflight{run: r}
	if err := p.standing(ctx); err != nil {
		return err
	}
	if err := p.unfinished(ctx); err != nil {
		return err
	}
	if err := p.occasion(); err != nil {
		return err
	}
	if err := p.save(); err != nil {
		return err
	}
	if err := p.verdict(); err != nil {
		var refusal *finding.Refusal
		if errors.As(err, &refusal) {
			err = errors.Join(err, r.tell(refusal)) // first: whatever comes of settling, the refusal is on record
		}
		return errors.Join(err, p.also(r.settle(ctx, false)))
	}
	if err := r.settle(ctx, true); err != nil {
		return err
	}
	var err error
	if r.survey, err = r.discover(ctx, r.judgement.Agreement, r.req.Extracts); err != nil {
		return err
	}
	r.survey.Reference = r.month
	before, err := r.comparable(ctx)
	if err != nil {
		return err
	}
	if p.full != nil { // one drop more than is agreed: nothing is made, unless nothing has to be
		if err := r.survey.Inventory.TakeDigests(ctx)(); err != nil {
			return err
		}
		r.inputs = r.inputDigest(r.survey, r.keys.KeyCheck())
		if before == nil || before.InputDigest != r.inputs {
			return p.full
		}
		return r.unchanged(before)
	}
	return r.makeDrop(ctx, before)
}

// tell records that the gate said no, in the register and in a run record.
func (r *run) tell(refusal *finding.Refusal) error {
	r.told = true
	a := r.judgement.Agreement
	return errors.Join(r.books.EnterRefusal(a.ID, a.Version, refusal), r.record("refused", refusal))
}

// judge finds out whether the gate is open, and enters what was decided in the register. No byte of an extract has been
// read.
func (r *run) judge() error {
	j, err := r.Judge(r.req.Agreement, r.books)
	r.judgement = j // with an error too: a roles file that is refused is refused under an agreement
	if err != nil {
		return err
	}
	if err := r.books.EnterDecisions(j); err != nil {
		return err
	}
	if r.ledger, err = r.State.Drops(j.Agreement.ID); err != nil || len(r.ledger) == 0 {
		return err
	}
	return r.books.Continues(r.ledger[len(r.ledger)-1])
}

// oldestReference is how far back the reference month of a first drop may lie.
const oldestReference = 12

// referenceDate is the first day of the month at which ages are counted. It is never in the future and never before that
// of the agreement's last drop: whoever could choose months at will could tell birthdays from the ages of several drops.
func (r *run) referenceDate() (civil.Date, error) {
	date, err := r.reference(r.req)
	if err != nil {
		return 0, err
	}
	today, err := r.today()
	if err != nil {
		return 0, err
	}
	y, m, _ := today.YMD()
	first := civil.MustYMD(y-oldestReference/12, m, 1)
	for _, d := range slices.Concat(r.ledger, r.held) {
		first = max(first, d.ReferenceDate)
	}
	if date > today.FirstOfMonth() || date < first {
		return 0, NotSetUp{finding.WithHint(fmt.Errorf("the reference month is not between that of %s and this one", first),
			"leave --reference-month out, or name a month from the last drop's to this one")}
	}
	return date, nil
}

// LastDrop is an agreement's last drop that is in the store at hand and was not withdrawn; nil when there is none.
func (g *Gateway) LastDrop(ctx context.Context, agreement string) (*state.PublishedDrop, error) {
	if drops, err := g.State.Drops(agreement); err != nil || len(drops) == 0 {
		return nil, err
	}
	books, err := g.ViewBooks()
	if err != nil {
		return nil, err
	}
	withdrawn, err := books.withdrawals(agreement)
	if err != nil {
		return nil, err
	}
	return g.lastDrop(ctx, agreement, withdrawn)
}

// lastDrop is LastDrop, with what was withdrawn.
func (g *Gateway) lastDrop(ctx context.Context, agreement string, withdrawn map[string]withdrawal) (*state.PublishedDrop, error) {
	drops, err := g.State.Drops(agreement)
	if err != nil {
		return nil, err
	}
	for i := len(drops) - 1; i >= 0; i-- {
		if _, gone := withdrawn[drops[i].ID]; gone {
			continue
		}
		there, err := exists(ctx, g.Store, drops[i].ID+"/"+manifest.SignatureName)
		if err != nil {
			return nil, err
		}
		if there {
			return &drops[i], nil
		}
	}
	return nil, nil
}

// makeDrop stages, writes, records and publishes, unless the drop before was made from the same inputs.
func (r *run) makeDrop(ctx context.Context, before *state.PublishedDrop) (err error) {
	a := r.judgement.Agreement
	sequence, err := r.books.sequence(a.ID)
	if err != nil {
		return err
	}
	today, err := r.today()
	if err != nil {
		return err
	}
	d := &drop{run: r, about: manifest.Drop{ID: manifest.DropID(a.ID, sequence, today), Sequence: sequence, Date: today}}
	here, err := r.inStore(ctx)
	if err != nil {
		return err
	}
	if len(here) > 0 {
		d.previous = &here[len(here)-1]
		d.about.PreviousSumsSHA256 = d.previous.SumsSHA256
	}
	if d.about.Supersedes, err = r.supersede(ctx, here); err != nil {
		return err
	}
	if d.dir, err = r.State.Staging(a.ID, d.name()); err != nil {
		return err
	}
	r.survey.spillName = d.name() + "-spill"
	defer func() { err = errors.Join(err, r.CloseSurvey(r.survey)) }()
	same, err := r.stageUnlessSame(ctx, before)
	if err != nil || same {
		err = errors.Join(err, r.State.RemoveStaging(a.ID, d.name()))
	}
	switch {
	case err != nil:
		return err
	case same:
		return r.unchanged(before)
	}
	if err := d.build(ctx); err != nil {
		return err
	}
	err = r.publish(ctx, d.about.ID, d.dir, false)
	if reason := hopeless(err); reason != "" {
		return errors.Join(err, r.abandon(d.about.ID, reason))
	}
	return err
}

// inStore are the ledger's drops of the store at hand, oldest first: those that were published to it, and those that were
// moved to it since, byte for byte. They are one chain, whatever else went to other stores: each recipient is given one
// store, and is to see that nothing was left out of it.
func (r *run) inStore(ctx context.Context) ([]state.PublishedDrop, error) {
	var out []state.PublishedDrop
	for _, d := range r.ledger {
		there := r.isHere(d.Store)
		if !there {
			var err error
			if there, err = r.hasDrop(ctx, d); err != nil {
				return nil, err
			}
		}
		if there {
			out = append(out, d)
		}
	}
	return out, nil
}

// isHere reports whether a location is that of the store at hand. The ledger may have a folder by a relative path: those
// of older versions of the program were kept as they were given.
func (r *run) isHere(location string) bool {
	return location == r.Store.Location() || absolute(location) == absolute(r.Store.Location())
}

// absolute is the location of a folder by its whole path, and any other location as it is.
func absolute(location string) string {
	folder, is := strings.CutPrefix(location, "dir:")
	if !is {
		return location
	}
	whole, err := filepath.Abs(folder)
	if err != nil {
		return location
	}
	return "dir:" + whole
}

// claimOf makes the claim of this attempt at a drop, with a nonce that tells it from any other.
func claimOf(drop string) ([]byte, error) {
	var nonce [16]byte
	if _, err := rand.Read(nonce[:]); err != nil {
		return nil, fmt.Errorf("make a nonce: %w", err)
	}
	return manifest.Claim(drop, hex.EncodeToString(nonce[:]))
}

// has reports whether a decision of the register is among those in the folder, with the signature that it had.
func (j *Judgement) has(body DecisionBody) bool {
	return slices.ContainsFunc(j.Status.Decisions, func(c agreement.Considered) bool {
		return c.Fingerprint == body.Signer && j.statementDigest(c.File) == body.StatementSHA256
	})
}

// statementDigest is the SHA-256 (hex) of a decision's statement.
func (j *Judgement) statementDigest(file string) string {
	for _, d := range j.decisions {
		if d.File == file {
			sum := sha256.Sum256(d.Statement)
			return hex.EncodeToString(sum[:])
		}
	}
	return ""
}

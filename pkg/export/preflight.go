package export

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/notice"
)

// PreflightFormat names the form of a pre-flight record.
const PreflightFormat = "postern-preflight/v1"

// Preflight is the record of what was checked before a run opened an extract: every question, what was seen, and what it
// refused. It is kept in the council's state folder, names people of the council, and never leaves; the register has its
// digest. It holds no key, only fingerprints of keys, and nothing of an extract, of which no byte has been read.
type Preflight struct {
	Format      string          `json:"format"`
	Started     time.Time       `json:"started"`
	Agreement   string          `json:"agreement"`
	Version     int             `json:"version"`
	SHA256      string          `json:"agreement_sha256"`
	Definitions string          `json:"definitions_sha256"`
	Tool        string          `json:"tool"`
	Checks      []finding.Check `json:"checks"`
}

// Shut is the error of a run at which the gate said no. It reads as, and unwraps to, the first refusal.
type Shut struct {
	Refusals []*finding.Refusal // all of them, in the order in which they are told; at least one
}

// Error is the first refusal's.
func (s *Shut) Error() string { return s.Refusals[0].Error() }

// Unwrap returns the first refusal.
func (s *Shut) Unwrap() error { return s.Refusals[0] }

// preflight gathers what is checked before a run opens an extract.
type preflight struct {
	*run
	today  civil.Date
	checks []finding.Check
	full   *finding.Refusal // why no further drop may be made now; nil when one may
}

func (p *preflight) add(checks ...finding.Check) { p.checks = append(p.checks, checks...) }

// shut says whether something refused the run already.
func (p *preflight) shut() bool { return len(finding.Refusals(p.checks)) > 0 }

// has says whether something was refused with a code already.
func (p *preflight) has(code finding.Code) bool {
	return slices.ContainsFunc(finding.Refusals(p.checks), func(r *finding.Refusal) bool { return r.Code == code })
}

// found adds a check, or that it could not be made. What cannot be found out stops a run, unless that is refused already:
// then the refusal is what people are told.
func (p *preflight) found(c finding.Check, err error) error {
	if err == nil {
		p.add(c)
		return nil
	}
	if !p.shut() {
		return err
	}
	p.add(finding.Check{Name: c.Name, Outcome: finding.CheckNotApplicable, Evidence: "it could not be found out, and the run is refused for other reasons"})
	return nil
}

// also is what there is to tell beside the verdict, which says of some things already that they refuse the run.
func (p *preflight) also(err error) error {
	var refusal *finding.Refusal
	if errors.As(err, &refusal) && p.has(refusal.Code) {
		return nil
	}
	return err
}

func passed(name, evidence string, args ...any) finding.Check {
	return finding.Check{Name: name, Outcome: finding.CheckPassed, Evidence: fmt.Sprintf(evidence, args...)}
}

func notApplicable(name, evidence string) finding.Check {
	return finding.Check{Name: name, Outcome: finding.CheckNotApplicable, Evidence: evidence}
}

// failed is a check that refuses the run. What was seen is what the refusal says.
func failed(name string, r *finding.Refusal) finding.Check {
	return finding.Check{Name: name, Outcome: finding.CheckFailed, Evidence: r.Sentence, Refusal: r}
}

// standing asks what holds for any drop under the agreement: what was decided on it, what it says, who gets it, where it
// goes, and whether the store and the register tell one story. Until all this is well, not even a drop that was made
// before may leave.
func (p *preflight) standing(ctx context.Context) error {
	checks, err := p.judgement.checks()
	if err != nil {
		return err
	}
	p.add(checks...)
	if p.today, err = p.run.today(); err != nil {
		return err
	}
	if err := p.terms(); err != nil {
		return err
	}
	succession, err := p.succession()
	if err := p.found(succession, err); err != nil {
		return err
	}
	p.place()
	public, err := p.public(ctx)
	if err := p.found(public, err); err != nil {
		return err
	}
	chain, err := p.chain(ctx)
	return p.found(chain, err)
}

// terms asks what the agreement itself has to say by the day, and what lies beside it: the list of its programme, and the
// notice that families read.
func (p *preflight) terms() error {
	a, folder := p.judgement.Agreement, os.DirFS(p.Agreements)
	p.add(a.Checks(p.Catalogue, p.today)...)
	p.add(a.ProgrammeCheck(folder))
	told, err := notice.Hold(folder, a, p.Catalogue)
	if err != nil {
		return p.found(finding.Check{Name: "privacy notice"}, err)
	}
	p.add(told...)
	return nil
}

// occasion asks whether a drop may be made now. The drops of earlier runs that are to be finished count.
func (p *preflight) occasion() error {
	schedule, err := p.schedule()
	if err := p.found(schedule, err); err != nil {
		return err
	}
	const month = "reference month"
	reference, err := p.referenceDate()
	if err := p.found(passed(month, "ages are counted on %s", inWords(reference)), err); err != nil {
		return err
	}
	p.month = reference
	return p.keyring()
}

// keyring fetches the keys, which nobody touches for a run that is refused anyway.
func (p *preflight) keyring() error {
	const name = "keys"
	if p.shut() {
		p.add(notApplicable(name, "no key was fetched, since the run is refused"))
		return nil
	}
	checks, err := p.fetchKeys()
	if err != nil {
		return err
	}
	p.add(checks...)
	return nil
}

// distrusted records a run whose agreement, roles or decisions could not even be believed, and returns the error it ends
// with.
func (r *run) distrusted(err error) error {
	var refusal *finding.Refusal
	if r.judgement == nil || !errors.As(err, &refusal) {
		return err
	}
	p := &preflight{run: r}
	p.add(failed("who may decide, and what they decided", refusal))
	if today, err := r.today(); err == nil {
		p.today = today
		if err := p.terms(); err != nil {
			return err
		}
	}
	if err := p.save(); err != nil {
		return errors.Join(&Shut{Refusals: []*finding.Refusal{refusal}}, err)
	}
	return p.verdict()
}

// verdict is nil when nothing refuses the run, and otherwise a *Shut. What was decided on the agreement is told first,
// in the order of its status.
func (p *preflight) verdict() error {
	var refusals []*finding.Refusal
	if s := p.judgement.Status; s != nil {
		refusals = append(refusals, s.Refusals...)
	}
	for _, r := range finding.Refusals(p.checks) {
		if !slices.Contains(refusals, r) {
			refusals = append(refusals, r)
		}
	}
	if len(refusals) > 0 {
		return &Shut{Refusals: refusals}
	}
	return nil
}

// save keeps the record and enters it in the register: before that, no extract is opened.
func (p *preflight) save() error {
	a, definitions := p.judgement.Agreement, p.Catalogue.Digest()
	record := Preflight{
		Format: PreflightFormat, Started: p.started.UTC(), Agreement: a.ID, Version: a.Version,
		SHA256: hex.EncodeToString(a.SHA256[:]), Definitions: hex.EncodeToString(definitions[:]),
		Tool: "postern " + p.Version, Checks: p.checks,
	}
	data, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("write the pre-flight record: %w", err)
	}
	if p.result.Preflight, err = p.State.AddPreflight(a.ID, data); err != nil {
		return err
	}
	p.result.Checks = p.checks
	digest := sha256.Sum256(data)
	body := PreflightBody{Agreement: a.ID, Version: a.Version, SHA256: hex.EncodeToString(digest[:]), Refused: []string{}}
	for _, c := range p.checks {
		switch c.Outcome {
		case finding.CheckPassed:
			body.Passed++
		case finding.CheckWarned:
			body.Warned++
		case finding.CheckFailed:
			body.Refused = append(body.Refused, string(c.Refusal.Code))
		case finding.CheckNotApplicable:
		}
	}
	_, err = p.books.enter(KindPreflight, body)
	return err
}

// inWords writes a day as it is read aloud: 31 December 2025.
func inWords(d civil.Date) string {
	y, m, day := d.YMD()
	return fmt.Sprintf("%d %s %d", day, time.Month(m), y)
}

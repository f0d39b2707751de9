// Package export makes a drop of one agreement from one set of extracts. Data flows one way, and each stage is a
// package:
//
// extract → harmonise → minimise (agreement, pseudonym) → disclosure → parquetfile → register → manifest → store
//
// # The order of a run
//
//  1. The agreement, the roles and the decisions are read and judged, and with them the place that drops go to.
//  2. The schedule is looked at, and the keys are fetched. All that was checked is saved as the pre-flight record, of
//     which the register gets a "preflight" entry with its digest. Whatever failed refuses the run here: no byte of an
//     extract has been read. Then a drop that an earlier run prepared and did not publish is finished, or abandoned with
//     an entry in the register; in a run that is refused it does not leave.
//  3. The extracts are recognised. When the inputs are those of the last drop, and the store still has it, the run ends:
//     nothing changed.
//  4. Tables are read, brought together, treated and staged; then written, read back with another library and scanned.
//  5. The register gets a "prepared" entry with the digests of the Parquet files; manifest, data dictionary, page,
//     proof, digests and signature are written to the staging folder.
//  6. The agreement, the roles and the decisions are read and judged again. The files are put into the store; before the
//     last, SHA256SUMS.sig, all is judged once more. From that moment there is a drop. The register gets a "published"
//     entry.
//
// A run that is killed at any point leaves no drop or a whole one. What only the council may know (rows held back, by
// reason; plain digests of the extracts) goes into the run record in the state folder, never into the drop.
package export

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/custody"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
	"github.com/postern-gateway/postern/pkg/state"
	"github.com/postern-gateway/postern/pkg/store"
)

// Gateway is everything a run works with. Its fields are set once; it holds no secret.
type Gateway struct {
	LACode     string // the council's code with the Department for Education
	Catalogue  *dataset.Catalogue
	Agreements string // the folder of agreements, roles and decisions
	Keys       *custody.Keyring
	State      *state.Folder
	Store      store.Store
	Readers    map[string]extract.Reader // by file name ending
	Now        func() time.Time
	Version    string // of the program: one of the inputs that decide a drop's bytes
	Build      string // the source revision, for the manifest
	Progress   func(Event)
	// Workers is how many goroutines treat, order, write and read back rows; 0 for as many as there are processors. The
	// readers have a number of their own. No byte of a drop turns on it.
	Workers    int
	StageBytes int // how many bytes of rows a table keeps in memory before it spills them; 0 for minimise's own number
	// MostChildren is how many children have their pseudonym kept in memory; 0 for 262,144. No byte of a drop turns on it.
	MostChildren int
	// Definitions reads the catalogue again, as it lies there when a drop is about to leave; nil where it cannot change.
	Definitions func() (*dataset.Catalogue, error)
}

// Event is a step of a run, for people who wait.
type Event struct {
	Step string // "reading", "writing", …
	What string // the table or file
	Done int64  // rows so far; 0 where rows are not counted
	// Detail is set for what is part of a larger step: one of many files.
	Detail bool
}

// detail tells of a part of a step.
func (g *Gateway) detail(step, what string) {
	if g.Progress != nil {
		g.Progress(Event{Step: step, What: what, Detail: true})
	}
}

func (g *Gateway) progress(step, what string, done int64) {
	if g.Progress != nil {
		g.Progress(Event{Step: step, What: what, Done: done})
	}
}

// RolesFile is the name of the roles file in the folder of agreements. Its signatures lie beside it: roles.yaml.*.sig.
const RolesFile = "roles.yaml"

// Judgement is an agreement with what was decided on it.
type Judgement struct {
	Agreement *agreement.Agreement
	Roles     *agreement.Roles
	Status    *agreement.Status
	decisions []agreement.SignedDecision
	// follower is the newest version that somebody approved and whose first day has come; 0 for none.
	follower int
	// objections are those of the status's refusals that come from the register.
	objections []*finding.Refusal
	// unread says that the agreement's file was not at hand: nothing is known of its state.
	unread bool
}

// LoadAgreement reads an agreement file. All its mistakes are returned at once.
func LoadAgreement(file string, catalogue *dataset.Catalogue) (*agreement.Agreement, error) {
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, finding.Refuse(finding.AgreementMissing, "name the agreement's YAML file", "there is no agreement file %s", file)
	}
	if err != nil {
		return nil, fmt.Errorf("read agreement: %w", err)
	}
	return agreement.Parse(file, data, catalogue)
}

// Judge reads an agreement, the roles and the decisions, and finds out whether the gate is open. The error is about
// files that cannot be read or trusted; whether an export may be made is in the judgement's status. Beside an error, the
// judgement has the agreement when that could be read.
func (g *Gateway) Judge(file string, books *Books) (*Judgement, error) {
	a, err := LoadAgreement(file, g.Catalogue)
	if err != nil {
		return nil, err
	}
	j := &Judgement{Agreement: a}
	if a.Controller.LACode != g.LACode {
		return j, finding.Refuse(finding.RoleNotAllowed, "run it at the council that is its controller", "the agreement is of another council than postern.yaml")
	}
	if err := g.evaluate(j, books); err != nil {
		return j, err
	}
	if j.follower, err = g.follower(j); err != nil {
		return j, err
	}
	j.objections, err = books.objections(j)
	j.Status.Refusals = append(j.Status.Refusals, j.objections...)
	return j, err
}

// evaluate reads the roles and the decisions on an agreement, and finds out which count.
func (g *Gateway) evaluate(j *Judgement, books *Books) (err error) {
	if j.Roles, err = g.LoadRoles(books); err != nil {
		return err
	}
	if j.decisions, err = agreement.LoadDecisions(os.DirFS(g.Agreements), j.Agreement.ID); err != nil {
		return err
	}
	if err := books.date(j.decisions); err != nil {
		return err
	}
	j.Status = agreement.Evaluate(j.Agreement, g.Catalogue.Digest(), j.Roles, j.decisions, g.Now())
	return nil
}

// Unread is an agreement whose file is not at hand, by its id, as the decisions on it name it: enough to stop it.
func (g *Gateway) Unread(id string) (*agreement.Agreement, error) {
	decisions, err := agreement.LoadDecisions(os.DirFS(g.Agreements), id)
	if err != nil {
		return nil, err
	}
	if a := agreement.LastNamed(decisions, id); a != nil {
		return a, nil
	}
	return nil, finding.Refuse(finding.AgreementMissing, "name the agreement's YAML file, or its id as postern register show tells it",
		"there is no agreement file of that name, and no decision on an agreement of that id")
}

// JudgeUnread is Judge for an agreement whose file is not at hand. It says which decisions hold and which stop; the state
// and the refusals are those of no agreement.
func (g *Gateway) JudgeUnread(a *agreement.Agreement, books *Books) (*Judgement, error) {
	j := &Judgement{Agreement: a, unread: true}
	return j, g.evaluate(j, books)
}

// LoadRoles reads the roles file and holds it to its two signatures: those of people whom the register last knew in
// their roles, or at set-up of people whom the file itself names. A file that the register recorded last is held to the
// days of its signers as they were then.
func (g *Gateway) LoadRoles(books *Books) (*agreement.Roles, error) {
	path := filepath.Join(g.Agreements, RolesFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, finding.Refuse(finding.SignatureMissing, "write "+path+": who may submit, advise and approve, with their public keys",
			"there is no roles file, so nobody can have decided anything")
	}
	if err != nil {
		return nil, fmt.Errorf("read the roles file: %w", err)
	}
	roles, err := agreement.ParseRoles(path, data)
	if err != nil {
		return nil, err
	}
	if roles.Organisation != g.LACode {
		return nil, finding.Refuse(finding.RoleNotAllowed, "use the roles file of this council", "the roles file is of another council than postern.yaml")
	}
	signatures, names, err := rolesSignatures(path)
	if err != nil {
		return nil, err
	}
	previous, at, err := books.rolesBefore(roles)
	if err != nil {
		return nil, err
	}
	if at.IsZero() {
		at = g.Now()
	}
	if err := roles.Authenticate(signatures, previous, at); err != nil {
		return nil, whichSignature(err, func(i int) error { return roles.Authenticate(signatures[i:i+1], previous, at) }, names)
	}
	return roles, nil
}

// whichSignature adds to the refusal of a signature whose file it is: alone, each is tried again.
func whichSignature(err error, alone func(i int) error, names []string) error {
	bad := func(err error) (*finding.Refusal, bool) {
		var refusal *finding.Refusal
		return refusal, errors.As(err, &refusal) && slices.Contains([]finding.Code{finding.AgreementBadSignature, finding.SignatureNamespace, finding.KeyRevoked}, refusal.Code)
	}
	if _, ok := bad(err); !ok {
		return err
	}
	for i, name := range names {
		if refusal, ok := bad(alone(i)); ok {
			return finding.Refuse(refusal.Code, refusal.Hint, "%s (%s)", refusal.Sentence, name)
		}
	}
	return err
}

// rolesSignatures reads the signatures beside the roles file, and their names.
func rolesSignatures(path string) (out [][]byte, names []string, err error) {
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return nil, nil, fmt.Errorf("read the signatures of the roles file: %w", err)
	}
	for _, e := range entries {
		if name := e.Name(); strings.HasPrefix(name, RolesFile+".") && strings.HasSuffix(name, ".sig") {
			data, err := os.ReadFile(filepath.Join(filepath.Dir(path), name))
			if err != nil {
				return nil, nil, fmt.Errorf("read the signatures of the roles file: %w", err)
			}
			out, names = append(out, data), append(names, name)
		}
	}
	return out, names, nil
}

// Signers are the council's public keys as a recipient lists them: the one that signs drops, then the register's.
func (g *Gateway) Signers() (signature.AllowedSigners, error) {
	drops, err := g.Keys.SigningPublicKey()
	if err != nil {
		return nil, err
	}
	register, err := g.Keys.RegisterPublicKey()
	if err != nil {
		return nil, err
	}
	return signature.AllowedSigners{
		{Principal: DropPrincipal(g.LACode), Namespaces: []string{signature.DropNamespace, signature.WithdrawalNamespace}, Key: drops},
		{Principal: RegisterPrincipal(g.LACode), Namespaces: []string{signature.RegisterNamespace}, Key: register},
	}, nil
}

// today is the civil date in England.
func (g *Gateway) today() (civil.Date, error) { return civil.On(g.Now()) }

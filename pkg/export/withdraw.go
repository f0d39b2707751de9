package export

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/postern-gateway/postern/pkg/disclosure"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/recipient"
	"github.com/postern-gateway/postern/pkg/register"
	"github.com/postern-gateway/postern/pkg/signature"
	"github.com/postern-gateway/postern/pkg/state"
	"github.com/postern-gateway/postern/pkg/store"
)

// Withdrawn is what became of a withdrawal.
type Withdrawn struct {
	Drop     string    `json:"drop"`
	Location string    `json:"location"` // of the store
	Reason   string    `json:"reason"`
	Time     time.Time `json:"time"`
	Already  bool      `json:"already"` // an earlier call had withdrawn it; its reason and time are those that count
}

// Withdraw says of a published drop that it was wrong and must not be used. The register gets the entry first: from then on
// no export takes the drop for the last word, whatever happens next. Then a signed notice is put beside the drop,
// WITHDRAWN and, last, WITHDRAWN.sig. Nothing of the drop itself is changed or removed.
//
// The notice is made from the register's entry alone, so that a call which was interrupted is finished by the next one with
// the same bytes. The drop is named as AGREEMENT/DROP, or by anything that ends so; DROP alone is enough where no other
// agreement has one of that name.
func (g *Gateway) Withdraw(ctx context.Context, name, reason string) (out *Withdrawn, err error) {
	lock, err := g.State.Lock()
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	drop, err := g.publishedDrop(name)
	if err != nil {
		return nil, err
	}
	books, err := g.OpenBooks()
	if err != nil {
		return nil, err
	}
	// A notice that nobody can sign would leave a withdrawal that no recipient hears of.
	if _, err := g.Keys.SigningKey(); err != nil {
		return nil, err
	}
	there, err := g.hasDrop(ctx, drop)
	if err != nil {
		return nil, err
	}
	if !there {
		return nil, NotSetUp{finding.WithHint(fmt.Errorf("drop %s is not in %s; it was published to %s", drop.ID, g.Store.Location(), drop.Store),
			"name the store that has it with --to")}
	}
	before, err := books.withdrawals(path.Dir(drop.ID))
	if err != nil {
		return nil, err
	}
	entry, already := before[drop.ID]
	if !already {
		if entry, err = books.enterWithdrawal(drop, reason); err != nil {
			return nil, err
		}
	}
	if err := g.putNotice(ctx, drop, entry); err != nil {
		return nil, err
	}
	return &Withdrawn{Drop: drop.ID, Location: g.Store.Location(), Reason: entry.body.Reason, Time: entry.at, Already: already}, nil
}

// hasDrop reports whether the store at hand has a drop: the list of its files that was signed.
func (g *Gateway) hasDrop(ctx context.Context, drop state.PublishedDrop) (bool, error) {
	object, err := g.Store.Get(ctx, drop.ID+"/"+manifest.SumsName)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	sums, err := io.ReadAll(io.LimitReader(object, manifest.MaxSumsBytes))
	if err := errors.Join(err, object.Close()); err != nil {
		return false, fmt.Errorf("look for %s in the store: %w", drop.ID, err)
	}
	return manifest.Hex(sha256.Sum256(sums)) == drop.SumsSHA256, nil
}

// publishedDrop finds a drop in the ledgers by what a person calls it.
func (g *Gateway) publishedDrop(name string) (state.PublishedDrop, error) {
	var none state.PublishedDrop
	agreements, err := g.State.Agreements()
	if err != nil {
		return none, err
	}
	name, _, _ = strings.Cut(name, "?") // of an address in a bucket
	parts := strings.FieldsFunc(strings.ReplaceAll(name, `\`, "/"), func(r rune) bool { return r == '/' })
	if len(parts) == 0 {
		parts = []string{""}
	}
	last := parts[len(parts)-1]
	var found []state.PublishedDrop
	var known []string
	for _, id := range agreements {
		drops, err := g.State.Drops(id)
		if err != nil {
			return none, err
		}
		for _, d := range drops {
			known = append(known, d.ID)
			if path.Base(d.ID) == last && (len(parts) == 1 || parts[len(parts)-2] == id) {
				found = append(found, d)
			}
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return none, NotSetUp{finding.WithHint(errors.New("no such drop was published"), knownDrops(known))}
	default:
		return none, NotSetUp{finding.WithHint(errors.New("more than one agreement has a drop of that name"), "name the agreement too, as in "+found[0].ID)}
	}
}

// knownDrops tells which drops there are, of many the last.
func knownDrops(known []string) string {
	const most = 5
	switch {
	case len(known) == 0:
		return "nothing was published yet"
	case len(known) > most:
		return "the last of the drops are " + strings.Join(known[len(known)-most:], ", ")
	default:
		return "the drops are " + strings.Join(known, ", ")
	}
}

// withdrawal is a register's entry of one.
type withdrawal struct {
	index int64
	at    time.Time
	body  WithdrawnBody
}

// withdrawals are an agreement's, by drop; of one that stands twice the first.
func (b *Books) withdrawals(agreementID string) (map[string]withdrawal, error) {
	out := make(map[string]withdrawal)
	for record, err := range b.log.Find(KindWithdrawn) {
		if err != nil {
			return nil, err
		}
		body, err := bodyOf[WithdrawnBody](record)
		if err != nil {
			return nil, err
		}
		if _, known := out[body.Drop]; !known && path.Dir(body.Drop) == agreementID {
			out[body.Drop] = withdrawal{record.Index, record.Time.UTC(), body}
		}
	}
	return out, nil
}

// enterWithdrawal makes the entry. Its time is that of the notice, whose digest it has.
func (b *Books) enterWithdrawal(drop state.PublishedDrop, reason string) (withdrawal, error) {
	var none withdrawal
	reason = strings.TrimSpace(reason)
	if reason == "" {
		return none, NotSetUp{finding.WithHint(errors.New("no reason is given"), `give --reason "…": one sentence that the recipient reads; nothing of any child`)}
	}
	if err := disclosure.CheckReason("the reason", []byte(reason)); err != nil {
		return none, err
	}
	at := b.now().UTC().Truncate(time.Second)
	notice, err := recipient.Notice{Drop: drop.ID, SumsSHA256: drop.SumsSHA256, Reason: reason, Time: at}.Format()
	if err != nil {
		return none, NotSetUp{err}
	}
	body := WithdrawnBody{Drop: drop.ID, Reason: reason, NoticeSHA256: manifest.Hex(sha256.Sum256(notice))}
	data, err := json.Marshal(body)
	if err != nil {
		return none, fmt.Errorf("register %s: %w", KindWithdrawn, err)
	}
	record, err := b.append(register.Entry{Kind: KindWithdrawn, Time: at, Body: data})
	if err != nil {
		return none, fmt.Errorf("register %s: %w", KindWithdrawn, err)
	}
	return withdrawal{record.Index, at, body}, nil
}

// putNotice puts the notice of a withdrawal beside its drop, the signature last. It may be called any number of times.
func (g *Gateway) putNotice(ctx context.Context, drop state.PublishedDrop, entry withdrawal) error {
	notice, err := g.noticeOf(ctx, drop, entry)
	if err != nil {
		return err
	}
	if s, ok := g.Store.(tidier); ok { // what lies half made there is of a call that was killed
		if err := s.Tidy(ctx, drop.ID); err != nil {
			return fmt.Errorf("withdraw %s: %w", drop.ID, err)
		}
	}
	if err := g.Store.Put(ctx, drop.ID+"/"+manifest.WithdrawnName, store.BodyFromBytes(notice)); err != nil {
		return occupied(drop.ID, err)
	}
	signed, err := g.isSigned(ctx, drop.ID, notice)
	if err != nil || signed {
		return err
	}
	key, err := g.Keys.SigningKey()
	if err != nil {
		return err
	}
	armoured, err := signature.Sign(key, signature.WithdrawalNamespace, notice)
	if err != nil {
		return fmt.Errorf("sign the notice: %w", err)
	}
	if err := g.Store.Put(ctx, drop.ID+"/"+manifest.WithdrawnSignatureName, store.BodyFromBytes(armoured)); err != nil {
		return occupied(drop.ID, err)
	}
	return nil
}

// noticeOf is the notice of a withdrawal, byte for byte the one whose digest the register has. It is made from the register's
// entry; when the reason has been erased from that, the one that lies beside the drop is as good.
func (g *Gateway) noticeOf(ctx context.Context, drop state.PublishedDrop, entry withdrawal) ([]byte, error) {
	is := func(notice []byte) bool { return manifest.Hex(sha256.Sum256(notice)) == entry.body.NoticeSHA256 }
	if entry.body.Reason != "" {
		notice, err := recipient.Notice{Drop: drop.ID, SumsSHA256: drop.SumsSHA256, Reason: entry.body.Reason, Time: entry.at}.Format()
		if err != nil || !is(notice) {
			return nil, errors.Join(fmt.Errorf("the notice of %s cannot be made as the register has it", drop.ID), err)
		}
		return notice, nil
	}
	object, err := g.Store.Get(ctx, drop.ID+"/"+manifest.WithdrawnName)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	if err == nil {
		notice, err := io.ReadAll(io.LimitReader(object, signatureSize))
		if err := errors.Join(err, object.Close()); err != nil {
			return nil, fmt.Errorf("withdraw %s: %w", drop.ID, err)
		}
		if is(notice) {
			return notice, nil
		}
	}
	return nil, finding.WithHint(fmt.Errorf("drop %s was withdrawn, its notice is not beside it, and the reason was erased from the register", drop.ID),
		"tell the recipient of the withdrawal by another way; the next export replaces the drop all the same")
}

// isSigned reports whether a good signature of the notice is in the store. Not every kind of key signs the same bytes with
// the same signature twice.
func (g *Gateway) isSigned(ctx context.Context, drop string, notice []byte) (bool, error) {
	object, err := g.Store.Get(ctx, drop+"/"+manifest.WithdrawnSignatureName)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	armoured, err := io.ReadAll(io.LimitReader(object, signatureSize))
	if err := errors.Join(err, object.Close()); err != nil {
		return false, fmt.Errorf("withdraw %s: %w", drop, err)
	}
	key, err := g.Keys.SigningPublicKey()
	if err != nil {
		return false, err
	}
	allowed := signature.AllowedSigners{{Principal: DropPrincipal(g.LACode), Namespaces: []string{signature.WithdrawalNamespace}, Key: key}}
	if _, err := signature.Verify(notice, armoured, signature.WithdrawalNamespace, allowed, g.Now()); err != nil {
		return false, occupied(drop, store.ErrTaken)
	}
	return true, nil
}

// occupied adds to a put that failed because something else lies there what to do about it.
func occupied(drop string, err error) error {
	err = fmt.Errorf("withdraw %s: %w", drop, err)
	if errors.Is(err, store.ErrTaken) {
		return finding.WithHint(err, "the register has the withdrawal, and something else has been put in the place of its notice: find out who wrote there, "+
			"and tell the recipient of the withdrawal by another way")
	}
	return err
}

// superseded are the drops that an agreement's next drop in a store replaces, sorted: of those that are in that store (here),
// all that were withdrawn since the last one that still stands was prepared. While there are any, the next export makes a
// drop, whether anything changed or not.
func (b *Books) superseded(agreementID string, here []state.PublishedDrop) ([]string, error) {
	isHere := make(map[string]bool)
	for _, d := range here {
		isHere[d.ID] = true
	}
	withdrawn, err := b.withdrawals(agreementID)
	if err != nil || len(withdrawn) == 0 {
		return nil, err
	}
	prepared := make(map[string]int64)
	standing := int64(-1)
	for record, err := range b.log.Records() {
		if err != nil {
			return nil, err
		}
		if record.Kind != manifest.PreparedKind && record.Kind != KindPublished {
			continue
		}
		body, err := bodyOf[PublishedBody](record) // a prepared drop's body names it likewise
		if err != nil {
			return nil, err
		}
		_, gone := withdrawn[body.Drop]
		switch {
		case !isHere[body.Drop]:
		case record.Kind == manifest.PreparedKind:
			prepared[body.Drop] = record.Index
		case !gone:
			standing = max(standing, prepared[body.Drop])
		}
	}
	var out []string
	for drop, entry := range withdrawn {
		if isHere[drop] && entry.index > standing {
			out = append(out, drop)
		}
	}
	slices.Sort(out)
	return out, nil
}

// supersede says which drops the next one replaces. Their notices are put once more, in case the call that withdrew one
// was interrupted and nobody finished it: a drop is replaced only when its recipient can know that it was wrong.
func (r *run) supersede(ctx context.Context, here []state.PublishedDrop) ([]string, error) {
	id := r.judgement.Agreement.ID
	superseded, err := r.books.superseded(id, here)
	if err != nil || len(superseded) == 0 {
		return nil, err
	}
	entries, err := r.books.withdrawals(id)
	if err != nil {
		return nil, err
	}
	for _, d := range here {
		if !slices.Contains(superseded, d.ID) || entries[d.ID].body.Reason == "" {
			continue // with the words gone, nothing is left to finish
		}
		there, err := r.hasDrop(ctx, d)
		if err == nil && there {
			err = r.putNotice(ctx, d, entries[d.ID])
		}
		if err != nil {
			return nil, err
		}
	}
	return superseded, nil
}

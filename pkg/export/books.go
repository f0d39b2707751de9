package export

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/register"
)

// RegisterPrincipal and DropPrincipal are the names under which the council's keys stand in a recipient's
// allowed_signers file.
func RegisterPrincipal(laCode string) string { return "register@" + laCode + ".postern" }

// DropPrincipal is the name of the key that signs drops: what a recipient gives to ssh-keygen -Y verify -I.
func DropPrincipal(laCode string) string { return "drops@" + laCode + ".postern" }

// RegisterOrigin names the council's register in its checkpoints.
func RegisterOrigin(laCode string) string { return laCode + ".postern/register" }

// Books is the council's register, open, with the key that signs it.
type Books struct {
	log  *register.Log
	sign register.Signer
	now  func() time.Time
	mark marker // nil where nothing is appended
}

// Log is the register itself.
func (b *Books) Log() *register.Log { return b.log }

// append adds an entry to the register, and remembers the register's new state beside its key.
func (b *Books) append(entry register.Entry) (register.Record, error) {
	record, err := b.log.Append(entry, b.sign)
	if err != nil {
		return register.Record{}, err
	}
	return record, b.remember()
}

// enter appends an entry.
func (b *Books) enter(kind string, body any) (register.Record, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return register.Record{}, fmt.Errorf("register %s: %w", kind, err)
	}
	record, err := b.append(register.Entry{Kind: kind, Time: b.now(), Body: data})
	if err != nil {
		return register.Record{}, fmt.Errorf("register %s: %w", kind, err)
	}
	return record, nil
}

// bodyOf reads the body of a record.
func bodyOf[T any](record register.Record) (T, error) {
	var body T
	if err := json.Unmarshal(record.Body, &body); err != nil {
		return body, fmt.Errorf("read record %d of the register: %w", record.Index, err)
	}
	return body, nil
}

// EnterRefusal records that the gate said no.
func (b *Books) EnterRefusal(id string, version int, r *finding.Refusal) error {
	_, err := b.enter(KindRefused, RefusedBody{Agreement: id, Version: version, Code: string(r.Code), Sentence: r.Sentence})
	return err
}

// sequence is the number that the agreement's next drop gets: one more than the last prepared one.
func (b *Books) sequence(id string) (int64, error) {
	last := int64(0)
	for record, err := range b.log.Find(manifest.PreparedKind) {
		if err != nil {
			return 0, err
		}
		p, err := manifest.ParsePrepared(record.Body)
		if err != nil {
			return 0, err
		}
		if p.Agreement == id {
			last = max(last, p.Sequence)
		}
	}
	return last + 1, nil
}

// open lists the drops of the register that were prepared and neither published nor abandoned, oldest first.
func (b *Books) open() ([]register.Record, error) {
	closed := make(map[string]bool)
	var prepared []register.Record
	for record, err := range b.log.Records() {
		if err != nil {
			return nil, err
		}
		switch record.Kind {
		case manifest.PreparedKind:
			prepared = append(prepared, record)
		case KindPublished, KindAbandoned:
			body, err := bodyOf[PublishedBody](record) // an abandoned drop's body names it likewise
			if err != nil {
				return nil, err
			}
			closed[body.Drop] = true
		}
	}
	var out []register.Record
	for _, record := range prepared {
		p, err := manifest.ParsePrepared(record.Body)
		if err != nil {
			return nil, err
		}
		if !closed[p.Drop] {
			out = append(out, record)
		}
	}
	return out, nil
}

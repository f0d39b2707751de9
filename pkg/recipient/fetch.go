package recipient

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/store"
)

// fetch brings a new drop into the quarantine, verifies it there, and gives it its name in the folder. It reports whether
// the next drop may be looked at.
func (p *pull) fetch(ctx context.Context, name string) (bool, error) {
	quarantine := p.shelf.at(shelfIncoming, name)
	sums, refused, err := p.fetchSums(ctx, name, quarantine)
	if err != nil {
		return false, err
	}
	if refused != "" {
		p.say(name, Unverified, true, "%s %s", refused, notSent)
		return false, nil
	}
	withdrawal, notice, armoured, err := p.notice(ctx, name, sums.text)
	var failed failure
	if errors.As(err, &failed) {
		p.say(name, Unverified, true, "%s", string(failed))
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if withdrawal != nil {
		return p.recall(ctx, name, quarantine, sums, notice, armoured)
	}
	newer, err := p.fetchAll(ctx, name, quarantine, sums.list)
	if err != nil {
		return false, err
	}
	if newer {
		p.say(name, Unverified, true, "%s", tooNew)
		return false, nil
	}
	report, err := p.verify(ctx, quarantine)
	if err != nil {
		return false, err
	}
	if !report.Verified {
		p.report.Drops = append(p.report.Drops, Pulled{Drop: p.id(name), State: Unverified, Attention: true, Report: report,
			Sentence: report.Sentence + " It is kept apart, in " + quarantine + "." + p.gap(report)})
		return false, nil
	}
	if err := move(quarantine, p.shelf.at(name)); err != nil {
		return false, err
	}
	if _, err := p.shelf.remember(name, p.shelf.at(name)); err != nil {
		return false, err
	}
	p.report.Drops = append(p.report.Drops, Pulled{Drop: p.id(name), State: Fetched, Report: report, Sentence: "Fetched and verified."})
	return true, nil
}

// gap says what to do about a drop that does not follow the last one that is here.
func (p *pull) gap(report *Report) string {
	for _, c := range report.Checks {
		if c.Outcome == Failed && c.Name != "previous" || c.Outcome != Failed && c.Name == "previous" {
			return ""
		}
	}
	return " If the council says that a drop in between was taken out of the store, get that one from it, put its folder here, and run the same command again."
}

// maxText is the most that is fetched of a file beside the Parquet files, in bytes.
const maxText = 64 << 20

// fetchAll fetches the files of a drop: its manifest first, which says how large each table may be, so that no server can fill the
// disk. It reports a manifest that is too new for this version.
func (p *pull) fetchAll(ctx context.Context, name, quarantine string, list manifest.Sums) (newer bool, err error) {
	digest, ok := list.Find(manifest.Name)
	if !ok {
		return false, nil // the verification says so
	}
	if err := p.fetchFile(ctx, name, quarantine, manifest.Sum{Path: manifest.Name, SHA256: digest}, manifest.MaxBytes); err != nil {
		return false, err
	}
	data, err := os.ReadFile(filepath.Join(quarantine, manifest.Name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	m, err := manifest.Parse(data)
	if err != nil {
		return errors.Is(err, manifest.ErrNewer) && sha256.Sum256(data) == digest, nil
	}
	sizes := make(map[string]int64)
	for _, f := range m.Files() {
		sizes[f.Path] = f.Bytes
	}
	for _, sum := range list {
		limit, isTable := sizes[sum.Path]
		if !isTable {
			limit = maxText
		}
		if err := p.fetchFile(ctx, name, quarantine, sum, limit); err != nil {
			return false, err
		}
	}
	return false, nil
}

// listed is a drop's SHA256SUMS, as it was signed.
type listed struct {
	text []byte
	list manifest.Sums
}

// fetchSums fetches the signed list of a drop, and verifies it before anything else is fetched. Of a drop that is not
// what was begun earlier, what was fetched then is removed.
func (p *pull) fetchSums(ctx context.Context, name, quarantine string) (sums listed, refused string, err error) {
	src := FromStore(p.from, p.id(name))
	_, text, err := signedSums(ctx, src, p.opt) // who signed is told when the drop is whole
	var failed failure
	if errors.As(err, &failed) {
		return sums, string(failed), nil
	}
	if err != nil {
		return sums, "", err
	}
	sums.text = text
	if sums.list, err = manifest.ParseSums(text); err != nil {
		return sums, "SHA256SUMS is signed, and is not as the gateway writes it.", nil
	}
	armoured, err := readSmall(ctx, src, manifest.SignatureName, maxSignature)
	if err != nil {
		return sums, "", err
	}
	for file, data := range map[string][]byte{manifest.SumsName: text, manifest.SignatureName: armoured} {
		there, err := os.ReadFile(filepath.Join(quarantine, file))
		if err == nil && string(there) != string(data) {
			if err := os.RemoveAll(quarantine); err != nil {
				return sums, "", err
			}
		}
	}
	for file, data := range map[string][]byte{manifest.SumsName: text, manifest.SignatureName: armoured} {
		if err := os.MkdirAll(quarantine, shelfFolderMode); err != nil {
			return sums, "", err
		}
		if err := p.shelf.writeNew(filepath.Join(quarantine, file), data); err != nil {
			return sums, "", err
		}
	}
	return sums, "", nil
}

// recall records a drop that was withdrawn before it was fetched. Of the drop itself nothing is fetched but what says
// which it was.
func (p *pull) recall(ctx context.Context, name, quarantine string, sums listed, notice, armoured []byte) (bool, error) {
	for _, sum := range sums.list {
		if sum.Path != manifest.Name && sum.Path != manifest.ProofName {
			continue
		}
		if err := p.fetchFile(ctx, name, quarantine, sum, maxText); err != nil {
			return false, err
		}
	}
	for _, file := range recorded() {
		digest, err := digestFile(filepath.Join(quarantine, file))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		if err != nil || !sums.has(file, digest) {
			p.say(name, Unverified, true, "It was withdrawn, and %s of it is missing or changed, so that nothing after it can be verified. %s", file, notSent)
			return false, nil
		}
	}
	r, err := p.shelf.remember(name, quarantine)
	if err != nil {
		return false, err
	}
	if err := os.RemoveAll(quarantine); err != nil {
		return false, err
	}
	return true, p.shelf.mark(r, notice, armoured)
}

// has reports whether a file has the digest that was signed. The list itself and its signature were looked at before.
func (l listed) has(file string, digest [32]byte) bool {
	if file == manifest.SumsName || file == manifest.SignatureName {
		return true
	}
	sum, ok := l.list.Find(file)
	return ok && sum == digest
}

// fetchFile fetches a file into the quarantine, unless it is there as it was signed; never more than one byte above the limit.
// One that does not come as it was signed is kept all the same: the verification names it.
func (p *pull) fetchFile(ctx context.Context, name, quarantine string, sum manifest.Sum, limit int64) error {
	file := filepath.Join(quarantine, filepath.FromSlash(sum.Path))
	if digest, err := digestFile(file); err == nil && digest == sum.SHA256 {
		return nil
	}
	object, err := p.from.Get(ctx, p.id(name)+"/"+sum.Path)
	if errors.Is(err, store.ErrNotFound) {
		return nil // the verification says that it is missing
	}
	if err != nil {
		return err
	}
	defer func() { _ = object.Close() }() // what was read is verified
	if err := os.MkdirAll(filepath.Dir(file), shelfFolderMode); err != nil {
		return err
	}
	half, err := os.CreateTemp(p.shelf.at(shelfIncoming), partPrefix)
	if err != nil {
		return err
	}
	_, err = io.Copy(half, io.LimitReader(contextReader{ctx, object}, limit+1))
	if err := finishFile(half, err); err != nil {
		return err
	}
	return move(half.Name(), file)
}

// digestFile is the SHA-256 of a file.
func digestFile(path string) (sum [32]byte, err error) {
	f, err := os.Open(path)
	if err != nil {
		return sum, err
	}
	defer func() { _ = f.Close() }() // only read from
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, err
	}
	h.Sum(sum[:0])
	return sum, nil
}

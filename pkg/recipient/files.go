package recipient

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/manifest"
	"github.com/postern-gateway/postern/pkg/signature"
)

// Limits of the files that are read whole.
const (
	maxSignature = 64 << 10
	maxProof     = 8 << 20
)

// shown is how many names a sentence lists.
const shown = 5

func (v *verification) signature(ctx context.Context) (string, error) {
	signer, text, err := signedSums(ctx, v.src, v.opt)
	if err != nil {
		return "", err
	}
	v.signer, v.sumsText = signer, text
	v.sums, err = manifest.ParseSums(text)
	if err != nil {
		return "", failf("SHA256SUMS is signed, and is not as the gateway writes it (%v).", err)
	}
	return fmt.Sprintf("SHA256SUMS is signed by %s, key %s, for %s.",
		signer.Principal, signature.Fingerprint(signer.Key), signature.DropNamespace), nil
}

// signedSums reads SHA256SUMS of a drop and verifies who signed it.
func signedSums(ctx context.Context, src Source, opt Options) (signature.Signer, []byte, error) {
	var none signature.Signer
	text, err := readSmall(ctx, src, manifest.SumsName, manifest.MaxSumsBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil, failf("SHA256SUMS is missing: this is not a drop.")
	}
	if err != nil {
		return none, nil, err
	}
	armoured, err := readSmall(ctx, src, manifest.SignatureName, maxSignature)
	if errors.Is(err, fs.ErrNotExist) {
		return none, nil, failf("SHA256SUMS.sig is missing: this is not a finished drop.")
	}
	if err != nil {
		return none, nil, err
	}
	signer, err := signature.Verify(text, armoured, signature.DropNamespace, opt.AllowedSigners, opt.Now)
	switch {
	case errors.Is(err, signature.ErrNotAllowed):
		return none, nil, failf("SHA256SUMS is signed by a key that your list of allowed signers does not have for %s at this time.%s",
			signature.DropNamespace, hint(err))
	case errors.Is(err, signature.ErrSignature):
		return none, nil, failf("SHA256SUMS.sig is not a signature of this SHA256SUMS for %s.", signature.DropNamespace)
	case err != nil:
		return none, nil, err
	case opt.Identity != "" && signer.Principal != opt.Identity:
		return none, nil, failf("SHA256SUMS is signed by %s, not by %s.", signer.Principal, opt.Identity)
	}
	return signer, text, nil
}

func hint(err error) string {
	if h := finding.HintOf(err); h != "" {
		return " " + strings.ToUpper(h[:1]) + h[1:] + "."
	}
	return ""
}

func (v *verification) names(ctx context.Context) (string, error) {
	var err error
	if v.entries, err = v.src.List(ctx); err != nil {
		return "", err
	}
	var odd []string
	for _, e := range v.entries {
		switch {
		case !e.Regular:
			odd = append(odd, strconv.QuoteToASCII(e.Path)+" is a link or device")
		case !manifest.SafePath(e.Path):
			odd = append(odd, strconv.QuoteToASCII(e.Path)+" has a name that no file of a drop has")
		}
	}
	if len(odd) > 0 {
		return "", failf("%s. If this computer made it (.DS_Store, Thumbs.db), remove it and verify again.", some(odd))
	}
	return "Only ordinary files with ordinary names are in the drop.", nil
}

func (v *verification) files(context.Context) (string, error) {
	var listed, present []string
	for _, sum := range v.sums {
		listed = append(listed, sum.Path)
	}
	listed = append(listed, manifest.SumsName, manifest.SignatureName)
	for _, e := range v.entries {
		if !isNotice(e.Path) {
			present = append(present, e.Path)
		}
	}
	var wrong []string
	if missing := without(listed, present); len(missing) > 0 {
		wrong = append(wrong, "missing: "+some(missing))
	}
	if added := without(present, listed); len(added) > 0 {
		wrong = append(wrong, "not part of the drop: "+some(added))
	}
	if len(wrong) > 0 {
		return "", failf("The files are not those that SHA256SUMS lists; %s.", strings.Join(wrong, "; "))
	}
	return fmt.Sprintf("The %d files are those that SHA256SUMS lists, and its signature.", len(present)), nil
}

// without gives the names of a that b does not have, sorted, quoted where they could deceive.
func without(a, b []string) []string {
	have := make(map[string]bool, len(b))
	for _, name := range b {
		have[name] = true
	}
	var out []string
	for _, name := range a {
		if !have[name] {
			if !manifest.SafePath(name) {
				name = strconv.QuoteToASCII(name)
			}
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

func some(items []string) string {
	if len(items) > shown {
		return fmt.Sprintf("%s and %d more", strings.Join(items[:shown], ", "), len(items)-shown)
	}
	return strings.Join(items, ", ")
}

func (v *verification) digests(ctx context.Context) (string, error) {
	v.sizes, v.small = map[string]int64{}, map[string][]byte{}
	var changed []string
	total := int64(0)
	for _, sum := range v.sums {
		digest, size, err := v.digest(ctx, sum.Path)
		if err != nil {
			return "", err
		}
		v.sizes[sum.Path] = size
		total += size
		if digest != sum.SHA256 {
			changed = append(changed, sum.Path)
		}
	}
	if len(changed) > 0 {
		return "", failf("Changed since SHA256SUMS was signed: %s.", some(changed))
	}
	return fmt.Sprintf("Every file has its SHA-256 (%d bytes in all).", total), nil
}

// digest reads a file once. What is looked into later is kept as it was read now.
func (v *verification) digest(ctx context.Context, path string) (sum [32]byte, size int64, err error) {
	if limit := keptWhole(path); limit > 0 {
		data, err := readSmall(ctx, v.src, path, limit)
		v.small[path] = data
		return sha256.Sum256(data), int64(len(data)), err
	}
	r, err := v.src.Open(ctx, path)
	if err != nil {
		return sum, 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	h := sha256.New()
	var w io.Writer = h
	if strings.HasSuffix(path, ".parquet") {
		kept, err := v.spool.keep(path, r)
		if err != nil {
			return sum, 0, err
		}
		if kept != nil {
			defer func() { err = errors.Join(err, kept.Close()) }()
			w = io.MultiWriter(h, kept)
		}
	}
	if v.buffer == nil {
		v.buffer = make([]byte, 64<<10)
	}
	size, err = io.CopyBuffer(w, contextReader{ctx, r}, v.buffer)
	h.Sum(sum[:0])
	return sum, size, err
}

// maxClaim is the longest claim: a drop's id and a nonce.
const maxClaim = 256

// keptWhole is the size up to which a file is kept in memory; 0 for those that are not.
func keptWhole(path string) int64 {
	switch path {
	case manifest.Name:
		return manifest.MaxBytes
	case manifest.ProofName:
		return maxProof
	case manifest.ClaimName:
		return maxClaim
	default:
		return 0
	}
}

// contextReader ends with its context, so that a large file does not outlast an interrupt.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

func (v *verification) readManifest(context.Context) (string, error) {
	for _, name := range []string{manifest.Name, manifest.DataPackageName, manifest.ReadmeName, manifest.ProofName} {
		if _, ok := v.sums.Find(name); !ok {
			return "", failf("%s is missing: a drop always has it.", name)
		}
	}
	m, err := manifest.Parse(v.small[manifest.Name])
	if errors.Is(err, manifest.ErrNewer) {
		v.newer = true
		return "", failf("manifest.json is of a format that this version does not know.")
	}
	if err != nil {
		return "", failf("manifest.json is not as the gateway writes it (%v).", firstOf(err))
	}
	if err := v.sameFiles(m); err != nil {
		return "", err
	}
	if err := sameName(v.src.Name(), m.Drop.ID); err != nil {
		return "", err
	}
	v.manifest = m
	return fmt.Sprintf("manifest.json is of drop %s, personal data, and names the same files.", m.Drop.ID), nil
}

// firstOf is the first of several joined errors: the others follow from the same cause more often than not.
func firstOf(err error) error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) && len(joined.Unwrap()) > 0 {
		return joined.Unwrap()[0]
	}
	return err
}

// sameFiles holds the manifest to SHA256SUMS and to what is there.
func (v *verification) sameFiles(m *manifest.Manifest) error {
	named := map[string]bool{
		manifest.Name: true, manifest.DataPackageName: true, manifest.ReadmeName: true, manifest.ProofName: true, manifest.ClaimName: true,
	}
	if _, claimed := v.sums.Find(manifest.ClaimName); claimed && !manifest.IsClaim(v.small[manifest.ClaimName], m.Drop.ID) {
		return failf("%s is not a claim to this drop.", manifest.ClaimName)
	}
	for _, f := range m.Files() {
		named[f.Path] = true
		sum, ok := v.sums.Find(f.Path)
		switch {
		case !ok:
			return failf("manifest.json names %s, which the drop does not have.", f.Path)
		case manifest.Hex(sum) != f.SHA256:
			return failf("manifest.json has another SHA-256 for %s than SHA256SUMS.", f.Path)
		case v.sizes[f.Path] != f.Bytes:
			return failf("%s is not of the size that manifest.json says.", f.Path)
		}
	}
	for _, sum := range v.sums {
		if !named[sum.Path] {
			return failf("%s is signed, and manifest.json does not name it.", sum.Path)
		}
	}
	return nil
}

func (v *verification) descriptions(context.Context) (string, error) {
	for _, made := range []struct {
		name string
		make func(*manifest.Manifest) ([]byte, error)
	}{{manifest.DataPackageName, manifest.DataPackage}, {manifest.ReadmeName, manifest.ReadmeHTML}} {
		data, err := made.make(v.manifest)
		if err != nil {
			return "", err
		}
		if sum, _ := v.sums.Find(made.name); sha256.Sum256(data) != sum {
			return "", failf("%s is not what manifest.json gives. If the drop was made by another version of postern than this "+
				"postern-verify, verify with that version (%s).", made.name, v.manifest.Tool.Version)
		}
	}
	return "datapackage.json and README.html say what manifest.json says.", nil
}

// sameName holds a drop's id to what it is called where it lies, when that looks like a drop's name.
func sameName(name, id string) error {
	agreement, sequence, _ := strings.Cut(id, "/")
	parent, base, nested := cutLast(name)
	if !looksLikeDrop(base) {
		return nil
	}
	if _, parent, _ = cutLast(parent); base != sequence || nested && parent != agreement {
		return failf("The drop lies under another name than its own, which is %s.", id)
	}
	return nil
}

func cutLast(path string) (before, last string, nested bool) {
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		return path[:i], path[i+1:], true
	}
	return "", path, false
}

// looksLikeDrop reports whether a name is digits, a hyphen and eight digits.
func looksLikeDrop(base string) bool {
	sequence, date, ok := strings.Cut(base, "-")
	digits := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	return ok && len(sequence) >= 4 && digits(sequence) && len(date) == 8 && digits(date)
}

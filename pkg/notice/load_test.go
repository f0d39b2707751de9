package notice_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/notice"
)

func TestLoad(t *testing.T) {
	good, err := os.ReadFile("../../testdata/notices/good.txt")
	if err != nil {
		t.Fatal(err)
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(good))
	altered := append([]byte{}, good...)
	altered[len(altered)/2] ^= 1
	folder := fstest.MapFS{
		"notices/good.txt":    {Data: good},
		"notices/altered.txt": {Data: altered},
		"notices/page.txt":    {Data: []byte("<html>We share</html>")},
		"notices/large.txt":   {Data: []byte(strings.Repeat("a ", notice.MaxSize))},
	}
	for _, c := range []struct {
		text, sum string
		want      finding.Code
		says      string
	}{
		{"notices/good.txt", sum, "", ""},
		{"notices/good.txt", "", finding.AgreementIncomplete, "SHA-256"},
		{"notices/good.txt", strings.Repeat("0", 64), finding.NoticeConflict, "not the one that the agreement was written against"},
		{"notices/altered.txt", sum, finding.NoticeConflict, "not the one that the agreement was written against"},
		{"notices/none.txt", sum, finding.NoticeGap, "cannot be found"},
		{"notices", sum, finding.NoticeGap, "not a file"},
		{"notices/page.txt", sum, finding.NoticeGap, "markup"},
		{"notices/large.txt", sum, finding.NoticeGap, "more than"},
		{"../notices/good.txt", sum, finding.NoticeGap, "not a path within"},
		{"/notices/good.txt", sum, finding.NoticeGap, "not a path within"},
		{"notices//good.txt", sum, finding.NoticeGap, "not a path within"},
		{`notices\good.txt`, sum, finding.NoticeGap, "not a path within"},
		{".", sum, finding.NoticeGap, "not a path within"},
	} {
		a := &agreement.Agreement{PrivacyNotice: agreement.PrivacyNotice{Text: c.text, SHA256: c.sum}}
		n, err := notice.Load(folder, a)
		var refusal *finding.Refusal
		switch {
		case c.want == "":
			if err != nil || n == nil {
				t.Errorf("%s: %v", c.text, err)
			}
		case !errors.As(err, &refusal) || refusal.Code != c.want || !strings.Contains(refusal.Sentence, c.says) || refusal.Hint == "" || n != nil:
			t.Errorf("%s with %.8s: %v, want %s: …%s", c.text, c.sum, err, c.want, c.says)
		case c.want == finding.NoticeConflict && !strings.Contains(refusal.Hint, "privacy_notice.sha256: "):
			t.Errorf("%s: what to do is %q", c.text, refusal.Hint)
		}
	}
	if n, err := notice.Load(folder, &agreement.Agreement{}); n != nil || err != nil {
		t.Errorf("an agreement that names no text: %v, %v", n, err)
	}
}

// A path that leads out of the folder by a symbolic link is refused, wherever the link stands.
func TestLoadFollowsNoLink(t *testing.T) {
	outside, folder := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "n.txt"), []byte("We share."), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink(outside, filepath.Join(folder, "away")), os.Symlink(filepath.Join(outside, "n.txt"), filepath.Join(folder, "n.txt"))); err != nil {
		t.Skip("symbolic links cannot be made here")
	}
	for _, text := range []string{"n.txt", "away/n.txt"} {
		a := &agreement.Agreement{PrivacyNotice: agreement.PrivacyNotice{Text: text, SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte("We share.")))}}
		if _, err := notice.Load(os.DirFS(folder), a); err == nil || !strings.Contains(err.Error(), "of the folder of agreements itself") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestHold(t *testing.T) {
	cat := catalogue(t)
	a := example(t, "family-valued-2026.yaml", cat)
	held := func(text string) (string, int) {
		t.Helper()
		a.PrivacyNotice.Text, a.PrivacyNotice.SHA256 = "n.txt", fmt.Sprintf("%x", sha256.Sum256([]byte(text)))
		checks, err := notice.Hold(fstest.MapFS{"n.txt": {Data: []byte(text)}}, a, cat)
		if err != nil || len(checks) == 0 {
			t.Fatalf("%d checks, %v", len(checks), err)
		}
		return string(checks[0].Outcome), len(finding.Refusals(checks))
	}
	read := func(name string) string {
		data, err := os.ReadFile(filepath.Join("../../testdata/notices", name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	if outcome, refusals := held(read("good.txt")); outcome != "passed" || refusals != 0 {
		t.Errorf("the good notice: %s, %d refusals", outcome, refusals)
	}
	if outcome, refusals := held(read("faulty.txt")); outcome != "failed" || refusals != 4 {
		t.Errorf("the faulty notice: %s, %d refusals", outcome, refusals)
	}
	a.PrivacyNotice.SHA256 = strings.Repeat("0", 64)
	checks, err := notice.Hold(fstest.MapFS{"n.txt": {Data: []byte(read("good.txt"))}}, a, cat)
	if refusals := finding.Refusals(checks); err != nil || len(refusals) != 1 || refusals[0].Code != finding.NoticeConflict {
		t.Errorf("another notice than was agreed on: %v, %v", refusals, err)
	}
	a.PrivacyNotice.Text, a.PrivacyNotice.SHA256 = "", ""
	checks, err = notice.Hold(fstest.MapFS{}, a, cat)
	if err != nil || len(checks) != 1 || checks[0].Outcome != finding.CheckWarned {
		t.Errorf("no text: %v, %v", checks, err)
	}
}

package manifest_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/postern-gateway/postern/pkg/manifest"
)

// A verifier makes datapackage.json and README.html again from the manifest and compares bytes, for as long as drops are
// kept. So what a format gives is fixed: once a version of postern has been released, a change that this test sees needs
// a new format, and the old one kept beside it, in a folder of its own here.
func TestGolden(t *testing.T) {
	for folder, format := range map[string]string{"testdata": manifest.Format, "testdata/v1": manifest.FormatV1} {
		for name, write := range map[string]func(*manifest.Manifest) ([]byte, error){
			manifest.Name: (*manifest.Manifest).Encode, manifest.DataPackageName: manifest.DataPackage, manifest.ReadmeName: manifest.ReadmeHTML,
		} {
			m := small()
			m.Format = format
			data, err := write(m)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join(folder, name)
			if os.Getenv("UPDATE_GOLDEN") != "" && format == manifest.Format {
				if err := os.WriteFile(golden, data, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(data, want) {
				t.Errorf("%s is not what the format gave before (UPDATE_GOLDEN=1 go test writes that of the format now anew)", golden)
			}
		}
	}
}

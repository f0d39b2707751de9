package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestInspectPayloads looks at the public samples of what case systems send to the department's interface: JSON is of a
// kind that is not read, which is said, and nothing of it is shown.
func TestInspectPayloads(t *testing.T) {
	folder := filepath.Join("..", "..", "..", "shared", "samples", "data-to-insight+dfe-csc-api-data-flows", "extracted_json")
	payloads, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(payloads) == 0 {
		t.Skip("the public samples are not beside the repository")
	}
	dir := t.TempDir()
	person := "pers_person_id,pers_sex,pers_ethnicity,pers_dob\n1,F,WBRI,2012-03-04\n"
	if err := os.Mkdir(filepath.Join(dir, "2025-26"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "2025-26", "ssd_person.csv"), []byte(person), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range payloads {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "2025-26", filepath.Base(path)), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out, complaints bytes.Buffer
	if code := run(context.Background(), []string{"inspect", dir}, strings.NewReader(""), &out, &complaints, time.Now); code != 0 {
		t.Fatalf("exit %d: %s", code, complaints.String())
	}
	if n := strings.Count(out.String(), "FILE_SKIPPED"); n != len(payloads) {
		t.Errorf("%d of %d payloads are told of:\n%s", n, len(payloads), out.String())
	}
	if !strings.Contains(out.String(), "ssd/person") || strings.Contains(out.String(), "la_child_id") {
		t.Errorf("what is beside them is not read, or they are:\n%s", out.String())
	}
}

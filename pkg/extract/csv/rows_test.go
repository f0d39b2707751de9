package csv_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/extract/csv"
)

func sampled(t *testing.T, text string, most int) ([][]string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sample.csv")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	var out [][]string
	for cells, err := range csv.Rows(context.Background(), path, "sample.csv") {
		if err != nil {
			return out, err
		}
		var row []string
		for _, c := range cells {
			row = append(row, string(c))
		}
		if out = append(out, row); len(out) == most {
			break
		}
	}
	return out, nil
}

func TestRows(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want [][]string
	}{
		"commas":           {"a,b\r\n1,2\r\n3,\"x, y\"\r\n", [][]string{{"a", "b"}, {"1", "2"}, {"3", "x, y"}}},
		"tabs and a mark":  {"\xef\xbb\xbfa\tb\n1\t2", [][]string{{"a", "b"}, {"1", "2"}}},
		"blank lines":      {"a,b\n\n1,2\n\n", [][]string{{"a", "b"}, {"1", "2"}}},
		"uneven":           {"a,b\n1\n1,2,3\n", [][]string{{"a", "b"}, {"1"}, {"1", "2", "3"}}},
		"a quote astray":   {"a,b\n1,x\"y\n3,4\n", [][]string{{"a", "b"}, nil, {"3", "4"}}},
		"a cell of lines":  {"a,b\n1,\"x\ny\"\n", [][]string{{"a", "b"}, {"1", "x\ny"}}},
		"a header alone":   {"a,b\n", [][]string{{"a", "b"}}},
		"not more than so": {"a,b\n1,2\n3,4\n5,6\n", [][]string{{"a", "b"}, {"1", "2"}, {"3", "4"}}},
	} {
		got, err := sampled(t, c.text, len(c.want))
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// What Recognise refuses is refused, by the same rule.
func TestRowsRefused(t *testing.T) {
	for rule, text := range map[string]string{
		csv.RuleUTF16: "\xff\xfea\x00", csv.RuleEmptyFile: "", csv.RuleNUL: "a,b\n1,\x002\n", csv.RuleOpenQuote: "a,b\n1,\"x\n", csv.RuleHeader: "a,\"b\nc\"\n1,2\n",
	} {
		_, err := sampled(t, text, 10)
		var bad *extract.Invalid
		if !errors.As(err, &bad) || bad.Findings[0].Rule != rule {
			t.Errorf("%s: %v", rule, err)
		}
	}
	for _, err := range csv.Rows(context.Background(), filepath.Join(t.TempDir(), "none.csv"), "none.csv") {
		if err == nil {
			t.Error("a file that is not there is read")
		}
	}
}

package state

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/postern-gateway/postern/pkg/finding"
)

// errDamaged is what reading a file of the state folder gives that this package cannot have written.
var errDamaged = finding.WithHint(errors.New("not as Postern wrote it"),
	"do not mend it by hand; restore the state folder from a backup, and find out what changed the file")

// encode writes a value as the files of the state folder hold it: indented by one space, a new line at the end.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// decode reads what encode wrote, and nothing else: a field that is not known, missing or named twice, a byte too many, and
// any other way to write the same value are errDamaged. The error repeats nothing of the file.
func decode(data []byte, value any) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return errDamaged
	}
	again, err := encode(value)
	if err != nil || !bytes.Equal(again, data) {
		return errDamaged
	}
	return nil
}

package agreement

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"github.com/postern-gateway/postern/pkg/document"
	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/signature"
)

// ProgrammeAPIVersion is the first line of a programme's list.
const ProgrammeAPIVersion = "postern/programme/v1"

// ProgrammeList is the list of the councils that are of a programme, as the programme signs it:
//
//	apiVersion: postern/programme/v1
//	id: sfpc
//	title: Strengthening Families, Protecting Children
//	authorities: ["331", "332"]
//
// It lies in the folder of agreements as programmes/<id>.yaml, its signature beside it as programmes/<id>.yaml.sig:
//
//	ssh-keygen -Y sign -n postern-programme@v1 -f KEY programmes/sfpc.yaml
type ProgrammeList struct {
	ID, Title   string
	Authorities []string // DfE's codes of the local authorities, three digits each

	SHA256 [32]byte // of the exact bytes of the file
	data   []byte
}

// ParseProgramme reads a programme's list. The error is document.Problems. Whether the programme signed it is for
// Authenticate.
func ParseProgramme(file string, data []byte) (*ProgrammeList, error) {
	root, log := document.Parse(file, data)
	root.String("apiVersion", document.OneOf(ProgrammeAPIVersion))
	p := &ProgrammeList{SHA256: sha256.Sum256(data), data: slices.Clone(data)}
	p.ID = root.String("id", document.MaxLength(maxIDLength), document.Matching(slugPattern,
		"the id of a programme: words of lower-case letters and digits with hyphens between"))
	p.Title = root.String("title", document.MaxLength(maxName))
	for _, item := range root.Sequence("authorities", document.NotEmpty()) {
		code := item.String(document.Matching(laCodePattern, "the three digits of a local authority, in quotes"))
		if code != "" && slices.Contains(p.Authorities, code) {
			item.Problem("is there twice", "list it once")
		}
		p.Authorities = append(p.Authorities, code)
	}
	root.Done()
	if err := log.Err(); err != nil {
		return nil, err
	}
	return p, nil
}

// Authenticate verifies that the list is signed, in the namespace postern-programme@v1, by the key with a fingerprint
// (SHA256:…). An error says why it is not; it means that the list may not be believed.
func (p *ProgrammeList) Authenticate(armoured []byte, fingerprint string) error {
	key, err := signedBy(p.data, armoured, signature.ProgrammeNamespace)
	if err != nil {
		return err
	}
	if signature.Fingerprint(key) != fingerprint {
		return errors.New("the list is signed by another key than the one that the agreement names")
	}
	return nil
}

// ProgrammeCheck finds out whether the council is of the programme that the agreement says it is of. folder is that of
// the agreements. What cannot be read, is not signed by the programme's key or does not name the council refuses
// (LA_NOT_IN_PROGRAMME).
func (a *Agreement) ProgrammeCheck(folder fs.FS) finding.Check {
	o := outcome{Check: finding.Check{Name: programmeCheck}}
	if a.Programme == nil {
		o.notApplicable("the agreement is of no programme")
		return o.Check
	}
	file := path.Join("programmes", a.Programme.ID+".yaml")
	fetch := "fetch " + file + " and " + file + ".sig from the programme again, into the folder of agreements"
	data, err := readSmall(folder, file)
	if err != nil {
		o.failed(finding.NotInProgramme, fetch, "the list of the councils of the programme %s cannot be read: %v", a.Programme.ID, err)
		return o.Check
	}
	list, err := ParseProgramme(file, data)
	if err != nil {
		o.failed(finding.NotInProgramme, fetch, "the list of the councils of the programme %s is not one: %v", a.Programme.ID, err)
		return o.Check
	}
	armoured, err := readSmall(folder, file+".sig")
	if err != nil {
		o.failed(finding.NotInProgramme, fetch, "the list of the councils of the programme %s is not signed", a.Programme.ID)
		return o.Check
	}
	if err := list.Authenticate(armoured, a.Programme.Key); err != nil {
		o.failed(finding.NotInProgramme, fetch+"; programme.key is the fingerprint of the key that the programme signs with",
			"the list of the councils of the programme %s is not signed by the programme's key: %v", a.Programme.ID, err)
		return o.Check
	}
	switch {
	case list.ID != a.Programme.ID:
		o.failed(finding.NotInProgramme, fetch, "%s is the list of another programme", file)
	case !slices.Contains(list.Authorities, a.Controller.LACode):
		o.failed(finding.NotInProgramme, "ask the programme to list the council, or take programme out of the agreement",
			"the council %s is not on the list of the programme %s", a.Controller.LACode, list.Title)
	default:
		o.passed(fmt.Sprintf("%s, one of %d councils of %s", a.Controller.LACode, len(list.Authorities), list.Title))
	}
	return o.Check
}

// readSmall reads a file that is no larger than a document may be. The error names no path of the machine.
func readSmall(folder fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(folder, name)
	if err == nil && info.Size() > document.DefaultMaxBytes {
		return nil, errors.New("it is too large")
	}
	var data []byte
	if err == nil {
		data, err = fs.ReadFile(folder, name)
	}
	var inPath *fs.PathError
	if errors.As(err, &inPath) {
		return nil, inPath.Err
	}
	return data, err
}

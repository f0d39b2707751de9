package xml

import (
	"fmt"

	"github.com/postern-gateway/postern/pkg/extract"
	"github.com/postern-gateway/postern/pkg/finding"
)

// The rules of the file, of its header, and of its rows.
const (
	RuleDocumentUnknown = "DOCUMENT_UNKNOWN"
	RuleHeader          = "HEADER_MALFORMED"
	RuleYearNotDefined  = "YEAR_NOT_DEFINED"
	RuleElementTwice    = "ELEMENT_TWICE"       // a cell is given more than once
	RuleCellNotText     = "CELL_NOT_TEXT"       // an element stands inside a cell
	RuleElementUnknown  = "ELEMENT_UNKNOWN"     // the definitions do not have it: a notice
	RuleElementNotYear  = "ELEMENT_NOT_IN_YEAR" // the definitions have it for other collection years: a warning
	RuleTextStray       = "TEXT_STRAY"          // text where only elements stand: a warning
	RuleNoRows          = "NO_ROWS"             // a warning
)

// fault is the rule that a file breaks so that nothing can be made of it.
type fault string

// The faults.
const (
	RuleEmptyFile       fault = "FILE_EMPTY"
	RuleUTF16           fault = "FILE_UTF16"
	RuleNUL             fault = "FILE_BINARY"
	RuleEncoding        fault = "FILE_ENCODING"
	RuleEncodingUnknown fault = "ENCODING_UNKNOWN"
	RuleMalformed       fault = "XML_MALFORMED"
	RuleCutOff          fault = "FILE_CUT_OFF"
	RuleDoctype         fault = "XML_DOCTYPE"
	RuleEntity          fault = "XML_ENTITY"
	RuleTooDeep         fault = "XML_TOO_DEEP"
	RuleTooLong         fault = "XML_TOO_LONG"
	RuleTrailing        fault = "XML_TRAILING_CONTENT"
	RuleNamespace       fault = "XML_NAMESPACE"
	RuleRecordTooLarge  fault = "RECORD_TOO_LARGE"
	ruleHeaderTwice     fault = RuleHeader
)

// Error is the plain sentence of the fault. It holds nothing of the file.
func (f fault) Error() string {
	message, _ := f.texts()
	return message
}

func (f fault) texts() (message, hint string) {
	const again = "export the file again from the source system"
	switch f {
	case RuleEmptyFile:
		return "the file holds no element", again
	case RuleUTF16:
		return "the file is in UTF-16", "save it as UTF-8"
	case RuleNUL:
		return "the file holds a NUL byte: it is not plain text, or is in UTF-16", "save it as UTF-8"
	case RuleEncoding:
		return "the file is not in the encoding that it declares, or that XML has without a declaration (UTF-8)", "save it as UTF-8, and let its first line say so"
	case RuleEncodingUnknown:
		return "the file declares an encoding that is not read; read are utf-8, us-ascii, iso-8859-1 and windows-1252", "save it as UTF-8, and let its first line say so"
	case RuleCutOff:
		return "the file ends before its last element is closed: it is cut off", again
	case RuleDoctype:
		return "the file holds a DOCTYPE or another declaration, which no return has", "remove it, and ask who put it there: it can make a file say other than what it shows"
	case RuleEntity:
		return "the file uses an entity other than the five of XML", "write the character itself"
	case RuleTooDeep:
		return fmt.Sprintf("elements stand more than %d deep in each other", maxDepth), "check that the file is the right one"
	case RuleTooLong:
		return "a text, a tag or a comment is longer than 1 MiB", "check that the file is the right one"
	case RuleTrailing:
		return "something stands after the end of the document", "remove what follows the last closing tag; two files may have been joined"
	case RuleNamespace:
		return "the root element is in a namespace, and the returns that are known are in none", "export the file without a namespace"
	case RuleRecordTooLarge:
		return fmt.Sprintf("one record holds more than %d rows or %d MiB of cells", maxRows, maxCells>>20), "check that its closing tag is where it should be"
	case ruleHeaderTwice:
		return "the file has a second header", "two files may have been joined: export the return again"
	default:
		return "the file is not well-formed XML", again
	}
}

// stop makes the fault a finding at a place.
func (f fault) stop(place finding.Place, line int64) error {
	message, hint := f.texts()
	if line > 0 {
		message = fmt.Sprintf("%s (line %d)", message, line)
	}
	return extract.Stop(string(f), place, message, hint)
}

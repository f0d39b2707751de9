package markup

import "fmt"

// Fault is the rule that a document breaks so that nothing can be made of it. It is the error that a Scanner returns.
type Fault string

// The faults of any document.
const (
	RuleEmptyFile       Fault = "FILE_EMPTY"
	RuleUTF16           Fault = "FILE_UTF16"
	RuleNUL             Fault = "FILE_BINARY"
	RuleEncoding        Fault = "FILE_ENCODING"
	RuleEncodingUnknown Fault = "ENCODING_UNKNOWN"
	RuleMalformed       Fault = "XML_MALFORMED"
	RuleCutOff          Fault = "FILE_CUT_OFF"
	RuleDoctype         Fault = "XML_DOCTYPE"
	RuleEntity          Fault = "XML_ENTITY"
	RuleTooDeep         Fault = "XML_TOO_DEEP"
	RuleTooLong         Fault = "XML_TOO_LONG"
	RuleTrailing        Fault = "XML_TRAILING_CONTENT"
)

// Error is the plain sentence of the fault. It holds nothing of the document.
func (f Fault) Error() string {
	message, _ := f.Texts()
	return message
}

// Texts are the plain sentence of the fault, and what to do about it.
func (f Fault) Texts() (message, hint string) {
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
		return fmt.Sprintf("elements stand more than %d deep in each other", MaxDepth), "check that the file is the right one"
	case RuleTooLong:
		return "a text, a tag or a comment is longer than 1 MiB", "check that the file is the right one"
	case RuleTrailing:
		return "something stands after the end of the document", "remove what follows the last closing tag; two files may have been joined"
	default:
		return "the file is not well-formed XML", again
	}
}

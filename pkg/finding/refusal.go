package finding

import (
	"errors"
	"fmt"
)

// Code is the stable name of a refusal. Scripts and people rely on it: a code is never renamed or re-used.
type Code string

// The refusal codes in use, by what causes them.
const (
	// The agreement and the decisions on it.
	AgreementMissing      Code = "DSA_MISSING"
	AgreementBadSignature Code = "DSA_BAD_SIGNATURE"
	AgreementNotStarted   Code = "DSA_NOT_STARTED"
	AgreementExpired      Code = "DSA_EXPIRED"
	AgreementRollback     Code = "DSA_ROLLBACK"
	AgreementSuspended    Code = "DSA_SUSPENDED"
	AgreementNotActive    Code = "DSA_NOT_ACTIVE" // terminated
	AdviceMissing         Code = "DPO_ADVICE_MISSING"
	SignatureMissing      Code = "SIGNATURE_MISSING"
	TwoPersonRequired     Code = "TWO_PERSON_REQUIRED"
	RoleNotAllowed        Code = "ROLE_NOT_ALLOWED"
	SignatureNamespace    Code = "SIGNATURE_NAMESPACE"    // a good signature, made for something else
	DecisionOtherVersion  Code = "DECISION_OTHER_VERSION" // a decision on another version put forward for this one
	KeyRevoked            Code = "KEY_REVOKED"
	TrainingExpired       Code = "TRAINING_EXPIRED"
	ClassLowered          Code = "CLASS_LOWERED"

	// What an agreement lacks, or what has run out.
	AgreementIncomplete       Code = "DSA_INCOMPLETE" // a field that it needs before it may be submitted
	BasisPowerMissing         Code = "BASIS_POWER_MISSING"
	Article9Missing           Code = "ART9_MISSING"
	Schedule1Missing          Code = "SCH1_MISSING"
	PolicyDocumentMissing     Code = "APD_MISSING"
	Article10Missing          Code = "ART10_MISSING"
	ResearchSafeguardFailed   Code = "RAS_SAFEGUARD_FAILED"
	JointArrangementMissing   Code = "JOINT_ARRANGEMENT_MISSING"
	ContractMissing           Code = "CONTRACT_MISSING"
	NoticeGap                 Code = "NOTICE_GAP"
	NoticeConflict            Code = "NOTICE_CONFLICT"
	OptOutRequired            Code = "NDOO_DETERMINATION_REQUIRED"
	OptOutStale               Code = "NDOO_STALE"
	TransferNotAllowed        Code = "TRANSFER_NOT_ALLOWED"
	NotInProgramme            Code = "LA_NOT_IN_PROGRAMME"
	ReviewOverdue             Code = "REVIEW_OVERDUE"
	AssessmentOverdue         Code = "DPIA_OVERDUE"
	RecipientSuperseded       Code = "RECIPIENT_SUPERSEDED"
	RecipientAssuranceExpired Code = "RECIPIENT_ASSURANCE_EXPIRED"
	ProfileMismatch           Code = "PROFILE_MISMATCH"

	// The place, the schedule and the history.
	PostureMismatch     Code = "POSTURE_MISMATCH"
	BucketPublic        Code = "BUCKET_PUBLIC"
	FrequencyExceeded   Code = "FREQUENCY_EXCEEDED"
	ManifestChainBroken Code = "MANIFEST_CHAIN_BROKEN"
	VolumeUnexpected    Code = "VOLUME_UNEXPECTED"

	// Keys.
	KeyEpochMismatch Code = "KEY_EPOCH_MISMATCH"

	// The run.
	SourceChanged  Code = "SOURCE_CHANGED"
	IDCollision    Code = "ID_COLLISION"
	IDPlaceholder  Code = "ID_PLACEHOLDER"
	ClockUntrusted Code = "CLOCK_UNTRUSTED"

	// What was about to leave.
	CodeNotAllowed         Code = "CODE_NOT_ALLOWED"
	IdentifierFound        Code = "IDENTIFIER_FOUND"
	VerifyAfterWriteFailed Code = "VERIFY_AFTER_WRITE_FAILED"
)

// Refusal is the gate saying no. It is an error; its code decides the exit status (3).
type Refusal struct {
	Code     Code   `json:"code"`
	Sentence string `json:"sentence"` // plain, holds no value of an extract
	Hint     string `json:"hint"`     // what to do next
}

// Refuse makes a refusal.
func Refuse(code Code, hint, sentence string, args ...any) *Refusal {
	return &Refusal{Code: code, Sentence: fmt.Sprintf(sentence, args...), Hint: hint}
}

// Error writes the code and the sentence.
func (r *Refusal) Error() string { return string(r.Code) + ": " + r.Sentence }

// NextStep says what to do about it.
func (r *Refusal) NextStep() string { return r.Hint }

// hinted is an error with what to do next.
type hinted struct {
	err  error
	hint string
}

func (h *hinted) Error() string    { return h.err.Error() }
func (h *hinted) Unwrap() error    { return h.err }
func (h *hinted) NextStep() string { return h.hint }

// WithHint adds what to do next to an error. A nil error stays nil.
func WithHint(err error, hint string) error {
	if err == nil {
		return nil
	}
	return &hinted{err: err, hint: hint}
}

// HintOf returns what to do next about an error: the hint nearest to the outside of the chain, or "".
// Any error type may carry one by having a method NextStep() string.
func HintOf(err error) string {
	var next interface{ NextStep() string }
	if errors.As(err, &next) {
		return next.NextStep()
	}
	return ""
}

package finding_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"github.com/postern-gateway/postern/pkg/finding"
)

func TestHintOf(t *testing.T) {
	inner := finding.WithHint(fs.ErrPermission, "inner")
	refusal := finding.Refuse(finding.AgreementExpired, "renew it", "the agreement ended on %s", "2020-12-31")
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"nil":                     {nil, ""},
		"no hint":                 {fs.ErrPermission, ""},
		"hint":                    {inner, "inner"},
		"wrapped":                 {fmt.Errorf("open a key: %w", inner), "inner"},
		"wrapped twice":           {fmt.Errorf("run: %w", fmt.Errorf("open a key: %w", inner)), "inner"},
		"the outermost":           {finding.WithHint(fmt.Errorf("run: %w", inner), "outer"), "outer"},
		"joined":                  {errors.Join(errors.New("first"), inner), "inner"},
		"refusal":                 {refusal, "renew it"},
		"wrapped refusal":         {fmt.Errorf("export: %w", refusal), "renew it"},
		"a refusal with a hint":   {finding.WithHint(refusal, "ask the owner"), "ask the owner"},
		"not a hint, only a word": {errors.New("open a key: " + inner.Error()), ""},
	} {
		if got := finding.HintOf(c.err); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestWithHintKeepsTheError(t *testing.T) {
	if finding.WithHint(nil, "hint") != nil {
		t.Error("a hint makes an error of nothing")
	}
	err := finding.WithHint(fmt.Errorf("open a key: %w", fs.ErrPermission), "hint")
	if err.Error() != "open a key: permission denied" || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("the error has become %v", err)
	}
}

func TestRefusal(t *testing.T) {
	err := fmt.Errorf("export: %w", finding.WithHint(finding.Refuse(finding.SourceChanged, "again", "%s changed", "a.csv"), "outer"))
	var refusal *finding.Refusal
	if !errors.As(err, &refusal) || refusal.Code != finding.SourceChanged || refusal.Error() != "SOURCE_CHANGED: a.csv changed" {
		t.Errorf("%+v", refusal)
	}
	data, jsonErr := json.Marshal(refusal)
	if want := `{"code":"SOURCE_CHANGED","sentence":"a.csv changed","hint":"again"}`; jsonErr != nil || string(data) != want {
		t.Errorf("%s, %v; want %s", data, jsonErr, want)
	}
}

// Scripts rely on the codes: each is here as it was first written.
func TestCodesAreNeverRenamed(t *testing.T) {
	for code, want := range map[finding.Code]string{
		finding.AgreementMissing:          "DSA_MISSING",
		finding.AgreementBadSignature:     "DSA_BAD_SIGNATURE",
		finding.AgreementNotStarted:       "DSA_NOT_STARTED",
		finding.AgreementExpired:          "DSA_EXPIRED",
		finding.AgreementRollback:         "DSA_ROLLBACK",
		finding.AgreementSuspended:        "DSA_SUSPENDED",
		finding.AgreementNotActive:        "DSA_NOT_ACTIVE",
		finding.AdviceMissing:             "DPO_ADVICE_MISSING",
		finding.SignatureMissing:          "SIGNATURE_MISSING",
		finding.TwoPersonRequired:         "TWO_PERSON_REQUIRED",
		finding.RoleNotAllowed:            "ROLE_NOT_ALLOWED",
		finding.SignatureNamespace:        "SIGNATURE_NAMESPACE",
		finding.DecisionOtherVersion:      "DECISION_OTHER_VERSION",
		finding.KeyRevoked:                "KEY_REVOKED",
		finding.TrainingExpired:           "TRAINING_EXPIRED",
		finding.ClassLowered:              "CLASS_LOWERED",
		finding.AgreementIncomplete:       "DSA_INCOMPLETE",
		finding.BasisPowerMissing:         "BASIS_POWER_MISSING",
		finding.Article9Missing:           "ART9_MISSING",
		finding.Schedule1Missing:          "SCH1_MISSING",
		finding.PolicyDocumentMissing:     "APD_MISSING",
		finding.Article10Missing:          "ART10_MISSING",
		finding.ResearchSafeguardFailed:   "RAS_SAFEGUARD_FAILED",
		finding.JointArrangementMissing:   "JOINT_ARRANGEMENT_MISSING",
		finding.ContractMissing:           "CONTRACT_MISSING",
		finding.NoticeGap:                 "NOTICE_GAP",
		finding.NoticeConflict:            "NOTICE_CONFLICT",
		finding.OptOutRequired:            "NDOO_DETERMINATION_REQUIRED",
		finding.OptOutStale:               "NDOO_STALE",
		finding.TransferNotAllowed:        "TRANSFER_NOT_ALLOWED",
		finding.NotInProgramme:            "LA_NOT_IN_PROGRAMME",
		finding.ReviewOverdue:             "REVIEW_OVERDUE",
		finding.AssessmentOverdue:         "DPIA_OVERDUE",
		finding.RecipientSuperseded:       "RECIPIENT_SUPERSEDED",
		finding.RecipientAssuranceExpired: "RECIPIENT_ASSURANCE_EXPIRED",
		finding.ProfileMismatch:           "PROFILE_MISMATCH",
		finding.PostureMismatch:           "POSTURE_MISMATCH",
		finding.BucketPublic:              "BUCKET_PUBLIC",
		finding.FrequencyExceeded:         "FREQUENCY_EXCEEDED",
		finding.ManifestChainBroken:       "MANIFEST_CHAIN_BROKEN",
		finding.VolumeUnexpected:          "VOLUME_UNEXPECTED",
		finding.KeyEpochMismatch:          "KEY_EPOCH_MISMATCH",
		finding.SourceChanged:             "SOURCE_CHANGED",
		finding.IDCollision:               "ID_COLLISION",
		finding.IDPlaceholder:             "ID_PLACEHOLDER",
		finding.ClockUntrusted:            "CLOCK_UNTRUSTED",
		finding.CodeNotAllowed:            "CODE_NOT_ALLOWED",
		finding.IdentifierFound:           "IDENTIFIER_FOUND",
		finding.VerifyAfterWriteFailed:    "VERIFY_AFTER_WRITE_FAILED",
	} {
		if string(code) != want {
			t.Errorf("%s has become %s", want, code)
		}
	}
}

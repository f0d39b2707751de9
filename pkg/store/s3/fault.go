package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"syscall"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
)

// failed is an error of the bucket or of the way to it, in words of this package's own: what the server, the SDK or the
// credential chain say may quote what must not be told.
type failed struct {
	text, hint string
	cause      error
}

func (f *failed) Error() string    { return f.text }
func (f *failed) Unwrap() error    { return f.cause }
func (f *failed) NextStep() string { return f.hint }

// kind is what a caller within this package tells apart.
type kind uint8

const (
	kindOther  kind = iota
	kindExists      // the condition of a put: there is an object
	kindFolder      // a server that keeps folders: the key is one, or an object is in its way
	kindDenied
)

func kindOf(err error) kind {
	code, status := answer(err)
	switch {
	case code == "PreconditionFailed", status == http.StatusPreconditionFailed:
		return kindExists
	case code == "ExistingObjectIsDirectory", code == "ObjectParentIsFile":
		return kindFolder
	case code == "AccessDenied", code == "InvalidObjectState":
		return kindDenied
	default:
		return kindOther
	}
}

var (
	codeWord  = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{1,60}$`)
	requestID = regexp.MustCompile(`^[A-Za-z0-9-]{1,80}$`)
)

// answer is the code and status of a server's answer, "" and 0 where the error is none.
func answer(err error) (code string, status int) {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		status = response.HTTPStatusCode()
	}
	var api smithy.APIError
	if errors.As(err, &api) && codeWord.MatchString(api.ErrorCode()) {
		code = api.ErrorCode()
	}
	return code, status
}

// explain puts an error of a request into words, and says what to do about it.
func (s *Store) explain(op, key string, err error) error {
	if err == nil {
		return nil
	}
	var credentials *credentialsError
	if errors.As(err, &credentials) {
		return &failed{"no credentials for the bucket could be had", credentialChain, err}
	}
	code, status := answer(err)
	if status == 0 {
		text, hint := line(err)
		return &failed{text, hint, err}
	}
	if notThere(op, code, status) {
		return fmt.Errorf("%w: %w", store.ErrNotFound, &failed{text: "the bucket has none of this key", cause: err})
	}
	said := fmt.Sprintf("HTTP status %d", status)
	if code != "" {
		said = code + ", " + said
	}
	var response *awshttp.ResponseError
	if errors.As(err, &response) && requestID.MatchString(response.ServiceRequestID()) {
		said += ", request " + response.ServiceRequestID()
	}
	text, hint := s.advice(op, key, code, status)
	return &failed{text + " (" + said + ")", hint, err}
}

// notThere reports whether an answer says that there is no such object, and not that something else is missing.
func notThere(op, code string, status int) bool {
	if op != store.OpGet {
		return false
	}
	switch code {
	case "NoSuchKey", "NotFound", "ObjectParentIsFile", "ExistingObjectIsDirectory":
		return true
	case "":
		return status == http.StatusNotFound
	default:
		return false
	}
}

const (
	credentialChain = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for one of ~/.aws/credentials, for the account that runs this, " +
		"or give its machine a role; with the same settings, aws sts get-caller-identity says what is wrong"
	again = "; then run the same command again: nothing was overwritten"
)

// advice is what an answer means, and what to do about it.
func (s *Store) advice(op, key, code string, status int) (text, hint string) {
	object := "arn:aws:s3:::" + s.address.Bucket + "/" + s.full(key)
	bucket := "arn:aws:s3:::" + s.address.Bucket
	switch code {
	case "NoSuchBucket":
		return "there is no bucket " + s.address.Bucket, "correct the store's address (bucket, region, endpoint), or have the bucket made (docs/s3.md)"
	case "InvalidAccessKeyId", "InvalidClientTokenId", "SignatureDoesNotMatch", "InvalidSecurity", "InvalidToken", "MissingSecurityHeader":
		return "the bucket's server does not know these credentials",
			"see whether the access key, its secret and its session token belong together and to this server (AWS_… in the environment, or the profile in ~/.aws)" + again
	case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired", "RequestExpired":
		return "the credentials have expired", "sign in again (aws sso login), or renew the session token" + again
	case "RequestTimeTooSkewed", "RequestInTheFuture":
		return "this machine's clock and the server's are too far apart", "set the clock (time synchronisation, NTP)" + again
	case "AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect", "Redirect", "IllegalLocationConstraintException", "AuthorizationQueryParametersError":
		return "the bucket is in another region, or behind another endpoint", "correct region=… or endpoint=… in the store's address"
	case "NotImplemented":
		return "the server does not support what is asked of it", "it must support PutObject with If-None-Match and x-amz-checksum-sha256; use another store, or publish to a folder (dir:)"
	case "BadDigest", "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "InvalidDigest", "IncompleteBody":
		return "the bytes that arrived are not those that were sent", "something on the way changes or cuts them (a proxy, say)" + again
	case "QuotaExceeded", "NoSpaceLeftOnDevice", "XMinioStorageFull", "InsufficientStorage":
		return "the bucket is full", "make room, or raise its quota" + again
	case "EntityTooLarge":
		return "the server takes no object of this size", "raise its limit, or publish to a folder (dir:)"
	}
	switch {
	case status == http.StatusForbidden:
		return "the bucket does not permit it", s.lacking(op, object, bucket)
	case status == http.StatusMovedPermanently || status == http.StatusTemporaryRedirect || status == http.StatusPermanentRedirect:
		return "the bucket is in another region, or behind another endpoint", "correct region=… or endpoint=… in the store's address"
	case status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status == http.StatusConflict:
		return "the bucket's server could not do it now", "wait a little, or ask who runs it" + again
	default:
		return "the bucket's server refused the request", "see whether the store's address names an S3 server (region, endpoint, path_style), and give who runs it what stands in brackets"
	}
}

// lacking names the permission that an operation needs.
func (s *Store) lacking(op, object, bucket string) string {
	switch op {
	case store.OpPut:
		return "these credentials lack s3:PutObject on " + object + ", or a policy denies it: exporters need it, readers do not have it (docs/s3.md)" + again
	case store.OpList:
		return "these credentials lack s3:ListBucket on " + bucket + " for this prefix, or a policy denies it (docs/s3.md)" + again
	default:
		return "these credentials lack s3:GetObject on " + object + ", or a policy denies it; or there is no such object, which is told only to those with s3:ListBucket on " +
			bucket + " (docs/s3.md)" + again
	}
}

// line is what went wrong on the way to the server.
func line(err error) (text, hint string) {
	var (
		unknown  x509.UnknownAuthorityError
		name     x509.HostnameError
		invalid  x509.CertificateInvalidError
		record   tls.RecordHeaderError
		dns      *net.DNSError
		timeout  net.Error
		timedOut = errors.As(err, &timeout) && timeout.Timeout()
	)
	const trust = "if this is the right server, ask who runs it for its authority's certificate, and name the file with ca=FILE in the store's address"
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded) && !timedOut:
		return "interrupted", ""
	case errors.Is(err, errOpenLine):
		return "the server sent to an address without TLS, which was not followed", "ask who runs the server why; drops never go over an open line"
	case errors.As(err, &unknown):
		return "the server's certificate is of an authority that is not trusted here", trust
	case errors.As(err, &name):
		return "the server's certificate is of another name than the endpoint's", "correct endpoint=… in the store's address; for a bucket with dots in its name, or a server of your own, add path_style=true"
	case errors.As(err, &invalid):
		return "the server's certificate is not valid (expired, or not for this use)", "see whether this machine's clock is right; otherwise ask who runs the server to renew it"
	case errors.As(err, &record), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return "the server does not speak TLS", "see whether the port in endpoint=… is that of https"
	case errors.As(err, &dns):
		return "the name of the bucket's server is not known", "see whether endpoint=… or region=… is spelt right, and whether this machine has a network; a server of your own may need path_style=true"
	case strings.Contains(err.Error(), "checksum did not match"):
		return "the bytes read are not those that the server has the checksum of", "something on the way or at the server changes them: run the same command again, and if it fails again, call who runs the server"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the bucket's server takes no connection", "see whether it runs, and whether endpoint=… has the right port" + again
	case timedOut:
		return "the bucket's server did not answer in time", "see whether it can be reached from here (firewall, proxy), or wait a little" + again
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection to the bucket's server broke off", "see whether the network is well" + again
	case finding.HintOf(err) != "":
		return "the request could not be made", finding.HintOf(err)
	default:
		return "the bucket's server could not be reached", "see whether it can be reached from here (network, firewall, proxy)" + again
	}
}

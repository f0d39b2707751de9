package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"github.com/postern-gateway/postern/pkg/finding"
)

// How long and how often a server is waited for. A put of the largest object is answered well within the first.
const (
	answerWithin = 3 * time.Minute
	attempts     = 5
	longestPause = 8 * time.Second
)

// newClient makes the client of an address.
func newClient(ctx context.Context, a Address) (*s3.Client, error) {
	options := []func(*config.LoadOptions) error{config.WithLogger(logging.Nop{})}
	if a.Region != "" {
		options = append(options, config.WithRegion(a.Region))
	}
	settings, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		// What the files hold is not repeated: it may be a key.
		return nil, finding.WithHint(&failed{text: "the settings of AWS's own files or environment cannot be read", cause: err},
			"look at AWS_PROFILE, AWS_CA_BUNDLE, ~/.aws/config and ~/.aws/credentials: aws configure list says what is found")
	}
	if settings.Region == "" {
		return nil, finding.WithHint(errors.New("the region of the bucket is not known"), "add region=REGION to its address (a server of your own usually calls itself us-east-1)")
	}
	transport, err := newTransport(a, settings)
	if err != nil {
		return nil, err
	}
	credentials := settings.Credentials
	return s3.NewFromConfig(settings, func(o *s3.Options) {
		o.BaseEndpoint = nil // not that of the environment, which nobody would see
		if a.Endpoint != "" {
			o.BaseEndpoint = aws.String(a.Endpoint)
		}
		o.UsePathStyle = a.PathStyle
		o.HTTPClient = &http.Client{Transport: encrypted{transport}, CheckRedirect: follow}
		o.Credentials = provider{credentials}
		o.Retryer = newRetryer(retry.NewExponentialJitterBackoff(longestPause))
		o.Logger = logging.Nop{}
		o.ClientLogMode = 0
		o.DisableLogOutputChecksumValidationSkipped = true
		o.DisableS3ExpressSessionAuth = aws.Bool(true)
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired // ours is given with each request
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenSupported
	}), nil
}

// newTransport makes the connections: TLS 1.2 at least, and of the authorities that the address names only those.
func newTransport(a Address, settings aws.Config) (*http.Transport, error) {
	client, ok := settings.HTTPClient.(*awshttp.BuildableClient) // has the authorities of AWS_CA_BUNDLE, if any
	if !ok {
		client = awshttp.NewBuildableClient()
	}
	transport := client.GetTransport()
	transport.ResponseHeaderTimeout = answerWithin
	if transport.TLSClientConfig == nil {
		transport.TLSClientConfig = &tls.Config{}
	}
	transport.TLSClientConfig.MinVersion = tls.VersionTLS12
	if a.CA == "" {
		return transport, nil
	}
	const hint = "ca names a file of one or more certificates in PEM form (-----BEGIN CERTIFICATE-----): ask who runs the server for it"
	pem, err := os.ReadFile(a.CA)
	if err != nil {
		return nil, finding.WithHint(fmt.Errorf("the bucket's certificate authority cannot be read: %w", err), hint)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, finding.WithHint(fmt.Errorf("%s has no certificate of an authority", a.CA), hint)
	}
	transport.TLSClientConfig.RootCAs = pool
	return transport, nil
}

// errOpenLine is a request that would go over a line that others can read.
var errOpenLine = errors.New("the server was to be asked without TLS")

// encrypted sends nothing over an open line, whatever a setting or a redirection says.
type encrypted struct{ next http.RoundTripper }

func (e encrypted) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" {
		if r.Body != nil {
			_ = r.Body.Close() // as every RoundTripper must
		}
		return nil, errOpenLine
	}
	return e.next.RoundTrip(r)
}

// follow follows the redirections that keep the request as it is, which is how a bucket sends to its own region.
func follow(r *http.Request, via []*http.Request) error {
	code := 0
	if r.Response != nil {
		code = r.Response.StatusCode
	}
	if len(via) > 3 || code != http.StatusTemporaryRedirect && code != http.StatusPermanentRedirect {
		return http.ErrUseLastResponse
	}
	return nil
}

// newRetryer is the SDK's own, and tries again also what S3 says of two conditional puts at once. A body that cannot be
// read and a certificate that is not trusted do not get better.
func newRetryer(pause retry.BackoffDelayer) aws.Retryer {
	return retry.NewStandard(func(o *retry.StandardOptions) {
		o.MaxAttempts = attempts
		o.Backoff = pause
		o.Retryables = append([]retry.IsErrorRetryable{retry.IsErrorRetryableFunc(hopeless)}, o.Retryables...)
		o.Retryables = append(o.Retryables, retry.RetryableErrorCode{Codes: map[string]struct{}{"ConditionalRequestConflict": {}, "OperationAborted": {}}})
	})
}

func hopeless(err error) aws.Ternary {
	var (
		body        *bodyError
		credentials *credentialsError
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &body), errors.As(err, &credentials), errors.As(err, &certificate), errors.As(err, &record), errors.Is(err, errOpenLine):
		return aws.FalseTernary
	default:
		return aws.UnknownTernary
	}
}

// provider tells errors of whoever gives the credentials from those of the bucket.
type provider struct{ next aws.CredentialsProvider }

type credentialsError struct{ err error }

func (c *credentialsError) Error() string { return "no credentials" } // the cause may name or quote what it read
func (c *credentialsError) Unwrap() error { return c.err }

func (p provider) Retrieve(ctx context.Context) (aws.Credentials, error) {
	if p.next == nil {
		return aws.Credentials{}, &credentialsError{errors.New("none are set")}
	}
	credentials, err := p.next.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, &credentialsError{err}
	}
	return credentials, nil
}

package s3test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// Kind is a kind of bucket.
type Kind int

// Plain has the policy of docs/s3.md. Locked has it too, and locks every object for a day.
const (
	Plain Kind = iota
	Locked
)

// Client is a client of the server that is a user and has none of Postern's precautions.
func (s *Server) Client(u User) *sdk.Client {
	return sdk.New(sdk.Options{
		Region: Region, BaseEndpoint: aws.String("https://" + s.Host), UsePathStyle: true,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: string(u), SecretAccessKey: u.Secret()}, nil
		}),
		HTTPClient: &http.Client{Transport: &http.Transport{TLSClientConfig: s.config}},
	})
}

// NewBucket makes a bucket with the users and the policy of docs/s3.md, and returns its name.
func (s *Server) NewBucket(tb testing.TB, kind Kind) string {
	tb.Helper()
	policy, err := Policy()
	if err != nil {
		tb.Fatal(err)
	}
	name := "drops-" + strings.ToLower(rand.Text()[:12])
	if err := s.makeBucket(tb.Context(), name, kind, strings.ReplaceAll(policy, "fv-drops", name)); err != nil {
		tb.Fatalf("make a bucket: %v", err)
	}
	return name
}

func (s *Server) makeBucket(ctx context.Context, name string, kind Kind, policy string) error {
	client := s.Client(Root)
	in := &sdk.CreateBucketInput{Bucket: aws.String(name)}
	if kind == Locked {
		in.ObjectLockEnabledForBucket = aws.Bool(true)
	}
	if _, err := client.CreateBucket(ctx, in); err != nil {
		return err
	}
	if kind == Locked {
		_, err := client.PutObjectLockConfiguration(ctx, &sdk.PutObjectLockConfigurationInput{
			Bucket: aws.String(name),
			ObjectLockConfiguration: &types.ObjectLockConfiguration{
				ObjectLockEnabled: types.ObjectLockEnabledEnabled,
				Rule:              &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: types.ObjectLockRetentionModeGovernance, Days: aws.Int32(1)}},
			},
		})
		if err != nil {
			return err
		}
	}
	_, err := client.PutBucketPolicy(ctx, &sdk.PutBucketPolicyInput{Bucket: aws.String(name), Policy: aws.String(policy)})
	return err
}

// OpenUp lets everybody do something with a bucket, as nobody ever should: s3:ListBucket, s3:GetObject. One action at a time: a
// server refuses a statement whose resources do not go with its actions.
func (s *Server) OpenUp(ctx context.Context, bucket string, actions ...string) error {
	policy, err := Policy()
	if err != nil {
		return err
	}
	var statements strings.Builder
	for _, action := range actions {
		resource := "arn:aws:s3:::" + bucket
		if strings.HasSuffix(action, "Object") {
			resource += "/*"
		}
		fmt.Fprintf(&statements, `{"Effect":"Allow","Principal":"*","Action":%q,"Resource":%q},`, action, resource)
	}
	const list = `"Statement": [`
	if !strings.Contains(policy, list) {
		return errors.New("the policy of docs/s3.md has no list of statements")
	}
	policy = strings.Replace(strings.ReplaceAll(policy, "fv-drops", bucket), list, list+statements.String(), 1)
	_, err = s.Client(Root).PutBucketPolicy(ctx, &sdk.PutBucketPolicyInput{Bucket: aws.String(bucket), Policy: aws.String(policy)})
	return err
}

// Place puts an object over whatever is there, as the owner of the bucket.
func (s *Server) Place(ctx context.Context, bucket, key, data string) error {
	_, err := s.Client(Root).PutObject(ctx, &sdk.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), Body: strings.NewReader(data)})
	return err
}

// Policy is the bucket policy of docs/s3.md, for the users of the server in place of the roles there.
func Policy() (string, error) {
	folder, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		page, err := os.ReadFile(filepath.Join(folder, "docs", "s3.md"))
		if err == nil {
			return policyIn(string(page))
		}
		if folder == filepath.Dir(folder) {
			return "", fmt.Errorf("docs/s3.md is not found: %w", err)
		}
		folder = filepath.Dir(folder)
	}
}

func policyIn(page string) (string, error) {
	_, rest, found := strings.Cut(page, "```json policy\n")
	text, _, ended := strings.Cut(rest, "\n```\n")
	if !found || !ended {
		return "", errors.New("docs/s3.md has no policy")
	}
	for role, user := range map[string]User{"postern-exporter": Exporter, "postern-recipient": Recipient, "postern-janitor": Janitor} {
		arn := "arn:aws:iam::111122223333:role/" + role
		if !strings.Contains(text, arn) {
			return "", fmt.Errorf("the policy of docs/s3.md does not name %s", arn)
		}
		text = strings.ReplaceAll(text, arn, string(user))
	}
	return text, nil
}

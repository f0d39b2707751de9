package s3

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
	"github.com/postern-gateway/postern/pkg/store"
)

// Scheme begins an address.
const Scheme = "s3://"

// Address says where a bucket is and how it is reached. It holds no secret.
type Address struct {
	Bucket    string
	Prefix    string // of every key, without a slash at its ends; "" for the whole bucket
	Region    string // "" for that of AWS_REGION or the profile
	Endpoint  string // https://host or https://host:port; "" for AWS's own of the region
	PathStyle bool   // https://host/bucket/key in place of https://bucket.host/key
	CA        string // path of a PEM file: only its authorities are trusted; "" for those that the system trusts
}

// The parameters that an address may have, each once.
const (
	paramRegion    = "region"
	paramEndpoint  = "endpoint"
	paramPathStyle = "path_style"
	paramCA        = "ca"
)

const addressHint = "write s3://BUCKET/PREFIX?region=REGION, and where it is not AWS's own also &endpoint=https://HOST, " +
	"&path_style=true, &ca=FILE"

const credentialsHint = "take them out, and give them in the environment or in ~/.aws, where AWS's own tools look for them (docs/s3.md); " +
	"what stood in a file that others read should be replaced"

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	regionName = regexp.MustCompile(`^[a-z0-9-]{1,40}$`)
	hostPort   = regexp.MustCompile(`^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?$`)
)

// ParseAddress reads s3://BUCKET/PREFIX?region=…&endpoint=https://…&path_style=true&ca=FILE. Of the parameters each may be
// absent and none may come twice; any other, and whatever could be a credential, is refused. Errors repeat nothing of the
// text, which may hold one all the same. They have a hint.
func ParseAddress(text string) (Address, error) {
	var a Address
	if !strings.HasPrefix(text, Scheme) {
		return a, wrong("the address of a bucket does not begin with " + Scheme)
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return a, wrong("the address of the bucket is not a URL")
	case u.User != nil:
		return a, finding.WithHint(errors.New("the address of the bucket holds credentials"), credentialsHint)
	case u.Fragment != "" || strings.Contains(text, "#"):
		return a, wrong("the address of the bucket has a fragment (#)")
	case !bucketName.MatchString(u.Host) || strings.Contains(u.Host, ".."):
		return a, wrong("the address has no valid bucket name: 3 to 63 small letters, digits, dots and hyphens")
	case strings.HasSuffix(u.Host, "--x-s3"):
		return a, finding.WithHint(errors.New("the bucket is a directory bucket, which does not list its keys in their order"),
			"use a general purpose bucket")
	}
	a.Bucket = u.Host
	a.Prefix = strings.TrimSuffix(strings.TrimPrefix(u.EscapedPath(), "/"), "/")
	if a.Prefix != "" && store.CheckKey(a.Prefix) != nil {
		return a, wrong("the prefix is not a path of letters, digits, dots, hyphens and underscores")
	}
	if err := a.parameters(u.RawQuery); err != nil {
		return Address{}, err
	}
	return a, nil
}

func (a *Address) parameters(query string) error {
	values, err := url.ParseQuery(query)
	if err != nil {
		return wrong("the parameters of the bucket's address cannot be read")
	}
	for name, given := range values {
		switch {
		case !slices.Contains([]string{paramRegion, paramEndpoint, paramPathStyle, paramCA}, name):
			return finding.WithHint(errors.New("the address of the bucket has a parameter that is not known"),
				"known are region, endpoint, path_style and ca; credentials do not belong here, but into the environment or ~/.aws (docs/s3.md)")
		case len(given) > 1:
			return wrong("the address of the bucket has the parameter " + name + " twice")
		case given[0] == "":
			return wrong("the parameter " + name + " of the bucket's address is empty")
		}
	}
	a.Region, a.CA = values.Get(paramRegion), values.Get(paramCA)
	if a.Region != "" && !regionName.MatchString(a.Region) {
		return wrong("the region is not a name such as eu-west-2")
	}
	switch values.Get(paramPathStyle) {
	case "", "false":
	case "true":
		a.PathStyle = true
	default:
		return wrong("path_style is neither true nor false")
	}
	if values.Has(paramEndpoint) {
		a.Endpoint, err = parseEndpoint(values.Get(paramEndpoint))
	}
	return err
}

// parseEndpoint reads https://HOST or https://HOST:PORT, and writes it in one way.
func parseEndpoint(text string) (string, error) {
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return "", wrong("the endpoint is not a URL")
	case u.User != nil:
		return "", finding.WithHint(errors.New("the endpoint holds credentials"), credentialsHint)
	case u.Scheme != "https":
		return "", finding.WithHint(errors.New("the endpoint is not https"),
			"drops are personal data and never go over an open line: give the server a certificate, name its authority with ca=FILE, and write endpoint=https://HOST")
	case !hostPort.MatchString(u.Host) || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" || u.ForceQuery:
		return "", wrong("the endpoint is not https:// and a host, with or without a port")
	}
	return "https://" + strings.TrimSuffix(strings.ToLower(u.Host), ":443"), nil
}

// Location writes the address but for the file of the authority: it says what the store is, and stays the same when that
// file is moved.
func (a Address) Location() string {
	a.CA = ""
	return a.String()
}

// String writes the address. ParseAddress reads it back as the same one, and all spellings of one address become this.
func (a Address) String() string {
	text := Scheme + a.Bucket
	if a.Prefix != "" {
		text += "/" + a.Prefix
	}
	var params []string
	if a.CA != "" {
		params = append(params, paramCA+"="+url.QueryEscape(a.CA))
	}
	if a.Endpoint != "" {
		params = append(params, paramEndpoint+"="+a.Endpoint)
	}
	if a.PathStyle {
		params = append(params, paramPathStyle+"=true")
	}
	if a.Region != "" {
		params = append(params, paramRegion+"="+a.Region)
	}
	if len(params) > 0 {
		text += "?" + strings.Join(params, "&")
	}
	return text
}

// Below splits an address of something in a store, such as a drop, into that of the store and the key: the last parts of
// the prefix, as many as are wanted. There must be that many.
func (a Address) Below(parts int) (Address, string, error) {
	all := strings.Split(a.Prefix, "/")
	if a.Prefix == "" || len(all) < parts {
		return a, "", fmt.Errorf("the address names no drop in the bucket: its last %d parts are the agreement and the drop's own name", parts)
	}
	key := strings.Join(all[len(all)-parts:], "/")
	a.Prefix = strings.Join(all[:len(all)-parts], "/")
	return a, key, nil
}

func wrong(message string) error { return finding.WithHint(errors.New(message), addressHint) }

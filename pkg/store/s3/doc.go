// Package s3 keeps a store's objects in a bucket of AWS S3, or of a server that speaks its protocol.
//
//	store: s3://fv-drops/coventry?region=eu-west-2
//	store: s3://drops/coventry?region=us-east-1&endpoint=https://s3.council.example:7070&path_style=true&ca=keys/ca.pem
//
// The key a/b/c is the object PREFIX/a/b/c of the bucket. Connections are TLS 1.2 or better, always: there is no setting
// for an open line. With ca, only the authorities in that file are trusted. Credentials come from where AWS's own tools
// find them (environment, profiles, roles), and stand nowhere in Postern's configuration, messages or records.
//
// # How an object comes to be
//
// Put sends the body in one request, under the condition that there is no such object (If-None-Match: *), with its
// length, and with its SHA-256 both in the request's signature and as the checksum that the server keeps
// (x-amz-checksum-sha256). The body is streamed, never held in memory. Its last byte is sent only when the whole has
// proved to be what was announced, so that no server can have got all of a body that is not. An object is at most 5 GiB.
//
// When the server says that there is an object (412), it is read back: the same size and SHA-256 are a success (another
// attempt was faster, or its answer was lost on the way), anything else is store.ErrTaken. The server's own checksum
// counts where it has one of the whole object; where it has none the object is read. One that is not there after all, when
// asked for, is put again. Likewise an object just put whose
// checksum the server does not confirm is read back.
//
// Attempts that failed on the way, or with an error of the server's own, are repeated by the SDK's retryer, five in all
// with growing pauses; a put may be, because of the condition.
//
// # Servers that ignore the condition
//
// Some servers take If-None-Match and overwrite all the same. So nothing is believed before it was seen: until the server
// has once answered 412, each put first looks whether the object is there, and when it has made it, sends it again. The
// second must be refused. If it is taken, Put fails, and so does the run, before a drop is there. Sent are the same bytes,
// so that nothing is lost by it. For an export that costs two small requests: its first object is CLAIM, of some dozen bytes.
// It shows that the server heeds the condition, not that it does so when two writers come at the same moment; AWS and
// versitygw promise that.
//
// A bucket that locks its objects (Object Lock without versions, as versitygw has it) may refuse the second put as
// forbidden. That too is a refusal, though not a proof: the next put is tried like the first.
//
// # Lists
//
// List pages, checks that keys come in the order of their bytes (which S3 promises for general purpose buckets), and
// treats names as package dir does: those that begin with a dot are passed over, others that are no keys are an error.
// Empty objects whose key ends in a slash, which consoles make for folders, are passed over too.
//
// # Errors
//
// Everything but the errors that package store names is a *store.Error, whose hint says what to do: which permission is
// lacking on which key, which authority is not trusted, what is wrong with the credentials. Of what a server answers only
// its error code, status and request number are repeated, if they look like ones: never its message, a URL, a header, or what
// the credential chain reports. The causes can still be had with errors.As.
package s3

package store

// The kinds of places.
const (
	PlaceFolder = "folder"
	PlaceBucket = "bucket"
)

// Place is where the objects of a store lie, as the store itself has been told to reach them: what an agreement on where
// drops may lie is held to. It comes from the parts of the address, never from the text of Location.
type Place struct {
	Kind     string // PlaceFolder or PlaceBucket
	Bucket   string // the bucket's name; of a bucket
	Region   string // of a bucket: that in use, which may come from the environment and not from the address
	Endpoint string // of a bucket: the server's host, with its port when that is not 443; empty for the region's own
}

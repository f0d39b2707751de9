package export

// Erasable gives the members of a body that stay when a record of a kind is erased, and whether one may be.
func Erasable(kind string) ([]string, bool) {
	keep, may := erasable()[kind]
	return keep, may
}

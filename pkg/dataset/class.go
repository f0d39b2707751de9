package dataset

import "slices"

// Classes are ordered by what they demand of whoever would let a column leave. One class is at least another when it
// demands everything that the other does:
//
//	ordinary             nothing
//	quasi-identifier     the column is counted among those that single a child out
//	sensitive            it is told to the reader of an agreement as harmful
//	special-category     as sensitive; a condition of Article 9
//	criminal-offence     as sensitive; an authority under Article 10
//	linkage-identifier   it leaves only as a pseudonym: nothing of its value does
//	direct-identifier, staff, free-text, record-identifier   it never leaves
//
// So each of these is above those it is reached from by going right:
//
//	ordinary ─┬─ quasi-identifier ──────────────────────┬─ linkage-identifier ── what never leaves
//	          └─ sensitive ─┬─ special-category ────────┤
//	                        └─ criminal-offence ────────┘
//
// quasi-identifier and sensitive are not comparable, nor are the two after sensitive: to go from one to the other is to
// lower the class, for something would no longer be asked. What never leaves is of one height.

// AtLeast reports whether the class demands everything that another does. A class that there is not demands nothing, and
// nothing is at least as high as it.
func (c Class) AtLeast(other Class) bool {
	all := Classes()
	if !slices.Contains(all, c) || !slices.Contains(all, other) {
		return false
	}
	if c == other || !c.Releasable() {
		return true
	}
	switch other {
	case Ordinary:
		return true
	case Sensitive:
		return c == SpecialCategory || c == CriminalOffence || c == LinkageIdentifier
	case QuasiIdentifier, SpecialCategory, CriminalOffence:
		return c == LinkageIdentifier
	default:
		return false
	}
}

// raise gives a column a class that is at least its own, and takes from it the treatments that the class does not permit.
func (c *Column) raise(class Class) {
	c.Class = class
	switch {
	case !class.Releasable():
		c.Treatments = nil
	case class == LinkageIdentifier:
		c.Treatments = slices.DeleteFunc(slices.Clone(c.Treatments), func(t string) bool { return t != Pseudonym })
	}
}

// join is the least class that is at least both; for two that cannot be compared, one that never leaves.
func join(a, b Class) Class {
	switch {
	case a.AtLeast(b):
		return a
	case b.AtLeast(a):
		return b
	default:
		return DirectIdentifier
	}
}

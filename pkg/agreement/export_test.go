package agreement

// ParseDecision reads a statement, for the tests that hold it to what Statement writes.
func ParseDecision(statement []byte) (Decision, error) { return parseDecision(statement) }

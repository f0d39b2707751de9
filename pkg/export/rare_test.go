package export_test
func rareCodes() []string { return nil }

package minimise

// Runs are the spill files of the stage.
func (s *Stage) Runs() []string { return s.runs }

package minimise

// SetBudget sets how many bytes of rows the stage holds before it spills.
func (s *Stage) SetBudget(bytes int) { s.budget = bytes }

// Runs are the spill files of the stage.
func (s *Stage) Runs() []string { return s.runs }

package export_test
import ("testing";"time")
func rareCodes() []string { return nil }
func TestSpeed(t *testing.T) {
	s := time.Now()
	c := newCouncil(t, shippedAgreement(t))
	t.Log("council", time.Since(s)); s = time.Now()
	dir := smallCohort(t)
	t.Log("cohort", time.Since(s)); s = time.Now()
	r := c.export(t, shippedID, dir)
	t.Log("export", time.Since(s), r.Outcome, r.Drop); s = time.Now()
	r = c.export(t, shippedID, dir)
	t.Log("again", time.Since(s), r.Outcome, r.Drop); s = time.Now()
	g := c.gateway(t)
	_ = g
	w := newCouncil(t, wideAgreement(c.catalogue, wideID, usualPeriod, "null"))
	s = time.Now()
	r = w.export(t, wideID, dir)
	t.Log("wide", time.Since(s), r.Outcome, r.Drop)
}

func TestChild(t *testing.T) {
	dir := smallCohort(t)
	c := newCouncil(t, shippedAgreement(t))
	for _, o := range []order{{}, {KillAtStep: 3}, {}, {}, {FileLimit: 3000}} {
		o.Council, o.Now, o.Extracts, o.Agreement = c.dir, c.now, []string{dir}, c.agreementFile(shippedID)
		o.Spill = 500
		s := time.Now()
		said, killed := runAlone(t, o)
		t.Logf("%v %v %+v", time.Since(s), killed, said)
	}
}

package agreement_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/postern-gateway/postern/pkg/agreement"
	"github.com/postern-gateway/postern/pkg/civil"
	"github.com/postern-gateway/postern/pkg/dataset"
	"github.com/postern-gateway/postern/pkg/finding"
)

// whole is an agreement in which every field has a value, and every list something in it.
func whole(t testing.TB, cat *dataset.Catalogue) *agreement.Agreement {
	t.Helper()
	a, err := agreement.Parse("a.yaml", []byte(golden), cat)
	if err != nil {
		t.Fatal(err)
	}
	a.Period.TermReason = "One day more"
	day := civil.MustYMD(2026, 5, 1)
	fill(reflect.ValueOf(a).Elem(), &day)
	// An own map beside the named one, and a date counted from an event.
	a.Choices.Premiums, a.Choices.Confidential = []string{"deprivation", "service"}, []string{"folk"}
	a.Choices.Ethnicity = map[string]string{"AWEL": "AIND"}
	a.Choices.Stricter = map[string]finding.Severity{"SOURCES_DIFFER": finding.Quarantine}
	people := &a.Tables[1]
	people.Columns = append(people.Columns, agreement.Column{Name: "own", From: "PLACE", Treatment: agreement.Treatment{
		Kind: dataset.CodeMapTo, Pairs: []dataset.CodePair{{From: "K1", To: "home"}, {From: "U1", To: "kin"}, {From: "U2", To: "kin"}},
	}})
	return a
}

// copied is a copy of an agreement that shares nothing with it.
func copied(a *agreement.Agreement) *agreement.Agreement {
	out := reflect.New(reflect.TypeFor[agreement.Agreement]())
	deepCopy(out.Elem(), reflect.ValueOf(a).Elem())
	return out.Interface().(*agreement.Agreement)
}

func deepCopy(to, from reflect.Value) {
	switch from.Kind() {
	case reflect.Pointer:
		if !from.IsNil() {
			to.Set(reflect.New(from.Type().Elem()))
			deepCopy(to.Elem(), from.Elem())
		}
	case reflect.Struct:
		for i := range from.NumField() {
			deepCopy(to.Field(i), from.Field(i))
		}
	case reflect.Slice:
		if !from.IsNil() {
			to.Set(reflect.MakeSlice(from.Type(), from.Len(), from.Len()))
		}
		for i := range from.Len() {
			deepCopy(to.Index(i), from.Index(i))
		}
	case reflect.Map:
		if !from.IsNil() {
			to.Set(reflect.MakeMap(from.Type()))
		}
		for _, key := range from.MapKeys() {
			to.SetMapIndex(key, from.MapIndex(key))
		}
	default:
		to.Set(from)
	}
}

// fill gives a value to every field that has none; what a treatment has no use for stays empty.
func fill(v reflect.Value, day *civil.Date) {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		fill(v.Elem(), day)
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[agreement.Treatment]() {
			return
		}
		for i := range v.NumField() {
			fill(v.Field(i), day)
		}
	case reflect.Slice:
		if v.Len() == 0 && v.Type() != reflect.TypeFor[[]string]() {
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		}
		for i := range v.Len() {
			fill(v.Index(i), day)
		}
	case reflect.Map:
		if v.Len() == 0 {
			v.Set(reflect.MakeMap(v.Type()))
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			fill(key, day)
			fill(value, day)
			v.SetMapIndex(key, value)
		}
	case reflect.Uint8:
		if v.Uint() == 0 {
			v.SetUint(uint64(finding.Quarantine))
		}
	case reflect.String:
		if v.String() == "" {
			v.SetString("stated")
		}
	case reflect.Int:
		if v.Int() == 0 {
			v.SetInt(7)
		}
	case reflect.Int32:
		if v.Int() == 0 {
			v.SetInt(int64(*day))
		}
	case reflect.Float64:
		if v.Float() == 0 {
			v.SetFloat(0.5)
		}
	case reflect.Bool:
		v.SetBool(true)
	}
}

// leaf is one value of an agreement: where it is, by names of fields, and a way to it from the top.
type leaf struct {
	name string
	at   func(a *agreement.Agreement) reflect.Value
}

// leavesOf lists every value of an agreement that is no struct and no list, and every list.
func leavesOf(a *agreement.Agreement) []leaf {
	var out []leaf
	var walk func(name string, v reflect.Value, at func(*agreement.Agreement) reflect.Value)
	walk = func(name string, v reflect.Value, at func(*agreement.Agreement) reflect.Value) {
		switch v.Kind() {
		case reflect.Pointer:
			out = append(out, leaf{name + " (gone)", at})
			if !v.IsNil() {
				walk(name, v.Elem(), func(a *agreement.Agreement) reflect.Value { return at(a).Elem() })
			}
		case reflect.Struct:
			for i := range v.NumField() {
				walk(strings.TrimPrefix(name+"."+v.Type().Field(i).Name, "."), v.Field(i), func(a *agreement.Agreement) reflect.Value { return at(a).Field(i) })
			}
		case reflect.Slice:
			out = append(out, leaf{name + "[] (shorter)", at})
			for i := range v.Len() {
				walk(name+"[]", v.Index(i), func(a *agreement.Agreement) reflect.Value { return at(a).Index(i) })
			}
		default:
			out = append(out, leaf{name, at})
		}
	}
	walk("", reflect.ValueOf(a).Elem(), func(a *agreement.Agreement) reflect.Value { return reflect.ValueOf(a).Elem() })
	return out
}

// alter changes a value to another; false when there is nothing to change.
func alter(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return false
		}
		v.SetZero()
	case reflect.Slice:
		if v.Len() == 0 {
			return false
		}
		v.Set(v.Slice(0, v.Len()-1))
	case reflect.Map:
		if v.Len() == 0 {
			return false
		}
		key := slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })[0]
		value := reflect.New(v.Type().Elem()).Elem()
		value.Set(v.MapIndex(key))
		alter(value)
		v.SetMapIndex(key, value)
	case reflect.Uint8:
		v.SetUint(v.Uint() + 1)
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Int, reflect.Int32:
		v.SetInt(v.Int() + 1)
	case reflect.Float64:
		v.SetFloat(v.Float() / 2)
	case reflect.Bool:
		v.SetBool(!v.Bool())
	default:
		return false
	}
	return true
}

// notCompared are the fields of an agreement that are another in each version, and tell nothing of what it allows.
func notCompared() []string { return []string{"Version", "Supersedes", "File", "SHA256"} }

// A field that somebody adds to an agreement has to be compared, or to be named among those that are not.
func TestDiffNoticesEveryField(t *testing.T) {
	cat := catalogue(t)
	noticed := make(map[string]bool)
	was := whole(t, cat)
	for i, l := range leavesOf(was) {
		is := copied(was)
		if _, seen := noticed[l.name]; !seen {
			noticed[l.name] = false
		}
		at := leavesOf(is)[i].at(is)
		if !alter(at) {
			continue
		}
		if d := agreement.Diff(was, is, cat); !d.None() {
			noticed[l.name] = true
			if len(d.Widened)+len(d.Narrowed) == 0 && strings.Contains(l.name, "(gone)") && strings.Count(l.name, ".") == 0 {
				t.Errorf("%s: it makes no difference", l.name)
			}
		}
	}
	if len(noticed) < 120 {
		t.Fatalf("only %d fields", len(noticed))
	}
	for _, name := range slices.Sorted(maps.Keys(noticed)) {
		exempt := slices.ContainsFunc(notCompared(), func(n string) bool { return name == n || strings.HasPrefix(name, n+"[") })
		if !noticed[name] && !exempt {
			t.Errorf("a change of %s is in no comparison", name)
		}
		if noticed[name] && exempt {
			t.Errorf("%s is compared after all", name)
		}
	}
}

// directional lists what changed in a direction that is known.
func directional(changes []agreement.Change) []string {
	var out []string
	for _, c := range changes {
		if !c.Unclear {
			out = append(out, c.What)
		}
	}
	slices.Sort(out)
	return out
}

// holdsBackwards checks that what one way widens, the other way narrows.
func holdsBackwards(t *testing.T, cat *dataset.Catalogue, name string, was, is *agreement.Agreement) {
	t.Helper()
	there, back := agreement.Diff(was, is, cat), agreement.Diff(is, was, cat)
	if a, b := directional(there.Widened), directional(back.Narrowed); !slices.Equal(a, b) {
		t.Errorf("%s: widened %q, and narrowed on the way back %q", name, a, b)
	}
	if a, b := directional(there.Narrowed), directional(back.Widened); !slices.Equal(a, b) {
		t.Errorf("%s: narrowed %q, and widened on the way back %q", name, a, b)
	}
	if a, b := len(there.Widened)-len(directional(there.Widened)), len(back.Widened)-len(directional(back.Widened)); a != b {
		t.Errorf("%s: %d unclear, and %d on the way back", name, a, b)
	}
	if len(there.Changed) != len(back.Changed) || there.Unchanged != back.Unchanged {
		t.Errorf("%s: %d changed and %d unchanged, on the way back %d and %d", name, len(there.Changed), there.Unchanged, len(back.Changed), back.Unchanged)
	}
	for _, change := range slices.Concat(there.Widened, there.Narrowed, there.Changed) {
		if change.What == "" || !strings.HasSuffix(change.Sentence, ".") || strings.Contains(change.Sentence, "%!") || strings.Contains(change.Sentence, "  ") {
			t.Errorf("%s: %q: %q", name, change.What, change.Sentence)
		}
	}
}

func TestDiffBackwards(t *testing.T) {
	cat := catalogue(t)
	was := whole(t, cat)
	for i, l := range leavesOf(was) {
		is := copied(was)
		if alter(leavesOf(is)[i].at(is)) {
			holdsBackwards(t, cat, l.name, was, is)
		}
	}
	// Two changes at once, of fields far apart.
	all := leavesOf(was)
	for i := range all {
		is := copied(was)
		of := leavesOf(is)
		other := (i*31 + 17) % len(all)
		if strings.Contains(all[i].name+all[other].name, "(") {
			continue // what is cut off first is not there to change
		}
		alter(of[i].at(is))
		alter(of[other].at(is))
		holdsBackwards(t, cat, fmt.Sprintf("%s and %s", all[i].name, all[other].name), was, is)
	}
}

// An agreement does not differ from itself, nor from one that says the same in another order.
func TestDiffNothing(t *testing.T) {
	cat := catalogue(t)
	a, b := whole(t, cat), whole(t, cat)
	b.Version, b.Supersedes, b.File, b.SHA256[0] = 9, "another", "b.yaml", 1
	slices.Reverse(b.Tables)
	slices.Reverse(b.Tables[0].Columns)
	slices.Reverse(b.Transfer.Locations)
	slices.Reverse(b.Cohort.Where)
	slices.Reverse(b.Tables[0].Columns[0].Treatment.Pairs)
	d := agreement.Diff(a, b, cat)
	if !d.None() || d.Unchanged < 90 {
		t.Errorf("%+v", d)
	}
	var text strings.Builder
	if err := agreement.DiffText(&text, d); err != nil || !strings.Contains(text.String(), "Nothing that this compares has changed") {
		t.Errorf("%v: %s", err, text.String())
	}
}

package state

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-gateway/postern/pkg/finding"
)

// What an agreement has no record of.
var (
	ErrNoRun       = errors.New("no such run")
	ErrNoPreflight = errors.New("no such pre-flight record")
)

// AddRun keeps the record of a run, a JSON object of the caller's making, and returns its number: 1 for an agreement's first,
// and one more than the highest so far for each further one. It is on the disk when AddRun returns, in
// runs/<agreement>/<number, six digits>.json, and is never changed.
func (f *Folder) AddRun(agreement string, record json.RawMessage) (int, error) {
	return f.addRecord(runsFolder, agreement, record)
}

// Runs gives the numbers of an agreement's runs in ascending order, none when it has not run.
func (f *Folder) Runs(agreement string) ([]int, error) { return f.records(runsFolder, agreement) }

// Run gives the record of a run, the bytes that AddRun was given: ErrNoRun when there is none of that number.
func (f *Folder) Run(agreement string, number int) (json.RawMessage, error) {
	record, err := f.record(runsFolder, agreement, number)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, finding.WithHint(fmt.Errorf("state: %s, run %d: %w", agreement, number, ErrNoRun), "list the agreement's runs")
	}
	return record, err
}

// AddPreflight keeps what was checked before a run, as AddRun keeps the record of the run itself: a JSON object, on the
// disk when AddPreflight returns, in preflight/<agreement>/<number, six digits>.json, and never changed. A run that is
// killed right after it leaves a record that no entry of the register names; the next run makes one of its own.
func (f *Folder) AddPreflight(agreement string, record json.RawMessage) (int, error) {
	return f.addRecord(preflightFolder, agreement, record)
}

// Preflights gives the numbers of an agreement's pre-flight records in ascending order, none when it has none.
func (f *Folder) Preflights(agreement string) ([]int, error) {
	return f.records(preflightFolder, agreement)
}

// Preflight gives a pre-flight record, the bytes that AddPreflight was given: ErrNoPreflight when there is none of that
// number.
func (f *Folder) Preflight(agreement string, number int) (json.RawMessage, error) {
	record, err := f.record(preflightFolder, agreement, number)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, finding.WithHint(fmt.Errorf("state: %s, pre-flight %d: %w", agreement, number, ErrNoPreflight), "list the agreement's pre-flight records")
	}
	return record, err
}

// addRecord keeps a numbered record of an agreement in the folder of its kind.
func (f *Folder) addRecord(kind, agreement string, record json.RawMessage) (int, error) {
	if err := checkName("an agreement", agreement); err != nil {
		return 0, err
	}
	if object := bytes.TrimSpace(record); !json.Valid(object) || object[0] != '{' {
		return 0, errors.New("state: a record is one JSON object")
	}
	folder, err := f.made(kind, agreement)
	if err != nil {
		return 0, failed(err)
	}
	defer folder.Close()
	for {
		numbers, err := recordNumbers(folder)
		if err != nil {
			return 0, failed(err)
		}
		next := 1
		if len(numbers) > 0 {
			next = numbers[len(numbers)-1] + 1
		}
		err = writeNew(folder, recordName(next), record)
		if errors.Is(err, fs.ErrExist) {
			continue // another goroutine's was faster
		}
		if err != nil {
			return 0, failed(err)
		}
		return next, nil
	}
}

// records lists the numbers of an agreement's records of a kind.
func (f *Folder) records(kind, agreement string) ([]int, error) {
	if err := checkName("an agreement", agreement); err != nil {
		return nil, err
	}
	folder, err := f.at(kind, agreement)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(err)
	}
	defer folder.Close()
	numbers, err := recordNumbers(folder)
	return numbers, failed(err)
}

// record reads a record: fs.ErrNotExist when it is not there.
func (f *Folder) record(kind, agreement string, number int) (json.RawMessage, error) {
	if err := checkName("an agreement", agreement); err != nil {
		return nil, err
	}
	folder, err := f.at(kind, agreement)
	if err != nil {
		return nil, failed(err)
	}
	defer folder.Close()
	record, err := readFile(folder, recordName(number))
	return record, failed(err)
}

const recordEnding = ".json"

func recordName(number int) string { return fmt.Sprintf("%06d%s", number, recordEnding) }

// recordNumbers reads the numbers of the records in a folder, in order. Names that recordName does not make are passed over.
func recordNumbers(folder *os.Root) ([]int, error) {
	entries, err := list(folder)
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, entry := range entries {
		number, err := strconv.Atoi(strings.TrimSuffix(entry.Name(), recordEnding))
		if err == nil && number > 0 && recordName(number) == entry.Name() {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers) // by number: the names of more than 999,999 runs are not in order
	return numbers, nil
}

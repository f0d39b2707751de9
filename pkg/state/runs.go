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

// ErrNoRun is the error of Run when an agreement has no run of a number.
var ErrNoRun = errors.New("no such run")

// AddRun keeps the record of a run, a JSON object of the caller's making, and returns its number: 1 for an agreement's first,
// and one more than the highest so far for each further one. It is on the disk when AddRun returns, in
// runs/<agreement>/<number, six digits>.json, and is never changed.
func (f *Folder) AddRun(agreement string, record json.RawMessage) (int, error) {
	if err := checkName("an agreement", agreement); err != nil {
		return 0, err
	}
	if object := bytes.TrimSpace(record); !json.Valid(object) || object[0] != '{' {
		return 0, errors.New("state: a run record is one JSON object")
	}
	folder, err := f.made(runsFolder, agreement)
	if err != nil {
		return 0, failed(err)
	}
	defer folder.Close()
	for {
		numbers, err := runNumbers(folder)
		if err != nil {
			return 0, failed(err)
		}
		next := 1
		if len(numbers) > 0 {
			next = numbers[len(numbers)-1] + 1
		}
		err = writeNew(folder, runName(next), record)
		if errors.Is(err, fs.ErrExist) {
			continue // another goroutine's run was faster
		}
		if err != nil {
			return 0, failed(err)
		}
		return next, nil
	}
}

// Runs gives the numbers of an agreement's runs in ascending order, none when it has not run.
func (f *Folder) Runs(agreement string) ([]int, error) {
	if err := checkName("an agreement", agreement); err != nil {
		return nil, err
	}
	folder, err := f.at(runsFolder, agreement)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, failed(err)
	}
	defer folder.Close()
	numbers, err := runNumbers(folder)
	return numbers, failed(err)
}

// Run gives the record of a run, the bytes that AddRun was given: ErrNoRun when there is none of that number.
func (f *Folder) Run(agreement string, number int) (json.RawMessage, error) {
	if err := checkName("an agreement", agreement); err != nil {
		return nil, err
	}
	folder, err := f.at(runsFolder, agreement)
	if err == nil {
		defer folder.Close()
		var record []byte
		if record, err = readFile(folder, runName(number)); err == nil {
			return record, nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, finding.WithHint(fmt.Errorf("state: %s, run %d: %w", agreement, number, ErrNoRun), "list the agreement's runs")
	}
	return nil, failed(err)
}

const runEnding = ".json"

func runName(number int) string { return fmt.Sprintf("%06d%s", number, runEnding) }

// runNumbers reads the numbers of the records in a folder, in order. Names that runName does not make are passed over.
func runNumbers(folder *os.Root) ([]int, error) {
	entries, err := list(folder)
	if err != nil {
		return nil, err
	}
	var numbers []int
	for _, entry := range entries {
		number, err := strconv.Atoi(strings.TrimSuffix(entry.Name(), runEnding))
		if err == nil && number > 0 && runName(number) == entry.Name() {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers) // by number: the names of more than 999,999 runs are not in order
	return numbers, nil
}

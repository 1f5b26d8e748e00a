package guc

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// Names of the files in a data directory.
const (
	configFileName     = "postgresql.conf"
	autoConfigFileName = "postgresql.auto.conf"
	hbaFileName        = "pg_hba.conf"
	identFileName      = "pg_ident.conf"
)

func itoa(n int) string { return strconv.Itoa(n) }

// LoadFiles reads the configuration at start. dir is what -D said: the data directory, or the directory of a
// postgresql.conf that names it; "" where config_file and data_directory were given on the command line. Set
// command-line options before. Afterwards data_directory, config_file, hba_file and ident_file are absolute.
//
// If anything is wrong nothing is applied and the error is an Errors: all that was found, the verdict last.
func (s *Settings) LoadFiles(dir string) error {
	config, err := s.configPath(dir)
	if err != nil {
		return err
	}
	var r reader
	r.readFile(config, true, place{})
	data, err := s.dataPath(dir, r.items)
	if err != nil {
		return append(r.errs, err.(Errors)...)
	}
	r.readAuto(data)
	next := s.Clone()
	for _, item := range last(r.items) {
		if err := next.assign(item, false); err != nil {
			r.fail(err)
		}
	}
	if len(r.errs) > 0 {
		r.fail(verdict(config, ""))
		return r.errs
	}
	next.override(ConfigFile, config)
	next.override(DataDirectory, data)
	if err := next.besideData(HbaFile, data, hbaFileName); err != nil {
		return err
	}
	if err := next.besideData(IdentFile, data, identFileName); err != nil {
		return err
	}
	*s = *next
	return nil
}

func (s *Settings) override(id ID, text string) {
	s.values[id] = value{str: text, source: SourceOverride}
}

// besideData makes a file's path absolute, the named one in the data directory if none is set.
func (s *Settings) besideData(id ID, data, name string) error {
	path := s.String(id)
	if path == "" {
		path = filepath.Join(data, name)
	}
	abs, err := absolute(path)
	if err != nil {
		return err
	}
	s.override(id, abs)
	return nil
}

func absolute(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", Errors{{SQLSTATE: fileCode(err), Message: "could not determine current directory: " + reason(err)}}
	}
	return abs, nil
}

func (s *Settings) configPath(dir string) (string, error) {
	if path := s.String(ConfigFile); path != "" {
		return absolute(path)
	}
	if dir == "" {
		return "", Errors{{SQLSTATE: codeConfigFile, Message: "no data directory and no configuration file were given",
			Hint: "Use -D, the environment variable PGDATA, or --config-file."}}
	}
	return absolute(filepath.Join(dir, configFileName))
}

// dataPath finds the data directory: from the command line, else from postgresql.conf, else dir.
func (s *Settings) dataPath(dir string, items []assignment) (string, error) {
	path := s.String(DataDirectory)
	if path == "" {
		for _, item := range items {
			if compareFold(item.name, params[DataDirectory].Name) == 0 {
				path = item.text
			}
		}
	}
	if path == "" {
		path = dir
	}
	if path == "" {
		return "", Errors{{SQLSTATE: codeConfigFile, Message: "no data directory was given",
			Hint: "Set data_directory in the configuration file, use -D, or the environment variable PGDATA."}}
	}
	return absolute(path)
}

// readAuto reads the data directory's postgresql.auto.conf, which need not be there and says nothing about where
// the data directory is.
func (r *reader) readAuto(data string) {
	path := filepath.Join(data, autoConfigFileName)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return
	}
	n := len(r.items)
	r.readFile(path, true, place{})
	kept := r.items[:n]
	for _, item := range r.items[n:] {
		if id, ok := Find(item.name); !ok || params[id].Flags&flagNotInAutoFile == 0 {
			kept = append(kept, item)
		}
	}
	r.items = kept
}

// verdict is the last word on files with errors.
func verdict(config, applied string) *Error {
	return &Error{SQLSTATE: codeConfigFile, Message: "configuration file " + quote(config) + " contains errors" + applied}
}

// assign gives one setting the value that a file has for it. On reload, a setting that only a start can change
// must stay what it is, unless the command line has the say.
func (s *Settings) assign(item assignment, reload bool) *Error {
	id, ok := Find(item.name)
	if !ok {
		return s.assignOther(item)
	}
	p := &params[id]
	v, err := p.parse(item.text)
	switch was := s.values[id]; {
	case p.Context == Internal || p.Flags&flagNotInFile != 0:
		err = cannotChange(p.Name, "changed")
	case err != nil:
	case reload && p.Context == Postmaster && was.source <= SourceFile && !v.same(was):
		err = cannotChange(p.Name, "changed without restarting the server")
	default:
		s.put(id, v, SourceFile)
		return nil
	}
	err.File, err.Line = item.file, item.line
	return err
}

func (s *Settings) assignOther(item assignment) *Error {
	if !isCustom(item.name) {
		e := unrecognized(item.name)
		e.File, e.Line = item.file, item.line
		e.Message += " in file " + quote(item.file) + " line " + itoa(item.line)
		return e
	}
	s.putOther(item.name, item.text, SourceFile)
	return nil
}

// Report is what a reload came to.
type Report struct {
	Changes []Change
	Errors  Errors   // all that is wrong, the verdict last; empty if all is well
	Skipped []string // files of include_if_exists that are not there
}

// Reloaded reads the configuration again, as on SIGHUP, and gives the settings that hold from now on; s stays as it
// is. Files with syntax errors or unknown names change nothing, and s itself comes back. A bad value, or one that
// only a start can change, is reported and leaves that one setting as it was.
func (s *Settings) Reloaded() (*Settings, Report) {
	config := s.String(ConfigFile)
	var r reader
	r.readFile(config, true, place{})
	r.readAuto(s.String(DataDirectory))
	items := last(r.items)
	for _, item := range items {
		if err := known(item); err != nil {
			r.fail(err)
		}
	}
	if len(r.errs) > 0 {
		r.fail(verdict(config, "; no changes were applied"))
		return s, Report{Errors: r.errs, Skipped: r.skipped}
	}
	next := s.Clone()
	next.forgetRemoved(items, &r)
	for _, item := range items {
		if err := next.assign(item, true); err != nil {
			r.fail(err)
		}
	}
	if len(r.errs) > 0 {
		r.fail(verdict(config, "; unaffected changes were applied"))
	}
	return next, Report{Changes: next.Changed(s), Errors: r.errs, Skipped: r.skipped}
}

func known(item assignment) *Error {
	if _, ok := Find(item.name); ok {
		return nil
	}
	return new(Settings).assignOther(item)
}

// forgetRemoved gives every setting that came from a file and stands in none any more its default.
func (s *Settings) forgetRemoved(items []assignment, r *reader) {
	var there [numParams]bool
	for _, item := range items {
		if id, ok := Find(item.name); ok {
			there[id] = true
		}
	}
	for id := range params {
		if s.values[id].source != SourceFile || there[id] {
			continue
		}
		boot := bootValue(ID(id))
		if params[id].Context == Postmaster {
			if !boot.same(s.values[id]) {
				r.fail(cannotChange(params[id].Name, "changed without restarting the server"))
			}
			continue
		}
		s.values[id] = boot
	}
	kept := s.others[:0]
	for _, o := range s.others {
		if o.source != SourceFile {
			kept = append(kept, o)
		}
	}
	s.others = kept
}

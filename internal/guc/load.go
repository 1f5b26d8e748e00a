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
	next.process(&r, Postmaster, true)
	if len(r.errs) > 0 {
		r.verdict(config, "")
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

// process does what the files say. Unknown names and bad syntax keep it from applying anything; a bad value, or one that
// cannot be changed now, is reported and leaves that one setting as it was. Where apply is false everything is looked at
// and nothing changed. (PostgreSQL: ProcessConfigFileInternal.)
func (s *Settings) process(r *reader, context Context, apply bool) (applying bool) {
	there := r.lookUp(s)
	if len(r.errs) > 0 && context != Postmaster { // at a start, all that is wrong is said at once
		return false
	}
	s.forgetRemoved(there, r, apply)
	for i := range r.items {
		item := &r.items[i]
		if item.name == "" || item.ignored || item.problem != "" {
			continue
		}
		id, err := s.findOrMake(item.name)
		result := left
		if err == nil {
			a := attempt{context: context, source: SourceFile, apply: apply, line: int32(item.line)}
			if apply {
				a.file = s.fileNumber(item.file)
			}
			result, err = s.fromFile(id, item, a)
		}
		if err != nil {
			err.File, err.Line = item.file, item.line
			item.problem = "setting could not be applied"
			r.fail(err)
			continue
		}
		item.applied, item.changed = true, result == changed
	}
	return true
}

// fromFile is assign for a setting of a file, and keeps where it stands.
func (s *Settings) fromFile(id ID, item *assignment, a attempt) (outcome, *Error) {
	if param(id).Flags&flagNotInFile != 0 {
		return refused, cannotChange(s.name(id), "changed")
	}
	return s.assign(id, &item.text, a)
}

// fileNumber is a file's place in s.files, counted from 1 on.
func (s *Settings) fileNumber(path string) uint16 {
	for i, f := range s.files {
		if f == path {
			return uint16(i + 1)
		}
	}
	if len(s.files) == 1<<16-1 {
		return 0
	}
	s.files = append(s.files, path)
	return uint16(len(s.files))
}

// lookUp checks that all names can be settings, and marks all but the last assignment to each as ignored; where a name is
// spelled in several ways, the last of each counts, one after the other, as in PostgreSQL. It gives the names that stand in
// the files, as the settings spell them, in lower case.
func (r *reader) lookUp(s *Settings) map[string]bool {
	there, spelled := make(map[string]bool, len(r.items)), make(map[string]bool, len(r.items))
	for i := len(r.items) - 1; i >= 0; i-- {
		item := &r.items[i]
		if item.name == "" {
			continue
		}
		there[lowerName(currentName(item.name))] = true
		if _, ok := s.find(item.name); ok {
			item.ignored = spelled[item.name]
			spelled[item.name] = true
		}
	}
	for i := range r.items {
		item := &r.items[i]
		if item.name == "" || item.ignored {
			continue
		}
		if _, ok := s.find(item.name); !ok && !isCustom(item.name) {
			e := unrecognized(item.name)
			e.File, e.Line = item.file, item.line
			e.Message += " in file " + quote(item.file) + " line " + itoa(item.line)
			item.problem = "unrecognized configuration parameter"
			r.fail(e)
		}
	}
	return there
}

func lowerName(s string) string {
	b := []byte(s)
	for i := range b {
		b[i] = lower(b[i])
	}
	return string(b)
}

// forgetRemoved gives every setting that came from a file and stands in none any more its default.
func (s *Settings) forgetRemoved(there map[string]bool, r *reader, apply bool) {
	for id := range numParams + ID(len(s.others)) {
		if s.reset(id).source != SourceFile || there[lowerName(s.name(id))] {
			continue
		}
		if param(id).Context < Sighup {
			if apply {
				s.waits(id)
			}
			e := cannotChange(s.name(id), "changed without restarting the server")
			r.items = append(r.items, assignment{problem: e.Message})
			r.fail(e)
			continue
		}
		if apply {
			s.forget(id)
		}
	}
}

// forget takes a setting's value from the files back, wherever it is kept.
func (s *Settings) forget(id ID) {
	v := s.defaultValue(id)
	for i := range s.resets {
		if r := &s.resets[i]; r.id == id && r.source == SourceFile {
			r.value = v
		}
	}
	for i := range s.stack {
		if l := &s.stack[i]; l.id == id && l.prior.source == SourceFile {
			l.prior = v
		}
	}
	if now := s.at(id); now.source == SourceFile {
		*now = v
		s.touched = s.session
	}
}

// verdict adds the last word on files with errors: it names the last file in which there was one.
func (r *reader) verdict(config, applied string) {
	file := config
	for _, e := range r.errs {
		if e.File != "" {
			file = e.File
		}
	}
	r.fail(&Error{SQLSTATE: codeConfigFile, Message: "configuration file " + quote(file) + " contains errors" + applied})
}

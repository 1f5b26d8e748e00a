package guc

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/durable"
)

// autoConfHead begins postgresql.auto.conf.
const autoConfHead = "# Written by ALTER SYSTEM, which replaces the whole file: do not edit it.\n"

// lockTimeout bounds the wait for another process that is writing postgresql.auto.conf.
const lockTimeout = 10 * time.Second

// AlterSystem does ALTER SYSTEM SET name = text, or, where text is nil, RESET: it writes postgresql.auto.conf, so that a
// power cut leaves it as it was or as it is to be. Nothing changes before the next reload, or start.
func (s *Settings) AlterSystem(name string, text *string, who *Privileges) error {
	if err := s.mayAlterSystem(); err != nil {
		return err
	}
	if !who.mayAlter(name) {
		return &Error{SQLSTATE: codeDenied, Message: "permission denied to set parameter " + quote(name)}
	}
	if err := s.checkAltered(name, text); err != nil {
		return err
	}
	return s.rewriteAutoConf(func(items []assignment) []assignment {
		var kept []assignment
		for _, item := range items {
			if compareFold(currentName(item.name), currentName(name)) != 0 {
				kept = append(kept, item)
			}
		}
		if text != nil {
			kept = append(kept, assignment{name: name, text: *text})
		}
		return kept
	})
}

// AlterSystemResetAll does ALTER SYSTEM RESET ALL.
func (s *Settings) AlterSystemResetAll(who *Privileges) error {
	if err := s.mayAlterSystem(); err != nil {
		return err
	}
	if who != nil && !who.Superuser {
		return &Error{SQLSTATE: codeDenied, Message: "permission denied to perform ALTER SYSTEM RESET ALL"}
	}
	return s.rewriteAutoConf(nil)
}

func (s *Settings) mayAlterSystem() error {
	if !s.Bool(AllowAlterSystem) {
		return &Error{SQLSTATE: codeUnsupported, Message: "ALTER SYSTEM is not allowed in this environment"}
	}
	return nil
}

// checkAltered looks at what is to stand in the file.
func (s *Settings) checkAltered(name string, text *string) error {
	id, ok := s.find(name)
	switch {
	case !ok && !isQualified(name):
		return unrecognized(name)
	case !ok && !isCustom(name):
		return invalidName(name)
	case ok:
		p := param(id)
		if p.Context == Internal || p.Flags&(flagNotInFile|flagNotInAutoFile) != 0 {
			return cannotChange(s.name(id), "changed")
		}
		if text != nil {
			if _, err := s.newValue(id, p, text, attempt{source: SourceFile}); err != nil {
				return err
			}
		}
	}
	if text != nil && strings.IndexByte(*text, '\n') >= 0 {
		return &Error{SQLSTATE: codeInvalidValue, Message: "parameter value for ALTER SYSTEM must not contain a newline"}
	}
	return nil
}

// rewriteAutoConf replaces the file by one with the entries that edit gives; a nil edit gives none.
func (s *Settings) rewriteAutoConf(edit func([]assignment) []assignment) error {
	path := filepath.Join(s.String(DataDirectory), autoConfigFileName)
	lock, err := lockFile(path)
	if err != nil {
		return err
	}
	defer lock.Close()
	var items []assignment
	if edit != nil {
		var r reader
		r.readFile(path, true, place{})
		if len(r.errs) > 0 {
			return &Error{SQLSTATE: codeConfigFile, Message: "could not parse contents of file " + quote(autoConfigFileName),
				Detail: r.errs[0].Error()}
		}
		items = edit(r.items)
	}
	info, err := lock.Stat()
	if err != nil {
		return fileError("stat", err)
	}
	if err := durable.WriteFile(path, []byte(autoConfText(items)), info.Mode().Perm()); err != nil {
		return fileError("write", err)
	}
	return nil
}

func autoConfText(items []assignment) string {
	var b strings.Builder
	b.WriteString(autoConfHead)
	for _, item := range items {
		b.WriteString(item.name + " = '" + strings.NewReplacer(`'`, `''`, `\`, `\\`).Replace(item.text) + "'\n")
	}
	return b.String()
}

// lockFile opens a file, which is made if it is not there, and locks it against others that would replace it: who holds the
// lock of the file that now has the name may give the name to another.
func lockFile(path string) (*os.File, error) {
	for deadline := time.Now().Add(lockTimeout); ; time.Sleep(5 * time.Millisecond) {
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err != nil {
			return nil, fileError("open", err)
		}
		err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil && isStill(path, f) {
			return f, nil
		}
		f.Close()
		if err != nil && !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return nil, fileError("lock", err)
		}
		if time.Now().After(deadline) {
			return nil, &Error{SQLSTATE: codeLocked, Message: "could not lock file " + quote(autoConfigFileName) +
				": another process is writing it"}
		}
	}
}

// isStill says whether path names the open file f.
func isStill(path string, f *os.File) bool {
	named, err := os.Stat(path)
	if err != nil {
		return false
	}
	open, err := f.Stat()
	return err == nil && os.SameFile(named, open)
}

// fileError is a failed access to postgresql.auto.conf.
func fileError(what string, err error) *Error {
	code := fileCode(err)
	if durable.IsNoSpace(err) {
		code = codeDiskFull
	}
	return &Error{SQLSTATE: code,
		Message: "could not " + what + " file " + quote(autoConfigFileName) + ": " + reason(err)}
}

package guc

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	maxDepth        = 10  // of files that include files
	maxSyntaxErrors = 100 // after which a file is given up
)

// assignment is one "name = value" of a file, and what became of it; or, without a name, something wrong.
type assignment struct {
	name, text string
	file       string
	line       int
	ignored    bool   // another one of that name follows
	applied    bool   // its value is good
	changed    bool   // its value holds now
	problem    string // what pg_file_settings says
}

// reader reads one configuration file and all that it includes.
type reader struct {
	items   []assignment
	errs    Errors
	skipped []string // files of include_if_exists that are not there
	hasty   bool     // gives a file up at its first syntax error, as pg_file_settings does
}

// place is where an include directive stands; file "" for a file that no other includes.
type place struct {
	file  string
	line  int
	depth int
}

func (at place) error(sqlstate, message string) *Error {
	return &Error{SQLSTATE: sqlstate, Message: message, File: at.file, Line: at.line}
}

// problem keeps something wrong with the files that concerns no single setting; brief is what pg_file_settings says.
func (r *reader) problem(e *Error, brief string) {
	r.fail(e)
	r.items = append(r.items, assignment{file: e.File, line: e.Line, problem: brief})
}

// resolve makes path absolute: relative to the file that names it.
func (at place) resolve(path string) string {
	if filepath.IsAbs(path) || at.file == "" {
		return filepath.Clean(path)
	}
	return filepath.Join(filepath.Dir(at.file), path)
}

func (r *reader) fail(e *Error) { r.errs = append(r.errs, e) }

// readFile reads the file that at names. A missing one is an error if required.
func (r *reader) readFile(path string, required bool, at place) {
	if trimSpace(path) == "" {
		r.problem(at.error(codeInvalidValue, "empty configuration file name: "+quote(path)), "empty configuration file name")
		return
	}
	if at.depth > maxDepth {
		r.problem(at.error(codeLimit, "could not open configuration file "+quote(path)+": maximum nesting depth exceeded"),
			"nesting depth exceeded")
		return
	}
	path = at.resolve(path)
	if path == at.file {
		r.problem(at.error(codeInvalidValue, "configuration file recursion in "+quote(path)), "configuration file recursion")
		return
	}
	text, err := os.ReadFile(path)
	if err == nil {
		r.parse(string(text), path, at.depth)
		return
	}
	if !required && errors.Is(err, fs.ErrNotExist) {
		r.skipped = append(r.skipped, path)
		return
	}
	r.problem(at.error(fileCode(err), "could not open configuration file "+quote(path)+": "+reason(err)),
		"could not open file "+quote(path))
}

// readDir reads every *.conf in a directory but hidden ones, by name.
func (r *reader) readDir(path string, at place) {
	if trimSpace(path) == "" {
		r.problem(at.error(codeInvalidValue, "empty configuration directory name: "+quote(path)),
			"empty configuration directory name")
		return
	}
	dir := at.resolve(path)
	entries, err := os.ReadDir(dir) // sorted by name
	if err != nil {
		r.problem(at.error(fileCode(err), "could not open configuration directory "+quote(dir)+": "+reason(err)),
			"could not open directory "+quote(dir))
		return
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasPrefix(name, ".") || len(name) < len("x.conf") || !strings.HasSuffix(name, ".conf") {
			continue
		}
		full := filepath.Join(dir, name)
		info, err := os.Stat(full)
		if err != nil {
			r.problem(at.error(fileCode(err), "could not stat file "+quote(full)+": "+reason(err)),
				"could not stat file "+quote(full))
			continue
		}
		if !info.IsDir() {
			r.readFile(full, true, at)
		}
	}
}

// parse reads a file's text. path is absolute.
func (r *reader) parse(text, path string, depth int) {
	s := newScanner(text)
	for failed := 0; ; {
		item, tok, near := s.statement()
		at := place{path, s.line, depth + 1}
		switch {
		case near != "":
			if near == "\n" {
				near = "end of line"
			} else {
				near = "token " + quote(near)
			}
			r.problem(&Error{SQLSTATE: codeSyntax, File: path, Line: s.line,
				Message: "syntax error in file " + quote(path) + " line " + itoa(s.line) + ", near " + near}, "syntax error")
			if failed++; failed == maxSyntaxErrors || r.hasty {
				r.fail(&Error{SQLSTATE: codeLimit, Message: "too many syntax errors found, abandoning file " + quote(path), File: path})
				return
			}
			if tok != tokEOL {
				s.skipLine()
			}
		case item.name != "":
			item.file, item.line = path, s.line
			r.take(item, at)
		}
		if tok == tokEOF {
			return
		}
	}
}

// take keeps an assignment, or does what a directive says.
func (r *reader) take(item assignment, at place) {
	switch {
	case compareFold(item.name, "include") == 0:
		r.readFile(item.text, true, at)
	case compareFold(item.name, "include_if_exists") == 0:
		r.readFile(item.text, false, at)
	case compareFold(item.name, "include_dir") == 0:
		r.readDir(item.text, at)
	default:
		r.items = append(r.items, item)
	}
}

// statement reads one line. It gives the token it ended with; near is "" for a good line (an empty one has no
// name), else the text at which it goes wrong, "\n" for its end.
func (s *scanner) statement() (item assignment, tok token, near string) {
	tok, text := s.scan()
	if tok == tokEOL || tok == tokEOF {
		return item, tok, ""
	}
	if tok != tokID && tok != tokQualifiedID {
		return item, tok, text
	}
	item.name = text
	if tok, text = s.scan(); tok == tokEquals {
		tok, text = s.scan()
	}
	switch tok {
	case tokID, tokNumber, tokWord:
		item.text = text
	case tokString:
		item.text = unquote(text)
	case tokEOL, tokEOF:
		return assignment{}, tok, "\n"
	default:
		return assignment{}, tok, text
	}
	if tok, text = s.scan(); tok == tokEOL || tok == tokEOF {
		return item, tok, ""
	}
	return assignment{}, tok, text
}

// reason is the system's own word for what went wrong, as %m prints it.
func reason(err error) string {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err.Error()
	}
	s := errno.Error()
	return strings.ToUpper(s[:1]) + s[1:]
}

// fileCode is the SQLSTATE for a failed access to a file.
func fileCode(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return codeUndefinedFile
	case errors.Is(err, fs.ErrPermission):
		return codeDenied
	}
	return codeIO
}

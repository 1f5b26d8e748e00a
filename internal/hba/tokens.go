package hba

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// maxDepth is how deep files may include files.
const maxDepth = 10

// maxFiles is how many files one reading may open: files that include each other in each line are more than can be read.
const maxFiles = 1000

// field is the tokens that commas hold together.
type field []word

// line is one line's fields, continued lines taken together.
type line struct {
	fields []field
	file   string
	number int
	raw    string // without the backslashes that continue it
	err    *Error // what is wrong with it already
}

// fail marks an error as the line's own.
func (l *line) fail(err *Error) *Error {
	if err.SQLSTATE == "" {
		err.SQLSTATE = codeConfigFile
	}
	err.File, err.Line = l.file, l.number
	l.err = err
	return err
}

// reader reads a file and all that it includes.
type reader struct {
	lines   []line
	skipped []string
	opened  int
}

// open reads the file at path.
func (r *reader) open(path string, depth int) (string, *Error) {
	if r.opened++; r.opened > maxFiles {
		return "", &Error{Message: `could not open file "` + path + `": too many files`}
	}
	if depth > maxDepth {
		return "", &Error{Message: `could not open file "` + path + `": maximum nesting depth exceeded`}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", cannot(`could not open file "`+path+`"`, err)
	}
	return string(text), nil
}

// cannot is the error for what the system would not do.
func cannot(message string, err error) *Error {
	reason := err.Error()
	var errno syscall.Errno
	if errors.As(err, &errno) {
		reason = capital(errno)
	}
	return &Error{SQLSTATE: fileCode(err), Message: message + ": " + reason, Err: err}
}

// read takes a file's lines, and those of the files that it includes in their place.
func (r *reader) read(text, file string, depth int) {
	for number := 1; text != ""; {
		l := line{file: file, number: number}
		var count int
		l.raw, text, count = cutLine(text)
		r.split(&l, depth)
		if l.err != nil || len(l.fields) > 0 && !r.include(&l, depth) {
			r.lines = append(r.lines, l)
		}
		number += count
	}
}

// cutLine takes off one line and all that continue it, without the backslashes. count is how many there were.
func cutLine(text string) (one, rest string, count int) {
	for rest = text; ; {
		var next string
		next, rest, _ = strings.Cut(rest, "\n")
		next = strings.TrimRight(next, "\r")
		count++
		before, continued := strings.CutSuffix(next, `\`)
		one += before
		if !continued || rest == "" {
			return one, rest, count
		}
	}
}

// include does what an include directive says; false if the line is none, or has got an error.
func (r *reader) include(l *line, depth int) bool {
	if len(l.fields) != 2 {
		return false
	}
	path := beside(l.file, l.fields[1][0].text)
	var err *Error
	switch l.fields[0][0].text {
	case "include":
		err = r.includeFile(path, depth)
	case "include_if_exists":
		err = r.includeFile(path, depth)
		if err != nil && errors.Is(err.Err, fs.ErrNotExist) {
			r.skipped = append(r.skipped, path)
			err = nil
		}
	case "include_dir":
		err = r.includeDir(l.fields[1][0].text, path, depth)
	default:
		return false
	}
	if err != nil {
		l.fail(err)
	}
	return err == nil
}

func (r *reader) includeFile(path string, depth int) *Error {
	text, err := r.open(path, depth+1)
	if err == nil {
		r.read(text, path, depth+1)
	}
	return err
}

// includeDir includes every *.conf but hidden ones, by name. What is wrong with several files is one error of the line.
func (r *reader) includeDir(name, dir string, depth int) *Error {
	if strings.TrimSpace(name) == "" {
		return &Error{Message: `empty configuration directory name: "` + name + `"`, row: "empty configuration directory name"}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		e := cannot(`could not open configuration directory "`+dir+`"`, err)
		e.row = `could not open directory "` + dir + `"`
		return e
	}
	var all *Error
	for _, entry := range entries {
		if entry.IsDir() || !strings.HasSuffix(entry.Name(), ".conf") || strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		err := r.includeFile(filepath.Join(dir, entry.Name()), depth)
		switch {
		case all == nil:
			all = err
		case err != nil:
			all.Message += "\n" + err.Message
		}
	}
	return all
}

// beside makes path absolute: relative to the file that names it.
func beside(file, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(filepath.Dir(file), path)
}

// split takes a line apart, up to the first error.
func (r *reader) split(l *line, depth int) {
	for s := (scanner{rest: l.raw}); s.rest != "" && l.err == nil; {
		var f field
		for l.err == nil {
			w, ok := s.next()
			if !ok {
				break
			}
			if !w.quoted && len(w.text) > 1 && w.text[0] == '@' {
				f = append(f, r.listFile(w.text[1:], l, depth)...)
			} else {
				f = append(f, w)
			}
			if !s.comma {
				break
			}
		}
		if len(f) > 0 {
			l.fields = append(l.fields, f)
		}
	}
}

// listFile gives all tokens of an @file. Its first error is the line's.
func (r *reader) listFile(name string, l *line, depth int) field {
	path := beside(l.file, name)
	text, err := r.open(path, depth+1)
	if err != nil {
		l.fail(err)
		return nil
	}
	inner := reader{opened: r.opened}
	inner.read(text, path, depth+1)
	r.opened = inner.opened
	r.skipped = append(r.skipped, inner.skipped...)
	var all field
	for _, in := range inner.lines {
		if in.err != nil {
			l.fail(in.err)
			break
		}
		for _, f := range in.fields {
			all = append(all, f...)
		}
	}
	return all
}

// scanner cuts one line into tokens. comma says whether the last one ended at a comma.
type scanner struct {
	rest  string
	comma bool
}

func blank(c byte) bool { return c == ' ' || c == '\t' || c == '\r' }

// next gives the next token; false at the line's end. A quote may begin or end anywhere in a token; a doubled one
// inside quotes stands for itself; only one that begins the token takes a keyword's meaning away.
func (s *scanner) next() (w word, ok bool) {
	i := 0
	for i < len(s.rest) && (blank(s.rest[i]) || s.rest[i] == ',') {
		i++
	}
	var text []byte
	in, was, saw := false, false, false
	s.comma = false
	for ; i < len(s.rest); i++ {
		c := s.rest[i]
		if !in && (blank(c) || c == ',') {
			s.comma = c == ','
			break
		}
		if !in && c == '#' {
			i = len(s.rest)
			break
		}
		if c != '"' || was {
			text = append(text, c)
		}
		was = in && c == '"' && !was
		if c == '"' {
			in, saw = !in, true
			w.quoted = w.quoted || len(text) == 0
		}
	}
	s.rest = s.rest[min(i+btoi(s.comma), len(s.rest)):]
	w.text = string(text)
	return w, saw || len(text) > 0
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

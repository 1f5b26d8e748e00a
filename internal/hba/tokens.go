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

// field is the tokens that commas hold together.
type field []word

// line is one line's fields, continued lines taken together.
type line struct {
	fields []field
	file   string
	number int
}

// reader reads a file and all that it includes.
type reader struct {
	lines   []line
	errs    Errors
	skipped []string
}

func (r *reader) fail(file string, number int, message string) {
	r.errs = append(r.errs, &Error{SQLSTATE: codeConfigFile, Message: message, File: file, Line: number})
}

// open reads the file at path, which stands in from, line number.
func (r *reader) open(path, what, from string, number, depth int) (string, bool) {
	if depth > maxDepth {
		r.fail(from, number, "could not open "+what+" \""+path+"\": maximum nesting depth exceeded")
		return "", false
	}
	text, err := os.ReadFile(path)
	if err != nil {
		r.cannot("could not open "+what+" \""+path+"\"", err, from, number)
		return "", false
	}
	return string(text), true
}

func (r *reader) cannot(message string, err error, from string, number int) {
	reason := err.Error()
	var errno syscall.Errno
	if errors.As(err, &errno) {
		reason = capital(errno)
	}
	r.fail(from, number, message+": "+reason)
	r.errs[len(r.errs)-1].Err = err
}

// read takes a file's lines, and those of the files that it includes in their place.
func (r *reader) read(text, file string, depth int) {
	for number := 1; text != ""; {
		var one string
		var count int
		one, text, count = cutLine(text)
		fields := r.split(one, file, number, depth)
		if len(fields) > 0 && !r.include(fields, file, number, depth) {
			r.lines = append(r.lines, line{fields, file, number})
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

// include does what an include directive says; false if the line is none.
func (r *reader) include(fields []field, file string, number, depth int) bool {
	if len(fields) != 2 {
		return false
	}
	path := beside(file, fields[1][0].text)
	switch fields[0][0].text {
	case "include":
		r.includeFile(path, file, number, depth)
	case "include_if_exists":
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			r.skipped = append(r.skipped, path)
			return true
		}
		r.includeFile(path, file, number, depth)
	case "include_dir":
		r.includeDir(path, file, number, depth)
	default:
		return false
	}
	return true
}

func (r *reader) includeFile(path, file string, number, depth int) {
	if text, ok := r.open(path, "file", file, number, depth+1); ok {
		r.read(text, path, depth+1)
	}
}

// includeDir includes every *.conf but hidden ones, by name.
func (r *reader) includeDir(dir, file string, number, depth int) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		r.cannot("could not open configuration directory \""+dir+"\"", err, file, number)
		return
	}
	for _, e := range entries {
		if !e.IsDir() && strings.HasSuffix(e.Name(), ".conf") && !strings.HasPrefix(e.Name(), ".") {
			r.includeFile(filepath.Join(dir, e.Name()), file, number, depth)
		}
	}
}

// beside makes path absolute: relative to the file that names it.
func beside(file, path string) string {
	if filepath.IsAbs(path) {
		return filepath.Clean(path)
	}
	return filepath.Join(filepath.Dir(file), path)
}

// split takes a line apart.
func (r *reader) split(text, file string, number, depth int) []field {
	var fields []field
	for s := (scanner{rest: text}); s.rest != ""; {
		var f field
		for {
			w, ok := s.next()
			if !ok {
				break
			}
			if !w.quoted && len(w.text) > 1 && w.text[0] == '@' {
				f = append(f, r.listFile(w.text[1:], file, number, depth)...)
			} else {
				f = append(f, w)
			}
			if !s.comma {
				break
			}
		}
		if len(f) > 0 {
			fields = append(fields, f)
		}
	}
	return fields
}

// listFile gives all tokens of an @file.
func (r *reader) listFile(name, file string, number, depth int) field {
	path := beside(file, name)
	text, ok := r.open(path, "secondary authentication file \"@"+name+"\" as", file, number, depth+1)
	if !ok {
		return nil
	}
	var inner reader
	inner.read(text, path, depth+1)
	r.errs = append(r.errs, inner.errs...)
	r.skipped = append(r.skipped, inner.skipped...)
	var all field
	for _, l := range inner.lines {
		for _, f := range l.fields {
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

package roles

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"waypost/internal/datadir"
)

// File and lockFile are relative to the data directory.
const (
	File     = datadir.RolesFile
	lockFile = File + ".lock"
)

// MaxFile bounds the file: room for some thousands of roles. Each session reads it whole.
const MaxFile = 1 << 20

const header = "waypost roles 1\n"

// ErrNoFile says that the data directory has no roles yet: it was made by a build that had none.
var ErrNoFile = errors.New("there is no file of roles")

// DamagedError says that the file cannot be believed, in any part.
type DamagedError struct {
	Path string
	Line int // 1-based; 0 where no line is to blame
	Why  string
}

func (e *DamagedError) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("file of roles %q is damaged: %s", e.Path, e.Why)
	}
	return fmt.Sprintf("file of roles %q is damaged: line %d: %s", e.Path, e.Line, e.Why)
}

// Load reads the roles of a data directory. Errors: ErrNoFile, *DamagedError, the system's.
func Load(dataDir string) (*Set, error) {
	path := filepath.Join(dataDir, File)
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoFile
	}
	if err != nil {
		return nil, fmt.Errorf("read the roles: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read the roles: %w", err)
	}
	s, err := decode(b)
	var damaged *DamagedError
	if errors.As(err, &damaged) {
		damaged.Path = path
	}
	return s, err
}

// decode is encode's inverse; it takes nothing that encode would not have written.
func decode(b []byte) (*Set, error) {
	if len(b) > MaxFile {
		return nil, &DamagedError{Why: fmt.Sprintf("it is larger than %d bytes", MaxFile)}
	}
	text, ok := strings.CutPrefix(string(b), header)
	if !ok {
		return nil, &DamagedError{Line: 1, Why: "it does not begin as a file of roles does"}
	}
	at := strings.LastIndex(text, "sha256 ")
	if at < 0 || at > 0 && text[at-1] != '\n' || text[at:] != trailer(header+text[:at]) {
		return nil, &DamagedError{Why: "its digest does not fit"}
	}
	s := newSet()
	for i, line := range strings.Split(strings.TrimSuffix(text[:at], "\n"), "\n") {
		if err := s.decodeLine(line); err != nil {
			return nil, &DamagedError{Line: i + 2, Why: err.Error()}
		}
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

func trailer(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256 " + hex.EncodeToString(sum[:]) + "\n"
}

// fields takes a line apart; the first problem is kept.
type fields struct {
	rest string
	err  error
}

func (f *fields) fail(what string) {
	if f.err == nil {
		f.err = errors.New(what)
	}
}

func (f *fields) word() string {
	w, rest, _ := strings.Cut(f.rest, " ")
	if w == "" {
		f.fail("a field is missing")
	}
	f.rest = rest
	return w
}

func (f *fields) number(bits int) int64 {
	n, err := strconv.ParseInt(f.word(), 10, bits)
	if err != nil {
		f.fail("a number is not one")
	}
	return n
}

func (f *fields) oid() uint32 {
	n := f.number(64)
	if n < 0 || n > 1<<32-1 {
		f.fail("an OID is out of range")
	}
	return uint32(n)
}

func (f *fields) text() string {
	quoted, err := strconv.QuotedPrefix(f.rest)
	if err != nil || quoted[0] != '"' {
		f.fail("a text is not in quotes")
		return ""
	}
	f.rest = strings.TrimPrefix(f.rest[len(quoted):], " ")
	s, err := strconv.Unquote(quoted)
	if err != nil {
		f.fail("a text's quotes are wrong")
	}
	return s
}

// end says what was wrong with the line, having looked that nothing is left of it.
func (f *fields) end() error {
	if f.rest != "" {
		f.fail("there is something behind the last field")
	}
	return f.err
}

func (s *Set) decodeLine(line string) error {
	f := &fields{rest: line}
	switch f.word() {
	case "mock":
		secret, err := hex.DecodeString(f.word())
		if err != nil || len(secret) != mockLen {
			f.fail("a secret is not one")
		}
		copy(s.mock[:], secret)
	case "next":
		s.next = f.oid()
	case "role":
		s.roles = append(s.roles, decodeRole(f))
	case "set":
		s.settings = append(s.settings, Setting{Role: f.oid(), Database: f.text(), Name: f.text(), Value: f.text()})
	case "member":
		m := Membership{Role: f.oid(), Member: f.oid(), Grantor: f.oid()}
		f.flags([]flag{{"admin", &m.Admin}, {"inherit", &m.Inherit}, {"set", &m.Set}})
		s.members = append(s.members, m)
	default:
		f.fail("it says what no line of this file says")
	}
	return f.end()
}

// flag is one word of a list, and where it stands for true.
type flag struct {
	word string
	on   *bool
}

func (r *Role) flags() []flag {
	return []flag{{"superuser", &r.Superuser}, {"inherit", &r.Inherit}, {"createrole", &r.CreateRole},
		{"createdb", &r.CreateDB}, {"login", &r.Login}, {"replication", &r.Replication}, {"bypassrls", &r.BypassRLS}}
}

func (f *fields) flags(known []flag) {
	list := f.word()
	if list == "-" {
		return
	}
	for w := range strings.SplitSeq(list, ",") {
		if !setFlag(known, w) {
			f.fail("a word in a list is not known")
		}
	}
}

func setFlag(known []flag, word string) bool {
	for _, k := range known {
		if k.word == word {
			*k.on = true
			return true
		}
	}
	return false
}

func decodeRole(f *fields) *Role {
	r := &Role{OID: f.oid(), Name: f.text()}
	f.flags(r.flags())
	r.ConnLimit = int(f.number(32))
	r.Password = f.text()
	switch until := f.word(); until {
	case "-":
	case "infinity":
		r.Validity = ValidInfinity
	case "-infinity":
		r.Validity = ValidNegInfinity
	default:
		micros, err := strconv.ParseInt(until, 10, 64)
		if err != nil {
			f.fail("a time is not one")
		}
		r.ValidUntil = timeOf(micros)
	}
	r.Comment = f.text()
	return r
}

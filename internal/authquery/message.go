package authquery

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"waypost/internal/roles"
)

// maxMessage bounds requests and answers, bytes.
const maxMessage = 64 << 10

// Request is a question for the upstream.
type Request struct {
	Conninfo string // secret
	Query    string // with $1 for the name
	Name     string
	Timeout  time.Duration
}

// Encode gives the request as the program reads it.
func (r Request) Encode() []byte {
	return fmt.Appendf(nil, "%s\n%s\n%s\n%d\n", strconv.Quote(r.Conninfo), strconv.Quote(r.Query), strconv.Quote(r.Name),
		r.Timeout.Milliseconds())
}

// DecodeRequest is Encode's inverse. Its error has nothing secret in it.
func DecodeRequest(b []byte) (Request, error) {
	bad := errors.New("the request cannot be read: this program is started by a session, not by hand")
	lines := strings.Split(string(b), "\n")
	if len(b) > maxMessage || len(lines) != 5 || lines[4] != "" {
		return Request{}, bad
	}
	var r Request
	for i, to := range []*string{&r.Conninfo, &r.Query, &r.Name} {
		text, err := strconv.Unquote(lines[i])
		if err != nil {
			return Request{}, bad
		}
		*to = text
	}
	ms, err := strconv.ParseInt(lines[3], 10, 32)
	if err != nil || ms <= 0 {
		return Request{}, bad
	}
	r.Timeout = time.Duration(ms) * time.Millisecond
	return r, nil
}

// Answer is what the upstream says of a name.
type Answer struct {
	Role     *roles.Role // nil: there is none
	MemberOf []string    // roles that it is a member of
}

// Encode gives the answer as lines. They are secret.
func (a Answer) Encode() []byte {
	if a.Role == nil {
		return []byte("absent\n")
	}
	b := []byte(a.Role.Line() + "\n")
	for _, name := range a.MemberOf {
		b = fmt.Appendf(b, "memberof %s\n", strconv.Quote(name))
	}
	return b
}

// AwayError says that the upstream cannot be asked, whatever the question.
type AwayError struct{ Reason string }

func (e *AwayError) Error() string { return e.Reason }

// EncodeError gives the answer of a program that has none.
func EncodeError(err error) []byte {
	word := "error"
	if away := new(AwayError); errors.As(err, &away) {
		word = "away"
	}
	return fmt.Appendf(nil, "%s %s\n", word, strconv.Quote(err.Error()))
}

// decodeAnswer reads what Encode or EncodeError has written.
func decodeAnswer(b []byte) (Answer, error) {
	bad := errors.New("the answer cannot be read")
	text, ok := strings.CutSuffix(string(b), "\n")
	if !ok || len(b) > maxMessage {
		return Answer{}, bad
	}
	lines := strings.Split(text, "\n")
	if word, quoted, _ := strings.Cut(lines[0], " "); (word == "error" || word == "away") && len(lines) == 1 {
		message, err := strconv.Unquote(quoted)
		switch {
		case err != nil:
			return Answer{}, bad
		case word == "away":
			return Answer{}, &AwayError{message}
		}
		return Answer{}, errors.New(message)
	}
	if lines[0] == "absent" && len(lines) == 1 {
		return Answer{}, nil
	}
	r, err := roles.ParseLine(lines[0])
	if err != nil {
		return Answer{}, bad
	}
	a := Answer{Role: r}
	for _, line := range lines[1:] {
		name, ok := strings.CutPrefix(line, "memberof ")
		name, err := strconv.Unquote(name)
		if !ok || err != nil {
			return Answer{}, bad
		}
		a.MemberOf = append(a.MemberOf, name)
	}
	return a, nil
}

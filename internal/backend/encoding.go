package backend

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"waypost/internal/guc"
	"waypost/protocol"
)

func itoa(n int) string { return strconv.Itoa(n) }

// serverEncoding is the one database's. A physical replication connection is to none, and has serverASCII.
const (
	serverEncoding = "UTF8"
	serverASCII    = "SQL_ASCII"
)

// toSQL says whether the session can be asked for SQL at all: a connection to no database cannot.
func (s *Session) toSQL() bool { return s.Startup.Replication != protocol.ReplicationPhysical }

// checkValue refuses a value of a setting by which this server's answers would have to look in a way that they cannot.
// Where no SQL is asked for that does not matter, and what is wrong with a value is said when it is set.
func (s *Session) checkValue(name, value string) error {
	id, ok := guc.Find(name)
	if !ok || !s.toSQL() {
		return nil
	}
	if id == guc.ClientEncoding {
		canonical, ok := guc.EncodingName(value)
		if ok && canonical != serverEncoding && canonical != serverASCII && pageOf(canonical) == nil {
			return protocol.Errorf(protocol.CodeFeatureNotSupported,
				"invalid value for parameter \"client_encoding\": \"%s\"", value).
				WithDetail("Conversion between %s and %s is not supported.", canonical, serverEncoding)
		}
		return nil
	}
	if !answers(id, value) {
		return protocol.Errorf(protocol.CodeFeatureNotSupported,
			"\"%s\" is not supported for parameter \"%s\"", value, guc.Describe(id).Name)
	}
	return nil
}

// answers says whether the engine's answers are right under a value, as far as it can be told apart from a bad one.
func answers(id guc.ID, value string) bool {
	is := func(words ...string) bool {
		for _, w := range words {
			if strings.EqualFold(strings.TrimSpace(value), w) {
				return true
			}
		}
		return false
	}
	switch id {
	case guc.DateStyle:
		for word := range strings.SplitSeq(value, ",") {
			switch word = strings.ToUpper(strings.TrimSpace(word)); {
			case word == "SQL", word == "GERMAN", strings.HasPrefix(word, "POSTGRES"):
				return false
			}
		}
	case guc.IntervalStyle:
		return !is("postgres_verbose", "sql_standard", "iso_8601")
	case guc.ByteaOutput:
		return !is("escape")
	case guc.StandardConformingStrings, guc.ArrayNulls:
		on, ok := guc.ParseBool(value)
		return on || !ok
	case guc.TransformNullEquals:
		on, ok := guc.ParseBool(value)
		return !on || !ok
	case guc.ExtraFloatDigits:
		n, err := strconv.Atoi(strings.TrimSpace(value))
		return err != nil || n > 0
	}
	return true
}

// answered are the settings that a session begins with in a form that the engine's answers have, whatever the files say.
var answered = [...]struct {
	id    guc.ID
	value string
}{
	{guc.IntervalStyle, "postgres"}, {guc.ByteaOutput, "hex"}, {guc.StandardConformingStrings, "on"}, {guc.ArrayNulls, "on"},
	{guc.TransformNullEquals, "off"}, {guc.ExtraFloatDigits, "1"}, {guc.DateStyle, "ISO"},
}

// page is the client's encoding, of one byte for each character. nil: the client's bytes are UTF-8.
func (t *tcop) page() *page {
	if name := t.P.Settings.String(guc.ClientEncoding); name != t.pageName {
		t.pageName, t.clientPage = name, pageOf(name)
	}
	return t.clientPage
}

// decode brings texts of the client's into UTF-8.
func (t *tcop) decode(texts ...*string) error {
	for _, text := range texts {
		var err error
		if *text, err = t.fromClient(*text); err != nil {
			return err
		}
	}
	return nil
}

// fromClient gives a text of the client's in UTF-8.
func (t *tcop) fromClient(text string) (string, error) {
	p := t.page()
	if p == nil {
		return text, validUTF8(text)
	}
	if ascii(text) {
		return text, nil
	}
	var b strings.Builder
	for i := range len(text) {
		r := p.decode(text[i])
		if r == utf8.RuneError || r == 0 {
			return "", noEquivalent(text[i:i+1], t.pageName, serverEncoding)
		}
		b.WriteRune(r)
	}
	return b.String(), nil
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf || s[i] == 0 {
			return false
		}
	}
	return true
}

// validUTF8 refuses what is no UTF-8, or has a zero byte in it (PostgreSQL: report_invalid_encoding).
func validUTF8(s string) error {
	if ascii(s) {
		return nil
	}
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 || s[i] == 0 {
			return protocol.Errorf(protocol.CodeCharacterNotInRepertoire,
				"invalid byte sequence for encoding \"%s\": %s", serverEncoding, hexBytes(s[i:min(len(s), i+utf8Len(s[i]))]))
		}
		i += n
	}
	return nil
}

// utf8Len is how many bytes a character has that begins with c.
func utf8Len(c byte) int {
	switch {
	case c&0xE0 == 0xC0:
		return 2
	case c&0xF0 == 0xE0:
		return 3
	case c&0xF8 == 0xF0:
		return 4
	}
	return 1
}

func hexBytes(s string) string {
	words := make([]string, len(s))
	for i := range len(s) {
		words[i] = fmt.Sprintf("0x%02x", s[i])
	}
	return strings.Join(words, " ")
}

func noEquivalent(bytes, from, to string) *protocol.Error {
	return protocol.Errorf(protocol.CodeUntranslatableCharacter,
		"character with byte sequence %s in encoding \"%s\" has no equivalent in encoding \"%s\"", hexBytes(bytes), from, to)
}

// toClient gives a text in the client's encoding, with a question mark for what that does not have.
func (t *tcop) toClient(text string) string {
	out, _ := t.encode(text, true)
	return out
}

// toClientStrict is toClient, and fails on what the client's encoding does not have.
func (t *tcop) toClientStrict(text string) (string, error) { return t.encode(text, false) }

func (t *tcop) encode(text string, anyway bool) (string, error) {
	p := t.page()
	if p == nil || ascii(text) {
		return text, nil
	}
	out := make([]byte, 0, len(text))
	for _, r := range text {
		c, ok := p.encode(r)
		switch {
		case ok:
		case anyway:
			c = '?'
		default:
			return "", noEquivalent(string(r), serverEncoding, t.pageName)
		}
		out = append(out, c)
	}
	return string(out), nil
}

// encodeField brings the field at the end of dst, from its length word on, into the client's encoding.
func (t *tcop) encodeField(dst []byte, at int) ([]byte, error) {
	const lengthWord = 4
	text, err := t.toClientStrict(string(dst[at+lengthWord:]))
	if err != nil {
		return nil, err
	}
	n := len(text)
	dst = append(dst[:at], byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	return append(dst, text...), nil
}

// encodeError is e in the client's encoding.
func (s *Session) encodeError(e *protocol.Error) *protocol.Error {
	if s.tcop == nil || s.tcop.page() == nil {
		return e
	}
	out := *e
	for _, text := range [...]*string{&out.Message, &out.Detail, &out.Hint, &out.Context} {
		*text = s.tcop.toClient(*text)
	}
	return &out
}

package protocol

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"waypost/xlog"
)

// tokenKind is a keyword, in its own letters, a single character, or one of the classes below.
type tokenKind string

// Classes of tokens. None can be a keyword (those are upper case) or a character that stands for itself.
const (
	tokenEnd    tokenKind = "end of command"
	tokenIdent  tokenKind = "identifier"
	tokenString tokenKind = "string"
	tokenNumber tokenKind = "number"
	tokenLSN    tokenKind = "position"
)

// Keywords of the replication grammar.
const (
	kwAlterReplicationSlot  tokenKind = "ALTER_REPLICATION_SLOT"
	kwBaseBackup            tokenKind = "BASE_BACKUP"
	kwCreateReplicationSlot tokenKind = "CREATE_REPLICATION_SLOT"
	kwDropReplicationSlot   tokenKind = "DROP_REPLICATION_SLOT"
	kwExportSnapshot        tokenKind = "EXPORT_SNAPSHOT"
	kwIdentifySystem        tokenKind = "IDENTIFY_SYSTEM"
	kwLogical               tokenKind = "LOGICAL"
	kwNoexportSnapshot      tokenKind = "NOEXPORT_SNAPSHOT"
	kwPhysical              tokenKind = "PHYSICAL"
	kwReadReplicationSlot   tokenKind = "READ_REPLICATION_SLOT"
	kwReserveWAL            tokenKind = "RESERVE_WAL"
	kwShow                  tokenKind = "SHOW"
	kwSlot                  tokenKind = "SLOT"
	kwStartReplication      tokenKind = "START_REPLICATION"
	kwTemporary             tokenKind = "TEMPORARY"
	kwTimeline              tokenKind = "TIMELINE"
	kwTimelineHistory       tokenKind = "TIMELINE_HISTORY"
	kwTwoPhase              tokenKind = "TWO_PHASE"
	kwUploadManifest        tokenKind = "UPLOAD_MANIFEST"
	kwUseSnapshot           tokenKind = "USE_SNAPSHOT"
	kwWait                  tokenKind = "WAIT"
)

func isKeyword(word string) bool {
	switch tokenKind(word) {
	case kwAlterReplicationSlot, kwBaseBackup, kwCreateReplicationSlot, kwDropReplicationSlot, kwExportSnapshot,
		kwIdentifySystem, kwLogical, kwNoexportSnapshot, kwPhysical, kwReadReplicationSlot, kwReserveWAL, kwShow,
		kwSlot, kwStartReplication, kwTemporary, kwTimeline, kwTimelineHistory, kwTwoPhase, kwUploadManifest,
		kwUseSnapshot, kwWait:
		return true
	default:
		return false
	}
}

type token struct {
	kind tokenKind
	text string // an identifier's name, a string's value, a number's digits
	lsn  xlog.LSN
}

// replScanner cuts a replication command into tokens, as PostgreSQL's repl_scanner.l does. Keywords are upper case
// only: "identify_system" is an identifier there, which begins no replication command. There are no comments.
type replScanner struct {
	rest    string
	notices []*Error
}

func (s *replScanner) next() (token, *Error) {
	s.rest = strings.TrimLeft(s.rest, " \t\n\r\f")
	if s.rest == "" || s.rest[0] == 0 {
		return token{kind: tokenEnd}, nil
	}
	c := s.rest[0]
	if n := lsnLen(s.rest); n > 0 {
		return s.position(n)
	}
	switch {
	case isDigit(c):
		return token{kind: tokenNumber, text: s.cut(prefixLen(s.rest, isDigit))}, nil
	case isIdentStart(c):
		return s.word(), nil
	case c == '\'':
		text, err := s.quoted()
		return token{kind: tokenString, text: text}, err
	case c == '"':
		text, err := s.quoted()
		return token{kind: tokenIdent, text: s.truncate(text)}, err
	default:
		return token{kind: tokenKind(s.cut(1))}, nil
	}
}

// cut takes n bytes off the front.
func (s *replScanner) cut(n int) string {
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

func (s *replScanner) word() token {
	w := s.cut(prefixLen(s.rest, isIdentPart))
	if isKeyword(w) {
		return token{kind: tokenKind(w)}
	}
	return token{kind: tokenIdent, text: s.truncate(lowerASCII(w))}
}

// position reads hi/lo. PostgreSQL drops the upper digits of a half that does not fit into 32 bits and would stream
// from a place that nobody asked for; here that is an error.
func (s *replScanner) position(n int) (token, *Error) {
	hi, lo, _ := strings.Cut(s.cut(n), "/")
	h, err1 := strconv.ParseUint(hi, 16, 32)
	l, err2 := strconv.ParseUint(lo, 16, 32)
	if err1 != nil || err2 != nil {
		return token{}, Errorf(CodeSyntaxError, "invalid streaming start location")
	}
	return token{kind: tokenLSN, lsn: xlog.LSN(h<<32 | l)}, nil
}

// quoted takes what the quote at the front encloses; a doubled quote stands for one, in names too (PostgreSQL does that
// since 15.20; 17.10 and 18.4 take it for the end of one name and the beginning of another).
func (s *replScanner) quoted() (string, *Error) {
	quote := s.cut(1)
	var text strings.Builder
	for {
		n := strings.IndexByte(s.rest, quote[0])
		if n < 0 {
			return "", Errorf(CodeSyntaxError, "unterminated quoted string")
		}
		text.WriteString(s.cut(n))
		s.cut(1)
		if !strings.HasPrefix(s.rest, quote) {
			return text.String(), nil
		}
		text.WriteString(s.cut(1))
	}
}

// truncate makes an identifier as short as PostgreSQL's names are, and notes that.
func (s *replScanner) truncate(name string) string {
	if len(name) <= maxNameLen {
		return name
	}
	n := maxNameLen
	for n > maxNameLen-utf8.UTFMax && !utf8.RuneStart(name[n]) {
		n--
	}
	e := Errorf(CodeNameTooLong, "identifier \"%s\" will be truncated to \"%s\"", name, name[:n])
	e.Severity = SeverityNotice
	s.notices = append(s.notices, e)
	return name[:n]
}

// lsnLen is how long a position at the front of s is: hexadecimal digits on both sides of a slash.
func lsnLen(s string) int {
	hi := prefixLen(s, isHexDigit)
	if hi == 0 || hi == len(s) || s[hi] != '/' {
		return 0
	}
	lo := prefixLen(s[hi+1:], isHexDigit)
	if lo == 0 {
		return 0
	}
	return hi + 1 + lo
}

func prefixLen(s string, is func(byte) bool) int {
	for i := 0; i < len(s); i++ {
		if !is(s[i]) {
			return i
		}
	}
	return len(s)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isHexDigit(c byte) bool {
	return isDigit(c) || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

func isIdentStart(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80 || c == '_'
}

func isIdentPart(c byte) bool { return isIdentStart(c) || isDigit(c) || c == '$' }

// lowerASCII lowers the letters that are the same in every encoding; the others are left alone.
func lowerASCII(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

package roles

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// encode gives the file's content.
func (s *Set) encode() []byte {
	var b strings.Builder
	b.WriteString(header)
	b.WriteString("mock " + hex.EncodeToString(s.mock[:]) + "\n")
	b.WriteString("next " + decimal(s.next) + "\n")
	for _, r := range s.All() {
		if !isPredefined(r.OID) && !r.Upstream {
			r.encode(&b)
		}
	}
	for _, c := range s.settings {
		b.WriteString(c.line())
	}
	for _, m := range s.members {
		if isPredefined(m.Member) {
			continue
		}
		options := flagWords([]flag{{"admin", &m.Admin}, {"inherit", &m.Inherit}, {"set", &m.Set}})
		b.WriteString("member " + decimal(m.Role) + " " + decimal(m.Member) + " " + decimal(m.Grantor) + " " + options + "\n")
	}
	text := b.String()
	return []byte(text + trailer(text))
}

func (c *Setting) line() string {
	return "set " + decimal(c.Role) + " " + strconv.Quote(c.Database) + " " + strconv.Quote(c.Name) + " " +
		strconv.Quote(c.Value) + "\n"
}

func (r *Role) encode(b *strings.Builder) {
	until := "-"
	switch {
	case r.Validity == ValidInfinity:
		until = "infinity"
	case r.Validity == ValidNegInfinity:
		until = "-infinity"
	case !r.ValidUntil.IsZero():
		until = strconv.FormatInt(microsOf(r.ValidUntil), 10)
	}
	b.WriteString(strings.Join([]string{"role", decimal(r.OID), strconv.Quote(r.Name), flagWords(r.flags()),
		strconv.Itoa(r.ConnLimit), strconv.Quote(r.Password), until, strconv.Quote(r.Comment)}, " ") + "\n")
}

func flagWords(known []flag) string {
	var words []string
	for _, k := range known {
		if *k.on {
			words = append(words, k.word)
		}
	}
	if words == nil {
		return "-"
	}
	return strings.Join(words, ",")
}

func decimal(oid uint32) string { return strconv.FormatUint(uint64(oid), 10) }

// epoch is PostgreSQL's, 2000-01-01, in seconds since 1970.
const epoch = 946684800

// microsOf is a timestamptz: microseconds since PostgreSQL's epoch. The last years there are do not fit the other one.
func microsOf(t time.Time) int64 { return (t.Unix()-epoch)*1e6 + int64(t.Nanosecond())/1e3 }

// timeOf is microsOf's inverse.
func timeOf(micros int64) time.Time {
	seconds, rest := micros/1e6, micros%1e6
	return time.Unix(seconds+epoch, rest*1e3).UTC()
}

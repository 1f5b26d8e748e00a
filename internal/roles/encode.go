package roles

import (
	"strconv"
	"strings"
	"time"
)

// encode gives the file's content.
func (s *Set) encode() []byte {
	var b strings.Builder
	b.WriteString(header)
	b.WriteString("next " + decimal(s.next) + "\n")
	for _, r := range s.All() {
		if !isPredefined(r.OID) && !r.Upstream {
			r.encode(&b)
		}
	}
	for _, c := range s.settings {
		b.WriteString("set " + decimal(c.Role) + " " + strconv.Quote(c.Database) + " " + strconv.Quote(c.Name) + " " +
			strconv.Quote(c.Value) + "\n")
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

func (r *Role) encode(b *strings.Builder) {
	until := "-"
	switch {
	case r.Validity == ValidInfinity:
		until = "infinity"
	case r.Validity == ValidNegInfinity:
		until = "-infinity"
	case !r.ValidUntil.IsZero():
		until = r.ValidUntil.UTC().Format(time.RFC3339Nano)
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

package hba

import (
	"net/netip"
	"strings"
)

// Text gives the rules in the file's own syntax, a line each, with nothing to include: Parse of it gives rules that
// admit the same clients. So rules that were read once can be handed on although the file has changed since.
func (r *Rules) Text() string {
	var b strings.Builder
	for i := range r.rules {
		r.rules[i].write(&b)
	}
	return b.String()
}

func (r *Rule) write(b *strings.Builder) {
	b.WriteString(r.Type.String())
	writeNames(b, r.databases)
	writeNames(b, r.users)
	if r.Type != Local {
		b.WriteByte(' ')
		b.WriteString(r.address())
	}
	b.WriteByte(' ')
	b.WriteString(r.Method.String())
	b.WriteByte('\n')
}

func writeNames(b *strings.Builder, names []word) {
	separator := byte(' ')
	for _, w := range names {
		b.WriteByte(separator)
		separator = ','
		if w.quoted {
			b.WriteString(quote(w.text))
		} else {
			b.WriteString(w.text)
		}
	}
}

func (r *Rule) address() string {
	switch r.kind {
	case addrSameHost:
		return "samehost"
	case addrSameNet:
		return "samenet"
	case addrName:
		return quote(r.name) // so that a host named "all" stays one
	case addrMask:
		return maskText(r.addr, r.mask)
	}
	return "all"
}

func maskText(addr, mask netip.Addr) string { return addr.String() + " " + mask.String() }

func quote(s string) string { return `"` + strings.ReplaceAll(s, `"`, `""`) + `"` }

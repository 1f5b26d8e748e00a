package tlsfiles

import (
	"encoding/asn1"
	"encoding/hex"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// attribute is one part of a distinguished name, its value's type kept.
type attribute struct {
	Type  asn1.ObjectIdentifier
	Value asn1.RawValue
}

type attributesSET []attribute // the name's suffix has encoding/asn1 read a SET

// oidNames are the short names that OpenSSL has for what may stand in a name.
var oidNames = [...]struct{ oid, name string }{
	{"2.5.4.3", "CN"}, {"2.5.4.4", "SN"}, {"2.5.4.5", "serialNumber"}, {"2.5.4.6", "C"}, {"2.5.4.7", "L"}, {"2.5.4.8", "ST"},
	{"2.5.4.9", "street"}, {"2.5.4.10", "O"}, {"2.5.4.11", "OU"}, {"2.5.4.12", "title"}, {"2.5.4.13", "description"},
	{"2.5.4.15", "businessCategory"}, {"2.5.4.17", "postalCode"}, {"2.5.4.41", "name"}, {"2.5.4.42", "GN"},
	{"2.5.4.43", "initials"}, {"2.5.4.44", "generationQualifier"}, {"2.5.4.45", "x500UniqueIdentifier"},
	{"2.5.4.46", "dnQualifier"}, {"2.5.4.65", "pseudonym"}, {"2.5.4.97", "organizationIdentifier"},
	{"1.2.840.113549.1.9.1", "emailAddress"}, {"1.2.840.113549.1.9.2", "unstructuredName"},
	{"0.9.2342.19200300.100.1.1", "UID"}, {"0.9.2342.19200300.100.1.25", "DC"},
	{"1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL"}, {"1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST"},
	{"1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"},
}

func shortName(oid asn1.ObjectIdentifier) (name string, known bool) {
	text := oid.String()
	for i := range oidNames {
		if oidNames[i].oid == text {
			return oidNames[i].name, true
		}
	}
	return text, false
}

// parseName takes a name apart: sets of attributes, most often of one each.
func parseName(raw []byte) []attributesSET {
	var sets []attributesSET
	if rest, err := asn1.Unmarshal(raw, &sets); err != nil || len(rest) != 0 {
		return nil // cannot be: crypto/x509 has read it
	}
	return sets
}

// RFC2253 is a name as OpenSSL prints it with XN_FLAG_RFC2253, the last part first: "CN=x,OU=y,O=z".
func RFC2253(raw []byte) string {
	var b strings.Builder
	sets := parseName(raw)
	for i := len(sets) - 1; i >= 0; i-- {
		for j := len(sets[i]) - 1; j >= 0; j-- {
			a := &sets[i][j]
			switch {
			case j < len(sets[i])-1:
				b.WriteByte('+')
			case i < len(sets)-1:
				b.WriteByte(',')
			}
			name, known := shortName(a.Type)
			b.WriteString(name + "=")
			if text, ok := a.text(); ok && known {
				escape(&b, text, true)
			} else {
				b.WriteString("#" + strings.ToUpper(hex.EncodeToString(a.Value.FullBytes)))
			}
		}
	}
	return b.String()
}

// Subject is a name as pg_stat_ssl shows it: "/O=z/OU=y/CN=x".
func Subject(raw []byte) string {
	var b strings.Builder
	for _, set := range parseName(raw) {
		for _, a := range set {
			name, _ := shortName(a.Type)
			b.WriteString("/" + name + "=")
			if text, ok := a.text(); ok {
				escape(&b, text, false)
			} else {
				b.WriteString("#" + strings.ToUpper(hex.EncodeToString(a.Value.FullBytes)))
			}
		}
	}
	return b.String()
}

// CommonName is the first common name of a name; there is none where ok is false.
func CommonName(raw []byte) (cn string, ok bool) {
	for _, set := range parseName(raw) {
		for _, a := range set {
			if name, _ := shortName(a.Type); name == "CN" {
				text, _ := a.text()
				return text, true
			}
		}
	}
	return "", false
}

// text is the attribute's value in UTF-8; false where its type is none of text.
func (a *attribute) text() (string, bool) {
	b := a.Value.Bytes
	if a.Value.Class != asn1.ClassUniversal {
		return "", false
	}
	switch a.Value.Tag {
	case asn1.TagUTF8String, asn1.TagPrintableString, asn1.TagIA5String, asn1.TagNumericString, tagVisibleString:
		return string(b), true
	case asn1.TagT61String: // taken for Latin-1
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return string(runes), true
	case asn1.TagBMPString:
		if len(b)%2 != 0 {
			return "", false
		}
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
		}
		return string(utf16.Decode(units)), true
	}
	return "", false
}

const tagVisibleString = 26

// escape writes text as RFC 2253 wants it; bytes beyond ASCII in hexadecimal where msb is true.
func escape(b *strings.Builder, text string, msb bool) {
	const digits = "0123456789ABCDEF"
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case strings.IndexByte(`,+"\<>;`, c) >= 0, i == 0 && (c == '#' || c == ' '), i == len(text)-1 && c == ' ':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f || msb && c >= utf8.RuneSelf:
			b.WriteByte('\\')
			b.WriteByte(digits[c>>4])
			b.WriteByte(digits[c&15])
		default:
			b.WriteByte(c)
		}
	}
}

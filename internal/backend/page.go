package backend

import (
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// page is an encoding of one byte for each character.
type page struct{ m *charmap.Charmap }

// pageOf finds a client encoding of that kind; nil for another one. Nothing of the library is used, or in memory, before.
func pageOf(name string) *page {
	var m *charmap.Charmap
	switch name {
	case "LATIN1":
		m = charmap.ISO8859_1
	case "LATIN2":
		m = charmap.ISO8859_2
	case "LATIN3":
		m = charmap.ISO8859_3
	case "LATIN4":
		m = charmap.ISO8859_4
	case "LATIN5":
		m = charmap.ISO8859_9
	case "LATIN6":
		m = charmap.ISO8859_10
	case "LATIN7":
		m = charmap.ISO8859_13
	case "LATIN8":
		m = charmap.ISO8859_14
	case "LATIN9":
		m = charmap.ISO8859_15
	case "LATIN10":
		m = charmap.ISO8859_16
	case "ISO_8859_5":
		m = charmap.ISO8859_5
	case "ISO_8859_6":
		m = charmap.ISO8859_6
	case "ISO_8859_7":
		m = charmap.ISO8859_7
	case "ISO_8859_8":
		m = charmap.ISO8859_8
	case "WIN866":
		m = charmap.CodePage866
	case "WIN874":
		m = charmap.Windows874
	case "WIN1250":
		m = charmap.Windows1250
	case "WIN1251":
		m = charmap.Windows1251
	case "WIN1252":
		m = charmap.Windows1252
	case "WIN1253":
		m = charmap.Windows1253
	case "WIN1254":
		m = charmap.Windows1254
	case "WIN1255":
		m = charmap.Windows1255
	case "WIN1256":
		m = charmap.Windows1256
	case "WIN1257":
		m = charmap.Windows1257
	case "WIN1258":
		m = charmap.Windows1258
	case "KOI8R":
		m = charmap.KOI8R
	case "KOI8U":
		m = charmap.KOI8U
	default:
		return nil
	}
	return &page{m}
}

// decode gives the character of a byte; utf8.RuneError where there is none.
func (p *page) decode(c byte) rune { return p.m.DecodeByte(c) }

// encode gives the byte of a character.
func (p *page) encode(r rune) (c byte, ok bool) {
	if r < utf8.RuneSelf {
		return byte(r), true
	}
	return p.m.EncodeRune(r)
}

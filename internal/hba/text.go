package hba

import (
	"encoding/binary"
	"errors"
	"strings"
)

// What one process has read is handed to another as the lines taken apart: with nothing to include, so that it is what
// was read, whatever has become of the files since, and with file and line of each, for the log. The form is a byte that
// no text file begins with, then for each line: file, number, raw text, fields, each field its words, each word a byte
// for the quote and the text. Counts and numbers are varints, texts stand behind their length.
const encoded = "\x00"

// Text gives the rules in the form that Decode reads. Only the process that has read the file can.
func (r *Rules) Text() string { return encode(r.lines) }

// Text gives the maps in the form that Decode reads. Only the process that has read the file can.
func (i *Ident) Text() string { return encode(i.lines) }

func encode(lines []line) string {
	b := []byte(encoded)
	number := func(n int) { b = binary.AppendUvarint(b, uint64(n)) }
	text := func(s string) {
		number(len(s))
		b = append(b, s...)
	}
	for _, l := range lines {
		text(l.file)
		number(l.number)
		text(l.raw)
		number(len(l.fields))
		for _, f := range l.fields {
			number(len(f))
			for _, w := range f {
				quoted := byte(0)
				if w.quoted {
					quoted = 1
				}
				b = append(b, quoted)
				text(w.text)
			}
		}
	}
	return string(b)
}

// decodeLines reads what encode has made.
func decodeLines(s string) (lines []line, err error) {
	d := decoder{rest: s}
	for d.rest != "" && !d.bad {
		l := line{file: d.text(), number: d.number(), raw: d.text()}
		for range d.count() {
			var f field
			for range d.count() {
				f = append(f, word{quoted: d.byte() != 0, text: d.text()})
			}
			if d.bad || len(f) == 0 {
				return nil, errDamaged
			}
			l.fields = append(l.fields, f)
		}
		lines = append(lines, l)
	}
	if d.bad {
		return nil, errDamaged
	}
	return lines, nil
}

var errDamaged = errors.New("rules that were handed on are damaged")

// decoder takes an encoded text apart.
type decoder struct {
	rest string
	bad  bool
}

// count is the number of things that follow, each of a byte at least: so a damaged one costs little.
func (d *decoder) count() int {
	n := d.number()
	if n > len(d.rest) {
		d.bad, d.rest = true, ""
		return 0
	}
	return n
}

func (d *decoder) number() int {
	var n uint64
	for shift := 0; shift < 63 && d.rest != ""; shift += 7 {
		c := d.rest[0]
		d.rest = d.rest[1:]
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			if n > 1<<31 {
				break
			}
			return int(n)
		}
	}
	d.bad, d.rest = true, ""
	return 0
}

func (d *decoder) text() string {
	n := d.count()
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}

func (d *decoder) byte() byte {
	if d.rest == "" {
		d.bad = true
		return 0
	}
	c := d.rest[0]
	d.rest = d.rest[1:]
	return c
}

// isEncoded takes the mark off a text that was encoded.
func isEncoded(s string) (string, bool) { return strings.CutPrefix(s, encoded) }

package guc

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// Encode gives every value that is not a default, for a child of the same build. The form is private to this
// package: a CRC-32 of the table's names and types (4 bytes, little endian), then per setting
//
//	uvarint ID, byte source, and uvarint length + text (String) or uvarint number (others)
//
// then an ID of endOfTable and, for each value that is kept and not looked at, uvarint length + name, uvarint length + text,
// byte source.
func (s *Settings) Encode() []byte {
	b := binary.LittleEndian.AppendUint32(nil, tableSum())
	for id := range params {
		v := s.values[id]
		if v.source == SourceDefault {
			continue
		}
		b = append(binary.AppendUvarint(b, uint64(id)), byte(v.source))
		if params[id].Type == String {
			b = appendText(b, v.str)
		} else {
			b = binary.AppendUvarint(b, v.num)
		}
	}
	b = binary.AppendUvarint(b, endOfTable)
	for _, o := range s.others {
		b = append(appendText(appendText(b, o.name), o.text), byte(o.source))
	}
	return b
}

// endOfTable stands where the ID of a next setting would: no setting has it.
const endOfTable = uint64(numParams)

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

var (
	errOtherBuild = errors.New("decode settings: they come from another build of Waypost")
	errTruncated  = errors.New("decode settings: record is damaged")
)

// Decode gives the settings that Encode was called on, or an error if b is damaged or another build's.
func Decode(b []byte) (*Settings, error) {
	d := decoder{b: b}
	if d.uint32() != tableSum() {
		return nil, errOtherBuild
	}
	s := New()
	for {
		id := d.uvarint()
		if d.bad || id == endOfTable {
			break
		}
		if id > endOfTable {
			return nil, errTruncated
		}
		v := value{source: Source(d.byte())}
		if params[id].Type == String {
			v.str = d.text()
		} else {
			v.num = d.uvarint()
		}
		s.values[id] = v
	}
	for !d.bad && len(d.b) > 0 {
		s.others = append(s.others, other{d.text(), d.text(), Source(d.byte())})
	}
	if d.bad {
		return nil, errTruncated
	}
	return s, nil
}

// tableSum tells two builds with different tables apart.
func tableSum() uint32 {
	var names []byte
	for i := range params {
		p := &params[i]
		names = append(append(names, p.Name...), byte(p.Type), byte(p.Unit))
	}
	return crc32.ChecksumIEEE(names)
}

// decoder takes a record apart; after an error everything it gives is zero and bad is set.
type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) take(n int) []byte {
	if d.bad || n < 0 || n > len(d.b) {
		d.bad = true
		return nil
	}
	head := d.b[:n]
	d.b = d.b[n:]
	return head
}

func (d *decoder) byte() byte {
	if b := d.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (d *decoder) uint32() uint32 {
	if b := d.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (d *decoder) uvarint() uint64 {
	v, n := binary.Uvarint(d.b)
	if n <= 0 {
		d.bad = true
		return 0
	}
	d.b = d.b[n:]
	return v
}

func (d *decoder) text() string {
	n := d.uvarint()
	if n > uint64(len(d.b)) {
		d.bad = true
		return ""
	}
	return string(d.take(int(n)))
}

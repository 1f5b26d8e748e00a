package guc

import (
	"encoding/binary"
	"errors"
	"math"
)

// Encode gives every value that is not a default, for a child of the same build. The form is private to this package: a
// checksum of the table's names and types (4 bytes, little endian); the files that values came from and the names of other
// programs' settings, each a uvarint count and texts; then per setting
//
//	uvarint ID, byte source, uvarint file, uvarint line, and text (String) or uvarint number (others)
//
// then endOfValues; then the IDs of settings that wait for a restart, up to the end. A text is a uvarint length and bytes.
func (s *Settings) Encode() []byte {
	b := binary.LittleEndian.AppendUint32(nil, tableSum())
	b = binary.AppendUvarint(b, uint64(len(s.files)))
	for _, f := range s.files {
		b = appendText(b, f)
	}
	b = binary.AppendUvarint(b, uint64(len(s.others)))
	for _, o := range s.others {
		b = appendText(b, o.name)
	}
	for id := range numParams + ID(len(s.others)) {
		v := s.at(id)
		if v.source == SourceDefault {
			continue
		}
		b = append(binary.AppendUvarint(b, uint64(id)), byte(v.source))
		b = binary.AppendUvarint(binary.AppendUvarint(b, uint64(v.file)), uint64(v.line))
		if param(id).Type == String {
			b = appendText(b, v.str)
		} else {
			b = binary.AppendUvarint(b, v.num)
		}
	}
	b = binary.AppendUvarint(b, endOfValues)
	for _, id := range s.wait {
		b = binary.AppendUvarint(b, uint64(id))
	}
	return b
}

// endOfValues stands where the ID of a next setting would: no setting has it.
const endOfValues = 1<<16 - 1

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
	for range d.count() {
		s.files = append(s.files, d.text())
	}
	for range d.count() {
		s.others = append(s.others, other{name: d.text()})
	}
	for {
		id := d.uvarint()
		if d.bad || id == endOfValues {
			break
		}
		if id >= uint64(NumParams+len(s.others)) {
			return nil, errTruncated
		}
		*s.at(ID(id)) = d.value(param(ID(id)), len(s.files))
	}
	for !d.bad && len(d.b) > 0 {
		id := d.uvarint()
		if id >= uint64(NumParams+len(s.others)) {
			return nil, errTruncated
		}
		s.wait = append(s.wait, ID(id))
	}
	if d.bad {
		return nil, errTruncated
	}
	return s, nil
}

// tableSum tells two builds with different tables apart (FNV-1a). Every child computes it, so it allocates nothing.
func tableSum() uint32 {
	sum := uint32(2166136261)
	add := func(b byte) { sum = (sum ^ uint32(b)) * 16777619 }
	for i := range params {
		p := &params[i]
		for j := range len(p.Name) {
			add(p.Name[j])
		}
		add(byte(p.Type))
		add(byte(p.Unit))
		add(byte(len(p.Options)))
	}
	return sum
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

// count is how many things follow, each of a byte at least.
func (d *decoder) count() int {
	n := d.uvarint()
	if n > uint64(len(d.b)) || n > maxOthers {
		d.bad = true
		return 0
	}
	return int(n)
}

func (d *decoder) value(p *Param, files int) value {
	v := value{source: Source(d.byte())}
	file, line := d.uvarint(), d.uvarint()
	d.bad = d.bad || v.source > SourceSession || file > uint64(files) || line > math.MaxInt32
	v.file, v.line = uint16(file), int32(line)
	if p.Type == String {
		v.str = d.text()
	} else {
		v.num = d.uvarint()
	}
	return v
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

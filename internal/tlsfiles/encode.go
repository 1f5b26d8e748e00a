package tlsfiles

import (
	"encoding/binary"
	"errors"
)

// encodingVersion changes with every change of the layout.
const encodingVersion = 1

// Encode lays everything out for a child: the version, then each field; counts and lengths in 4 bytes, little-endian.
func (f *Files) Encode() []byte {
	b := u32(nil, encodingVersion)
	b = block(b, f.Key)
	b = block(b, f.EndPoint)
	for _, list := range [...][][]byte{f.Chain, f.CAs, f.CRLs} {
		b = u32(b, len(list))
		for _, item := range list {
			b = block(b, item)
		}
	}
	check := 0
	if f.CheckCRL {
		check = 1
	}
	b = u32(u32(u32(b, check), int(f.MinVersion)), int(f.MaxVersion))
	for _, list := range [...][]uint16{f.Suites, f.Curves} {
		b = u32(b, len(list))
		for _, v := range list {
			b = u32(b, int(v))
		}
	}
	return b
}

func u32(b []byte, v int) []byte { return binary.LittleEndian.AppendUint32(b, uint32(v)) }

func block(b, item []byte) []byte { return append(u32(b, len(item)), item...) }

// errDamaged is our own error: who reads is of the same build as who wrote.
var errDamaged = errors.New("TLS files from the postmaster are damaged")

// Decode reads what Encode wrote. What it gives refers to b.
func Decode(b []byte) (*Files, error) {
	d := decoder{b: b}
	if d.number() != encodingVersion {
		return nil, errDamaged
	}
	f := &Files{Key: d.block(), EndPoint: d.block(), Chain: d.blocks(), CAs: d.blocks(), CRLs: d.blocks()}
	f.CheckCRL = d.number() != 0
	f.MinVersion, f.MaxVersion = uint16(d.number()), uint16(d.number())
	f.Suites, f.Curves = d.numbers(), d.numbers()
	if d.bad || len(d.b) != 0 {
		return nil, errDamaged
	}
	return f, nil
}

type decoder struct {
	b   []byte
	bad bool
}

func (d *decoder) number() int {
	if len(d.b) < 4 {
		d.bad, d.b = true, nil
		return 0
	}
	v := binary.LittleEndian.Uint32(d.b)
	d.b = d.b[4:]
	return int(v)
}

func (d *decoder) block() []byte {
	n := d.number()
	if n > len(d.b) {
		d.bad, d.b = true, nil
		return nil
	}
	if n == 0 {
		return nil
	}
	item := d.b[:n:n]
	d.b = d.b[n:]
	return item
}

func (d *decoder) blocks() (list [][]byte) {
	for n := d.number(); n > 0 && !d.bad; n-- {
		list = append(list, d.block())
	}
	return list
}

func (d *decoder) numbers() (list []uint16) {
	for n := d.number(); n > 0 && !d.bad; n-- {
		list = append(list, uint16(d.number()))
	}
	return list
}

package pgstat

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"waypost/internal/datadir"
	"waypost/internal/durable"
	"waypost/shmem"
	"waypost/xlog"
)

// The file has all counters, by name, so that a version with more or fewer of them can read it. Numbers are little endian:
//
//	 0  "WPSTATS\n"
//	 8  uint32 format, 1
//	12  uint32 number of entries
//	16  uint64 system identifier
//	24  int64  when it was written, microseconds since 2000-01-01 UTC
//	32  entries: uint16 length of the name, the name; uint16 length of the value, the value (8 bytes of a counter or
//	    a time, a text as it is)
//	    uint32 CRC-32C of all before
const (
	fileMagic  = "WPSTATS\n"
	fileFormat = 1
	headLen    = 32
	maxFile    = 1 << 20
)

// Names of the file, and of one that was put aside because it could not be used, below the data directory.
const (
	Dir         = "pg_stat"
	FileName    = Dir + "/waypost.stat"
	DamagedName = FileName + ".damaged"
)

// Names of the entries that are texts.
const (
	lastArchived = "Archiver.LastArchived"
	lastFailed   = "Archiver.LastFailed"
)

// Save puts the counters into the file, for good. Of several processes one at a time may call it.
func (s *Stats) Save(dataDir string, mode datadir.Mode, systemID uint64) error {
	if err := durable.Mkdir(filepath.Join(dataDir, Dir), mode.Dir); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("write %q: %w", FileName, err)
	}
	if err := durable.WriteFile(filepath.Join(dataDir, FileName), s.encode(systemID, xlog.Now()), mode.File); err != nil {
		return fmt.Errorf("write %q: %w", FileName, err)
	}
	return nil
}

// Restore adds what the file has on top of what was counted since the start. Where there is no file the counters begin now,
// and so they do after an error, which is for a warning: a file that cannot be used is put aside under another name.
func (s *Stats) Restore(dataDir string, systemID uint64, now xlog.TimestampTz) error {
	path := filepath.Join(dataDir, FileName)
	data, err := readFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		s.begin(now)
		return nil
	}
	if err == nil {
		err = s.decode(data, systemID)
	}
	s.begin(now)
	if err == nil {
		return nil
	}
	if aside := durable.Rename(path, filepath.Join(dataDir, DamagedName)); aside != nil {
		return fmt.Errorf("read %q: %w; put it aside: %w", FileName, err, aside)
	}
	return fmt.Errorf("read %q: %w; it is kept as %q", FileName, err, DamagedName)
}

func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, errNotOurs
	}
	return os.ReadFile(path)
}

// begin gives the groups that were never reset, or are new, a time since when they count. pg_stat_database has none until
// it is reset.
func (s *Stats) begin(now xlog.TimestampTz) {
	s.visit("", func(name string, field any) {
		if r, ok := field.(*Reset); ok && name != "Database.Reset" {
			r.At.CompareAndSwap(0, int64(now))
		}
	})
}

var (
	errNotOurs = errors.New("the file is no statistics file of this version")
	errDamaged = errors.New("the file is damaged")
)

func (s *Stats) encode(systemID uint64, now xlog.TimestampTz) []byte {
	le := binary.LittleEndian
	b := make([]byte, headLen, 8<<10)
	copy(b, fileMagic)
	le.PutUint32(b[8:], fileFormat)
	le.PutUint64(b[16:], systemID)
	le.PutUint64(b[24:], uint64(now))
	n := uint32(0)
	add := func(name string, value []byte) {
		b = append(le.AppendUint16(b, uint16(len(name))), name...)
		b = append(le.AppendUint16(b, uint16(len(value))), value...)
		n++
	}
	number := func(name string, v uint64) { add(name, le.AppendUint64(nil, v)) }
	s.visit("", func(name string, field any) {
		switch f := field.(type) {
		case *atomic.Uint64:
			number(name, f.Load())
		case *atomic.Int64:
			number(name, uint64(f.Load()))
		case *Reset:
			number(name, uint64(f.At.Load()))
		}
	})
	names := s.Archiver.Names()
	add(lastArchived, []byte(shmem.String(names.LastArchived[:])))
	add(lastFailed, []byte(shmem.String(names.LastFailed[:])))
	le.PutUint32(b[12:], n)
	return le.AppendUint32(b, checksum(b))
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }

// decode takes a file's content in, whole or not at all.
func (s *Stats) decode(b []byte, systemID uint64) error {
	entries, err := parse(b, systemID)
	if err != nil {
		return err
	}
	number := func(name string) uint64 {
		if v := entries[name]; len(v) == 8 {
			return binary.LittleEndian.Uint64(v)
		}
		return 0
	}
	s.visit("", func(name string, field any) {
		switch f := field.(type) {
		case *atomic.Uint64:
			f.Add(number(name))
		case *atomic.Int64:
			raise(f, int64(number(name)))
		case *Reset:
			f.At.CompareAndSwap(0, int64(number(name)))
		}
	})
	s.Archiver.restoreNames(string(entries[lastArchived]), string(entries[lastFailed]))
	return nil
}

// raise makes a time at least t: what was counted since the start is later.
func raise(f *atomic.Int64, t int64) {
	for was := f.Load(); was < t; was = f.Load() {
		if f.CompareAndSwap(was, t) {
			return
		}
	}
}

// restoreNames gives back the names that the archiver has not replaced since the start.
func (a *Archiver) restoreNames(archived, failed string) {
	var old ArchiverNames
	shmem.SetString(old.LastArchived[:], archived)
	shmem.SetString(old.LastFailed[:], failed)
	a.SetNames(func(n *ArchiverNames) {
		if n.LastArchived[0] == 0 {
			n.LastArchived = old.LastArchived
		}
		if n.LastFailed[0] == 0 {
			n.LastFailed = old.LastFailed
		}
	})
}

// parse gives a file's entries by name.
func parse(b []byte, systemID uint64) (map[string][]byte, error) {
	le := binary.LittleEndian
	if len(b) < headLen+4 || string(b[:8]) != fileMagic || le.Uint32(b[8:]) != fileFormat {
		return nil, errNotOurs
	}
	body, sum := b[:len(b)-4], le.Uint32(b[len(b)-4:])
	if checksum(body) != sum {
		return nil, errDamaged
	}
	if id := le.Uint64(b[16:]); id != systemID {
		return nil, fmt.Errorf("the file is of the database system %d, this one is %d", id, systemID)
	}
	entries := make(map[string][]byte)
	rest := body[headLen:]
	text := func() []byte {
		if len(rest) < 2 || len(rest)-2 < int(le.Uint16(rest)) {
			rest = nil
			return nil
		}
		t := rest[2 : 2+le.Uint16(rest)]
		rest = rest[2+len(t):]
		return t
	}
	n := 0
	for len(rest) > 0 {
		name := text()
		if len(name) == 0 {
			return nil, errDamaged
		}
		entries[string(name)] = text()
		n++
	}
	if n != int(le.Uint32(b[12:])) {
		return nil, errDamaged
	}
	return entries, nil
}

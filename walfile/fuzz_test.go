package walfile_test

import (
	"bytes"
	"encoding/binary"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

// fuzzPages is how many pages are fuzzed: the first ones of a segment.
const fuzzPages = 12

// fuzzBases are what FuzzReader damages: pages of real servers, and pages with everything that is rare.
func fuzzBases(f *testing.F) [][]byte {
	var bases [][]byte
	for _, v := range waltest.FixtureVersions {
		segs := waltest.FixtureSegments(f, v)
		bases = append(bases, segs.At(1, segs.First(1))[:fuzzPages*xlog.PageSize])
	}
	l := waltest.New(waltest.Options{Version: walfile.V16})
	l.Filler(100)
	l.Unfinished(50000, 2)
	l.Overwrite()
	l.Filler(20000)
	n := everything()
	l.Append(n)
	l.Filler(16000)
	l.CheckPoint(true)
	l.Switch()
	return append(bases, l.Bytes(l.Options().Start, l.Options().Start+fuzzPages*xlog.PageSize))
}

// FuzzReader damages pages, or lays others in their place, and reads what it can: reading must end, give no record
// that does not check, and not believe a length. Edits are four bytes each: where, and what; of base 4 on, they are
// the pages.
func FuzzReader(f *testing.F) {
	bases := fuzzBases(f)
	for i := range bases {
		f.Add([]byte{}, uint8(i), uint16(0), false)
		f.Add([]byte{0, 0, 16, 1, 0, 32, 2, 4}, uint8(i), uint16(300), true)
	}
	f.Add(bases[3][:300], uint8(4), uint16(0), true)
	f.Fuzz(func(t *testing.T, edits []byte, base uint8, limit uint16, mend bool) {
		if len(edits) > 2*xlog.PageSize {
			return
		}
		pages := make([]byte, fuzzPages*xlog.PageSize)
		if int(base) < len(bases) {
			copy(pages, bases[base])
			for ; len(edits) >= 4; edits = edits[4:] {
				at := (int(edits[0])<<16 | int(edits[1])<<8 | int(edits[2])) % len(pages)
				pages[at] = edits[3]
			}
		} else {
			copy(pages, edits)
		}
		if mend {
			mendCRCs(pages)
		}
		var h walfile.PageHeader
		h.Decode(pages)
		if h.Addr > walfile.NoLimit-2*xlog.LSN(xlog.MaxSegSize) {
			h.Addr = 0
		}
		segs := &waltest.Segments{SegSize: xlog.MinSegSize, Files: map[walfile.Segment][]byte{}}
		start := segs.SegSize.SegStart(h.Addr)
		segs.Files[walfile.Segment{TLI: 1, SegNo: segs.SegSize.SegNo(start)}] = pages
		readFuzzed(t, segs.Reader(1, 0), start, xlog.LSN(limit))
	})
}

// readFuzzed reads up to a limit first, then without one.
func readFuzzed(t *testing.T, r *walfile.Reader, start, limit xlog.LSN) {
	if limit > 0 {
		r.SetLimit(start + limit*16)
	}
	if _, err := r.FindFirst(start); err != nil {
		r.SetLimit(walfile.NoLimit)
		if _, err := r.FindFirst(start); err != nil {
			checkStop(t, err)
			return
		}
	}
	r.SetLimit(walfile.NoLimit)
	for last := xlog.LSN(0); ; {
		rec, err := r.Next()
		if err != nil {
			checkStop(t, err)
			return
		}
		require.Greater(t, rec.LSN(), last)
		require.GreaterOrEqual(t, rec.End(), rec.LSN()+xlog.LSN(rec.TotalLen()))
		require.GreaterOrEqual(t, rec.Next(), rec.End())
		last = rec.LSN()
		touch(rec)
	}
}

func checkStop(t *testing.T, err error) {
	s := walfile.AsStop(err)
	require.NotNil(t, s, "%v", err)
	require.LessOrEqual(t, s.Record, s.Held)
	require.NotEmpty(t, s.Error())
}

// touch calls everything that looks into a record.
func touch(rec *walfile.Record) {
	n := len(rec.Main())
	blocks := rec.Blocks()
	for i := range blocks {
		n += len(rec.Data(&blocks[i])) + len(rec.Image(&blocks[i]))
	}
	if n > len(rec.Raw()) {
		panic("parts are longer than the whole")
	}
	rec.CheckPoint()
	rec.EndOfRecovery()
	rec.OverwriteContRecord()
	rec.RestorePoint()
	rec.ParameterChange()
	rec.XactEnd()
	_ = rec.String()
}

// mendCRCs makes the CRC of each record right that lies within a page, going by the lengths.
func mendCRCs(pages []byte) {
	for ; len(pages) >= xlog.PageSize; pages = pages[xlog.PageSize:] {
		page := pages[:xlog.PageSize]
		at := walfile.ShortPageHeaderSize
		if page[2]&byte(walfile.LongHeader) != 0 {
			at = walfile.LongPageHeaderSize
		}
		if page[2]&byte(walfile.FirstIsContRecord) != 0 {
			at += int(min(binary.LittleEndian.Uint32(page[16:]), xlog.PageSize)+7) &^ 7
		}
		for at+walfile.RecordHeaderSize <= len(page) {
			n := int(binary.LittleEndian.Uint32(page[at:]))
			if n < walfile.RecordHeaderSize || n > len(page)-at {
				break
			}
			walfile.SetPrev(page[at:at+n], xlog.LSN(binary.LittleEndian.Uint64(page[at+8:])))
			at += (n + 7) &^ 7
		}
	}
}

// FuzzDecodeRecord takes a record apart whose CRC is made good: what it holds is not to be believed.
func FuzzDecodeRecord(f *testing.F) {
	n := everything()
	f.Add(n.Append(nil, 0x28))
	c := walfile.CheckPointRecord(&walfile.CheckPoint{Redo: 1}, true, walfile.V18)
	f.Add(c.Append(nil, 0x28))
	o := walfile.OverwriteContRecordRecord(1, time.Unix(0, 0))
	f.Add(o.Append(nil, 0x28))
	r := openFixture(f, walfile.V17)
	seen := map[walfile.RmgrID]int{}
	for {
		rec, err := r.Next()
		if err != nil {
			break
		}
		if seen[rec.Rmgr()]++; seen[rec.Rmgr()] <= 3 && rec.TotalLen() < 2000 {
			f.Add(bytes.Clone(rec.Raw()))
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < walfile.RecordHeaderSize {
			return
		}
		binary.LittleEndian.PutUint32(b, uint32(len(b)))
		walfile.SetPrev(b, 0x28)
		for v := walfile.OldestVersion; v <= walfile.NewestVersion; v++ {
			if rec, err := walfile.DecodeRecord(b, 0x1000, v); err == nil {
				touch(rec)
			}
		}
	})
}

// FuzzHistory reads any bytes as a history file; what is read must be in order, and must be read the same when
// written again.
func FuzzHistory(f *testing.F) {
	f.Add([]byte(history4), uint32(4))
	f.Add([]byte("1\t0/3000000\r\n# x\n2 1/2 y\n"), uint32(3))
	f.Add([]byte("1\n"), uint32(2))
	f.Fuzz(func(t *testing.T, text []byte, tli uint32) {
		h, err := walfile.ParseHistory(xlog.TimeLineID(tli), text)
		if err != nil {
			require.NotEmpty(t, err.Error())
			return
		}
		var again []byte
		e := h.Entries()
		for i, entry := range e {
			require.Equal(t, entry.End == 0, i == len(e)-1)
			require.LessOrEqual(t, entry.Begin, max(entry.End, entry.Begin))
			if i > 0 {
				require.Greater(t, entry.TLI, e[i-1].TLI)
				require.Equal(t, e[i-1].End, entry.Begin)
			}
			if entry.End != 0 {
				again = walfile.AppendHistory(again, entry.TLI, entry.End, "again")
			}
		}
		same, err := walfile.ParseHistory(xlog.TimeLineID(tli), again)
		require.NoError(t, err)
		require.Equal(t, h, same)
		rel, _ := h.Compare(same)
		require.Equal(t, walfile.Same, rel)
	})
}

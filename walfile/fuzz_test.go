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

// fuzzPages is how many pages are fuzzed at most, in a segment the first page of which is good.
const fuzzPages = 16

// FuzzReader lays pages into a segment and reads what it can: it must end, give no record that does not check, and not believe a length.
func FuzzReader(f *testing.F) {
	for _, v := range waltest.FixtureVersions {
		segs := waltest.FixtureSegments(f, v)
		for key, file := range segs.Files {
			at := int(key.SegNo) % 5 * fuzzPages * xlog.PageSize
			f.Add(file[at:at+fuzzPages*xlog.PageSize], uint64(segs.SegSize.Start(key.SegNo))+uint64(at), uint16(0))
		}
	}
	l := waltest.New(waltest.Options{})
	l.Filler(100)
	l.Unfinished(50000, 2)
	l.Overwrite()
	l.Switch()
	f.Add(l.Bytes(l.Options().Start, l.Options().Start+fuzzPages*xlog.PageSize), uint64(l.Options().Start), uint16(300))

	f.Fuzz(func(t *testing.T, pages []byte, at uint64, limit uint16) {
		if len(pages) > fuzzPages*xlog.PageSize {
			return
		}
		start := xlog.LSN(at).PageStart()
		segs := &waltest.Segments{SegSize: xlog.MinSegSize, Files: map[walfile.Segment][]byte{}}
		n := segs.SegSize.SegNo(start)
		file := make([]byte, segs.SegSize)
		h := walfile.PageHeader{Magic: walfile.V15.Magic(), Info: walfile.LongHeader, TLI: 1, Addr: segs.SegSize.Start(n), SegSize: uint32(segs.SegSize), BlockSize: xlog.PageSize}
		if len(pages) > 1 {
			h.Magic = binary.LittleEndian.Uint16(pages)
		}
		h.Append(file[:0])
		copy(file[segs.SegSize.Offset(start):], pages)
		segs.Files[walfile.Segment{TLI: 1, SegNo: n}] = file

		readFuzzed(t, segs.Reader(1, 0), start, xlog.LSN(limit))
		whole := len(pages) / xlog.PageSize * xlog.PageSize // and once with CRCs made good, to get behind them
		mendCRCs(file[segs.SegSize.Offset(start):][:min(whole, int(segs.SegSize-xlog.SegSize(segs.SegSize.Offset(start))))])
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

// FuzzHistory reads any bytes as a history file; what is read must be in order, and must be read the same when written again.
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

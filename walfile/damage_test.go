package walfile_test

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/walfile"
	"waypost/walfile/waltest"
	"waypost/xlog"
)

// Offsets in a page header, for damage.
const (
	pageMagic  = 0
	pageInfo   = 2
	pageTLI    = 4
	pageAddr   = 8
	pageRemLen = 16
	pageSysID  = 24
	pageSize   = 32
	pageBlck   = 36
)

// A log of 20 pages, the record that is damaged begins on the 11th (mid) or the last, and ends there or two pages
// further.
type damageLog struct {
	*waltest.Log
	rec, end xlog.LSN // the record
}

func newDamageLog(multi, last bool) damageLog {
	l := waltest.New(waltest.Options{})
	start := l.Options().Start
	l.FillTo(start + 10*xlog.PageSize + 3000)
	n := 2000
	if multi {
		n = 2*xlog.PageSize + 2000
	}
	d := damageLog{Log: l}
	d.rec, d.end = l.Filler(n)
	if !last {
		l.FillTo(start + 20*xlog.PageSize)
	}
	return d
}

func TestDamageIsNamedForWhatItIs(t *testing.T) {
	type found struct {
		kind walfile.StopKind
		at   func(damageLog) xlog.LSN // LSN
		held func(damageLog) xlog.LSN
	}
	rec := func(d damageLog) xlog.LSN { return d.rec }
	page := func(n int) func(damageLog) xlog.LSN {
		return func(d damageLog) xlog.LSN { return d.rec.PageStart() + xlog.LSN(n)*xlog.PageSize }
	}
	end := func(d damageLog) xlog.LSN { return d.end }
	// stale fills a page's place with one that is whole, but a segment older.
	stale := func(b []byte) {
		old := binary.LittleEndian.Uint64(b[pageAddr:]) - uint64(xlog.MinSegSize)
		binary.LittleEndian.PutUint64(b[pageAddr:], old)
	}
	flip := func(d damageLog, s *waltest.Segments) { s.At(1, d.rec+100)[0] ^= 1 }

	for _, c := range []struct {
		name   string
		multi  bool // the record goes over three pages
		damage func(damageLog, *waltest.Segments)
		// What is found when nothing follows the record, and when the log goes on.
		last, mid found
	}{
		{"a bit flipped in the record", false, flip,
			found{walfile.Torn, rec, end}, found{walfile.Corrupt, rec, end}},
		{"a bit flipped in the record's first page", true, flip,
			found{walfile.Torn, rec, end}, found{walfile.Corrupt, rec, end}},
		{"the record's tail is zeros", false, func(d damageLog, s *waltest.Segments) { clear(s.At(1, d.rec+1000)[:1000]) },
			found{walfile.Torn, rec, end}, found{walfile.Corrupt, rec, end}},
		{"zeros from the record on", false, func(d damageLog, s *waltest.Segments) { clear(s.At(1, d.rec)[:2000]) },
			found{walfile.EndOfWAL, rec, rec}, found{walfile.Corrupt, rec, rec}},
		{"an old record in its place", false, func(d damageLog, s *waltest.Segments) {
			n := walfile.NewRecord{Info: walfile.OpNoop, Main: make([]byte, 100)}
			copy(s.At(1, d.rec), n.Append(nil, d.rec-xlog.LSN(xlog.MinSegSize)-40))
		}, found{walfile.Garbage, rec, rec}, found{walfile.Corrupt, rec, rec}},
		{"a length of less than a header", false, func(d damageLog, s *waltest.Segments) { binary.LittleEndian.PutUint32(s.At(1, d.rec), 23) },
			found{walfile.Garbage, rec, rec}, found{walfile.Corrupt, rec, rec}},
		{"a length beyond all bounds", false, func(d damageLog, s *waltest.Segments) {
			binary.LittleEndian.PutUint32(s.At(1, d.rec), walfile.MaxRecordSize+1)
		},
			found{walfile.Garbage, rec, rec}, found{walfile.Corrupt, rec, rec}},
		{"a huge length that is allowed", false, func(d damageLog, s *waltest.Segments) {
			binary.LittleEndian.PutUint32(s.At(1, d.rec), walfile.MaxRecordSize)
		}, found{walfile.Torn, page(1), page(1)}, found{walfile.Corrupt, page(1), page(1)}},
		{"no such resource manager", false, func(d damageLog, s *waltest.Segments) { s.At(1, d.rec)[17] = 22 },
			found{walfile.Garbage, rec, rec}, found{walfile.Corrupt, rec, rec}},
		{"the second page is zeros", true, func(d damageLog, s *waltest.Segments) { clear(s.At(1, page(1)(d))[:xlog.PageSize]) },
			found{walfile.Corrupt, page(1), page(1)}, found{walfile.Corrupt, page(1), page(1)}},
		{"the last page is zeros", true, func(d damageLog, s *waltest.Segments) { clear(s.At(1, page(2)(d))[:xlog.PageSize]) },
			found{walfile.Torn, page(2), page(2)}, found{walfile.Corrupt, page(2), page(2)}},
		{"the last page is old", true, func(d damageLog, s *waltest.Segments) { stale(s.At(1, page(2)(d))) },
			found{walfile.Torn, page(2), page(2)}, found{walfile.Corrupt, page(2), page(2)}},
		{"the last page has another magic", true, func(d damageLog, s *waltest.Segments) { s.At(1, page(2)(d))[pageMagic] = 0 },
			found{walfile.Torn, page(2), page(2)}, found{walfile.Corrupt, page(2), page(2)}},
		{"the last page has unknown flags", true, func(d damageLog, s *waltest.Segments) { s.At(1, page(2)(d))[pageInfo] |= 0x10 },
			found{walfile.Torn, page(2), page(2)}, found{walfile.Corrupt, page(2), page(2)}},
		{"the last page does not go on", true, func(d damageLog, s *waltest.Segments) { s.At(1, page(2)(d))[pageInfo] = 0 },
			found{walfile.Torn, page(2), page(2)}, found{walfile.Corrupt, page(2), page(2)}},
		{"the last page goes on with another length", true, func(d damageLog, s *waltest.Segments) { s.At(1, page(2)(d))[pageRemLen]++ },
			found{walfile.Torn, page(2), page(2)}, found{walfile.Corrupt, page(2), page(2)}},
		{"the last page is of a later position", true, func(d damageLog, s *waltest.Segments) { s.At(1, page(2)(d))[pageAddr+4]++ },
			found{walfile.Corrupt, page(2), page(2)}, found{walfile.Corrupt, page(2), page(2)}},
		{"the last page is of another timeline", true, func(d damageLog, s *waltest.Segments) { s.At(1, page(2)(d))[pageTLI]++ },
			found{walfile.OtherTimeline, page(2), page(2)}, found{walfile.OtherTimeline, page(2), page(2)}},
		{"the file ends in the record", true, func(d damageLog, s *waltest.Segments) { s.Truncate(1, page(1)(d)+500) },
			found{walfile.ShortSegment, func(d damageLog) xlog.LSN { return page(1)(d) + 500 }, page(2)},
			found{walfile.ShortSegment, func(d damageLog) xlog.LSN { return page(1)(d) + 500 }, page(2)}},
		{"another system", true, func(d damageLog, s *waltest.Segments) { s.At(1, d.Options().Start)[pageSysID]++ },
			found{walfile.Foreign, nil, nil}, found{walfile.Foreign, nil, nil}},
		{"another segment size", true, func(d damageLog, s *waltest.Segments) { s.At(1, d.Options().Start)[pageSize+2]++ },
			found{walfile.Foreign, nil, nil}, found{walfile.Foreign, nil, nil}},
		{"another page size", true, func(d damageLog, s *waltest.Segments) { s.At(1, d.Options().Start)[pageBlck+1]++ },
			found{walfile.Foreign, nil, nil}, found{walfile.Foreign, nil, nil}},
		{"another version", true, func(d damageLog, s *waltest.Segments) {
			binary.LittleEndian.PutUint16(s.At(1, d.Options().Start), walfile.V17.Magic())
		},
			found{walfile.Foreign, nil, nil}, found{walfile.Foreign, nil, nil}},
		{"no file", true, func(d damageLog, s *waltest.Segments) { s.Remove(1, d.rec) },
			found{walfile.MissingSegment, nil, nil}, found{walfile.MissingSegment, nil, nil}},
	} {
		for _, last := range []bool{true, false} {
			name, want := c.name+", and the log goes on", c.mid
			if last {
				name, want = c.name+", and nothing follows", c.last
			}
			t.Run(name, func(t *testing.T) {
				d := newDamageLog(c.multi, last)
				segs := d.Segments()
				c.damage(d, segs)
				r := walfile.NewReader(segs, walfile.ReaderOptions{
					SegSize: xlog.MinSegSize, History: walfile.NewHistory(1), Version: walfile.V15, SystemID: waltest.DefaultSystemID,
				})
				r.Begin(d.Options().Start, 0)
				_, stop := readAll(t, r)
				require.Equal(t, want.kind, stop.Kind, "%v", stop)
				require.NotEmpty(t, stop.Detail)
				if want.at == nil {
					require.Equal(t, d.Options().Start, stop.Record)
					return
				}
				require.Equal(t, want.at(d), stop.LSN, "%v", stop)
				require.Equal(t, d.rec, stop.Record, "%v", stop)
				require.Equal(t, want.held(d), stop.Held, "%v", stop)
			})
		}
	}
}

// A relay that died in the middle of a record asks again for no byte that it had flushed.
func TestStreamingResumesWhereTheFlushEnded(t *testing.T) {
	d := newDamageLog(true, true)
	for flushed := d.rec; flushed < d.end; flushed += 56 {
		segs := d.Segments()
		clear(segs.At(1, flushed))
		_, stop := readAll(t, segs.Reader(1, d.Options().Start))
		require.Contains(t, []walfile.StopKind{walfile.EndOfWAL, walfile.Torn, walfile.Garbage}, stop.Kind)
		resume := stop.Resume(flushed)
		require.Equal(t, d.rec, stop.Record)
		require.LessOrEqual(t, resume, flushed)
		if flushed >= d.rec+walfile.RecordHeaderSize && flushed%xlog.PageSize >= walfile.ShortPageHeaderSize {
			require.Equal(t, flushed, resume, "%v", stop)
		}
		// What comes from there makes the log whole.
		copy(segs.At(1, resume), d.Bytes(resume, d.Pos()))
		got, _ := readAll(t, segs.Reader(1, d.Options().Start))
		require.Equal(t, d.rec, got[len(got)-1])
	}
}

package startup

import (
	"time"

	"waypost/internal/datadir"
	"waypost/walfile"
	"waypost/xlog"
)

// endOfWAL is what the walk over the WAL on disk has found. With F for the remembered flush,
//
//	end ≤ vouched ≤ resume and F ≤ vouched
//
// The bytes before end are covered by CRCs, those before F were synced in an earlier life; between vouched and resume are
// pages of an unfinished record that look right, but that no CRC has covered yet.
//
// Where damage was found, end is before it. If the WAL is good again behind it, up to F and beyond, that still counts as held,
// and replay will have the damage mended, as if it had come up later. Else the disk has lost what was flushed, and
// end = vouched = resume < F: all of it is fetched again.
type endOfWAL struct {
	history *walfile.History
	tli     xlog.TimeLineID // that of resume
	end     xlog.LSN        // end of the last complete record
	vouched xlog.LSN
	resume  xlog.LSN // where streaming goes on
	from    xlog.LSN // where replay looks for the first record if none was found
	last    lastRecord

	why    *walfile.Stop // why there are no more records
	damage *walfile.Stop // set where WAL that was flushed once is not good any more
}

// lastRecord is the last record that was checked; the zero value where none was.
type lastRecord struct {
	start xlog.LSN
	next  xlog.LSN // where the record after it starts, or the page that it starts on
	tli   xlog.TimeLineID
	crc   uint32
}

func lastRecordOf(r *walfile.Record) lastRecord {
	return lastRecord{r.LSN(), r.Next(), r.TLI(), r.CRC()}
}

// walkBlock is how many bytes the walk reads at once.
const walkBlock = 1 << 20

// findEnd walks from the remembered record to the end of the WAL on disk: first up to the remembered flush, before which
// nothing may be missing, then on to where the log itself ends. All in all that is little more than a segment.
func (s *Startup) findEnd(start datadir.Remembered) (*endOfWAL, error) {
	history, err := s.dir.History(start.Timeline)
	if err != nil {
		return nil, err
	}
	// From the start of its segment, so that nothing of the last page held, which the upstream is asked to compare, and of
	// the head, without which a stream does not go on, is left unchecked.
	from := s.control.segSize.SegStart(start.CheckedStart)
	w := &walk{
		endOfWAL: endOfWAL{history: history, tli: start.Timeline, end: from, from: from},
		s:        s,
		flushed:  start.Flushed,
		reader:   walfile.NewReader(s.src, s.readerOptions(history, walkBlock)),
	}
	if err := w.run(start.Distrust); err != nil {
		return nil, err
	}
	return &w.endOfWAL, nil
}

func (s *Startup) readerOptions(h *walfile.History, block int) walfile.ReaderOptions {
	return walfile.ReaderOptions{SegSize: s.control.segSize, History: h, Version: s.control.version,
		SystemID: s.control.systemID, BlockSize: block}
}

// walk is the work on an endOfWAL.
type walk struct {
	endOfWAL
	s           *Startup
	reader      *walfile.Reader
	flushed     xlog.LSN // F
	firstRecord xlog.LSN // 0 until the reader stands on a record
	limited     bool     // what is read was flushed once: the first part of the walk
	silent      bool     // records are not to be told of
}

func (w *walk) run(distrust bool) error {
	w.limited = true
	w.reader.SetLimit(w.flushed)
	stop, err := w.read(w.flushed)
	if err != nil {
		return err
	}
	if stop.Kind != walfile.NeedMore {
		return w.isDamaged(stop, distrust)
	}
	w.vouched, w.resume, w.limited = w.flushed, w.flushed, false
	if distrust {
		return nil
	}
	atFlush := w.endOfWAL
	w.reader.SetLimit(walfile.NoLimit)
	if err := w.readOn(); err != nil {
		return err
	}
	if !w.covered() {
		// Our WAL begins with the rest of a record whose beginning is not here: no CRC covers it. It is as good as it
		// was flushed, and records behind it prove nothing for it.
		why := w.why
		w.endOfWAL = atFlush
		w.why = why
		w.s.forgetObserved()
		return nil
	}
	return w.followLocal()
}

// readOn goes on to the end of the log and finds where streaming resumes.
func (w *walk) readOn() error {
	stop, err := w.read(w.flushed)
	if err != nil {
		return err
	}
	w.why = stop
	w.vouched = max(w.vouched, w.end)
	w.resume = max(w.vouched, w.afterHeld(stop))
	return nil
}

// afterHeld is the first byte not held of the unfinished record that the reader stopped at, if there is one: the start of
// the last page that belongs to it, since of that page no more than the header is known to have been written.
func (w *walk) afterHeld(stop *walfile.Stop) xlog.LSN {
	if stop.Held <= stop.Record || stop.Record < w.end {
		return 0
	}
	return (stop.Held - 1).PageStart()
}

// covered says whether every byte up to the first record either has been flushed or is none of an earlier record.
func (w *walk) covered() bool {
	head := w.from.PageStart() + walfile.LongPageHeaderSize
	return w.firstRecord != 0 && (w.firstRecord <= w.flushed || w.firstRecord <= head)
}

// isDamaged ends the walk before a fault in WAL that was flushed once.
func (w *walk) isDamaged(stop *walfile.Stop, distrust bool) error {
	w.damage, w.why = stop, stop
	if stop.Kind == walfile.MissingSegment && w.last.start == 0 {
		// The file that the walk was to begin in is gone: no segment may get an unwritten head.
		w.from = w.s.control.segSize.SegStart(w.from)
		w.end = w.from
	}
	w.vouched, w.resume = w.end, w.end
	return w.beyondDamage(stop, distrust)
}

// beyondDamage looks for the place behind a fault from where on all is good up to the remembered flush. What is read there
// counts as held, but not as checked.
func (w *walk) beyondDamage(stop *walfile.Stop, distrust bool) error {
	rest := &walk{endOfWAL: w.endOfWAL, s: w.s, reader: w.reader, flushed: w.flushed, limited: true, silent: true}
	for page := stop.LSN.PageStart() + xlog.PageSize; page < w.flushed; {
		first, err := w.reader.FindFirst(page)
		if err == nil {
			rest.firstRecord, rest.end, rest.last = first, first, lastRecord{}
			stop, err = rest.read(w.flushed)
		} else {
			stop, err = w.s.asStop(w.reader, err)
		}
		if err != nil {
			return err
		}
		if stop.Kind == walfile.NeedMore {
			w.vouched, w.resume = w.flushed, w.flushed
			if distrust || first == 0 {
				return nil
			}
			w.reader.SetLimit(walfile.NoLimit)
			rest.vouched, rest.resume, rest.limited = w.flushed, w.flushed, false
			err := rest.readOn()
			w.vouched, w.resume = rest.vouched, rest.vouched
			return err
		}
		page = max(page, stop.LSN.PageStart()) + xlog.PageSize
	}
	return nil
}

// read takes record after record until there is none. trusted is up to where even bytes that no CRC covers are good.
func (w *walk) read(trusted xlog.LSN) (*walfile.Stop, error) {
	if w.firstRecord == 0 {
		first, err := position(w.reader, w.from, w.s.control.segSize)
		if err != nil {
			return w.s.asStop(w.reader, err)
		}
		w.firstRecord = first
	}
	for {
		if w.last.next > w.end {
			if stop, err := w.takeSwitchTail(trusted); stop != nil || err != nil {
				return stop, err
			}
		}
		if w.s.stop.Load() { // a segment of 1 GB takes its time
			return nil, ErrStopped
		}
		rec, err := w.reader.Next()
		if err != nil {
			return w.s.asStop(w.reader, err)
		}
		if !w.silent {
			w.s.observe(rec)
		}
		w.last = lastRecordOf(rec)
		w.end = rec.End()
	}
}

// position makes the reader's Next read the record that starts at l, or the first one in the segment that l begins.
func position(r *walfile.Reader, l xlog.LSN, size xlog.SegSize) (xlog.LSN, error) {
	if size.Offset(l) == 0 {
		return r.FindFirst(l)
	}
	r.Begin(l, 0)
	return l, nil
}

// vouch makes sure that all that will be published is on disk: what was read from the page cache proves nothing after a
// crash. It syncs every segment from the first walked to the one where streaming resumes, the histories, and the names.
func (s *Startup) vouch(start datadir.Remembered, found *endOfWAL) error {
	segments, err := s.dir.Segments()
	if err != nil {
		return err
	}
	size := s.dir.SegSize
	first, last := size.SegNo(min(start.CheckedStart, found.from)), size.SegNo(found.resume)
	for _, seg := range segments {
		if seg.SegNo >= last {
			if err := s.mendSize(seg); err != nil {
				return err
			}
		}
		if seg.SegNo >= first && seg.SegNo <= last {
			if err := s.dir.SyncSegment(seg.TLI, seg.SegNo); err != nil {
				return err
			}
		}
	}
	if err := s.syncHistories(); err != nil {
		return err
	}
	return s.dir.Sync()
}

// logFound says where the WAL ends and why there.
func (s *Startup) logFound(start datadir.Remembered, found *endOfWAL, took time.Duration) {
	if found.damage != nil {
		s.Log.Error().Str("detail", found.damage.Error()+".").
			Msgf("WAL on disk is damaged: it was flushed up to %s on timeline %d, but is good up to %s only", start.Flushed, start.Timeline, found.end)
	}
	if found.end == start.Flushed && found.last.start == 0 {
		s.Log.Info().Msgf("no WAL is held yet, streaming begins at %s on timeline %d", found.resume, found.tli)
		return
	}
	e := s.Log.Info()
	if found.why != nil {
		e = e.Str("detail", found.why.Error()+".")
	}
	e.Msgf("end of local WAL is at %s on timeline %d, read from %s in %.3f s; streaming resumes at %s",
		found.end, found.tli, start.CheckedStart, took.Seconds(), found.resume)
}

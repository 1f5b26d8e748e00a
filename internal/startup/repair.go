package startup

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"waypost/internal/durable"
	"waypost/internal/guc"
	"waypost/internal/walsnd"
	"waypost/walfile"
	"waypost/xlog"
)

// repair mends the segments around a fault: it fetches them from the upstream into files beside, checks every record of
// theirs up to what we hold, and only then gives the files the segments' names. Neither the walreceiver nor anybody who
// reads is disturbed before that.
//
// A failure leaves all as it was. errUpstreamSame says that the upstream has the same bad bytes; ErrStopped that we are to
// end; other errors but a failed sync may pass.
func (s *Startup) repair(stop *walfile.Stop) error {
	p, err := s.planPatch(stop)
	if err != nil {
		return err
	}
	defer p.drop()
	if err := s.fetch(p); err != nil {
		return err
	}
	if differs, err := p.compare(s.src.SegmentReader); err != nil {
		return err
	} else if !differs {
		return errUpstreamSame
	}
	if err := s.checkPatch(p); err != nil {
		return err
	}
	return s.install(p)
}

// patch is replacement segments in the making. It holds the WAL [from, upto) of one timeline, in files as long as segments,
// and is a walfile.Source that reads all else from pg_wal.
type patch struct {
	dir        *walfile.Dir
	tli        xlog.TimeLineID
	from, upto xlog.LSN
	files      []*os.File // segment by segment from from's on
	differs    []bool     // for each file, whether it differs from the segment in pg_wal
	under      *walfile.SegmentReader
}

// planPatch decides which segments may be to blame: from that of the record's start to the one where the fault showed, or
// where the record ends.
func (s *Startup) planPatch(stop *walfile.Stop) (*patch, error) {
	size := s.dir.SegSize
	first := size.SegNo(stop.Record)
	// A file that is missing is named by Segment alone.
	last := max(size.SegNo(max(stop.Record, stop.LSN, stop.Held-1)), stop.Segment)
	p := &patch{dir: &s.dir, tli: s.fileTimeline(first), from: size.Start(first),
		under: walfile.NewSegmentReader(s.dir)}
	p.upto = min(size.Start(last+1), s.XLog.Written())
	for n := first; n <= last && size.Start(n) < p.upto; n++ {
		f, err := os.CreateTemp(s.dir.Path, filepath.Base(s.tempPath())+".*")
		if err != nil {
			p.drop()
			return nil, fmt.Errorf("create replacement segment: %w", err)
		}
		p.files = append(p.files, f)
		if err := errors.Join(f.Chmod(s.Perm), f.Truncate(int64(size))); err != nil {
			p.drop()
			return nil, fmt.Errorf("create replacement segment: %w", err)
		}
	}
	return p, nil
}

// fileTimeline is the timeline whose file of segment n is read: the newest in the history that has one.
func (s *Startup) fileTimeline(n xlog.SegNo) xlog.TimeLineID {
	tli := s.history.TLIOf(s.dir.SegSize.Start(n))
	for _, e := range s.history.Entries() {
		if s.dir.SegSize.SegNo(e.Begin) > n {
			break
		}
		if _, err := os.Lstat(s.dir.SegmentPath(e.TLI, n)); err == nil {
			tli = e.TLI
		}
	}
	return tli
}

// drop closes the files and removes those that did not become segments.
func (p *patch) drop() {
	for _, f := range p.files {
		f.Close()
		os.Remove(f.Name())
	}
	p.under.Close()
}

func (p *patch) file(l xlog.LSN) *os.File {
	if l < p.from || l >= p.upto {
		return nil
	}
	return p.files[p.index(l)]
}

// index is that of the file that holds l.
func (p *patch) index(l xlog.LSN) int {
	return int(p.dir.SegSize.SegNo(l) - p.dir.SegSize.SegNo(p.from))
}

// ReadAt is walfile.Source's.
func (p *patch) ReadAt(b []byte, tli xlog.TimeLineID, l xlog.LSN) (int, error) {
	if f := p.file(l); f != nil && tli == p.tli {
		return f.ReadAt(b, int64(p.dir.SegSize.Offset(l)))
	}
	return p.under.ReadAt(b, tli, l)
}

// write takes the bytes at l, as far as the patch wants them.
func (p *patch) write(b []byte, l xlog.LSN) error {
	for len(b) > 0 && l < p.upto {
		n := min(xlog.LSN(len(b)), p.upto-l, p.dir.SegSize.SegStart(l)+xlog.LSN(p.dir.SegSize)-l)
		if _, err := p.file(l).WriteAt(b[:n], int64(p.dir.SegSize.Offset(l))); err != nil {
			return fmt.Errorf("write replacement segment: %w", err)
		}
		b, l = b[n:], l+n
	}
	return nil
}

// compare finds out which files differ from what is in pg_wal, and says whether any does. What cannot be read there differs.
func (p *patch) compare(old *walfile.SegmentReader) (bool, error) {
	p.differs = make([]bool, len(p.files))
	a, b := make([]byte, 64<<10), make([]byte, 64<<10)
	for l := p.from; l < p.upto; l += xlog.LSN(len(a)) {
		n := min(xlog.LSN(len(a)), p.upto-l)
		if _, err := p.file(l).ReadAt(a[:n], int64(p.dir.SegSize.Offset(l))); err != nil {
			return false, fmt.Errorf("read replacement segment: %w", err)
		}
		if got, err := old.ReadAt(b[:n], p.tli, l); err != nil || xlog.LSN(got) < n || !bytes.Equal(a[:n], b[:n]) {
			p.differs[p.index(l)] = true
		}
	}
	return slices.Contains(p.differs, true), nil
}

// checkPatch checks all records of the patch, and on to the first one behind it that we hold. The last one that we have
// checked must be in it as we know it, or must be what the first one after it links to; and so must be all that we hold
// behind the damage that check out: bytes that were reported are never given out differently.
func (s *Startup) checkPatch(p *patch) error {
	r := walfile.NewReader(p, s.readerOptions(s.history, 0))
	r.SetLimit(p.upto)
	last := s.replay.last
	seen := !s.replay.begun || last.start < p.from
	if s.replay.begun && last.start < p.from {
		r.Begin(last.next, last.start)
	} else if _, err := r.FindFirst(p.from); err != nil {
		return fmt.Errorf("check the upstream's copy: %w", err)
	}
	held := s.heldIn(p)
	defer held.close()
	ours, err := held.next()
	if err != nil {
		return err
	}
	for {
		rec, err := r.Next()
		if walfile.IsStop(err, walfile.NeedMore) {
			break
		}
		if err != nil {
			return fmt.Errorf("the upstream's copy is damaged as well: %w", err)
		}
		if rec.LSN() == last.start && rec.CRC() == last.crc {
			seen = true
		}
		if ours == nil || rec.LSN() < ours.LSN() {
			continue
		}
		if rec.LSN() > ours.LSN() || rec.CRC() != ours.CRC() {
			return otherHistory(ours.LSN())
		}
		if ours, err = held.next(); err != nil {
			return err
		}
	}
	if ours != nil {
		return otherHistory(ours.LSN())
	}
	if !seen {
		return otherHistory(last.start)
	}
	return s.leadsOn(p, r)
}

func otherHistory(l xlog.LSN) error {
	return fmt.Errorf("the upstream has another record than this node at %s: it has another history", l)
}

// leadsOn checks that the patch goes over into what we hold behind it, if that is good there: the record that crosses the
// patch's end by its CRC, the one after it by its link back.
func (s *Startup) leadsOn(p *patch, r *walfile.Reader) error {
	flushed := s.XLog.Flushed()
	if flushed <= p.upto || s.dir.SegSize.Offset(p.upto) != 0 {
		return nil
	}
	ours := walfile.NewReader(p.under, s.readerOptions(s.history, 0))
	ours.SetLimit(flushed)
	first, err := ours.FindFirst(p.upto)
	if err != nil {
		return nil // damaged there, too, or not all there: that is for another time
	}
	if _, err := ours.Next(); err != nil {
		return nil
	}
	r.Reread()
	r.SetLimit(flushed)
	for {
		rec, err := r.Next()
		switch {
		case err != nil:
			return fmt.Errorf("the upstream's copy does not lead on to the record at %s: it has another history: %w", first, err)
		case rec.LSN() >= first:
			return nil
		}
	}
}

// heldRecords gives, one after the other, the records of a patch's range that check out in the segments to be replaced.
type heldRecords struct {
	s     *Startup
	src   *walfile.SegmentReader
	r     *walfile.Reader
	page  xlog.LSN // where to look for the next one after a fault
	upto  xlog.LSN
	found bool // the reader stands on a record
}

func (s *Startup) heldIn(p *patch) *heldRecords {
	h := &heldRecords{s: s, src: walfile.NewSegmentReader(s.dir), page: p.from, upto: p.upto}
	h.r = walfile.NewReader(h.src, s.readerOptions(s.history, walkBlock))
	h.r.SetLimit(p.upto)
	return h
}

func (h *heldRecords) close() { h.src.Close() }

// next gives nil where there are no more.
func (h *heldRecords) next() (*walfile.Record, error) {
	for h.page < h.upto {
		var rec *walfile.Record
		var err error
		if !h.found {
			_, err = h.r.FindFirst(h.page)
		}
		if err == nil {
			h.found = true
			if rec, err = h.r.Next(); err == nil {
				return rec, nil
			}
		}
		stop, err := h.s.asStop(h.r, err)
		if err != nil {
			return nil, err
		}
		if stop.Kind == walfile.NeedMore {
			break
		}
		h.found = false
		h.page = max(h.page, stop.LSN.PageStart()) + xlog.PageSize
	}
	h.page = h.upto
	return nil, nil
}

// install gives those of the patch's files that differ the names of the segments, which are kept under others.
func (s *Startup) install(p *patch) error {
	size := s.dir.SegSize
	last := len(p.files) - 1
	if p.differs[last] {
		if err := s.completePatch(p); err != nil {
			return err
		}
	}
	for i, f := range p.files {
		if !p.differs[i] {
			continue
		}
		path := s.dir.SegmentPath(p.tli, size.SegNo(p.from)+xlog.SegNo(i))
		if err := s.replaceSegment(f.Name(), path); err != nil {
			return err
		}
		s.XLog.RepairedCount.Add(1)
		s.Stats.Waypost.Refetched.Add(xlog.Now())
	}
	s.XLog.SegmentsChanged.Add(1)
	for i := range s.Snds {
		s.Snds[i].Update(func(f *walsnd.Fields) { f.NeedReload = 1 })
	}
	s.XLog.WALAdvanced.Signal()
	return nil
}

// completePatch makes the patch's last file as good as the segment, which may have been the one being received when the patch
// was planned, and may be still: then the walreceiver must not write to it any more.
func (s *Startup) completePatch(p *patch) error {
	end := p.dir.SegSize.SegStart(p.upto-1) + xlog.LSN(p.dir.SegSize)
	if s.XLog.Flushed() < end {
		if err := s.stopReceiver(); err != nil {
			return err
		}
	}
	return p.copyRest(s.src.SegmentReader, min(end, s.XLog.Written()))
}

// copyRest adds what was received since the patch was planned.
func (p *patch) copyRest(old *walfile.SegmentReader, upto xlog.LSN) error {
	buf := make([]byte, 64<<10)
	from := p.upto
	p.upto = max(p.upto, upto)
	for l := from; l < upto; {
		n := min(xlog.LSN(len(buf)), upto-l)
		if _, err := old.ReadAt(buf[:n], p.tli, l); err != nil {
			return fmt.Errorf("copy to replacement segment: %w", err)
		}
		if err := p.write(buf[:n], l); err != nil {
			return err
		}
		l += n
	}
	return nil
}

// replaceSegment puts a file in the place of a segment, which keeps another name for the DBA.
func (s *Startup) replaceSegment(from, path string) error {
	kept, err := s.damagedName(path)
	if err != nil {
		return err
	}
	switch err := os.Link(path, kept); {
	case err == nil:
		s.Log.Info().Msgf("damaged WAL segment is kept as %q", filepath.Base(kept))
	case !errors.Is(err, os.ErrNotExist):
		s.Log.Warn().Err(err).Msg("could not keep damaged WAL segment")
	}
	if err := durable.Rename(from, path); err != nil {
		return fmt.Errorf("replace WAL segment: %w", err)
	}
	s.Log.Info().Msgf("WAL segment %q has been replaced by a checked copy", filepath.Base(path))
	return nil
}

// repairTimeout bounds the time that nothing of a segment comes in.
func (s *Startup) repairTimeout() time.Duration {
	if d := s.Settings.Duration(guc.WalReceiverTimeout); d > 0 {
		return d
	}
	return time.Minute
}

package startup

import (
	"time"

	"waypost/internal/xlogctl"
	"waypost/walfile"
	"waypost/xlog"
)

// observe takes out of a record what the rest of the node wants to know.
func (s *Startup) observe(rec *walfile.Record) {
	s.replay.records++
	s.replay.counts.add(rec)
	switch rec.Rmgr() {
	case walfile.RmgrTransaction:
		if end, ok := rec.XactEnd(); ok {
			s.XLog.LastXactEnd.Store(uint64(rec.End()))
			s.XLog.LastXactTime.Store(int64(end.Time))
			s.replay.commit = s.replay.commit || end.ApplyFeedback
		}
	case walfile.RmgrXLOG:
		s.observeXLOG(rec)
	}
}

func (s *Startup) observeXLOG(rec *walfile.Record) {
	if body, ok := rec.CheckPoint(); ok {
		s.observeCheckpoint(rec, &body)
		return
	}
	if o, ok := rec.OverwriteContRecord(); ok {
		s.Log.Info().Msgf("successfully skipped missing contrecord at %s, overwritten at %s",
			o.Overwritten, o.Time.UTC().Format("2006-01-02 15:04:05.999999-07"))
	}
}

// observeCheckpoint offers a checkpoint record to the checkpointer, which decides whether it becomes a restartpoint.
func (s *Startup) observeCheckpoint(rec *walfile.Record, body *walfile.CheckPoint) {
	cp := xlogctl.Checkpoint{
		RecordStart: rec.LSN(),
		RecordEnd:   rec.End(),
		Redo:        body.Redo,
		TimelineID:  body.TLI,
		Time:        xlog.FromTime(time.Unix(body.Time, 0)),
	}
	if rec.IsShutdownCheckpoint() {
		cp.Shutdown = 1
	}
	cp.Length = uint32(copy(cp.Raw[:], rec.Main()))
	s.XLog.SetCheckpoint(&cp)
	s.Ckpt.Latch.Set()
}

// forgetObserved takes back all that observe has told of records that do not count after all.
func (s *Startup) forgetObserved() {
	s.replay.records, s.replay.counts, s.replay.commit = 0, counts{}, false
	s.XLog.LastXactEnd.Store(0)
	s.XLog.LastXactTime.Store(0)
	s.XLog.SetCheckpoint(&xlogctl.Checkpoint{})
}

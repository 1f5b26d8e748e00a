package startup

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"waypost/internal/controldata"
	"waypost/internal/datadir"
	"waypost/internal/xlogctl"
	"waypost/pmsignal"
	"waypost/walfile"
	"waypost/xlog"
)

// begin takes the node from nothing to where clients may come and a walreceiver is wanted.
func (s *Startup) begin() error {
	control, err := s.readControl()
	if err != nil {
		return err
	}
	if err := s.readUpstream(); err != nil {
		return err
	}
	s.dir = walfile.Dir{Path: filepath.Join(s.DataDir, datadir.WalDir), SegSize: s.control.segSize, Perm: s.Perm}
	start, err := s.readRemembered(control)
	if err != nil {
		return err
	}
	if err := s.enterRecovery(control, start); err != nil {
		return err
	}
	if err := s.removeTemps(); err != nil {
		return err
	}
	s.src = s.newSource()
	began := time.Now()
	found, err := s.findEnd(start)
	if err != nil {
		return err
	}
	if err := s.keepDamaged(found); err != nil {
		return err
	}
	if err := s.vouch(start, found); err != nil {
		return err
	}
	s.publish(found)
	s.logFound(start, found, time.Since(began))
	return s.Postmaster.Send(pmsignal.BeginHotStandby)
}

// readControl reads pg_control and holds it against PG_VERSION.
func (s *Startup) readControl() (*controldata.ControlFile, error) {
	control, err := controldata.Read(s.DataDir)
	if err != nil {
		return nil, err
	}
	major, err := datadir.Version(s.DataDir)
	if err != nil {
		return nil, err
	}
	if walfile.Version(major) != control.Version {
		return nil, fatal("database files are incompatible with each other",
			fmt.Sprintf("PG_VERSION says %d, but the control file is of version %d.", major, control.Version),
			"The data directory was put together from two. Make a new one with waypost init.")
	}
	if control.SystemID == 0 || !control.WALSegSize.Valid() {
		return nil, fatal("control file contains invalid data",
			fmt.Sprintf("System identifier %d, WAL segment size %d.", control.SystemID, control.WALSegSize), "")
	}
	if control.State != controldata.ShutDownInRecovery && control.State != controldata.InArchiveRecovery {
		return nil, fatal("control file is not that of a relay",
			fmt.Sprintf("Its state is %q.", control.State), "Make the data directory with waypost init; that of a PostgreSQL server cannot be used.")
	}
	s.control = identity{control.SystemID, control.Version, control.WALSegSize}
	return control, nil
}

// enterRecovery says how the node ended the last time, and in pg_control that it is at work now.
func (s *Startup) enterRecovery(control *controldata.ControlFile, start datadir.Remembered) error {
	isNew := control.CheckPoint == 0 && start.CheckedStart == start.Flushed
	switch {
	case control.State == controldata.ShutDownInRecovery:
		s.Log.Info().Msgf("database system was shut down in recovery at %s", logTime(control.Time))
		control.State = controldata.InArchiveRecovery
		if err := control.Write(s.DataDir, time.Now(), s.Perm); err != nil {
			return err
		}
	case !isNew:
		s.Log.Info().Msgf("database system was interrupted while in recovery at log time %s", logTime(control.Time))
	}
	s.Log.Info().Msg("entering standby mode")
	return s.Postmaster.Send(pmsignal.RecoveryStarted)
}

func logTime(unix int64) string {
	return time.Unix(unix, 0).UTC().Format("2006-01-02 15:04:05 MST")
}

// readUpstream refuses a directory that is not a relay's.
func (s *Startup) readUpstream() error {
	_, err := os.Stat(filepath.Join(s.DataDir, datadir.StandbySignal))
	if errors.Is(err, os.ErrNotExist) {
		return fatal("this node has no upstream",
			fmt.Sprintf("File %q is missing.", datadir.StandbySignal),
			"This version of Waypost runs as a relay only. Create the file and set primary_conninfo.")
	}
	if err != nil {
		return fmt.Errorf("look for %s: %w", datadir.StandbySignal, err)
	}
	return nil
}

// readRemembered gives the position to start from. Where nothing is remembered, which only damage to the file can be the
// reason for, the last restartpoint has to do.
func (s *Startup) readRemembered(control *controldata.ControlFile) (datadir.Remembered, error) {
	memory, err := datadir.OpenMemory(s.DataDir, s.Perm)
	if err != nil {
		return datadir.Remembered{}, err
	}
	defer memory.Close() // what was stored is synced
	r, ok := memory.Last()
	switch {
	case !ok && control.CheckPoint == 0:
		return r, fatal("the position up to which WAL was flushed is not known",
			fmt.Sprintf("File %q cannot be read, and the control file has no checkpoint.", datadir.RememberedFile),
			"Make the data directory anew with waypost init.")
	case !ok:
		r = datadir.Remembered{SystemID: control.SystemID, Timeline: control.CheckPointCopy.TLI,
			CheckedStart: control.CheckPoint, Flushed: control.CheckPoint, Distrust: s.SyncFailed}
		s.Log.Warn().Str("detail", "WAL that is missing after it cannot be noticed.").
			Msgf("the position up to which WAL was flushed is not known, beginning at the last restartpoint's record, %s", r.CheckedStart)
		return r, nil
	case r.SystemID != control.SystemID:
		return r, fatal("remembered position is of another database system",
			fmt.Sprintf("Its system identifier is %d, that of the control file %d.", r.SystemID, control.SystemID), "")
	case r.CheckedStart == 0 || r.CheckedStart > r.Flushed || r.Timeline == 0:
		return r, fatal("remembered position contains invalid data",
			fmt.Sprintf("Timeline %d, checked record at %s, flushed up to %s.", r.Timeline, r.CheckedStart, r.Flushed), "")
	}
	if s.SyncFailed && !r.Distrust {
		// Written down before anything else, for whoever starts the node after another crash.
		r.Distrust = true
		if err := memory.Store(r); err != nil {
			return r, err
		}
	}
	return r, nil
}

// rememberFirst stores the first record that was checked, before anything that was flushed so far is reported or sent.
func (s *Startup) rememberFirst(rec *walfile.Record, flushed xlog.LSN) error {
	memory, err := datadir.OpenMemory(s.DataDir, s.Perm)
	if err != nil {
		return err
	}
	defer memory.Close() // what was stored is synced
	r, ok := memory.Last()
	if ok && r.Timeline == rec.TLI() && r.Flushed > flushed {
		return nil // damage took the node back: that it once had more is still to be known
	}
	return memory.Store(datadir.Remembered{SystemID: s.control.systemID, Timeline: rec.TLI(), CheckedStart: rec.LSN(), Flushed: flushed,
		WrittenAt: time.Now().Truncate(time.Microsecond), Distrust: r.Distrust})
}

// removeTemps removes unfinished files that an earlier generation left in pg_wal. Nobody else writes there before the
// positions are published.
func (s *Startup) removeTemps() error {
	entries, err := os.ReadDir(s.dir.Path)
	if err != nil {
		return fmt.Errorf("look for temporary WAL files: %w", err)
	}
	for _, e := range entries {
		if !walfile.IsTempName(e.Name()) {
			continue
		}
		if err := os.Remove(filepath.Join(s.dir.Path, e.Name())); err != nil {
			return fmt.Errorf("remove temporary WAL file: %w", err)
		}
	}
	return nil
}

// fatalError is a refusal that tells the user what to do.
type fatalError struct{ message, detail, hint string }

func fatal(message, detail, hint string) error { return &fatalError{message, detail, hint} }

func (e *fatalError) Error() string { return e.message }

// LogFields gives the log what belongs on lines of its own (internal/logging).
func (e *fatalError) LogFields() (sqlstate, message, detail, hint string) {
	return "XX000", e.message, e.detail, e.hint
}

// upstreamVersion is what the upstream last said of itself. Where that is not known, it is the major version alone, until a
// walreceiver has connected.
func (s *Startup) upstreamVersion() (text string, num uint32) {
	major := int(s.control.version)
	v, ok, err := datadir.ReadUpstreamVersion(s.DataDir)
	if err != nil {
		s.Log.Warn().Msg(err.Error())
	}
	if ok && v.Num/10000 == major {
		return v.Text, uint32(v.Num)
	}
	return fmt.Sprintf("%d.0", major), uint32(major) * 10000
}

// publish fills shared memory: from here on the node has positions.
func (s *Startup) publish(found *endOfWAL) {
	x := s.XLog
	x.State.Store(uint32(xlogctl.RecoveryStateArchive))
	x.SystemID.Store(s.control.systemID)
	x.SegmentSize.Store(uint32(s.control.segSize))
	if x.ServerVersionNum.Load() == 0 {
		x.SetServerVersion(s.upstreamVersion())
	}
	x.VouchedUpto.Store(uint64(max(found.end, found.vouched)))
	x.ResumedAt.Store(uint64(found.resume))
	if found.last.start == 0 && found.damage == nil && found.vouched == found.resume {
		// All that comes is in doubt until the first record was checked and is remembered (rememberFirst): until then a
		// restart could find nothing in it that it may believe, and would begin here again.
		x.ResumedAt.Store(uint64(found.resume) + 1)
	}
	if found.damage != nil && found.end < found.resume {
		x.FaultAt.Store(uint64(found.end)) // until replay has had it mended
	}
	x.TimelineID.Store(uint32(found.tli))
	x.PrevTimeline.Store(uint32(parentOf(found.history, found.tli)))
	x.WrittenUpto.Store(uint64(found.resume))
	x.FlushedUpto.Store(uint64(found.resume))
	s.history = found.history
	s.beginReplay(found)
	s.WalRcv.WrittenUpto.Store(uint64(found.resume))
	s.Ckpt.SegmentBegun(s.dir.SegSize.SegNo(found.resume-1)+1, found.tli)
	x.WALAdvanced.Signal()
}

// parentOf is the timeline before tli in the history, 0 if none is known.
func parentOf(h *walfile.History, tli xlog.TimeLineID) xlog.TimeLineID {
	parent := xlog.TimeLineID(0)
	for _, e := range h.Entries() {
		if e.TLI == tli {
			return parent
		}
		parent = e.TLI
	}
	return 0
}

package walsender

import (
	"strconv"

	"waypost/internal/backend"
	"waypost/internal/guc"
	"waypost/internal/walsnd"
	"waypost/protocol"
	"waypost/xlog"
)

// startReplication streams from the position asked for until the client or a timeline's end ends it.
func (w *WalSender) startReplication(cmd *protocol.StartReplicationCmd) error {
	if cmd.Kind == protocol.LogicalReplication {
		return notSupported("logical replication is not supported")
	}
	if cmd.HasSlot {
		return noSuchSlot(cmd.SlotName)
	}
	if err := w.refreshDir(); err != nil {
		return err
	}
	end, tli := w.sendable(w.p.Settings.Bool(guc.WalSenderRequireFlush))
	line := timeline{id: tli}
	if cmd.Timeline != 0 && cmd.Timeline != tli {
		var err error
		if line, err = w.historic(cmd.Timeline, tli); err != nil {
			return err
		}
		if line.validUpto < cmd.StartPoint {
			return notInHistory(cmd, line.validUpto)
		}
	}
	// With nothing to stream the copy does not even begin.
	if !line.historic || cmd.StartPoint < line.validUpto {
		if err := w.copyBoth(cmd.StartPoint, end, &line); err != nil {
			return err
		}
	}
	if line.historic {
		w.nextTimeline(&line)
	}
	// Two tags, as PostgreSQL has them: the stream's and the command's.
	w.complete("START_STREAMING")
	w.complete("START_REPLICATION")
	return nil
}

// copyBoth enters copy-both mode and streams. end is up to where there is WAL to send now; line may become historic.
func (w *WalSender) copyBoth(start, end xlog.LSN, line *timeline) error {
	if !w.begin() {
		return protocol.Errorf(protocol.CodeObjectNotInPrerequisiteState,
			"cannot execute new commands while WAL sender is in stopping mode")
	}
	defer w.end()
	w.setState(walsnd.Catchup)
	w.s.Append(protocol.AppendCopyBothResponse)
	if err := w.s.Flush(); err != nil {
		return err
	}
	w.abandon()
	st := newStream(w, start, line)
	defer st.close()
	err := st.run(end)
	switch {
	case err != nil:
	case w.stopping.Load():
		err = backend.ErrDone
	}
	w.setState(walsnd.Startup)
	return err
}

func aheadOfUs(start, end xlog.LSN) *protocol.Error {
	return internalErrorf("requested starting point %v is ahead of the WAL flush position of this server %v", start, end)
}

func notInHistory(cmd *protocol.StartReplicationCmd, forked xlog.LSN) *protocol.Error {
	return internalErrorf("requested starting point %v on timeline %d is not in this server's history",
		cmd.StartPoint, cmd.Timeline).
		WithDetail("This server's history forked from timeline %d at %v.", cmd.Timeline, forked)
}

// nextTimeline tells the client how to go on where the timeline it had has ended.
func (w *WalSender) nextTimeline(line *timeline) {
	w.s.Append(func(dst []byte) []byte {
		dst = protocol.AppendRowDescription(dst,
			protocol.Column{Name: "next_tli", Type: protocol.Int8OID},
			protocol.Column{Name: "next_tli_startpos", Type: protocol.TextOID})
		return protocol.AppendDataRow(dst, strconv.AppendUint(nil, uint64(line.next), 10), line.validUpto.Append(nil))
	})
}

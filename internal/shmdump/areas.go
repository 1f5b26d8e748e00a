package shmdump

import (
	"fmt"
	"time"

	"waypost/internal/ckptctl"
	"waypost/internal/walrcv"
	"waypost/internal/walsnd"
	"waypost/internal/xlogctl"
	"waypost/shmem"
	"waypost/xlog"
)

func (r reader) xlogCtl(c *xlogctl.Ctl) XLogCtl {
	d := XLogCtl{
		SystemIdentifier:  c.SystemID.Load(),
		ServerVersion:     c.PeekServerVersion(),
		ServerVersionNum:  c.ServerVersionNum.Load(),
		WalSegmentSize:    c.SegmentSize.Load(),
		RecoveryState:     xlogctl.RecoveryState(c.State.Load()).String(),
		RecoveryPause:     c.RecoveryPause().String(),
		Timeline:          c.TimelineID.Load(),
		PrevTimeline:      c.PrevTimeline.Load(),
		WrittenUpto:       lsn(c.WrittenUpto.Load()),
		FlushedUpto:       lsn(c.FlushedUpto.Load()),
		ReplayedUpto:      lsn(c.ReplayedUpto.Load()),
		LastReplayedRead:  lsn(c.LastReplayedReadRecPtr.Load()),
		LastReplayedTLI:   c.LastReplayedTLI.Load(),
		VouchedUpto:       lsn(c.VouchedUpto.Load()),
		ResumedAt:         lsn(c.ResumedAt.Load()),
		FaultAt:           lsn(c.FaultAt.Load()),
		LastXactTime:      r.time(xlog.TimestampTz(c.LastXactTime.Load())),
		LastXactEnd:       lsn(c.LastXactEnd.Load()),
		RecordsChecked:    c.RecordsChecked.Load(),
		CRCFailures:       c.CRCFailures.Load(),
		CorruptAt:         lsn(c.CorruptAt.Load()),
		DiffersAt:         lsn(c.DiffersAt.Load()),
		SegmentsRepaired:  c.RepairedCount.Load(),
		SegmentsChanged:   c.SegmentsChanged.Load(),
		WaitingForAdvance: c.WALAdvanced.Waiters(),
	}
	if cp := c.PeekCheckpoint(); cp.RecordStart != 0 {
		d.Checkpoint = &Checkpoint{cp.RecordStart.String(), cp.Redo.String(), uint32(cp.TimelineID), cp.Shutdown != 0, r.time(cp.Time)}
	}
	return d
}

func (r reader) walRcv(data *walrcv.Data) WalRcvData {
	f := data.Peek()
	d := WalRcvData{
		PID:              int(f.Pid),
		Alive:            alive(int(f.Pid)),
		State:            f.State.String(),
		StartTime:        r.time(f.StartTime),
		ReceiveStart:     f.ReceiveStart.String(),
		ReceiveStartTLI:  uint32(f.ReceiveStartTLI),
		WrittenUpto:      lsn(data.WrittenUpto.Load()),
		FlushedUpto:      f.FlushedUpto.String(),
		ReceivedTLI:      uint32(f.ReceivedTLI),
		LatestChunkStart: f.LatestChunkStart.String(),
		LastMsgSendTime:  r.time(f.LastMsgSendTime),
		LastMsgReceipt:   r.time(f.LastMsgReceipt),
		LatestWalEnd:     f.LatestWalEnd.String(),
		LatestWalEndTime: r.time(f.LatestWalEndTime),
		SenderHost:       shmem.String(f.SenderHost[:]),
		SenderPort:       int(f.SenderPort),
		Slotname:         shmem.String(f.Slotname[:]),
		IsTempSlot:       f.IsTempSlot != 0,
		ReadyToDisplay:   f.ReadyToDisplay != 0,
		ReportedWrite:    lsn(data.ReportedWrite.Load()),
		ReportedFlush:    lsn(data.ReportedFlush.Load()),
		ReportedApply:    lsn(data.ReportedApply.Load()),
		BytesReceived:    data.BytesReceived.Load(),
		Writes:           data.Writes.Load(),
		Syncs:            data.Syncs.Load(),
		SyncSeconds:      float64(data.SyncMicros.Load()) / 1e6,
		RepliesSent:      data.RepliesSent.Load(),
	}
	if d.ReadyToDisplay {
		// Before, it may hold a password.
		d.Conninfo = shmem.String(f.Conninfo[:])
	}
	return d
}

func (r reader) walSndCtl(c *walsnd.Ctl, max int) WalSndCtl {
	queues, released, status := c.PeekSyncRep()
	d := WalSndCtl{SyncStandbysStatus: status, AbandonedUpto: lsn(c.AbandonedUpto.Load()), MaxWalSenders: max}
	for i := range queues {
		text := "empty"
		if queues[i].Head >= 0 {
			text = fmt.Sprintf("child slots %d … %d", queues[i].Head, queues[i].Tail)
		}
		d.SyncRepQueues = append(d.SyncRepQueues, text)
		d.SyncRepReleased = append(d.SyncRepReleased, released[i].String())
	}
	return d
}

func (r reader) walSnd(index int, w *walsnd.WalSnd) WalSnd {
	f := w.Peek()
	client := shmem.String(f.ClientAddr[:])
	if f.ClientPort >= 0 {
		client = fmt.Sprintf("%s(%d)", client, f.ClientPort)
	}
	return WalSnd{
		Index:               index,
		PID:                 int(f.Pid),
		Alive:               alive(int(f.Pid)),
		State:               f.State.String(),
		Kind:                f.Kind.String(),
		Application:         shmem.String(f.Application[:]),
		User:                shmem.String(f.User[:]),
		Client:              client,
		BackendStart:        r.time(f.BackendStart),
		Timeline:            uint32(f.TimelineID),
		SentPtr:             f.SentPtr.String(),
		Write:               f.Write.String(),
		Flush:               f.Flush.String(),
		Apply:               f.Apply.String(),
		WriteLag:            lag(f.WriteLag),
		FlushLag:            lag(f.FlushLag),
		ApplyLag:            lag(f.ApplyLag),
		ReplyTime:           r.time(f.ReplyTime),
		SyncStandbyPriority: f.SyncStandbyPriority,
		NeedReload:          f.NeedReload != 0,
		InFlightFrom:        lsn(w.InFlightFrom.Load()),
		InFlightTLI:         w.InFlightTLI.Load(),
		BytesSent:           w.BytesSent.Load(),
		Messages:            w.Messages.Load(),
		Replies:             w.Replies.Load(),
	}
}

// lag words a lag in microseconds; a negative one is not known.
func lag(us int64) string {
	if us < 0 {
		return ""
	}
	return (time.Duration(us) * time.Microsecond).String()
}

func (r reader) checkpointer(c *ckptctl.Ctl) Checkpointer {
	pid := int(c.PID.Load())
	return Checkpointer{
		PID:              pid,
		Alive:            alive(pid),
		Requested:        c.Requested.Load(),
		Done:             c.Done.Load(),
		Failed:           c.Failed.Load(),
		NextSegment:      c.NextSegment.Load(),
		NextTLI:          c.NextTLI.Load(),
		SegmentsPrepared: c.SegmentsPrepared.Load(),
		SegmentsRecycled: c.SegmentsRecycled.Load(),
		SegmentsRemoved:  c.SegmentsRemoved.Load(),
		SegmentsMissed:   c.SegmentsMissed.Load(),
		Restartpoint:     lsn(c.RestartpointLSN.Load()),
		RestartpointRedo: lsn(c.RestartpointRedo.Load()),
		RestartpointTime: r.time(xlog.TimestampTz(c.RestartpointTime.Load())),
		RemovedUpto:      c.RemovedUpto.Load(),
		RememberedFlush:  lsn(c.RememberedFlush.Load()),
	}
}

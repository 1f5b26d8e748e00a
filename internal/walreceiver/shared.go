package walreceiver

import (
	"waypost/internal/walrcv"
	"waypost/shmem"
	"waypost/xlog"
)

// order is what startup wants of the walreceiver.
type order struct {
	conninfo string
	slot     string
	tempSlot bool
	start    xlog.LSN
	tli      xlog.TimeLineID
}

// beginning says how WalRcvData took the process's coming up.
type beginning int

const (
	wanted       beginning = iota // the usual case
	notWanted                     // startup has changed its mind meanwhile
	stillRunning                  // another walreceiver is there, says shared memory
)

// begin announces the process, as early as can be: from here on startup can stop it, and end is owed.
func (r *Receiver) begin() (order, beginning) {
	var found beginning
	var f walrcv.Fields
	now := xlog.Now()
	r.WalRcv.Update(func(d *walrcv.Fields) {
		switch {
		case d.Pid != 0:
			found = stillRunning
			return
		case d.State == walrcv.Stopping || d.State == walrcv.Stopped:
			found = notWanted
			d.State = walrcv.Stopped
			return
		case d.State != walrcv.Starting:
			found = stillRunning
			return
		}
		found = wanted
		d.Pid = int32(r.PID)
		d.State = walrcv.Streaming
		d.ReadyToDisplay = 0
		d.LastMsgSendTime, d.LastMsgReceipt, d.LatestWalEndTime = now, now, now
		f = *d
	})
	return order{
		conninfo: shmem.String(f.Conninfo[:]),
		slot:     shmem.String(f.Slotname[:]),
		tempSlot: f.IsTempSlot != 0,
		start:    f.ReceiveStart,
		tli:      f.ReceiveStartTLI,
	}, found
}

// connected replaces the conninfo by one without secrets and tells whom the process is connected to.
func (r *Receiver) connected(conninfo, host string, port int) {
	r.WalRcv.Update(func(d *walrcv.Fields) {
		shmem.SetString(d.Conninfo[:], conninfo)
		shmem.SetString(d.SenderHost[:], host)
		d.SenderPort = int32(port)
		d.ReadyToDisplay = 1
	})
}

func (r *Receiver) setSlot(name string) {
	r.WalRcv.Update(func(d *walrcv.Fields) { shmem.SetString(d.Slotname[:], name) })
}

// heard notes a message of the upstream.
func (r *Receiver) heard(walEnd xlog.LSN, sendTime, receipt xlog.TimestampTz) {
	r.WalRcv.Update(func(d *walrcv.Fields) {
		if d.LatestWalEnd < walEnd {
			d.LatestWalEndTime = sendTime
		}
		d.LatestWalEnd = walEnd
		d.LastMsgSendTime = sendTime
		d.LastMsgReceipt = receipt
	})
}

// waiting tells startup that the timeline has ended; false where startup wants the process to end instead.
func (r *Receiver) waiting() bool {
	ok := false
	r.WalRcv.Update(func(d *walrcv.Fields) {
		if d.State != walrcv.Streaming {
			return
		}
		ok = true
		d.State = walrcv.Waiting
		d.ReceiveStart, d.ReceiveStartTLI = 0, 0
	})
	r.XLog.WALAdvanced.Signal()
	return ok
}

// toldToRestart takes startup's word where to go on, if it has been given.
func (r *Receiver) toldToRestart() (start xlog.LSN, tli xlog.TimeLineID, state walrcv.State) {
	r.WalRcv.Update(func(d *walrcv.Fields) {
		if state = d.State; state == walrcv.Restarting {
			start, tli = d.ReceiveStart, d.ReceiveStartTLI
			d.State = walrcv.Streaming
		}
	})
	return start, tli, state
}

// end is the last that the process does to shared memory.
func (r *Receiver) end() {
	r.WalRcv.Update(func(d *walrcv.Fields) {
		d.State = walrcv.Stopped
		d.Pid = 0
		d.ReadyToDisplay = 0
	})
	r.ended()
}

// ended wakes whoever waits for the process's end.
func (r *Receiver) ended() {
	r.WalRcv.CountEnd()
	r.XLog.WALAdvanced.Signal()
}

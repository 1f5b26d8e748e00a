package metrics

import (
	"math"
	"strconv"

	"waypost/internal/walrcv"
	"waypost/internal/walsnd"
	"waypost/shmem"
	"waypost/xlog"
)

// lsnNumber is a position as the field's exporters give it: a double has no room for more.
func lsnNumber(l xlog.LSN) float64 { return float64(uint64(l) % (1 << 52)) }

// receiverStatus is the number that the field's exporters give for a state.
func receiverStatus(s walrcv.State) float64 {
	switch s {
	case walrcv.Stopped, walrcv.Starting, walrcv.Streaming, walrcv.Waiting, walrcv.Restarting:
		return float64(s)
	case walrcv.Stopping:
		return -1
	}
	return -2
}

// walReceiver tells how receiving goes: pg_stat_wal_receiver's row, as far as there is one.
func (s *scrape) walReceiver() {
	f := &s.rcv
	there := f.Pid != 0 && f.ReadyToDisplay != 0
	s.gauge("waypost_walreceiver_up", "Whether a walreceiver is connected to the upstream", bool01(there))
	s.gauge("waypost_walreceiver_status",
		"State of the walreceiver: 0 stopped, 1 starting, 2 streaming, 3 waiting, 4 restarting, -1 stopping",
		receiverStatus(f.State))
	s.counters("waypost_walreceiver_sync_seconds_total", "Time that syncs of received WAL took").
		add(fromMicros(s.areas.Stats.WAL.SyncMicros.Load()))
	s.counter("waypost_walreceiver_replies_total", "Status reports sent to the upstream since the node's last crash or start",
		s.areas.WalRcv.RepliesSent.Load())
	s.gauge("waypost_walreceiver_lag_bytes", "WAL that the upstream has told of and that is not flushed here",
		behind(s.received(), f.LatestWalEnd))
	if !there {
		return
	}
	host, slot := shmem.String(f.SenderHost[:]), shmem.String(f.Slotname[:])
	gauge := func(name, help string, v float64) {
		s.gauges("pg_stat_wal_receiver_"+name, help, "upstream_host", "slot_name").add(v, host, slot)
	}
	counter := func(name, help string, v float64) {
		s.counters("pg_stat_wal_receiver_"+name, help, "upstream_host", "slot_name").add(v, host, slot)
	}
	gauge("status", "State of the walreceiver", receiverStatus(f.State))
	counter("receive_start_lsn", "Where the walreceiver began, as a number", lsnNumber(f.ReceiveStart))
	gauge("receive_start_tli", "Timeline on which it began", float64(f.ReceiveStartTLI))
	counter("flushed_lsn", "End of what it has flushed, as a number", lsnNumber(f.FlushedUpto))
	counter("written_lsn", "End of what it has written, as a number", lsnNumber(xlog.LSN(s.areas.WalRcv.WrittenUpto.Load())))
	gauge("received_tli", "Timeline of what it has flushed", float64(f.ReceivedTLI))
	counter("last_msg_send_time", "When the upstream sent its last message", seconds(f.LastMsgSendTime))
	counter("last_msg_receipt_time", "When that came", seconds(f.LastMsgReceipt))
	counter("latest_end_lsn", "The upstream's end of WAL as last told, as a number", lsnNumber(f.LatestWalEnd))
	counter("latest_end_time", "When it was told", seconds(f.LatestWalEndTime))
}

// sender is a walsender's labels and its row of pg_stat_replication.
type sender struct {
	labels []string
	fields walsnd.Fields
	snd    *walsnd.WalSnd
}

// label gives a copy of the labels, with more.
func (n *sender) label(more ...string) []string {
	return append(append([]string(nil), n.labels...), more...)
}

// walSenders tells of each client. As in the field's exporters, slot_name is the process's id where there is no slot: two
// clients may have all else alike.
func (s *scrape) walSenders() {
	var all []sender
	for i := range s.areas.Snds {
		snd := &s.areas.Snds[i]
		if f := snd.Peek(); f.Pid != 0 {
			all = append(all, sender{[]string{shmem.String(f.Application[:]), shmem.String(f.ClientAddr[:]), f.State.Display(),
				strconv.Itoa(int(f.Pid))}, f, snd})
		}
	}
	s.gauge("waypost_walsenders", "Clients that are served WAL", float64(len(all)))
	s.gauge("waypost_walsenders_max", "How many there may be (max_wal_senders)", float64(len(s.areas.Snds)))
	labels := []string{"application_name", "client_addr", "state", "slot_name"}
	end := s.received()
	each := func(f family, value func(n *sender) float64) {
		for i := range all {
			f.add(value(&all[i]), all[i].label()...)
		}
	}
	each(s.gauges("pg_stat_replication_pg_current_wal_lsn_bytes", "The node's end of flushed WAL, as a number", labels...),
		func(*sender) float64 { return float64(end) })
	each(s.gauges("pg_stat_replication_pg_wal_lsn_diff", "Bytes by which the client's replay is behind that", labels...),
		func(n *sender) float64 { return known(n.fields.Apply, behind(n.fields.Apply, end)) })
	each(s.gauges("pg_stat_replication_reply_time", "The client's clock in its last reply", labels...),
		func(n *sender) float64 { return seconds(n.fields.ReplyTime) })
	each(s.gauges("pg_stat_replication_backend_start_seconds", "When the client connected", labels...),
		func(n *sender) float64 { return seconds(n.fields.BackendStart) })
	each(s.counters("waypost_walsender_sent_bytes_total", "WAL sent to the client", labels...),
		func(n *sender) float64 { return float64(n.snd.BytesSent.Load()) })
	s.walSenderLags(all, end, append(labels, "position"))
}

// known is v, if there is a position that it belongs to.
func known(l xlog.LSN, v float64) float64 {
	if l == 0 {
		return math.NaN()
	}
	return v
}

// walSenderLags is how far each client is behind the end.
func (s *scrape) walSenderLags(all []sender, end xlog.LSN, labels []string) {
	lagBytes := s.gauges("waypost_walsender_lag_bytes", "Bytes by which the client is behind the node's end of flushed WAL",
		labels...)
	lagSeconds := s.gauges("waypost_walsender_lag_seconds", "Time that WAL took to be reported by the client, as last measured",
		labels...)
	for i := range all {
		n := &all[i]
		f := &n.fields
		lagBytes.add(behind(f.SentPtr, end), n.label("sent")...)
		for _, p := range []struct {
			name string
			at   xlog.LSN
			lag  int64
		}{{"write", f.Write, f.WriteLag}, {"flush", f.Flush, f.FlushLag}, {"replay", f.Apply, f.ApplyLag}} {
			lagBytes.add(known(p.at, behind(p.at, end)), n.label(p.name)...)
			if p.lag >= 0 {
				lagSeconds.add(float64(p.lag)/1e6, n.label(p.name)...)
			}
		}
	}
}

package views

import (
	"time"

	"waypost/internal/roles"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/internal/walsnd"
	"waypost/shmem"
	"waypost/xlog"
)

var replicationViews = [...]view{
	{
		"pg_stat_replication",
		"pid usesysid usename application_name client_addr client_hostname client_port backend_start state sent_lsn " +
			"write_lsn flush_lsn replay_lsn write_lag flush_lag replay_lag sync_priority sync_state reply_time",
		statReplication,
	},
	{
		"pg_stat_wal_receiver",
		"pid status receive_start_lsn receive_start_tli written_lsn flushed_lsn received_tli last_msg_send_time " +
			"last_msg_receipt_time latest_end_lsn latest_end_time slot_name sender_host sender_port conninfo",
		statWALReceiver,
	},
}

// statReplication joins the walsenders with what is known of their processes, by pid, as PostgreSQL's view does.
func statReplication(s *scan) error {
	senders := make(map[int64]walsnd.Fields)
	for i := range s.Snds {
		if w := s.Snds[i].Snapshot(); w.Pid != 0 {
			senders[int64(w.Pid)] = w
		}
	}
	all := s.may(roles.ReadAllStats)
	s.eachProcess(func(p *process) {
		w, ok := senders[p.pid]
		if !ok {
			return
		}
		row := []sql.Value{p.pid, oidOf(p.UserOID), s.userOf(p), shmem.String(p.Application[:]), nil, nil, nil,
			nil}
		if p.seen {
			row[4], row[5], row[6] = addrOf(shmem.String(p.ClientAddr[:])), textOf(p.ClientHostname[:]), p.port()
			row[7] = whenOf(p.BackendStart)
		}
		if all {
			row = append(row, standing(&w)...)
		}
		s.add(row...)
	})
	return nil
}

// standing is how far a client is, from state on.
func standing(w *walsnd.Fields) []sql.Value {
	priority, state := int64(w.SyncStandbyPriority), "async"
	if w.Flush == 0 {
		priority = 0
	}
	if priority != 0 {
		state = "potential"
	}
	return []sql.Value{
		w.State.Display(), lsnOf(w.SentPtr), lsnOf(w.Write), lsnOf(w.Flush), lsnOf(w.Apply),
		lagOf(w.WriteLag), lagOf(w.FlushLag), lagOf(w.ApplyLag), priority, state, whenOf(w.ReplyTime),
	}
}

func lagOf(micros int64) sql.Value {
	if micros < 0 {
		return nil
	}
	return types.FromDuration(time.Duration(micros) * time.Microsecond)
}

func statWALReceiver(s *scan) error {
	r := s.WalRcv.Snapshot()
	if r.Pid == 0 || r.ReadyToDisplay == 0 {
		return nil
	}
	if !s.may(roles.ReadAllStats) {
		s.add(int64(r.Pid))
		return nil
	}
	var port sql.Value
	if r.SenderPort != 0 {
		port = int64(r.SenderPort)
	}
	s.add(int64(r.Pid), r.State.Display(), lsnOf(r.ReceiveStart), int64(r.ReceiveStartTLI),
		lsnOf(xlog.LSN(s.WalRcv.WrittenUpto.Load())), lsnOf(r.FlushedUpto), int64(r.ReceivedTLI),
		whenOf(r.LastMsgSendTime), whenOf(r.LastMsgReceipt), lsnOf(r.LatestWalEnd), whenOf(r.LatestWalEndTime),
		textOf(r.Slotname[:]), textOf(r.SenderHost[:]), port, textOf(r.Conninfo[:]))
	return nil
}

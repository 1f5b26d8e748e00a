package walreceiver

import (
	"fmt"

	"waypost/internal/guc"
	"waypost/protocol"
	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

const hintOtherCluster = `Check primary_conninfo. If the upstream was replaced on purpose, make this node anew with "waypost init".`

// identify makes sure that the upstream is one that this node can follow, and returns its timeline.
func (r *Receiver) identify(conn transport.Conn, tli xlog.TimeLineID) (xlog.TimeLineID, error) {
	id, err := conn.IdentifySystem(r.ctx)
	if err != nil {
		return 0, upstreamError("could not receive database system identifier and timeline ID from the primary server", err)
	}
	if ours := r.XLog.SystemID.Load(); id.SystemID != ours {
		return 0, errorf(protocol.CodeObjectNotInPrerequisiteState, "database system identifier differs between the primary and standby").
			withDetail("The primary's identifier is %d, the standby's identifier is %d.", id.SystemID, ours).
			withHint(hintOtherCluster)
	}
	if id.TLI < tli {
		return 0, errorf(protocol.CodeObjectNotInPrerequisiteState,
			"highest timeline %d of the primary is behind recovery timeline %d", id.TLI, tli).
			withHint("The upstream has not followed a promotion that this node has followed. " +
				"Point primary_conninfo at a server on the new timeline.")
	}
	if r.checked {
		return id.TLI, nil
	}
	if err := r.checkVersion(conn.ServerVersion()); err != nil {
		return 0, err
	}
	if err := r.checkSegmentSize(conn); err != nil {
		return 0, err
	}
	r.checked = true
	return id.TLI, nil
}

func (r *Receiver) checkVersion(v transport.ServerVersion) error {
	version, err := walfile.VersionOfServer(v.Num)
	if err != nil {
		e := errorf(protocol.CodeFeatureNotSupported, "cannot stream from the upstream: %v", err)
		e.err = err
		return e
	}
	if version != r.WALVersion {
		return errorf(protocol.CodeObjectNotInPrerequisiteState, "WAL of PostgreSQL %d cannot follow WAL of PostgreSQL %d", version, r.WALVersion).
			withDetail("The upstream's version is %s; this data directory was made for version %d.", v.Text, r.WALVersion).
			withHint(`After an upgrade of the upstream, make this node anew with "waypost init".`)
	}
	r.XLog.SetServerVersion(v.Text, uint32(v.Num))
	if err := r.RememberVersion(v); err != nil {
		r.log().Warn().Msg(err.Error()) // nothing but what clients are told after a restart hangs on it
	}
	return nil
}

func (r *Receiver) checkSegmentSize(conn transport.Conn) error {
	size, err := segmentSize(r, conn)
	if err != nil {
		return err
	}
	if ours := r.Dir.SegSize; size != int64(ours) {
		return errorf(protocol.CodeObjectNotInPrerequisiteState, "WAL segment size differs between the primary and standby").
			withDetail("The primary's is %d bytes, the standby's is %d bytes.", size, ours).
			withHint(hintOtherCluster)
	}
	return nil
}

// segmentSize asks for wal_segment_size, bytes. The answer is text with a unit, such as "16MB".
func segmentSize(r *Receiver, conn transport.Conn) (int64, error) {
	res, err := conn.Exec(r.ctx, "SHOW wal_segment_size")
	if err != nil {
		return 0, upstreamError("could not get the upstream's WAL segment size", err)
	}
	if len(res.Rows) != 1 || len(res.Rows[0]) != 1 {
		return 0, errorf(protocol.CodeProtocolViolation, "invalid response from the upstream to SHOW wal_segment_size").
			withDetail("Expected one row of one column, got %d rows.", len(res.Rows))
	}
	s := guc.New()
	if err := s.SetID(guc.WalSegmentSize, res.Rows[0][0].Text, guc.SourceOverride); err != nil {
		return 0, fmt.Errorf("read the upstream's WAL segment size: %w", err)
	}
	return s.Bytes(guc.WalSegmentSize), nil
}

// makeSlot makes the temporary slot that the setting asks for, once for each connection: it ends with it.
func (r *Receiver) makeSlot(conn transport.Conn, o *order) error {
	if !o.tempSlot || r.slotMade != "" {
		return nil
	}
	name := fmt.Sprintf("pg_walreceiver_%d", conn.BackendPID())
	if _, err := conn.CreateSlot(r.ctx, transport.CreateSlotOptions{Name: name, Temporary: true}); err != nil {
		return upstreamError(fmt.Sprintf("could not create replication slot \"%s\"", name), err)
	}
	r.slotMade, o.slot = name, name
	r.setSlot(name)
	return nil
}

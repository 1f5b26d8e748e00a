package views

import (
	"strconv"
	"time"

	"waypost/internal/controldata"
	"waypost/internal/sql"
	"waypost/internal/sql/types"
	"waypost/walfile"
	"waypost/xlog"
)

// Functions that read global/pg_control, each one row with PostgreSQL's columns.
var controlFunctions = [...]function{
	{names: "pg_control_checkpoint", eval: func(n *node, _ []sql.Value) (sql.Value, error) {
		return n.control(controlCheckpoint)
	}},
	{names: "pg_control_system", eval: func(n *node, _ []sql.Value) (sql.Value, error) {
		return n.control(controlSystem)
	}},
	{names: "pg_control_recovery", eval: func(n *node, _ []sql.Value) (sql.Value, error) {
		return n.control(controlRecovery)
	}},
	{names: "pg_control_init", eval: func(n *node, _ []sql.Value) (sql.Value, error) {
		return n.control(controlInit)
	}},
}

// field is one column of a row.
type field struct {
	typ   sql.OID
	value sql.Value
}

func (n *node) control(fields func(c *controldata.ControlFile) []field) (sql.Value, error) {
	c, err := controldata.Read(n.DataDir)
	if err != nil {
		return nil, failed(err)
	}
	row := &types.Row{}
	for _, f := range fields(c) {
		row.Types, row.Vals = append(row.Types, f.typ), append(row.Vals, f.value)
	}
	return row, nil
}

func controlCheckpoint(c *controldata.ControlFile) []field {
	cp := &c.CheckPointCopy
	int4 := func(n uint32) field { return field{types.Int4, int64(n)} }
	xid := func(n uint32) field { return field{types.Xid, int64(n)} }
	oid := func(n uint32) field { return field{types.Oid, int64(n)} }
	return []field{
		{types.LSN, types.PgLSN(c.CheckPoint)}, {types.LSN, types.PgLSN(cp.Redo)},
		{types.Text, redoFile(c)}, int4(uint32(cp.TLI)), int4(uint32(cp.PrevTLI)), {types.Bool, cp.FullPageWrites},
		{types.Text, nextXid(cp)}, oid(cp.NextOID), xid(cp.NextMulti), xid(cp.NextMultiOff), xid(cp.OldestXid),
		oid(cp.OldestXidDB), xid(cp.OldestActive), xid(cp.OldestMulti), oid(cp.OldestMultiDB), xid(cp.OldestCommitTs),
		xid(cp.NewestCommitTs),
		{types.TimestampTz, types.InstantOf(time.Unix(cp.Time, 0))},
	}
}

func redoFile(c *controldata.ControlFile) string {
	if c.WALSegSize == 0 {
		return ""
	}
	return walfile.SegmentNameAt(c.CheckPointCopy.TLI, c.CheckPointCopy.Redo, c.WALSegSize)
}

func controlSystem(c *controldata.ControlFile) []field {
	return []field{
		{types.Int4, int64(c.ControlVersion())}, {types.Int4, int64(c.CatalogVersion)}, {types.Int8, int64(c.SystemID)},
		{types.TimestampTz, types.InstantOf(time.Unix(c.Time, 0))},
	}
}

func controlRecovery(c *controldata.ControlFile) []field {
	lsn := func(l xlog.LSN) field { return field{types.LSN, types.PgLSN(l)} }
	return []field{
		lsn(c.MinRecoveryPoint), {types.Int4, int64(c.MinRecoveryPointTLI)}, lsn(c.BackupStartPoint), lsn(c.BackupEndPoint),
		{types.Bool, c.BackupEndRequired},
	}
}

func controlInit(c *controldata.ControlFile) []field {
	var out []field
	for _, n := range [...]uint32{c.MaxAlign, c.BlockSize, c.RelSegSize, c.WALBlockSize, uint32(c.WALSegSize),
		c.NameDataLen, c.IndexMaxKeys, c.ToastMaxChunkSize, c.LOBlockSize} {
		out = append(out, field{types.Int4, int64(n)})
	}
	return append(out, field{types.Bool, c.Float8ByVal}, field{types.Int4, int64(c.DataChecksumVersion)})
}

// nextXid is next_xid of pg_control_checkpoint(): epoch and number.
func nextXid(c *walfile.CheckPoint) string {
	return strconv.FormatUint(c.NextXid>>32, 10) + ":" + strconv.FormatUint(c.NextXid&0xffffffff, 10)
}

package pgwire

import (
	"context"
	"fmt"
	"strings"

	"waypost/transport"
)

func (c *conn) CreateSlot(ctx context.Context, opts transport.CreateSlotOptions) (transport.CreatedSlot, error) {
	op := fmt.Sprintf("create replication slot %q", opts.Name)
	row, err := c.row(ctx, op, c.createSlotCommand(opts), 3)
	if err != nil {
		return transport.CreatedSlot{}, err
	}
	lsn, err := parseLSN(op, row[1])
	if err != nil {
		return transport.CreatedSlot{}, err
	}
	return transport.CreatedSlot{ConsistentPoint: lsn, SnapshotName: row[2].Text}, nil
}

// parenthesized: since 15 the options of CREATE_REPLICATION_SLOT are a list in parentheses.
func (c *conn) parenthesized() bool { return c.version.Num >= 150000 }

func (c *conn) createSlotCommand(opts transport.CreateSlotOptions) string {
	cmd := "CREATE_REPLICATION_SLOT " + quoteIdentifier(opts.Name)
	if opts.Temporary {
		cmd += " TEMPORARY"
	}
	if !c.logical {
		if c.parenthesized() {
			return cmd + " PHYSICAL (RESERVE_WAL)"
		}
		return cmd + " PHYSICAL RESERVE_WAL"
	}
	var list []string
	if opts.TwoPhase {
		list = append(list, "TWO_PHASE")
	}
	if opts.Failover {
		list = append(list, "FAILOVER")
	}
	cmd += " LOGICAL pgoutput "
	if c.parenthesized() {
		action := [...]string{"export", "nothing", "use"}[opts.Snapshot]
		return cmd + "(" + strings.Join(append(list, "SNAPSHOT '"+action+"'"), ", ") + ")"
	}
	action := [...]string{"EXPORT_SNAPSHOT", "NOEXPORT_SNAPSHOT", "USE_SNAPSHOT"}[opts.Snapshot]
	return cmd + strings.Join(append(list, action), " ")
}

func (c *conn) AlterSlot(ctx context.Context, name string, opts transport.AlterSlotOptions) error {
	op := fmt.Sprintf("alter replication slot %q", name)
	var list []string
	if opts.Failover != nil {
		list = append(list, fmt.Sprintf("FAILOVER %t", *opts.Failover))
	}
	if opts.TwoPhase != nil {
		list = append(list, fmt.Sprintf("TWO_PHASE %t", *opts.TwoPhase))
	}
	command := fmt.Sprintf("ALTER_REPLICATION_SLOT %s ( %s )", quoteIdentifier(name), strings.Join(list, ", "))
	if _, err := c.query(ctx, op, command); err != nil {
		return wrap(op, err)
	}
	return nil
}

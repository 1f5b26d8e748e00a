package nodeinit

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"waypost/internal/datadir"
	"waypost/internal/guc"
	"waypost/transport"
	"waypost/xlog"
)

// Options say what node to make.
type Options struct {
	DataDir     string
	Upstream    string   // a connection string, which becomes primary_conninfo as it is
	Slot        string   // a physical slot on the upstream; becomes primary_slot_name
	StartLSN    xlog.LSN // 0: the slot's, or the upstream's current position
	GroupAccess bool
	Settings    []string // name=value, the last of one name counts
	FirstRole   FirstRole
}

// Run makes a node, telling out what it does. An error is a *Error, or has a *guc.Error or the system's in it; it
// leaves nothing behind but, perhaps, directories above the data directory. It sets the process's umask.
func Run(ctx context.Context, t transport.Transport, opts Options, out io.Writer) error {
	b, err := prepare(t, opts, out)
	if err != nil {
		return err
	}
	if b.up, err = connect(ctx, t, opts.Upstream); err != nil {
		return err
	}
	defer b.up.conn.Close()
	host, port := b.up.conn.SenderInfo()
	fmt.Fprintf(out, "The upstream at %s, port %d, is PostgreSQL %s, system identifier %d, timeline %d, with WAL segments of %d MB.\n",
		host, port, b.up.version.Text, b.up.identity.SystemID, b.up.identity.TLI, b.up.segSize>>20)
	if b.start, err = b.up.startPosition(ctx, opts.StartLSN, opts.Slot); err != nil {
		return err
	}
	fmt.Fprintf(out, "WAL will be received from %s (file %s).\n\n", b.start, b.start.fileName(b.up.segSize))
	if err := b.take(ctx, step{"checking that the upstream has it", func() error { return b.up.probe(ctx, b.start) }}); err != nil {
		return err
	}
	if err := b.settings.fitSegmentSize(b.up.segSize); err != nil {
		return err
	}
	b.setUmask()
	if err := b.build(ctx); err != nil {
		return err
	}
	if b.first.trusts() {
		fmt.Fprintf(out, "\nwaypost: warning: enabling \"trust\" authentication for local connections\n"+
			"waypost: hint: You can change this by editing pg_hba.conf or using the option -A, or --auth-local and --auth-host, "+
			"the next time you run init.\n")
	}
	return nil
}

// prepare checks everything that can be checked without asking anybody.
func prepare(t transport.Transport, opts Options, out io.Writer) (*builder, error) {
	if opts.DataDir == "" {
		return nil, &Error{Message: "no data directory specified", Hint: "Name it with -D, or in the environment variable PGDATA."}
	}
	if opts.Upstream == "" {
		return nil, &Error{Message: "no upstream specified", Hint: "Say how to connect to it: --upstream 'host=… port=… user=…'."}
	}
	dir, err := filepath.Abs(opts.DataDir)
	if err != nil {
		return nil, fmt.Errorf("find data directory: %w", err)
	}
	perm := datadir.ModeFor(0o700)
	if opts.GroupAccess {
		perm = datadir.ModeFor(0o750)
	}
	b := &builder{dir: dir, mode: perm, out: out}
	if b.existed, err = checkEmpty(dir); err != nil {
		return nil, err
	}
	if err := t.CheckConninfo(opts.Upstream, false); err != nil {
		return nil, &Error{Message: fmt.Sprintf("the upstream's connection string is not valid: %v", err), Err: err}
	}
	if b.settings, err = opts.settings(); err != nil {
		return nil, err
	}
	b.first, err = opts.FirstRole.prepare(b.settings)
	return b, err
}

// settings gathers what goes into postgresql.conf.
func (o *Options) settings() (*settings, error) {
	s := newSettings()
	for _, given := range o.Settings {
		name, value, err := guc.SplitOption(given)
		if err != nil {
			return nil, err
		}
		if id, ok := guc.Find(name); ok && (id == guc.PrimaryConninfo || id == guc.PrimarySlotName) {
			return nil, &Error{Message: fmt.Sprintf("%s is set by --upstream and --slot", id)}
		}
		if err := s.set(name, value); err != nil {
			return nil, err
		}
	}
	fixed := []struct {
		id    guc.ID
		value string
	}{
		{guc.PrimaryConninfo, o.Upstream},
		{guc.PrimarySlotName, o.Slot},
		{guc.ListenAddresses, guc.Describe(guc.ListenAddresses).Boot},
		{guc.Port, guc.Describe(guc.Port).Boot},
		{guc.HotStandby, guc.Describe(guc.HotStandby).Boot},
		{guc.WalKeepSize, guc.Describe(guc.WalKeepSize).Boot},
	}
	for _, f := range fixed {
		if f.id == guc.PrimarySlotName && f.value == "" {
			continue
		}
		if err := s.setDefault(f.id, f.value); err != nil {
			return nil, err
		}
	}
	return s, s.setZone(systemZone(os.Getenv("TZ"), localtime, guc.ZoneDir))
}

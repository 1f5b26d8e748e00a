package nodeinit

import (
	"fmt"
	"os"
	"os/signal"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/transport"
	"waypost/xlog"
)

// Command is `waypost init`. t reaches the upstream.
func Command(t transport.Transport) *cobra.Command {
	var opts Options
	var lsn string
	c := &cobra.Command{
		Use:   "init -D DATADIR --upstream CONNINFO",
		Short: "make the data directory of a new relay",
		Long: "init connects to the upstream by way of its replication protocol, learns its system identifier, version,\n" +
			"timeline and WAL segment size, and writes a data directory. The upstream is not changed. WAL is received\n" +
			"from the upstream's current position on, or the slot's, or --start-lsn, in each case from the beginning of\n" +
			"the WAL file that holds it.\n\n" +
			"The node begins with one role, a superuser. With a password given, pg_hba.conf asks for it (scram-sha-256),\n" +
			"unless -A says otherwise; without, it trusts this machine.",
		Example: "  waypost init -D hub --upstream 'host=10.0.0.1 user=replicator' --port 5433",
		Args:    cobra.NoArgs,
	}
	f := c.Flags()
	f.StringVarP(&opts.DataDir, "pgdata", "D", os.Getenv("PGDATA"), "data directory to make")
	f.StringVar(&opts.Upstream, "upstream", "", "connection string of the upstream, becomes primary_conninfo")
	port := f.StringP("port", "p", "", "port that the node will listen on (default "+guc.Describe(guc.Port).Boot+")")
	f.StringVar(&lsn, "start-lsn", "", "receive WAL from this position (X/X)")
	f.StringVarP(&opts.Slot, "slot", "S", "", "physical replication slot to use on the upstream; it must exist")
	f.BoolVarP(&opts.GroupAccess, "allow-group-access", "g", false, "let the group read the data directory")
	firstRoleFlags(c, &opts.FirstRole)
	f.StringVarP(&opts.FirstRole.Auth, "auth", "A", "", "authentication method for local connections, in pg_hba.conf")
	f.StringVar(&opts.FirstRole.AuthLocal, "auth-local", "", "the same for Unix-domain sockets only")
	f.StringVar(&opts.FirstRole.AuthHost, "auth-host", "", "the same for TCP only")
	keep := f.String("wal-keep-size", "", "WAL to keep for clients that are behind")
	set := f.StringArrayP("set", "c", nil, "set a parameter in postgresql.conf: name=value")
	c.RunE = func(cmd *cobra.Command, _ []string) (err error) {
		if lsn != "" {
			if opts.StartLSN, err = xlog.ParseLSN(lsn); err != nil {
				return err
			}
		}
		if f.Changed("port") {
			opts.Settings = append(opts.Settings, guc.Port.String()+"="+*port)
		}
		if f.Changed("wal-keep-size") {
			opts.Settings = append(opts.Settings, guc.WalKeepSize.String()+"="+*keep)
		}
		opts.Settings = append(opts.Settings, *set...)
		if prompted(c) {
			opts.FirstRole.Prompt = Prompt
		}
		ctx, stop := signal.NotifyContext(cmd.Context(), unix.SIGINT, unix.SIGTERM, unix.SIGHUP)
		defer stop()
		if err := Run(ctx, t, opts, cmd.OutOrStdout()); err != nil {
			return err
		}
		fmt.Fprintf(cmd.OutOrStdout(), "\nSuccess. Who is let in, pg_hba.conf says: clients on this machine only, for now.\nStart the node with:\n\n"+
			"    %s start -D %s -l logfile\n\n", shellWord(os.Args[0]), shellWord(opts.DataDir))
		return nil
	}
	return c
}

package nodectl

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

const modesHelp = `Shutdown modes:
  smart       let clients go by themselves, then as fast
  fast        end regular sessions, send walsenders' clients all there is (default)
  immediate   end everything at once; the next start looks for the end of WAL`

// Commands are the commands of `waypost` that act on a node.
func Commands() []*cobra.Command {
	return []*cobra.Command{
		startCommand(), stopCommand(), restartCommand(), reloadCommand(), statusCommand(), promoteCommand(), killCommand(),
	}
}

// flags are those that several commands have.
type flags struct {
	dir     string
	silent  bool
	noWait  bool
	wait    bool
	seconds int
	mode    string
	logFile string
	options string
}

const defaultTimeout = 60 // seconds

func (f *flags) addDir(c *cobra.Command) {
	c.Args = cobra.NoArgs
	c.Flags().StringVarP(&f.dir, "pgdata", "D", os.Getenv("PGDATA"), "data directory")
}

func (f *flags) addSilent(c *cobra.Command) {
	c.Flags().BoolVarP(&f.silent, "silent", "s", false, "only print errors")
}

func (f *flags) addWait(c *cobra.Command) {
	seconds := defaultTimeout
	if n, err := strconv.Atoi(os.Getenv("PGCTLTIMEOUT")); err == nil {
		seconds = n
	}
	c.Flags().BoolVarP(&f.wait, "wait", "w", true, "wait until it is done")
	c.Flags().BoolVarP(&f.noWait, "no-wait", "W", false, "do not wait until it is done")
	c.Flags().IntVarP(&f.seconds, "timeout", "t", seconds, "seconds to wait at most")
}

func (f *flags) addStart(c *cobra.Command) {
	c.Flags().StringVarP(&f.logFile, "log", "l", "", "append the server's log to this file")
	c.Flags().StringVarP(&f.options, "options", "o", "", "more arguments for postmaster, as in a shell")
}

func (f *flags) addMode(c *cobra.Command) {
	c.Flags().StringVarP(&f.mode, "mode", "m", string(Fast), "shutdown mode: smart, fast or immediate")
}

// node is what the flags speak of.
func (f *flags) node(c *cobra.Command) *Node {
	return &Node{
		Dir: f.dir, Program: postmasterProgram(), Out: c.OutOrStdout(), Err: c.ErrOrStderr(), Silent: f.silent,
		Wait: f.wait && !f.noWait, Timeout: time.Duration(f.seconds) * time.Second,
	}
}

// postmasterProgram is the postmaster in our own directory.
func postmasterProgram() string {
	self, err := os.Executable()
	if err != nil {
		return "postmaster" // there is no /proc: then PATH has to do
	}
	return filepath.Join(filepath.Dir(self), "postmaster")
}

func startCommand() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "start -D DATADIR",
		Short: "start a node in the background",
		Long:  "start starts the postmaster that lies beside this program, and waits until the node takes connections.",
		RunE:  func(c *cobra.Command, _ []string) error { return f.node(c).Start(f.logFile, f.options) },
	}
	f.addDir(c)
	f.addStart(c)
	f.addWait(c)
	f.addSilent(c)
	return c
}

func stopCommand() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "stop -D DATADIR",
		Short: "shut a node down",
		Long:  "stop sends the node's postmaster the signal to shut down, and waits until it is down.\n\n" + modesHelp,
		RunE: func(c *cobra.Command, _ []string) error {
			mode, err := parseMode(f.mode)
			if err != nil {
				return err
			}
			return f.node(c).Stop(mode)
		},
	}
	f.addDir(c)
	f.addMode(c)
	f.addWait(c)
	f.addSilent(c)
	return c
}

func restartCommand() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "restart -D DATADIR",
		Short: "shut a node down and start it again",
		Long: "restart stops a node and starts it again, with the arguments that it last had unless -o gives others.\n" +
			"It always waits for the stop.\n\n" + modesHelp,
		RunE: func(c *cobra.Command, _ []string) error {
			mode, err := parseMode(f.mode)
			if err != nil {
				return err
			}
			return f.node(c).Restart(mode, f.logFile, f.options)
		},
	}
	f.addDir(c)
	f.addMode(c)
	f.addStart(c)
	f.addWait(c)
	f.addSilent(c)
	return c
}

func reloadCommand() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "reload -D DATADIR",
		Short: "have a node read its configuration files again",
		Long:  "reload sends the node's postmaster SIGHUP. What the node makes of the files, it says in its log.",
		RunE:  func(c *cobra.Command, _ []string) error { return f.node(c).Reload() },
	}
	f.addDir(c)
	f.addSilent(c)
	return c
}

func statusCommand() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "status -D DATADIR",
		Short: "say whether a node runs",
		Long: "status exits with 0 if a server runs on the data directory, with 3 if none does, and with 4 if there is no\n" +
			"accessible data directory.",
		RunE: func(c *cobra.Command, _ []string) error { return f.node(c).Status() },
	}
	f.addDir(c)
	return c
}

func promoteCommand() *cobra.Command {
	var f flags
	c := &cobra.Command{
		Use:   "promote -D DATADIR",
		Short: "make a primary of a relay (not in this version)",
		Long:  "promote says that this version of Waypost has no promotion.",
		RunE:  func(c *cobra.Command, _ []string) error { return f.node(c).Promote() },
	}
	f.addDir(c)
	f.addWait(c)
	f.addSilent(c)
	return c
}

func killCommand() *cobra.Command {
	names := make([]string, len(signalNames))
	for i, s := range signalNames {
		names[i] = s.name
	}
	return &cobra.Command{
		Use:   "kill SIGNALNAME PID",
		Short: "send a signal to a process",
		Long:  "kill sends a signal to a process. Signal names: " + strings.Join(names, " "),
		Args:  cobra.ExactArgs(2),
		RunE:  func(_ *cobra.Command, args []string) error { return Kill(args[0], args[1]) },
	}
}

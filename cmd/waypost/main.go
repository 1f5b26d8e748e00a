// Command waypost makes, starts, stops and looks after Waypost nodes: what initdb and pg_ctl are to PostgreSQL.
//
// Exit codes: 0; 1 after an error; 3 and 4 of status, see its help.
package main

import (
	"os"

	"github.com/spf13/cobra"

	"waypost/internal/nodectl"
	"waypost/internal/nodeinit"
	"waypost/internal/version"
	"waypost/transport/pgwire"
)

func main() { os.Exit(run(rootCommand())) }

func rootCommand() *cobra.Command {
	c := &cobra.Command{
		Use:               "waypost",
		Short:             "make, start and stop Waypost nodes",
		Long:              "waypost makes the data directory of a Waypost node, starts and stops the node, and says whether it runs.",
		Version:           version.Version,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		PersistentPreRunE: func(*cobra.Command, []string) error { return checkNotRoot() },
	}
	c.SetVersionTemplate("waypost (Waypost) {{.Version}}\n")
	// PostgreSQL's letters: -h is a host's name to its programs.
	c.PersistentFlags().BoolP("help", "?", false, "show this help, then exit")
	c.Flags().BoolP("version", "V", false, "output version information, then exit")
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return &usageError{err} })
	c.AddCommand(nodeinit.Command(&pgwire.Transport{}), nodeinit.RoleCommand())
	c.AddCommand(nodectl.Commands()...)
	return c
}

// checkNotRoot keeps root from owning a node's files: the node itself would refuse to run as root.
func checkNotRoot() error {
	if os.Geteuid() != 0 {
		return nil
	}
	return &nodectl.Error{Code: 1, Message: "cannot be run as root\n" +
		"Become the unprivileged user that owns, or will own, the data directory, and run it again."}
}

package nodeinit

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"waypost/internal/datadir"
	"waypost/internal/roles"
)

// firstRoleFlags are those by which the first role is described.
func firstRoleFlags(c *cobra.Command, first *FirstRole) {
	f := c.Flags()
	f.StringVarP(&first.Name, "username", "U", "", "name of the first role, a superuser (default the operating system's user)")
	f.StringVar(&first.PwFile, "pwfile", "", "read the first role's password from this file")
	f.BoolP("pwprompt", "W", false, "ask for the first role's password")
}

// prompted says whether the password is to be asked for.
func prompted(c *cobra.Command) bool {
	ask, err := c.Flags().GetBool("pwprompt")
	return err == nil && ask && !c.Flags().Changed("pwfile")
}

// RoleCommand is `waypost init-roles`, for data directories from before there were roles.
func RoleCommand() *cobra.Command {
	var first FirstRole
	c := &cobra.Command{
		Use:   "init-roles -D DATADIR",
		Short: "make the first role of a node that has none",
		Long: "init-roles makes a superuser in a data directory that an earlier build has made, which had no roles. The node\n" +
			"must be stopped. Every other role is made by CREATE ROLE.",
		Example: "  waypost init-roles -D hub -U postgres --pwfile secret",
		Args:    cobra.NoArgs,
	}
	dir := c.Flags().StringP("pgdata", "D", os.Getenv("PGDATA"), "data directory")
	firstRoleFlags(c, &first)
	c.RunE = func(cmd *cobra.Command, _ []string) error {
		if prompted(c) {
			first.Prompt = Prompt
		}
		name, err := MakeFirstRole(cmd.Context(), *dir, first)
		if err == nil {
			fmt.Fprintf(cmd.OutOrStdout(), "Role %q is made.\n", name)
		}
		return err
	}
	return c
}

// MakeFirstRole makes the first role of a data directory whose node is stopped, and gives its name.
func MakeFirstRole(ctx context.Context, dir string, first FirstRole) (name string, err error) {
	if dir == "" {
		return "", &Error{Message: "no data directory specified", Hint: "Name it with -D, or in the environment variable PGDATA."}
	}
	if _, err := datadir.Check(dir); err != nil {
		return "", err
	}
	if _, err := datadir.Version(dir); err != nil {
		return "", err
	}
	unlock, err := lockStopped(dir)
	if err != nil {
		return "", err
	}
	defer unlock()
	s := newSettings()
	if err := s.checked.LoadFiles(dir); err != nil {
		return "", err
	}
	first.Auth, first.AuthLocal, first.AuthHost = "trust", "", "" // pg_hba.conf stays as it is
	p, err := first.prepare(s)
	if err != nil {
		return "", err
	}
	err = p.make(dir)
	var damaged *roles.DamagedError
	switch {
	case errors.As(err, &damaged):
		return "", &Error{Message: damaged.Error(), Err: err,
			Hint: "Put a copy of it from a backup in its place, or move it away and make all roles anew, the first with this " +
				"command."}
	case errors.Is(err, roles.ErrExists):
		return "", &Error{Message: "the node has roles already", Hint: "Start it, and make others with CREATE ROLE.", Err: err}
	}
	return p.name, err
}

// lockStopped keeps a postmaster from starting; it fails where one, or a child that it left behind, runs.
func lockStopped(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, &Error{Message: fmt.Sprintf("directory %q is in use by another process", dir), Hint: "Stop the node first.",
			Err: err}
	}
	return func() { f.Close() }, nil
}

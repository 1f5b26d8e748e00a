package shmdump

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"waypost/shmem"
)

// Command is shmdump's command line.
func Command() *cobra.Command {
	var dir, file string
	var asJSON bool
	var watch time.Duration
	c := &cobra.Command{
		Use:   "shmdump -D DATADIR",
		Short: "show the shared memory of a Waypost node",
		Long: "shmdump shows every area of a node's shared memory. It takes no lock, so it may be used on a live node at any\n" +
			"time, and it can read the segment that a killed node left behind.",
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			show := func(w io.Writer) error { return dump(w, dir, file, asJSON) }
			if cmd.Flags().Changed("watch") {
				return repeat(cmd.OutOrStdout(), watch, asJSON, show)
			}
			return show(cmd.OutOrStdout())
		},
	}
	f := c.Flags()
	f.StringVarP(&dir, "pgdata", "D", os.Getenv("PGDATA"), "data directory of the node")
	f.StringVarP(&file, "file", "f", "", "the segment's file, instead of the one named in postmaster.pid")
	f.BoolVar(&asJSON, "json", false, "JSON instead of text, one object a dump")
	f.DurationVarP(&watch, "watch", "w", time.Second, "show again and again, at this interval")
	f.Lookup("watch").NoOptDefVal = "1s"
	return c
}

func dump(w io.Writer, dir, file string, asJSON bool) error {
	if dir == "" && file == "" {
		return errors.New("no data directory: specify -D or set the environment variable PGDATA")
	}
	s, err := openOne(dir, file)
	if err != nil {
		return err
	}
	defer s.Close()
	d, err := Read(s)
	if err != nil {
		return err
	}
	if asJSON {
		return json.NewEncoder(w).Encode(d)
	}
	return WriteText(w, d)
}

// repeat shows again and again until it is interrupted. The segment is opened anew each time, so a restart of the node
// does not end it.
func repeat(w io.Writer, every time.Duration, asJSON bool, show func(io.Writer) error) error {
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, unix.SIGINT, unix.SIGTERM)
	tick := time.NewTicker(max(every, 10*time.Millisecond))
	defer tick.Stop()
	for {
		var b bytes.Buffer
		if err := show(&b); err != nil {
			fmt.Fprintf(os.Stderr, "shmdump: %v\n", err)
		} else if !asJSON {
			fmt.Fprintf(&b, "-- %s\n\n", time.Now().UTC().Format("2006-01-02 15:04:05.000 MST"))
		}
		if _, err := w.Write(b.Bytes()); err != nil {
			return err
		}
		select {
		case <-interrupt:
			return nil
		case <-tick.C:
		}
	}
}

func openOne(dir, file string) (*shmem.Segment, error) {
	if file != "" {
		return shmem.OpenReadOnly(file)
	}
	return Open(dir)
}

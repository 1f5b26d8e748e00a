package nodectl

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"waypost/internal/datadir"
)

// lastArguments are those of the postmaster's last start, from postmaster.opts, without the data directory: we name it
// ourselves, and from where we are. A node that was never started has none.
func (n *Node) lastArguments() ([]string, error) {
	path := n.path(datadir.OptsFile)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, failed("could not read file %q: %s", path, reason(err))
	}
	line, more, _ := strings.Cut(string(text), "\n")
	if line == "" || more != "" {
		return nil, failed("option file %q must have exactly one line", path)
	}
	return withoutDataDir(splitOpts(line)), nil
}

// splitOpts takes a line of postmaster.opts apart: the program, then each argument in double quotes.
func splitOpts(line string) []string {
	_, quoted, any := strings.Cut(line, ` "`)
	if !any {
		return nil
	}
	return strings.Split(strings.TrimSuffix(quoted, `"`), `" "`)
}

func withoutDataDir(args []string) []string {
	var rest []string
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-D":
			i++
		case strings.HasPrefix(args[i], "-D"):
		default:
			rest = append(rest, args[i])
		}
	}
	return rest
}

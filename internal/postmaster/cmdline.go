package postmaster

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"waypost/internal/guc"
	"waypost/internal/version"
)

const usage = `postmaster runs a Waypost node.

Usage:
  postmaster [OPTION]...

Options:
  -D DATADIR         data directory (default: $PGDATA)
  -c NAME=VALUE      set a run-time parameter
  --NAME=VALUE       the same
  -C NAME            print the value of a run-time parameter, then exit
  -h HOSTNAME        host name or IP address to listen on
  -k DIRECTORY       Unix-domain socket location
  -N MAX-CONNECT     maximum number of allowed connections
  -p PORT            port number to listen on
  -V, --version      output version information, then exit
  -?, --help         show this help, then exit
`

// shortOptions are PostgreSQL's letters for settings.
var shortOptions = map[byte]guc.ID{
	'h': guc.ListenAddresses, 'k': guc.UnixSocketDirectories, 'N': guc.MaxConnections, 'p': guc.Port,
}

// commandLine is what the arguments ask for.
type commandLine struct {
	settings *guc.Settings
	dir      string
	print    string // the setting to print instead of running
	help     bool
	version  bool
}

// Main runs the postmaster as its command line (with the program's name) says, and gives the exit code.
func Main(args []string) int {
	line, err := parseCommandLine(args[1:])
	switch {
	case err != nil:
		fmt.Fprintf(os.Stderr, "postmaster: %v\nTry \"postmaster --help\" for more information.\n", err)
		return 1
	case line.help:
		io.WriteString(os.Stdout, usage)
		return 0
	case line.version:
		fmt.Println("postmaster (Waypost) " + version.Version)
		return 0
	case line.print != "":
		return printSetting(line)
	}
	return Run(line.settings, line.dir, args[1:])
}

func printSetting(line *commandLine) int {
	err := line.settings.LoadFiles(line.dir)
	var text string
	if err == nil {
		_, text, err = line.settings.Show(line.print)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "postmaster: %v\n", err)
		return 1
	}
	fmt.Println(text)
	return 0
}

// parseCommandLine reads the options as PostgreSQL's does: a letter's value follows at once or as the next argument.
func parseCommandLine(args []string) (*commandLine, error) {
	line := &commandLine{settings: guc.New(), dir: os.Getenv("PGDATA")}
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		switch {
		case arg == "--help" || arg == "-?":
			line.help = true
			return line, nil
		case arg == "--version" || arg == "-V":
			line.version = true
			return line, nil
		case strings.HasPrefix(arg, "--"):
			if err := line.settings.SetOption(arg[2:], guc.SourceCommandLine); err != nil {
				return nil, err
			}
		case len(arg) > 1 && arg[0] == '-':
			value := arg[2:]
			if value == "" {
				if len(args) == 0 {
					return nil, fmt.Errorf("option requires an argument -- %q", arg[1:])
				}
				value, args = args[0], args[1:]
			}
			if err := line.option(arg[1], value); err != nil {
				return nil, err
			}
		default:
			return nil, fmt.Errorf("invalid argument: %q", arg)
		}
	}
	if line.dir == "" && line.settings.String(guc.ConfigFile) == "" {
		return nil, errors.New("no data directory: specify -D or set the environment variable PGDATA")
	}
	return line, nil
}

func (line *commandLine) option(letter byte, value string) error {
	switch letter {
	case 'D':
		line.dir = value
		return nil
	case 'C':
		line.print = value
		return nil
	case 'c':
		return line.settings.SetOption(value, guc.SourceCommandLine)
	}
	id, ok := shortOptions[letter]
	if !ok {
		return fmt.Errorf("invalid option -- %q", string(letter))
	}
	return line.settings.SetID(id, value, guc.SourceCommandLine)
}

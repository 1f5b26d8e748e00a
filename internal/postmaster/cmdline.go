package postmaster

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/rs/zerolog"

	"waypost/internal/guc"
	"waypost/internal/logging"
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
  --describe-config  describe the configuration parameters, then exit
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
	describe bool
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
	case line.describe:
		io.WriteString(os.Stdout, line.settings.DescribeConfig())
		return 0
	case line.print != "":
		return printSetting(line)
	}
	return Run(line.settings, line.dir, args[1:])
}

// printSetting prints a setting as the node would have it if it were started now, without a unit, as PostgreSQL does.
func printSetting(line *commandLine) int {
	text, err := readSetting(line)
	if err != nil {
		log := logging.New(os.Stderr)
		var list guc.Errors
		if errors.As(err, &list) {
			for _, e := range list[:len(list)-1] {
				logging.Event(&log, zerolog.InfoLevel, e)
			}
			err = list[len(list)-1]
		}
		logging.Event(&log, zerolog.FatalLevel, err)
		return 1
	}
	fmt.Println(text)
	return 0
}

func readSetting(line *commandLine) (string, error) {
	if err := line.settings.LoadFiles(line.dir); err != nil {
		return "", err
	}
	if err := setComputed(line.settings); err != nil {
		return "", err
	}
	if id, ok := guc.Find(line.print); ok && id == guc.DataChecksums {
		return "", errors.New("parameter \"data_checksums\" is the upstream's, and known to a running node alone")
	}
	return line.settings.Plain(line.print)
}

// parseCommandLine reads the options as PostgreSQL's does: a letter's value follows at once or as the next argument.
func parseCommandLine(args []string) (*commandLine, error) {
	line := &commandLine{settings: guc.New(), dir: os.Getenv("PGDATA")}
	if err := line.settings.SetEnvironment(os.Getenv); err != nil {
		return nil, err
	}
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
		case arg == "--describe-config":
			line.describe = true
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

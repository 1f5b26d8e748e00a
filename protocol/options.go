package protocol

import "strings"

// SplitOptions cuts the startup packet's "options" into arguments (pg_split_opts): white space separates them, a
// backslash makes the next character an ordinary one.
func SplitOptions(s string) []string {
	var args []string
	for {
		s = strings.TrimLeft(s, optionSpace)
		if s == "" {
			return args
		}
		var arg string
		arg, s = cutOption(s)
		args = append(args, arg)
	}
}

// optionSpace is what isspace() takes for white space.
const optionSpace = " \t\n\v\f\r"

func cutOption(s string) (arg, rest string) {
	var b strings.Builder
	escaped := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case escaped:
			escaped = false
			b.WriteByte(c)
		case c == '\\':
			escaped = true
		case strings.IndexByte(optionSpace, c) >= 0:
			return b.String(), s[i:]
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

// ParseOptions reads the startup packet's "options" as the command line of a backend: "-c name=value", "-cname=value"
// and "--name=value", later ones after earlier ones. A dash in a name stands for an underscore. PostgreSQL's other
// switches, old short forms of a few settings, are refused like any word that has no place there.
func ParseOptions(options string) ([]Setting, error) {
	var settings []Setting
	args := SplitOptions(options)
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if arg == "--" && len(args) == 0 {
			break // the end of options, and nothing follows
		}
		flag, text, ok := cutFlag(arg)
		if !ok {
			return nil, errInvalidArgument(arg)
		}
		if flag == "-c " && text == "" {
			if len(args) == 0 {
				return nil, errInvalidArgument(arg)
			}
			text, args = args[0], args[1:]
		}
		name, value, found := strings.Cut(text, "=")
		if !found {
			return nil, Fatalf(CodeSyntaxError, "%s%s requires a value", flag, text)
		}
		settings = append(settings, Setting{strings.ReplaceAll(name, "-", "_"), value})
	}
	return settings, nil
}

// cutFlag takes the flag off an argument; flag is as it stands in front of a name in messages.
func cutFlag(arg string) (flag, text string, ok bool) {
	if text, ok := strings.CutPrefix(arg, "--"); ok && text != "" {
		return "--", text, true
	}
	if text, ok := strings.CutPrefix(arg, "-c"); ok {
		return "-c ", text, true
	}
	return "", "", false
}

func errInvalidArgument(arg string) *Error {
	return Fatalf(CodeSyntaxError, "invalid command-line argument for server process: %s", arg).
		WithHint("Only -c name=value and --name=value are understood.")
}

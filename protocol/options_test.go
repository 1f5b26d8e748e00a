package protocol

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOptionsAreSplitAtWhiteSpaceThatIsNotEscaped(t *testing.T) {
	for in, want := range map[string][]string{
		"":                  nil,
		" \t\n\v\f\r":       nil,
		"a  b\tc ":          {"a", "b", "c"},
		`a\ b c`:            {"a b", "c"},
		`a\\ b`:             {`a\`, "b"},
		`\a\-\=`:            {"a-="},
		`a\`:                {"a"},
		`\`:                 {""},
		`-c x=a\ \\\ b -cy`: {"-c", `x=a \ b`, "-cy"},
	} {
		require.Equal(t, want, SplitOptions(in), in)
	}
}

func TestOptionsAreSettings(t *testing.T) {
	for in, want := range map[string][]Setting{
		"":                                     nil,
		"--":                                   nil,
		"-c work_mem=4MB":                      {{"work_mem", "4MB"}},
		"-cwork-mem=4MB":                       {{"work_mem", "4MB"}},
		"--work-mem=4MB -c a.b=1 --":           {{"work_mem", "4MB"}, {"a.b", "1"}},
		"-c x= -c x=y=z":                       {{"x", ""}, {"x", "y=z"}},
		`-c search_path=a\ b --x=\\`:           {{"search_path", "a b"}, {"x", `\`}},
		"-c -c=x":                              {{"_c", "x"}},
		"-c =x":                                {{"", "x"}},
		"-c wal_sender_timeout=0 --wal-x-y=-1": {{"wal_sender_timeout", "0"}, {"wal_x_y", "-1"}},
	} {
		got, err := ParseOptions(in)
		require.NoError(t, err, in)
		require.Equal(t, want, got, in)
	}
	for in, message := range map[string]string{
		"-c work_mem":         "-c work_mem requires a value",
		"--work-mem":          "--work-mem requires a value",
		"-c work_mem=4MB foo": "invalid command-line argument for server process: foo",
		"-c":                  "invalid command-line argument for server process: -c",
		"-- x":                "invalid command-line argument for server process: --",
		"-Z":                  "invalid command-line argument for server process: -Z",
		`\`:                   "invalid command-line argument for server process: ",
	} {
		_, err := ParseOptions(in)
		e := requireCode(t, err, CodeSyntaxError, message)
		require.Equal(t, message, e.Message)
		require.Equal(t, SeverityFatal, e.Severity)
	}
}

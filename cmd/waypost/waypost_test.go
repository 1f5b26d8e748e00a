package main

import (
	"bytes"
	"os"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"waypost/internal/nodectl"
)

// command runs a command line in this process.
func command(args ...string) (code int, stdout, stderr string) {
	root := rootCommand()
	var out, err bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&err)
	root.SetArgs(args)
	code = run(root)
	return code, out.String(), err.String()
}

func TestEveryCommandHasHelp(t *testing.T) {
	all := rootCommand().Commands()
	names := map[string]bool{}
	for _, c := range all {
		names[c.Name()] = true
		for _, flag := range []string{"--help", "-?"} {
			code, stdout, stderr := command(c.Name(), flag)
			require.Zero(t, code)
			require.Empty(t, stderr)
			require.Contains(t, stdout, c.Long)
			require.Contains(t, stdout, "Usage:\n  waypost "+c.Use)
			requireEveryFlagExplained(t, c)
		}
	}
	for _, name := range []string{"init", "start", "stop", "restart", "reload", "status", "promote", "kill"} {
		require.True(t, names[name], name)
	}
	code, stdout, _ := command("--help")
	require.Zero(t, code)
	for _, c := range all {
		require.Contains(t, stdout, c.Short)
	}
}

func requireEveryFlagExplained(t *testing.T, c *cobra.Command) {
	t.Helper()
	for _, line := range bytes.Split([]byte(c.Flags().FlagUsages()), []byte("\n")) {
		if len(line) > 0 {
			require.Regexp(t, `^ +(-\S, )?--\S+ .*\w{3}`, string(line))
		}
	}
}

func TestVersion(t *testing.T) {
	for _, flag := range []string{"--version", "-V"} {
		code, stdout, _ := command(flag)
		require.Zero(t, code)
		require.Regexp(t, `^waypost \(Waypost\) \d+\.\d+\n$`, stdout)
	}
}

func TestCommandLinesThatMakeNoSense(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"start", "--nonsense"}, "waypost: error: unknown flag: --nonsense\nwaypost: hint: Try \"waypost start --help\" for more information.\n"},
		{[]string{"nonsense"}, `unknown command "nonsense"`},
		{[]string{"start", "nonsense"}, "nonsense"},
		{[]string{"stop", "-t", "soon"}, "invalid argument \"soon\""},
		{[]string{"kill", "TERM"}, "accepts 2 arg(s)"},
	} {
		code, stdout, stderr := command(c.args...)
		require.Equal(t, 1, code, c.args)
		require.Empty(t, stdout)
		require.Contains(t, stderr, c.want)
	}
}

func TestRootIsRefusedAndNobodyElse(t *testing.T) {
	err := checkNotRoot()
	if os.Geteuid() != 0 {
		require.NoError(t, err)
		return
	}
	var refusal *nodectl.Error
	require.ErrorAs(t, err, &refusal)
	require.Equal(t, 1, refusal.Code)
	for _, name := range []string{"init", "start", "status"} {
		code, _, stderr := command(name, "-D", t.TempDir())
		require.Equal(t, 1, code)
		require.Contains(t, stderr, "cannot be run as root")
	}
}

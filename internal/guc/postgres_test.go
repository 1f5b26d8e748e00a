package guc

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const (
	postgres15 = "/usr/lib/postgresql/15/bin/postgres"
	sample15   = "/usr/share/postgresql/15/postgresql.conf.sample"
)

// TestDescribeConfigLooksAsPostgreSQLs: the same settings, in the same columns. What the columns say is compared with newer
// servers (TestTableAgreesWithRealPostgreSQL).
func TestDescribeConfigLooksAsPostgreSQLs(t *testing.T) {
	out, err := exec.Command(postgres15, "--describe-config").Output()
	require.NoError(t, err)
	theirs := map[string][]string{}
	for l := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(l, "\n"), "\t")
		theirs[f[0]] = f
	}
	compared := 0
	for l := range strings.Lines(New().DescribeConfig()) {
		mine := strings.Split(strings.TrimSuffix(l, "\n"), "\t")
		require.Len(t, mine, 9)
		their, ok := theirs[mine[0]]
		id, _ := Find(mine[0])
		if !ok {
			require.True(t, params[id].since > 15 || params[id].Flags.Has(FlagOwn), mine[0])
			continue
		}
		delete(theirs, mine[0])
		require.Len(t, their, 9)
		require.Equal(t, their[1], mine[1], mine[0])
		require.Equal(t, their[3], mine[3], mine[0])
		require.Equal(t, their[5] == "", mine[5] == "", mine[0])
		require.Equal(t, their[6] == "", mine[6] == "", mine[0])
		text := mine[3] == "STRING" || mine[3] == "ENUM" // of others it prints no defaults but 0
		if text && mine[0] != "krb_server_keyfile" && mine[0] != "unix_socket_directories" {
			require.Equal(t, their[4], mine[4], mine[0])
		}
		compared++
	}
	require.Greater(t, compared, 280)
	for name := range theirs {
		require.Contains(t, []string{"extension_destdir", "default_with_oids"}, name)
	}
}

// TestRealSampleFileLoads: people bring their postgresql.conf along.
func TestRealSampleFileLoads(t *testing.T) {
	text, err := os.ReadFile(sample15)
	require.NoError(t, err)
	var b strings.Builder
	for l := range strings.Lines(string(text)) { // every setting in use
		if u, ok := strings.CutPrefix(l, "#"); ok && strings.Contains(u, " = ") && isLetter(u[0]) {
			item, tok, near := newScanner(u).statement()
			good := tok == tokEOL && near == "" && item.text != "" && item.text != "ConfigDir"
			if good && !strings.HasPrefix(item.name, "include") {
				l = u
			}
		}
		b.WriteString(l)
	}
	dir := t.TempDir()
	write(t, dir, configFileName, b.String())
	s := New()
	require.NoError(t, s.LoadFiles(dir))
	_, text2, err := s.Show("shared_buffers")
	require.NoError(t, err)
	require.NotEmpty(t, text2)
}

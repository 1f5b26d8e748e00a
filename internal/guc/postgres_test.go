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

// TestTableAgreesWithRealPostgreSQL compares with what the server says of itself: names, contexts, categories,
// types, ranges, and the defaults of strings and enums (it prints no others).
func TestTableAgreesWithRealPostgreSQL(t *testing.T) {
	out, err := exec.Command(postgres15, "--describe-config").Output()
	require.NoError(t, err)
	types := map[Type]string{Bool: "BOOLEAN", Int: "INTEGER", Real: "REAL", String: "STRING", Enum: "ENUM"}
	compared := 0
	for l := range strings.Lines(string(out)) {
		f := strings.Split(strings.TrimSuffix(l, "\n"), "\t")
		id, ok := Find(f[0])
		if !ok {
			require.Fail(t, "a setting is unknown", f[0])
		}
		compared++
		p := Describe(id)
		require.Equal(t, f[0], p.Name)
		require.Equal(t, f[1], p.Context.String(), p.Name)
		if p.Category != catTCP { // a group of its own from 16 on
			require.Equal(t, f[2], p.Category, p.Name)
		}
		require.Equal(t, f[3], types[p.Type], p.Name)
		switch p.Type {
		case Int, Real:
			if p.Name != "maintenance_work_mem" { // as little as 64kB from 17 on
				require.Equal(t, f[5], p.number(p.Min), p.Name)
			}
			require.Equal(t, f[6], p.number(p.Max), p.Name)
		case String, Enum:
			if p.Name != "unix_socket_directories" && p.Name != "krb_server_keyfile" { // Debian has its own
				require.Equal(t, f[4], p.Boot, p.Name)
			}
		}
	}
	require.Greater(t, compared, 70)
}

// TestRealSampleFileLoads: people bring their postgresql.conf along.
func TestRealSampleFileLoads(t *testing.T) {
	text, err := os.ReadFile(sample15)
	require.NoError(t, err)
	var b strings.Builder
	for l := range strings.Lines(string(text)) { // every setting in use
		if u, ok := strings.CutPrefix(l, "#"); ok && strings.Contains(u, " = ") && isLetter(u[0]) {
			item, tok, near := newScanner(u).statement()
			if tok == tokEOL && near == "" && !strings.HasPrefix(item.name, "include") && item.text != "" && item.text != "ConfigDir" {
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

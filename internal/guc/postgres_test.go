package guc

import (
	"os"
	"os/exec"
	"strconv"
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
			require.True(t, isAcceptedOnly(f[0]), "%s is unknown", f[0])
			continue
		}
		compared++
		p := Describe(id)
		require.Equal(t, f[0], p.Name)
		require.Equal(t, f[1], p.Context.String(), p.Name)
		require.Equal(t, f[2], p.Category, p.Name)
		require.Equal(t, f[3], types[p.Type], p.Name)
		switch p.Type {
		case Int, Real:
			require.Equal(t, f[5], formatG(p.Min), p.Name)
			require.Equal(t, f[6], strconv.FormatFloat(p.Max, 'f', -1, 64), p.Name)
		case String, Enum:
			if p.Name != "unix_socket_directories" { // Debian has its own
				require.Equal(t, f[4], p.Boot, p.Name)
			}
		}
	}
	require.Greater(t, compared, 70)
}

// TestDefaultsAgreeWithTheSampleFile: postgresql.conf.sample has each default, with its unit, behind a "#".
func TestDefaultsAgreeWithTheSampleFile(t *testing.T) {
	text, err := os.ReadFile(sample15)
	require.NoError(t, err)
	ownValue := map[string]bool{
		"data_directory": true, "hba_file": true, "ident_file": true, // placeholders
		"client_encoding":         true,                                                      // the database's
		"unix_socket_directories": true, "wal_sync_method": true, "shared_memory_type": true, // Debian's; the platform's
	}
	compared := 0
	for l := range strings.Lines(string(text)) {
		l, commented := strings.CutPrefix(l, "#")
		if !commented || strings.HasPrefix(l, " ") {
			continue
		}
		item, tok, near := newScanner(l).statement()
		id, ok := Find(item.name)
		if tok != tokEOL || near != "" || !ok || ownValue[item.name] {
			continue
		}
		compared++
		v, perr := Describe(id).parse(item.text)
		require.Nil(t, perr, item.name)
		require.True(t, v.same(bootValue(id)), "%s: %s here, %s in the sample", item.name, Describe(id).Boot, item.text)
	}
	require.Greater(t, compared, 60)
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
	require.Greater(t, len(s.others), 100, "PostgreSQL's settings that mean nothing here are kept")
	_, text2, err := s.Show("shared_buffers")
	require.NoError(t, err)
	require.NotEmpty(t, text2)
}

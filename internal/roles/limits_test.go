package roles

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/scram"
)

// TestNoLoginRoleFillsTheFile has a role without attributes write as much as it can.
func TestNoLoginRoleFillsTheFile(t *testing.T) {
	dir := dataDir(t)
	boss := as(t, dir, "boss")
	boss.run("CREATE ROLE r LOGIN")
	r := as(t, dir, "r")
	r.refused("ALTER ROLE r SET a.b = '"+strings.Repeat("x", maxText)+"'", "54000", "setting of a role is too long")
	stopped := false
	for i := range 1000 {
		if _, _, err := r.try(fmt.Sprintf("ALTER ROLE r SET a.b%d = '%s'", i, strings.Repeat("x", maxText-10))); err != nil {
			require.ErrorContains(t, err, "too many settings of a role")
			stopped = true
			break
		}
	}
	require.True(t, stopped)
	info, err := os.Stat(filepath.Join(dir, File))
	require.NoError(t, err)
	require.Less(t, info.Size(), int64(2*maxSettings))
	r.run("ALTER ROLE r RESET a.b0")
	r.run("ALTER ROLE r SET a.b0 = 'x'")
	boss.refused("COMMENT ON ROLE r IS '"+strings.Repeat("x", maxText+1)+"'", "54000", "is too long")
}

// TestSuperusersHaveTheFilesEndForThemselves fills the file up to what is reserved.
func TestSuperusersHaveTheFilesEndForThemselves(t *testing.T) {
	dir := dataDir(t)
	boss := as(t, dir, "boss")
	boss.run("CREATE ROLE r LOGIN")
	boss.run("CREATE ROLE full")
	boss.run("ALTER ROLE r SET a.b = 'long enough to be worth it'")
	require.NoError(t, Update(t.Context(), dir, func(s *Set) error {
		s.Find("full").Comment = strings.Repeat("x", MaxFile-reserve-s.size()+1)
		return nil
	}))
	r := as(t, dir, "r")
	r.refused("ALTER ROLE r SET a.c = 'x'", "54000", "too many roles")
	r.run("ALTER ROLE r RESET a.b") // whoever makes it smaller may
	boss.run("CREATE ROLE another")
}

func TestSecretsThatTakeTooLongAreRefusedAtOnce(t *testing.T) {
	dir := dataDir(t)
	boss := as(t, dir, "boss")
	boss.run("CREATE ROLE r LOGIN")
	v := scram.Mock([]byte("secret"), "r", 1<<31-1)
	boss.refused("ALTER ROLE r PASSWORD '"+v.String()+"'", "54000", "too many iterations for a SCRAM secret")
	boss.env.Iterations = MaxIterations + 1
	boss.refused("ALTER ROLE r PASSWORD 'x'", "54000", "too many iterations for a SCRAM secret")
	boss.env.MD5 = true
	boss.run("ALTER ROLE r PASSWORD 'x'")
}

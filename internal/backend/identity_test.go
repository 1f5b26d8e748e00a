package backend_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend/backendtest"
	"waypost/internal/roles"
	"waypost/internal/scram"
	"waypost/protocol"
)

func TestARoleThatIsGoneMayDoNothingWhoeverHasItsName(t *testing.T) {
	const whoami = "SELECT current_user, session_user"
	for _, take := range []string{"ROLE", "SESSION AUTHORIZATION"} {
		n := newNode(t, backendtest.Options{})
		n.Roles("CREATE ROLE weak", "CREATE ROLE boss LOGIN SUPERUSER")
		c := n.Connect()
		c.Start("user", "boss", "database", "postgres")
		c.Until('Z')
		values(t, c, "SET "+take+" weak")
		refused := func() {
			t.Helper()
			require.Equal(t, protocol.CodeInsufficientPrivilege, fails(t, c, "CHECKPOINT").Code, take)
			require.Equal(t, protocol.CodeInsufficientPrivilege, fails(t, c, "ALTER SYSTEM RESET ALL").Code, take)
			require.Equal(t, [][]string{{"off"}}, values(t, c, "SHOW is_superuser"))
		}
		refused()
		n.Roles("ALTER ROLE weak RENAME TO feeble")
		require.Equal(t, "feeble", values(t, c, whoami)[0][0])
		refused()
		n.Roles("DROP ROLE feeble")
		refused()
		n.Roles("CREATE ROLE weak SUPERUSER")
		refused()
		values(t, c, "RESET "+take)
		require.Equal(t, [][]string{{"boss", "boss"}}, values(t, c, whoami))
		require.Equal(t, [][]string{{"on"}}, values(t, c, "SHOW is_superuser"))
		values(t, c, "SET "+take+" weak")
		values(t, c, "ALTER SYSTEM RESET ALL")
	}
}

func TestASessionWhoseOwnRoleIsGoneMayDoNothing(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	n.Roles("CREATE ROLE boss LOGIN SUPERUSER")
	c := n.Connect()
	c.Start("user", "boss", "database", "postgres")
	c.Until('Z')
	values(t, c, "ALTER SYSTEM RESET ALL")
	n.Roles("DROP ROLE boss", "CREATE ROLE boss SUPERUSER")
	for _, sql := range []string{"ALTER SYSTEM RESET ALL", "SET SESSION AUTHORIZATION postgres", "SET ROLE postgres"} {
		require.Equal(t, protocol.CodeInsufficientPrivilege, fails(t, c, sql).Code, sql)
	}
}

func TestNobodyMayDoAnythingWhileTheRolesAreDamaged(t *testing.T) {
	n := newNode(t, backendtest.Options{})
	c := n.Connect()
	c.Start("user", "postgres")
	c.Until('Z')
	good, err := os.ReadFile(filepath.Join(n.Dir, roles.File))
	require.NoError(t, err)
	n.WriteFile(roles.File, string(good)+"role 1\n")
	require.Equal(t, protocol.CodeInsufficientPrivilege, fails(t, c, "ALTER SYSTEM RESET ALL").Code)
	require.Equal(t, protocol.CodeDataCorrupted, fails(t, c, "CREATE ROLE x").Code)
	require.Contains(t, n.Log.String(), "its digest does not fit")
	n.WriteFile(roles.File, string(good))
	values(t, c, "ALTER SYSTEM RESET ALL")
}

// TestPasswordsTimeTellsNothingOfHowItIsStored measures what a wrong password of each kind of role takes.
func TestPasswordsTimeTellsNothingOfHowItIsStored(t *testing.T) {
	n := newNode(t, backendtest.Options{HBA: "host all postgres all trust\nhost all all all password\n",
		Config: "scram_iterations = 200000"})
	n.Roles("CREATE ROLE old LOGIN PASSWORD '" + scram.NewMD5("x", "old") + "'")
	takes := func(user string) time.Duration {
		c := n.Connect()
		c.Start("user", user, "database", "postgres")
		c.Must('R')
		began := time.Now()
		c.Send('p', []byte("wrong\x00"))
		require.Equal(t, protocol.CodeInvalidPassword, c.MustFail().Code)
		return time.Since(began)
	}
	absent, old := takes("absent"), takes("old")
	require.Greater(t, old, absent/4, "it is some thousand times as fast without")
}

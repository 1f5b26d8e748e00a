package backend_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/internal/backend/backendtest"
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

package archtest

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWhatComesFromOutsideHasItsFuzzer names, for each kind of bytes that others write, the fuzzer that `make fuzz` and
// `make soak` run on what reads it.
func TestWhatComesFromOutsideHasItsFuzzer(t *testing.T) {
	t.Parallel()
	out, err := exec.Command(filepath.Join("..", "..", "scripts", "fuzz"), "--list").Output()
	require.NoError(t, err)
	fuzzers := strings.Split(strings.TrimSpace(string(out)), "\n")
	for what, fuzzer := range map[string]string{
		"startup packets":              "./protocol FuzzStartupPacket",
		"answers to authentication":    "./protocol FuzzAuthenticationMessages",
		"messages of clients":          "./protocol FuzzReader",
		"the replication grammar":      "./protocol FuzzReplicationCommand",
		"SCRAM exchanges":              "./internal/scram FuzzExchangeTakesNobodyWithoutThePassword",
		"messages in a session":        "./internal/backend FuzzSession",
		"SQL, from text to answer":     "./internal/sql FuzzStatement",
		"values, as text and binary":   "./internal/sql/types FuzzInput",
		"pg_hba.conf":                  "./internal/hba FuzzParse",
		"pg_ident.conf":                "./internal/hba FuzzParseIdent",
		"regular expressions of those": "./internal/hba FuzzRegularExpression",
		"sessions' messages":           "./internal/backend FuzzSession",
		"postgresql.conf":              "./internal/guc FuzzFile",
		"values of settings":           "./internal/guc FuzzValue",
		"the upstream's roles":         "./internal/authquery FuzzAnswersAndCaches",
		"the roles' file":              "./internal/roles FuzzFileIsReadWholeOrNotAtAll",
		"the counters' file":           "./internal/pgstat FuzzFile",
		"an upstream's messages":       "./transport/pgwire FuzzMessageReader",
		"primary_conninfo":             "./transport/pgwire FuzzConninfo",
		"what goes to the logger":      "./internal/logging FuzzAssembler",
		"rules handed to children":     "./internal/hba FuzzDecode",
		"WAL":                          "./walfile FuzzReader",
	} {
		require.Contains(t, fuzzers, fuzzer, what)
	}
}

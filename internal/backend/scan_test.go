package backend

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"waypost/pmsignal"
	"waypost/protocol"
)

func FuzzScanStatements(f *testing.F) {
	for _, s := range []string{"SHOW a; show \"b\"", "/* /* */ */ -- x\n;", "'it''s'", "\"", "/*", "a.b$c1 2 \xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		statements, err := scanStatements(sql)
		if err != nil {
			require.Equal(t, protocol.CodeSyntaxError, asProtocolError(err).Code)
			return
		}
		for _, words := range statements {
			require.NotEmpty(t, words)
			for _, w := range words {
				require.True(t, w.quoted != 0 || w.text != "")
				require.True(t, w.quoted != 0 || strings.Contains(sql, w.text))
				if w.identifier() {
					require.NotEmpty(t, w.text+string(w.quoted))
				}
			}
			shownName(words[1:])
		}
	})
}

func TestQuitNoticeTellsCrashFromStop(t *testing.T) {
	for reason, want := range map[pmsignal.QuitReason]struct {
		code    protocol.SQLSTATE
		message string
		hint    bool
	}{
		pmsignal.QuitForCrash: {"57P02", "terminating connection because of crash of another server process", true},
		pmsignal.QuitForStop:  {"57P01", "terminating connection due to immediate shutdown command", false},
		pmsignal.QuitNotSent:  {"57P01", "terminating connection because of unexpected SIGQUIT signal", false},
	} {
		e := quitNotice(reason)
		require.Equal(t, protocol.SeverityWarning, e.Severity)
		require.Equal(t, want.code, e.Code)
		require.Equal(t, want.message, e.Message)
		require.Equal(t, want.hint, e.Hint != "")
	}
}

func TestEncodingNames(t *testing.T) {
	for given, want := range map[string]string{
		"UTF8": "UTF8", "utf-8": "UTF8", "Unicode": "UTF8", "latin1": "LATIN1", "ISO-8859-1": "LATIN1", "sql_ascii": "SQL_ASCII",
	} {
		got, ok := encodingName(given)
		require.True(t, ok, given)
		require.Equal(t, want, got)
	}
	_, ok := encodingName("klingon")
	require.False(t, ok)
}

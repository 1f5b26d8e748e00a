package guc

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestDocumentationKnowsEverySettingWithAnEffect, and no setting that there is not.
func TestDocumentationKnowsEverySettingWithAnEffect(t *testing.T) {
	data, err := os.ReadFile("../../docs/settings.md")
	require.NoError(t, err)
	text := string(data)
	for id := range numParams {
		if p := &params[id]; p.Effective() {
			require.Contains(t, text, "`"+p.Name+"`", "docs/settings.md must say what it does")
		}
	}
	rows := regexp.MustCompile("(?m)^\\| (`[a-z_A-Z`, ]+`) \\|.*\\| ([a-z, ]+) \\|$").FindAllStringSubmatch(text, -1)
	require.Greater(t, len(rows), 50)
	for _, row := range rows {
		for name := range strings.SplitSeq(row[1], ", ") {
			id, ok := Find(strings.Trim(name, "`"))
			require.True(t, ok, name)
			if p := &params[id]; !strings.Contains(row[2], ",") && !strings.Contains(row[1], "role") {
				require.True(t, p.Effective(), "%s has no effect", name)
				require.Equal(t, changeBy[p.Context], row[2], name)
			}
		}
	}
}

var changeBy = map[Context]string{Internal: "fixed", Postmaster: "restart", Sighup: "reload",
	SuperuserBackend: "new session", Backend: "new session", Superuser: "superuser", User: "session"}

// TestSettingsWithoutEffectSaySo, each in one of two ways.
func TestSettingsWithoutEffectSaySo(t *testing.T) {
	inert, later := 0, 0
	for _, r := range New().Rows(17, nil) {
		p := Describe(r.ID())
		switch {
		case p.Effective():
			require.Nil(t, r.ExtraDesc, r.Name)
		case p.Flags.Has(FlagInert):
			require.False(t, p.Flags.Has(flagLater), r.Name)
			require.Equal(t, inertText, *r.ExtraDesc)
			inert++
		default:
			require.Equal(t, laterText, *r.ExtraDesc)
			later++
		}
	}
	require.Greater(t, inert, 150)
	require.Greater(t, later, 20)
}

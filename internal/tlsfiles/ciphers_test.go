package tlsfiles

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What OpenSSL makes of a string, as far as we have the suites, is what we make of it.
func TestCipherStringsMeanWhatOpensslSaysTheyDo(t *testing.T) {
	for _, text := range []string{
		"HIGH:MEDIUM:+3DES:!aNULL", "HIGH", "ALL:!aNULL:!eNULL", "ECDHE+AESGCM", "HIGH:!AES128", "AES128:AES256",
		"AESGCM:!kRSA", "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-CHACHA20-POLY1305", "HIGH:-AES256:AES256-SHA",
		"HIGH:!aECDSA", "kRSA", "HIGH:+AES256", "HIGH !SHA1", "HIGH,!ECDHE", "CHACHA20", "DEFAULT:!RSA:!SHA1", "aRSA+AES128",
		"HIGH:!ECDHE+AESGCM",
	} {
		t.Run(text, func(t *testing.T) {
			out, err := exec.Command("openssl", "ciphers", "-s", "-tls1_2", text+":@SECLEVEL=0").Output()
			require.NoError(t, err)
			theirs := map[string]bool{}
			for name := range strings.SplitSeq(strings.TrimSpace(string(out)), ":") {
				theirs[name] = true
			}
			ids, unknown, err := Suites(text)
			require.NoError(t, err)
			require.Empty(t, unknown)
			ours := map[string]bool{}
			for _, id := range ids {
				name, bits := CipherName(id)
				require.NotZero(t, bits)
				ours[name] = true
			}
			for i := range suites {
				if s := &suites[i]; s.is&explicit == 0 {
					require.Equal(t, theirs[s.name], ours[s.name], s.name)
				}
			}
		})
	}
}

func TestSuitesWithoutDefenceMustBeNamed(t *testing.T) {
	ids, _, err := Suites("ALL:AES128-SHA256")
	require.NoError(t, err)
	named := 0
	for _, id := range ids {
		for i := range suites {
			if suites[i].id == id && suites[i].is&explicit != 0 {
				named++
			}
		}
	}
	require.Equal(t, 1, named)
}

func TestSuitesHaveTwoNames(t *testing.T) {
	for i := range suites {
		for _, name := range []string{suites[i].name, suites[i].std} {
			ids, unknown, err := Suites(name)
			require.NoError(t, err)
			require.Empty(t, unknown)
			require.Equal(t, []uint16{suites[i].id}, ids)
		}
	}
}

func TestUnknownWordsAreReported(t *testing.T) {
	_, unknown, err := Suites("HIGH:NOSUCH:!NEITHER:@SECLEVEL=2")
	require.NoError(t, err)
	require.Equal(t, []string{"NOSUCH", "NEITHER", "@SECLEVEL=2"}, unknown)
	_, _, err = Suites("")
	require.Error(t, err)
}

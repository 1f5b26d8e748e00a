package authquery

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"waypost/internal/roles"
)

func dataDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "global"), 0o700))
	return dir
}

func someone(name string) Answer {
	return Answer{Role: &roles.Role{Name: name, Login: true, ConnLimit: -1, Password: "md5" + strings.Repeat("a", 32)},
		MemberOf: []string{"pg_monitor", `o"dd`}}
}

// requireSomeone requires someone's answer, with an OID, and gives that.
func requireSomeone(t *testing.T, name string, a Answer) uint32 {
	t.Helper()
	require.NotNil(t, a.Role)
	oid := a.Role.OID
	require.GreaterOrEqual(t, oid, uint32(roles.FirstUpstreamOID))
	a.Role.OID = 0
	require.Equal(t, someone(name), a)
	return oid
}

// program makes a source whose program is a shell script; count has a byte for each time that it ran.
func program(t *testing.T, dir, script string, ttl time.Duration) (s *Source, count func() int) {
	t.Helper()
	path, runs := filepath.Join(dir, "program"), filepath.Join(dir, "runs")
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\nprintf x >> "+runs+"\n"+script), 0o700))
	s = &Source{DataDir: dir, Program: path, Conninfo: "password=secret", Query: "q", TTL: ttl, Patience: MaxPatience}
	return s, func() int {
		b, _ := os.ReadFile(runs)
		return len(b)
	}
}

// answering is a script that gives an answer, having read the request.
func answering(a []byte) string {
	return "cat > \"$0.request\"\ncat <<'THE END'\n" + string(a) + "THE END\n"
}

func TestMessagesSurviveTheirText(t *testing.T) {
	r := Request{Conninfo: "host=x password='a\nb'", Query: `SELECT '"'`, Name: "n\tm", Timeout: 1500 * time.Millisecond}
	back, err := DecodeRequest(r.Encode())
	require.NoError(t, err)
	require.Equal(t, r, back)
	for _, bad := range []string{"", "x", "\"a\"\n\"b\"\n\"c\"\nx\n", "\"a\"\n\"b\"\n\"c\"\n0\n",
		"a\nb\nc\n5\n", "\"a\"\n\"b\"\n\"c\"\n5\nmore\n"} {
		_, err := DecodeRequest([]byte(bad))
		require.Error(t, err, "%q", bad)
	}
	for _, a := range []Answer{{}, someone("x")} {
		back, err := decodeAnswer(a.Encode())
		require.NoError(t, err)
		require.Equal(t, a, back)
	}
	_, err = decodeAnswer(EncodeError(errors.New("no\nway")))
	require.EqualError(t, err, "no\nway")
	var away *AwayError
	require.NotErrorAs(t, err, &away)
	_, err = decodeAnswer(EncodeError(&AwayError{"no\nway"}))
	require.EqualError(t, err, "no\nway")
	require.ErrorAs(t, err, &away)
	for _, bad := range []string{"", "\n", "absent", "absent\nabsent\n", "error x\n", "role 1\n",
		string(someone("x").Encode()) + "x\n"} {
		_, err := decodeAnswer([]byte(bad))
		require.Error(t, err, "%q", bad)
	}
}

func TestAnswerIsUsedAgainUntilItIsTooOld(t *testing.T) {
	dir := dataDir(t)
	s, runs := program(t, dir, answering(someone("x").Encode()), time.Hour)
	for range 3 {
		a, found, err := s.Lookup(t.Context(), "x")
		require.NoError(t, err)
		require.True(t, found)
		requireSomeone(t, "x", a)
	}
	require.Equal(t, 1, runs())
	request, err := os.ReadFile(s.Program + ".request")
	require.NoError(t, err)
	asked, err := DecodeRequest(request)
	require.NoError(t, err)
	require.Equal(t, "x", asked.Name)
	require.LessOrEqual(t, asked.Timeout, MaxPatience)
	info, err := os.Stat(filepath.Join(dir, knownFile))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	b, err := os.ReadFile(filepath.Join(dir, knownFile))
	require.NoError(t, err)
	require.NotContains(t, string(b), "secret")

	s.TTL = 0
	_, _, err = s.Lookup(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, 2, runs())
	s.TTL, s.Query = time.Hour, "another"
	_, _, err = s.Lookup(t.Context(), "x")
	require.NoError(t, err)
	require.Equal(t, 3, runs(), "another question")
}

func TestThatThereIsNoSuchRoleIsAnAnswer(t *testing.T) {
	s, runs := program(t, dataDir(t), answering(Answer{}.Encode()), time.Hour)
	for range 3 {
		a, found, err := s.Lookup(t.Context(), "x")
		require.NoError(t, err)
		require.True(t, found)
		require.Nil(t, a.Role)
	}
	require.Equal(t, 1, runs())
}

func TestOldAnswerServesWhileTheUpstreamIsAway(t *testing.T) {
	dir := dataDir(t)
	s, _ := program(t, dir, answering(someone("x").Encode()), 0)
	_, _, err := s.Lookup(t.Context(), "x")
	require.NoError(t, err)
	s, runs := program(t, dir, answering(EncodeError(&AwayError{"it is away"})), 0)
	before := runs()
	for range 3 {
		a, found, err := s.Lookup(t.Context(), "x")
		require.Error(t, err)
		require.True(t, found)
		requireSomeone(t, "x", a)
	}
	require.Equal(t, 1, runs()-before, "it is left alone for a while")
	_, found, err := s.Lookup(t.Context(), "y")
	require.ErrorIs(t, err, errPaused)
	require.False(t, found)
}

func TestProgramThatHangsOrFailsIsNoAnswer(t *testing.T) {
	for name, script := range map[string]string{"hangs": "sleep 1000", "fails": "exit 3", "says nothing": "cat > /dev/null",
		"says too much": "cat > /dev/null; head -c 100000 /dev/zero"} {
		s, _ := program(t, dataDir(t), "exec 2>/dev/null\n"+strings.Replace(script, "sleep", "exec sleep", 1)+"\n", time.Hour)
		s.Patience = 300 * time.Millisecond
		started := time.Now()
		_, found, err := s.Lookup(t.Context(), "x")
		require.Error(t, err, name)
		require.False(t, found, name)
		require.Less(t, time.Since(started), MaxPatience, name)
	}
	s := &Source{DataDir: dataDir(t), Program: "/nonexistent", TTL: time.Hour, Patience: MaxPatience}
	_, _, err := s.Lookup(t.Context(), "x")
	require.ErrorContains(t, err, "/nonexistent")
}

func TestSessionsAskOneAfterTheOtherAndOnce(t *testing.T) {
	s, runs := program(t, dataDir(t), answering(someone("x").Encode()), time.Hour)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if a, found, err := s.Lookup(context.Background(), "x"); err != nil || !found || a.Role == nil {
				t.Error(a, found, err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 1, runs())
}

func TestCacheIsBoundedAndADamagedOneIsEmpty(t *testing.T) {
	path := filepath.Join(dataDir(t), knownFile)
	c := &cache{source: "s", last: 7, failed: time.UnixMicro(5), spent: time.UnixMicro(6)}
	start := time.UnixMicro(1e15)
	for i := range maxKnown + 10 {
		c.store(entry{fmt.Sprint("n", i), start.Add(time.Duration(i) * time.Second), someone(fmt.Sprint("n", i))}, maxKnown)
	}
	require.Len(t, c.entries, maxKnown)
	require.Nil(t, c.find("n0"), "the oldest goes first")
	require.NoError(t, c.write(path))
	back := loadCache(path, "s")
	require.Equal(t, c, back)
	require.Empty(t, loadCache(path, "other").entries)

	b, err := os.ReadFile(path)
	require.NoError(t, err)
	for _, i := range []int{0, 30, 100, len(b) / 2, len(b) - 2} {
		bad := append([]byte(nil), b...)
		bad[i] ^= 1
		require.NoError(t, os.WriteFile(path, bad, 0o600))
		require.Empty(t, loadCache(path, "s").entries)
	}
}

func FuzzAnswersAndCaches(f *testing.F) {
	f.Add(someone("x").Encode())
	f.Add((&cache{source: "s", entries: []entry{{"x", time.UnixMicro(5), someone("x")}}}).encode())
	f.Add(Request{"c", "q", "n", time.Second}.Encode())
	f.Fuzz(func(t *testing.T, b []byte) {
		if a, err := decodeAnswer(b); err == nil {
			back, err := decodeAnswer(a.Encode())
			require.NoError(t, err)
			require.Equal(t, a, back)
		}
		if c, ok := decodeCache(b); ok {
			_, ok := decodeCache(c.encode())
			require.True(t, ok)
		}
		if r, err := DecodeRequest(b); err == nil {
			require.Positive(t, r.Timeout)
		}
	})
}

package authquery

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// age makes everything that is known older.
func age(t *testing.T, s *Source, by time.Duration) {
	t.Helper()
	m := s.recall()
	for _, c := range []*cache{m.known, m.absent} {
		for i := range c.entries {
			c.entries[i].fetched = c.entries[i].fetched.Add(-by)
		}
	}
	require.NoError(t, m.known.write(filepath.Join(s.DataDir, knownFile)))
	require.NoError(t, m.absent.writeUnsynced(filepath.Join(s.DataDir, absentFile)))
}

func TestClientWithoutTimeDoesNotMakeTheUpstreamCountAsAway(t *testing.T) {
	s, runs := program(t, dataDir(t), answering(Answer{}.Encode()), 0)
	ctx, cancel := context.WithTimeout(t.Context(), MaxPatience/2)
	defer cancel()
	_, _, err := s.Lookup(ctx, "x")
	require.ErrorIs(t, err, errLate)
	require.Zero(t, runs())
	_, found, err := s.Lookup(t.Context(), "y")
	require.NoError(t, err)
	require.True(t, found)
}

func TestQuestionThatTheUpstreamRefusesDoesNotStopOthers(t *testing.T) {
	s, runs := program(t, dataDir(t), "cat > /dev/null\nprintf 'error \"no such character\"\\n'\n", 0)
	for _, name := range []string{"x", "y"} {
		_, found, err := s.Lookup(t.Context(), name)
		require.EqualError(t, err, "no such character")
		require.False(t, found)
	}
	require.Equal(t, 2, runs())
}

func TestDroppedRoleStaysOutOnceTheUpstreamHasSaidSo(t *testing.T) {
	dir := dataDir(t)
	s, _ := program(t, dir, answering(someone("x").Encode()), 0)
	_, _, err := s.Lookup(t.Context(), "x")
	require.NoError(t, err)
	s, _ = program(t, dir, answering(Answer{}.Encode()), 0)
	_, _, err = s.Lookup(t.Context(), "x")
	require.NoError(t, err)
	s, _ = program(t, dir, answering(EncodeError(&AwayError{"it is away"})), 0)
	a, found, err := s.Lookup(t.Context(), "x")
	require.Error(t, err)
	require.True(t, found)
	require.Nil(t, a.Role)
}

func TestAnswerOfYesterdayIsNone(t *testing.T) {
	dir := dataDir(t)
	s, _ := program(t, dir, answering(someone("x").Encode()), 0)
	_, _, err := s.Lookup(t.Context(), "x")
	require.NoError(t, err)
	s, _ = program(t, dir, answering(EncodeError(&AwayError{"it is away"})), 0)
	age(t, s, maxAge-time.Minute)
	_, found, err := s.Lookup(t.Context(), "x")
	require.Error(t, err)
	require.True(t, found)
	age(t, s, 2*time.Minute)
	_, found, err = s.Lookup(t.Context(), "x")
	require.Error(t, err)
	require.False(t, found)
}

func TestStrangersCannotEmptyTheCacheNorKeepTheUpstreamBusy(t *testing.T) {
	dir := dataDir(t)
	s, _ := program(t, dir, answering(someone("x").Encode()), 0)
	_, _, err := s.Lookup(t.Context(), "x")
	require.NoError(t, err)
	known, err := os.Stat(filepath.Join(dir, knownFile))
	require.NoError(t, err)

	m := s.recall()
	now := time.Now()
	asked := 0
	for i := range maxKnown + 100 {
		name := fmt.Sprint("stranger", i)
		if err := m.mayAsk(name, now); err != nil {
			require.ErrorIs(t, err, errTooMany)
			break
		}
		m.spend(name, now)
		_, err := m.learn(name, Answer{}, now)
		require.NoError(t, err)
		asked++
	}
	require.Equal(t, newNameBurst-1, asked, "the first was x")
	require.NoError(t, m.absent.writeUnsynced(filepath.Join(dir, absentFile)))
	after, err := os.Stat(filepath.Join(dir, knownFile))
	require.NoError(t, err)
	require.True(t, os.SameFile(known, after), "what strangers cause is not synced")
	require.NoError(t, m.mayAsk("another", now.Add(newNameEvery)))
	for i := range 2 * maxAbsent {
		_, err := m.learn(fmt.Sprint("later", i), Answer{}, now)
		require.NoError(t, err)
	}
	require.Len(t, m.absent.entries, maxAbsent)
	require.NotNil(t, m.known.find("x"))

	// Whom the upstream knows is asked for all the same.
	s, runs := program(t, dir, answering(someone("x").Encode()), 0)
	before := runs()
	a, _, err := s.Lookup(t.Context(), "x")
	require.NoError(t, err)
	requireSomeone(t, "x", a)
	m.absent.spent = time.Now()
	require.NoError(t, m.absent.writeUnsynced(filepath.Join(dir, absentFile)))
	ctx, cancel := context.WithTimeout(t.Context(), s.Patience)
	defer cancel()
	_, _, err = s.Lookup(ctx, "a new one")
	require.ErrorIs(t, err, errTooMany)
	require.Equal(t, 1, runs()-before)
}

// A source that has changed has no known roles: those who come in by it share the questions with strangers.
func TestNewNameWaitsForItsTurnWhileItsClientHasTime(t *testing.T) {
	s, runs := program(t, dataDir(t), answering(Answer{}.Encode()), time.Hour)
	m := s.recall()
	started := time.Now()
	m.absent.spent = started
	require.NoError(t, m.absent.writeUnsynced(filepath.Join(s.DataDir, absentFile)))
	var wg sync.WaitGroup
	for i := range 3 {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), s.Patience+time.Minute)
			defer cancel()
			if _, found, err := s.Lookup(ctx, fmt.Sprint("new", i)); err != nil || !found {
				t.Error(found, err)
			}
		})
	}
	wg.Wait()
	require.Equal(t, 3, runs())
	require.GreaterOrEqual(t, time.Since(started), 3*newNameEvery)
}

func TestKnownRoleDoesNotWaitForNewNames(t *testing.T) {
	s, _ := program(t, dataDir(t), answering(someone("x").Encode()), 0)
	_, _, err := s.Lookup(t.Context(), "x")
	require.NoError(t, err)
	unlock, err := lock(t.Context(), filepath.Join(s.DataDir, turnFile))
	require.NoError(t, err)
	defer unlock()
	_, _, err = s.Lookup(t.Context(), "x")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), s.Patience+50*time.Millisecond)
	defer cancel()
	_, found, err := s.Lookup(ctx, "new")
	require.Error(t, err)
	require.False(t, found)
}

func TestEachRoleHasItsOwnOID(t *testing.T) {
	dir := dataDir(t)
	s := &Source{DataDir: dir}
	seen := map[uint32]bool{}
	now := time.Now()
	for i := range 20 {
		name := fmt.Sprint("n", i)
		a, err := s.recall().learn(name, someone(name), now)
		require.NoError(t, err)
		oid := requireSomeone(t, name, a)
		require.False(t, seen[oid])
		seen[oid] = true
		again, err := s.recall().learn(name, someone(name), now)
		require.NoError(t, err)
		require.Equal(t, oid, requireSomeone(t, name, again), "it keeps it")
		// One that has gone leaves its OID to nobody.
		_, err = s.recall().learn(name, Answer{}, now)
		require.NoError(t, err)
	}
}

func TestOIDThatCannotBeKeptIsNotGiven(t *testing.T) {
	s := &Source{DataDir: t.TempDir()} // without global
	_, err := s.recall().learn("x", someone("x"), time.Now())
	require.Error(t, err)
}

func TestOIDThatCannotBeKeptIsNotGivenToASession(t *testing.T) {
	dir := dataDir(t)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, knownFile, "in the way"), 0o700))
	s, runs := program(t, dir, answering(someone("x").Encode()), time.Hour)
	for i := range 2 {
		a, found, err := s.Lookup(t.Context(), "x")
		require.Error(t, err)
		require.False(t, found)
		require.Nil(t, a.Role)
		require.Equal(t, i+1, runs())
	}
	m := s.recall()
	_, err := m.learn("y", someone("y"), time.Now())
	require.Error(t, err)
	require.Nil(t, m.find("y"))
}

func TestClientCannotBringAboutThatAnOldAnswerCounts(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, s *Source) (timeLeft time.Duration){
		"it has left no time": func(*testing.T, *Source) time.Duration { return MaxPatience / 2 },
		"it has others ask": func(t *testing.T, s *Source) time.Duration {
			unlock, err := lock(t.Context(), filepath.Join(s.DataDir, lockFile))
			require.NoError(t, err)
			t.Cleanup(unlock)
			return 50 * time.Millisecond
		},
		"it leaves no process": func(t *testing.T, s *Source) time.Duration {
			require.NoError(t, os.Remove(s.Program))
			return time.Minute
		},
		"the query fails": func(t *testing.T, s *Source) time.Duration {
			program(t, s.DataDir, answering(EncodeError(errors.New("deadlock detected"))), 0)
			return time.Minute
		},
	} {
		t.Run(name, func(t *testing.T) {
			s, _ := program(t, dataDir(t), answering(someone("x").Encode()), 0)
			_, _, err := s.Lookup(t.Context(), "x")
			require.NoError(t, err)
			ctx, cancel := context.WithTimeout(t.Context(), prepare(t, s))
			defer cancel()
			a, found, err := s.Lookup(ctx, "x")
			require.Error(t, err)
			require.False(t, found)
			require.Nil(t, a.Role)
		})
	}
}

func TestProgramGetsOnlyWhatConnectingDependsOn(t *testing.T) {
	require.Equal(t, []string{"PATH=p", "PGPASSFILE=f"}, environment([]string{"PATH=p", "SECRET=s", "PGPASSFILE=f", "X"}))
	t.Setenv("WAYPOST_TEST_SECRET", "s")
	s, _ := program(t, dataDir(t), "env > \"$0.env\"\n"+answering(Answer{}.Encode()), 0)
	_, _, err := s.Lookup(t.Context(), "x")
	require.NoError(t, err)
	env, err := os.ReadFile(s.Program + ".env")
	require.NoError(t, err)
	require.Contains(t, string(env), "PATH=")
	require.NotContains(t, string(env), "WAYPOST_TEST_SECRET")
}

// sessionOf, in the environment, is the data directory that the test's own executable asks for, as a session does.
const sessionOf = "WAYPOST_TEST_SESSION_OF"

func TestMain(m *testing.M) {
	if dir := os.Getenv(sessionOf); dir != "" {
		s := &Source{DataDir: dir, Program: filepath.Join(dir, "program"), Query: "q", Patience: time.Minute}
		_, _, err := s.Lookup(context.Background(), "x")
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func TestProgramEndsWithItsSession(t *testing.T) {
	dir := dataDir(t)
	s, _ := program(t, dir, "echo $$ > \"$0.pid.tmp\"\nmv \"$0.pid.tmp\" \"$0.pid\"\nexec sleep 1000\n", 0)
	session := exec.Command(os.Args[0])
	session.Env = append(os.Environ(), sessionOf+"="+dir)
	require.NoError(t, session.Start())
	var pid int
	require.Eventually(t, func() bool {
		b, err := os.ReadFile(s.Program + ".pid")
		if err == nil {
			pid, err = strconv.Atoi(strings.TrimSpace(string(b)))
		}
		return err == nil
	}, 10*time.Second, 5*time.Millisecond)
	require.NoError(t, session.Process.Kill())
	require.Error(t, session.Wait())
	require.Eventually(t, func() bool {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		return errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ESRCH) || strings.Contains(string(stat), ") Z ")
	}, 5*time.Second, 5*time.Millisecond, "it has not ended")
}

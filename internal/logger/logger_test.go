package logger

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"waypost/internal/guc"
	"waypost/internal/logging"
)

// rig is a writer in a data directory of its own, which is the working directory.
type rig struct {
	*writer
	t      *testing.T
	stderr bytes.Buffer
	clock  time.Time
}

func newRig(t *testing.T, settings map[string]string) *rig {
	t.Helper()
	t.Chdir(t.TempDir())
	r := &rig{t: t, clock: time.Date(2026, 11, 20, 8, 15, 30, 0, time.UTC)}
	s := guc.New()
	for name, value := range settings {
		require.NoError(t, s.Set(name, value, guc.SourceFile))
	}
	r.writer = newWriter(s, newQueues(), &r.stderr)
	r.now = func() time.Time { return r.clock }
	r.setNext()
	return r
}

// say has events written.
func (r *rig) say(text string, to logging.Destination) bool {
	r.queues.push([]byte(text+"\n"), to)
	return r.drain()
}

func (r *rig) read(path string) string {
	r.t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(r.t, err)
	return string(b)
}

func TestNextRotationIsAMultipleOfItsAge(t *testing.T) {
	berlin := time.FixedZone("CET", 3600)
	now := time.Date(2026, 11, 20, 8, 15, 30, 0, time.UTC)
	for age, want := range map[time.Duration]time.Time{
		time.Minute:    time.Date(2026, 11, 20, 8, 16, 0, 0, time.UTC),
		time.Hour:      time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC),
		24 * time.Hour: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC),
		0:              {},
	} {
		got := nextRotation(now, age, time.UTC)
		require.True(t, want.Equal(got), "%v: %v", age, got)
	}
	require.Equal(t, time.Date(2026, 11, 20, 23, 0, 0, 0, time.UTC).Unix(), nextRotation(now, 24*time.Hour, berlin).Unix(),
		"midnight where the log is")
}

func TestRotationByAgeTruncatesAnOldFileOnly(t *testing.T) {
	for _, truncate := range []string{"on", "off"} {
		r := newRig(t, map[string]string{"log_filename": "log-%H.log", "log_rotation_age": "60",
			"log_truncate_on_rotation": truncate})
		require.NoError(t, os.Mkdir("log", 0o700))
		require.NoError(t, os.WriteFile("log/log-08.log", []byte("of yesterday\n"), 0o600))
		require.NoError(t, os.WriteFile("log/log-09.log", []byte("of yesterday\n"), 0o600))
		r.begin()
		require.True(t, r.say("first", logging.ToText))
		require.Equal(t, time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC).Unix(), r.next.Unix())
		r.clock = r.next.Add(time.Millisecond)
		r.rotateAll(r.next, true)
		r.setNext()
		require.True(t, r.say("second", logging.ToText))
		require.Equal(t, "of yesterday\nfirst\n", r.read("log/log-08.log"), "at the start nothing is truncated")
		want := "of yesterday\nsecond\n"
		if truncate == "on" {
			want = "second\n"
		}
		require.Equal(t, want, r.read("log/log-09.log"))
		require.Equal(t, "stderr log/log-09.log\n", r.read(currentFile))
	}
}

func TestEachFormIsRotatedByItsOwnSize(t *testing.T) {
	r := newRig(t, map[string]string{"log_filename": "log-%H%M%S.log", "log_rotation_size": "1",
		"log_destination": "stderr,jsonlog"})
	r.begin()
	r.clock = r.clock.Add(time.Second)
	require.True(t, r.say(strings.Repeat("x", 1023), logging.ToJSON))
	require.True(t, r.say("json", logging.ToJSON))
	require.True(t, r.say("text", logging.ToText))
	require.Equal(t, "text\n", r.read("log/log-081530.log"))
	require.Len(t, r.read("log/log-081530.json"), 1024)
	require.Equal(t, "json\n", r.read("log/log-081531.json"))
	require.Equal(t, "stderr log/log-081530.log\njsonlog log/log-081531.json\n", r.read(currentFile))
}

func TestWhatCannotBeWrittenIsKeptUntilItCan(t *testing.T) {
	r := newRig(t, map[string]string{"log_filename": "log.log"})
	require.NoError(t, os.WriteFile("log", nil, 0o600)) // no directory can be made here
	r.begin()
	require.False(t, r.say("first", logging.ToText))
	require.False(t, r.say("second", logging.ToText))
	require.Equal(t, 1, strings.Count(r.stderr.String(), "LOG:  "), "it is said once")
	require.Contains(t, r.stderr.String(), `make log directory "log"`)
	require.NoError(t, os.Remove("log"))
	r.clock = r.clock.Add(retryAfter)
	require.True(t, r.drain())
	require.Regexp(t, `(?s)first\n.*second\n`, r.read("log/log.log"))
	require.False(t, r.forms[logging.ToText].failing)
}

func TestTooMuchIsCountedAndToldOf(t *testing.T) {
	r := newRig(t, map[string]string{"log_filename": "log.log", "log_rotation_size": "0"})
	require.NoError(t, os.WriteFile("log", nil, 0o600))
	r.begin()
	big := strings.Repeat("x", 1<<20-1)
	for range 20 { // of which 8 MB are kept
		r.say(big, logging.ToText)
	}
	require.NoError(t, os.Remove("log"))
	r.clock = r.clock.Add(retryAfter)
	require.True(t, r.drain())
	require.Regexp(t, `WARNING:  \d+ messages were lost because log file "log/log.log" could not be written\n$`,
		r.read("log/log.log"))
	require.GreaterOrEqual(t, strings.Count(r.read("log/log.log"), big), 7)
}

func TestAtTheEndWhatIsLeftGoesToStderr(t *testing.T) {
	r := newRig(t, map[string]string{"log_filename": "log.log"})
	require.NoError(t, os.WriteFile("log", nil, 0o600))
	l := &logger{writer: r.writer, queues: r.queues, hangup: make(chan os.Signal), rotate: make(chan os.Signal)}
	l.run(strings.NewReader("last words\n"))
	require.Contains(t, r.stderr.String(), "last words\n")
}

func TestAllIsWrittenBeforeTheEnd(t *testing.T) {
	r := newRig(t, map[string]string{"log_filename": "log.log", "log_rotation_size": "0"})
	l := &logger{writer: r.writer, queues: r.queues, hangup: make(chan os.Signal), rotate: make(chan os.Signal)}
	text := strings.Repeat("some line\n", 500_000)
	l.run(strings.NewReader(text))
	require.Equal(t, text, r.read("log/log.log"))
}

func TestFailedRotationKeepsTheOldFile(t *testing.T) {
	r := newRig(t, map[string]string{"log_filename": "log-%H.log"})
	r.begin()
	require.NoError(t, os.Mkdir("log/log-09.log", 0o700)) // no file can be made here
	r.clock = r.clock.Add(time.Hour)
	r.rotateAll(r.clock, false)
	require.True(t, r.forms[logging.ToText].noRotation)
	require.True(t, r.say("goes on", logging.ToText))
	require.Contains(t, r.read("log/log-08.log"), "goes on\n")
	require.Contains(t, r.read("log/log-08.log"), `open log file "log/log-09.log"`)
}

func TestAnotherLoggerGoesOnInTheSameFile(t *testing.T) {
	r := newRig(t, nil)
	r.begin()
	require.True(t, r.say("first", logging.ToText))
	first := r.forms[logging.ToText].file.path
	next := newWriter(r.settings, newQueues(), &r.stderr)
	next.now = func() time.Time { return r.clock.Add(time.Hour) }
	next.begin()
	require.Equal(t, first, next.forms[logging.ToText].file.path)
	next.queues.push([]byte("second\n"), logging.ToText)
	require.True(t, next.drain())
	require.Equal(t, "first\nsecond\n", r.read(first))
}

// A disk that is full in the middle of an event has none of it.
func TestTornWriteIsTakenBack(t *testing.T) {
	if os.Getenv("WAYPOST_TORN_WRITE") != "" {
		tornWrite(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^TestTornWriteIsTakenBack$", "-test.v")
	cmd.Env = append(os.Environ(), "WAYPOST_TORN_WRITE="+t.TempDir())
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "PASS")
}

func tornWrite(t *testing.T) {
	signal.Ignore(unix.SIGXFSZ)
	path := filepath.Join(os.Getenv("WAYPOST_TORN_WRITE"), "x.log")
	f, err := openFile(path, 0o600, 0o700, false)
	require.NoError(t, err)
	require.NoError(t, f.write([]byte("first\n")))
	var was unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &was))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 10, Max: was.Max}))
	err = f.write([]byte("second\n"))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &was))
	require.ErrorIs(t, err, unix.EFBIG)
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "first\n", string(text))
	require.NoError(t, f.write([]byte("second\n")))
	text, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "first\nsecond\n", string(text))

	// Nor does it lose what another wrote meanwhile, or what stands in a file that has its name now.
	require.NoError(t, os.WriteFile(path, []byte("a longer text of another\n"), 0o600))
	require.NoError(t, os.Rename(path, path+".moved"))
	require.NoError(t, os.WriteFile(path, []byte("the next file\n"), 0o600))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 30, Max: was.Max}))
	err = f.write([]byte("third, too long\n"))
	require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &was))
	require.ErrorIs(t, err, unix.EFBIG)
	text, err = os.ReadFile(path + ".moved")
	require.NoError(t, err)
	require.Equal(t, "a longer text of another\n", string(text))
	text, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "the next file\n", string(text))
}

// However fast it comes, and whatever the clock does: no file is renamed onto another.
func TestBurstLosesNoFile(t *testing.T) {
	r := newRig(t, map[string]string{"log_filename": "fixed.log", "log_rotation_size": "1"})
	r.begin()
	future := "log/fixed-" + time.Now().Add(time.Hour).UTC().Format(stampFormat) + ".log"
	whole := func() (all string) {
		files, err := filepath.Glob("log/fixed*.log")
		require.NoError(t, err)
		for _, path := range files {
			all += r.read(path)
		}
		return all
	}
	for i := range 50 {
		require.True(t, r.say(fmt.Sprintf("<%d>%s", i, strings.Repeat("x", 1100)), logging.ToText))
		require.Equal(t, i+1, strings.Count(whole(), "<"))
	}
	require.NoError(t, os.WriteFile(future, []byte("of a clock that was set back\n"), 0o600))
	files, err := filepath.Glob("log/fixed*.log")
	require.NoError(t, err)
	require.True(t, r.say("<last>"+strings.Repeat("x", 1100), logging.ToText))
	require.True(t, r.say("<very last>", logging.ToText))
	after, err := filepath.Glob("log/fixed*.log")
	require.NoError(t, err)
	require.Equal(t, files, after, "the file goes on")
	require.Equal(t, 52, strings.Count(whole(), "<"))
	require.False(t, r.forms[logging.ToText].noRotation)
}

// A name that will be free in an hour is not looked for with each batch until then.
func TestTakenNamesAreLookedForOnce(t *testing.T) {
	t.Chdir(t.TempDir())
	f, err := openFile("log/fixed.log", 0o600, 0o700, false)
	require.NoError(t, err)
	defer f.close()
	now := time.Now()
	free := func(at time.Time) bool {
		ok, err := f.stampIsFree(at)
		require.NoError(t, err)
		return ok
	}
	require.True(t, free(now))
	for _, later := range []time.Duration{time.Minute, time.Hour} {
		require.NoError(t, os.WriteFile("log/fixed-"+now.Add(later).UTC().Format(stampFormat)+".log", nil, 0o600))
	}
	require.False(t, free(now))
	require.NoError(t, os.Rename("log", "away"))
	require.False(t, free(now.Add(time.Hour)), "no directory is read")
	require.NoError(t, os.Rename("away", "log"))
	require.True(t, free(now.Add(time.Hour+time.Millisecond)))
}

func TestOneFormThatCannotBeWrittenHoldsUpNoOther(t *testing.T) {
	r := newRig(t, map[string]string{"log_filename": "log.log", "log_destination": "stderr,jsonlog"})
	require.NoError(t, os.MkdirAll("log/log.json", 0o700)) // no file can be made here
	r.begin()
	require.False(t, r.say("{1}", logging.ToJSON))
	require.False(t, r.say("text", logging.ToText), "JSON still waits")
	require.Contains(t, r.read("log/log.log"), "text\n")
	require.Contains(t, r.read("log/log.log"), `open log file "log/log.json"`)
	big := strings.Repeat("x", 1<<20-1)
	for range 20 {
		r.say(big, logging.ToJSON)
		require.False(t, r.say("more", logging.ToText))
	}
	require.Equal(t, 20, strings.Count(r.read("log/log.log"), "more\n"), "what waits for JSON takes no room of the text's")
	require.NoError(t, os.Remove("log/log.json"))
	r.clock = r.clock.Add(retryAfter)
	require.True(t, r.drain())
	require.True(t, r.drain())
	require.Contains(t, r.read("log/log.json"), "{1}\n")
	lost := `messages were lost because log file "log/log.json" could not be written`
	require.Equal(t, 1, strings.Count(r.read("log/log.log"), lost), "each form tells of it")
	require.Contains(t, r.read("log/log.log"), `WARNING:  `)
}

func TestModeOfAFileThatIsThereStays(t *testing.T) {
	r := newRig(t, map[string]string{"log_filename": "log.log", "log_file_mode": "0600"})
	require.NoError(t, os.Mkdir("log", 0o700))
	require.NoError(t, os.WriteFile("log/log.log", nil, 0o600))
	require.NoError(t, os.Chmod("log/log.log", 0o644))
	r.begin()
	r.rotateAll(r.clock, false)
	info, err := os.Stat("log/log.log")
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o644), info.Mode().Perm())
}

func TestFileThatIsCutFromOutsideHasNoHole(t *testing.T) {
	r := newRig(t, map[string]string{"log_filename": "log.log"})
	r.begin()
	require.True(t, r.say("first", logging.ToText))
	require.NoError(t, os.Truncate("log/log.log", 0)) // logrotate's copytruncate
	require.True(t, r.say("second", logging.ToText))
	require.Equal(t, "second\n", r.read("log/log.log"))
}

// When all who could write have gone, the next node may be at work in the same files.
func TestLoggerOfAnEndedNodeOnlyAppends(t *testing.T) {
	r := newRig(t, map[string]string{"log_filename": "log.log", "log_rotation_size": "1"})
	r.begin()
	require.NoError(t, os.WriteFile(currentFile, []byte("stderr log/of-the-next-node.log\n"), 0o600))
	r.last = func() bool { return true }
	require.True(t, r.say(strings.Repeat("x", 1100), logging.ToText))
	require.True(t, r.say("last", logging.ToText))
	r.rotateAll(r.clock.Add(time.Hour), true)
	require.Equal(t, strings.Repeat("x", 1100)+"\nlast\n", r.read("log/log.log"))
	files, err := filepath.Glob("log/*")
	require.NoError(t, err)
	require.Len(t, files, 1)
	require.Equal(t, "stderr log/of-the-next-node.log\n", r.read(currentFile))
}

func TestFullFileIsMovedAsideWhereItsNameStays(t *testing.T) {
	r := newRig(t, map[string]string{"log_filename": "fixed.log", "log_rotation_size": "1", "log_file_mode": "0640"})
	r.begin()
	for i := range 3 {
		require.True(t, r.say(fmt.Sprintf("%d%s", i, strings.Repeat("x", 1100)), logging.ToText))
		nextMillisecond := time.Now().Truncate(time.Millisecond).Add(time.Millisecond) // it is in the names
		require.Eventually(t, func() bool { return time.Now().After(nextMillisecond) }, time.Second, time.Millisecond)
	}
	require.True(t, r.say("last", logging.ToText))
	require.Equal(t, "last\n", r.read("log/fixed.log"))
	files, err := filepath.Glob("log/fixed-*.log")
	require.NoError(t, err)
	require.Len(t, files, 3)
	for _, path := range append(files, "log/fixed.log") {
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o640), info.Mode().Perm())
	}
}

func TestStrftime(t *testing.T) {
	at := time.Date(2026, 1, 3, 15, 4, 5, 0, time.FixedZone("CET", 3600)) // a Saturday
	for pattern, want := range map[string]string{
		"postgresql-%Y-%m-%d_%H%M%S.log": "postgresql-2026-01-03_150405.log",
		"%a %A %b %B %h %e %j %y %C":     "Sat Saturday Jan January Jan  3 003 26 20",
		"%I %p %k %l %r %R %T":           "03 PM 15  3 03:04:05 PM 15:04 15:04:05",
		"%U %W %V %G %g %u %w":           "00 00 01 2026 26 6 6",
		"%D %F %x %X":                    "01/03/26 2026-01-03 01/03/26 15:04:05",
		"%s %Z %z %%":                    "1767449045 CET +0100 %",
		"%Ey%Od":                         "2603",
		"plain %":                        "plain %",
		"%c":                             "Sat Jan  3 15:04:05 2026",
		"%n%t":                           "\n\t",
	} {
		require.Equal(t, want, strftime(pattern, at), pattern)
	}
}

// The C library is the measure.
func TestStrftimeIsTheCLibrarys(t *testing.T) {
	for _, day := range []string{"2024-02-29", "2024-12-30", "2025-01-01", "2026-12-31", "2027-01-03", "2028-01-01"} {
		at, err := time.Parse("2006-01-02 15:04:05", day+" 00:30:09")
		require.NoError(t, err)
		for c := range strings.SplitSeq("a A b B c C d D e F g G h H I j k l m M n p r R s S t T u U V w W x X y Y Z z %", " ") {
			cmd := exec.Command("date", "-u", "-d", day+" 00:30:09", "+%"+c+"|")
			cmd.Env = []string{"LC_ALL=C", "PATH=" + os.Getenv("PATH")}
			out, err := cmd.Output()
			require.NoError(t, err)
			require.Equal(t, strings.TrimSuffix(string(out), "|\n"), strftime("%"+c, at), "%%%s of %s", c, day)
		}
	}
}

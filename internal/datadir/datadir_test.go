package datadir

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const pgBin = "/usr/lib/postgresql/15/bin/"

// unprivileged gives what makes a command run as user postgres where the tests run as root: PostgreSQL's programs
// refuse root, and see only their own user's processes.
func unprivileged(t *testing.T) (attr *syscall.SysProcAttr, uid, gid int) {
	if os.Geteuid() != 0 {
		return nil, os.Getuid(), os.Getgid()
	}
	u, err := user.Lookup("postgres")
	require.NoError(t, err)
	uid, err = strconv.Atoi(u.Uid)
	require.NoError(t, err)
	gid, err = strconv.Atoi(u.Gid)
	require.NoError(t, err)
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, uid, gid
}

// sleeper runs a process that does nothing, in dir, until the test ends.
func sleeper(t *testing.T, dir string, attr *syscall.SysProcAttr, extra ...*os.File) *exec.Cmd {
	cmd := exec.Command("sleep", "600")
	cmd.Dir, cmd.SysProcAttr, cmd.ExtraFiles = dir, attr, extra
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { end(cmd) })
	return cmd
}

func end(cmd *exec.Cmd) {
	_ = cmd.Process.Kill() // ended before
	_ = cmd.Wait()         // killed
}

func newDir(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.Mkdir(dir, 0o700))
	require.NoError(t, os.Mkdir(filepath.Join(dir, GlobalDir), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, VersionFile), []byte("15\n"), 0o600))
	return dir
}

func infoFor(dir string, pid int) PidInfo {
	return PidInfo{Pid: pid, DataDir: dir, Start: time.Unix(1_700_000_000, 0), Port: 5433}
}

func refused(t *testing.T, err error, message, hint string) {
	t.Helper()
	var e *Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, message, e.Message)
	require.Equal(t, hint, e.Hint)
	require.Equal(t, "F0001", e.SQLSTATE)
}

func TestCheckRefusesWhatIsNoDataDirectoryOfOurs(t *testing.T) {
	dir := newDir(t)
	mode, err := Check(dir)
	require.NoError(t, err)
	require.Equal(t, Mode{0o700, 0o600, 0o077}, mode)
	require.NoError(t, os.Chmod(dir, 0o750))
	mode, err = Check(dir)
	require.NoError(t, err)
	require.Equal(t, Mode{0o750, 0o640, 0o027}, mode)
	require.NoError(t, os.Chmod(dir, 0o755))
	_, err = Check(dir)
	require.EqualError(t, err, `data directory "`+dir+`" has invalid permissions`)
	require.Equal(t, "55000", err.(*Error).SQLSTATE)
	_, err = Check(filepath.Join(dir, VersionFile))
	require.ErrorContains(t, err, "is not a directory")
	_, err = Check(filepath.Join(dir, "gone"))
	require.EqualError(t, err, `data directory "`+dir+`/gone" does not exist`)
	strange := "/"
	if os.Geteuid() == 0 {
		strange = dir
		require.NoError(t, os.Chown(dir, 1, 1))
	}
	_, err = Check(strange)
	require.ErrorContains(t, err, "has wrong ownership")
}

func TestVersionMustBeOneWhoseWALWeRead(t *testing.T) {
	dir := newDir(t)
	path := filepath.Join(dir, VersionFile)
	for text, want := range map[string]int{"15\n": 15, "16": 16, "17\n": 17, "18\n": 18} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		major, err := Version(dir)
		require.NoError(t, err)
		require.Equal(t, want, major)
	}
	for text, want := range map[string]string{"14\n": "incompatible", "19": "incompatible", "9.6\n": "valid data directory", "": "valid data directory", "x": "valid data directory"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err := Version(dir)
		require.ErrorContains(t, err, want, text)
	}
	require.NoError(t, os.Remove(path))
	_, err := Version(dir)
	require.EqualError(t, err, `"`+dir+`" is not a valid data directory`)
	require.Equal(t, `File "`+path+`" is missing.`, err.(*Error).Detail)
}

func TestPidFileIsPostgreSQLsByteForByte(t *testing.T) {
	dir := newDir(t)
	l, err := Acquire(infoFor(dir, os.Getpid()), 0o600)
	require.NoError(t, err)
	pid := strconv.Itoa(os.Getpid())
	contains := func(want string) {
		got, err := os.ReadFile(filepath.Join(dir, PidFile))
		require.NoError(t, err)
		require.Equal(t, pid+"\n"+dir+"\n1700000000\n5433\n"+want, string(got))
	}
	contains("\n")
	require.NoError(t, l.SetStatus(StatusStarting))
	contains("\n\n\nstarting\n")
	require.NoError(t, l.SetLine(LineSocketDir, "/tmp"))
	require.NoError(t, l.SetLine(LineListenAddr, "localhost"))
	require.NoError(t, l.SetShmem(123456, 42, "/dev/shm/waypost.1"))
	require.NoError(t, l.SetStatus(StatusStandby))
	contains("/tmp\nlocalhost\n   123456        42\nstandby \n/dev/shm/waypost.1\n")
	require.NoError(t, l.SetLine(LineShmemPath, "/x"))
	contains("/tmp\nlocalhost\n   123456        42\nstandby \n/x\n")
	info, err := ReadPidFile(dir)
	require.NoError(t, err)
	require.Equal(t, PidInfo{Pid: os.Getpid(), DataDir: dir, Start: time.Unix(1_700_000_000, 0), Port: 5433, SocketDir: "/tmp",
		ListenAddr: "localhost", ShmemKey: 123456, ShmemID: 42, Status: StatusStandby, ShmemPath: "/x"}, info)
	require.NoError(t, l.Recheck())
	require.NoError(t, l.Release())
	require.NoFileExists(t, filepath.Join(dir, PidFile))
}

func TestRealPgCtlReadsOurPidFile(t *testing.T) {
	attr, uid, gid := unprivileged(t)
	dir := newDir(t)
	require.NoError(t, os.Chmod(filepath.Dir(filepath.Dir(dir)), 0o755)) // the way to it, for the other user
	server := sleeper(t, "/", attr)
	l, err := Acquire(infoFor(dir, server.Process.Pid), 0o600)
	require.NoError(t, err)
	require.NoError(t, l.SetLine(LineSocketDir, "/tmp"))
	require.NoError(t, l.SetLine(LineListenAddr, "*"))
	require.NoError(t, l.SetShmem(1, 2, "/dev/shm/waypost.1"))
	require.NoError(t, l.SetStatus(StatusReady))
	require.NoError(t, WriteOpts(dir, "/opt/waypost/bin/postmaster", []string{"-D", dir}, 0o600))
	for _, f := range []string{"", VersionFile, PidFile, OptsFile} {
		require.NoError(t, os.Chown(filepath.Join(dir, f), uid, gid))
	}
	status := func() (string, int) {
		cmd := exec.Command(pgBin+"pg_ctl", "status", "-D", dir)
		cmd.SysProcAttr, cmd.Dir = attr, "/"
		out, _ := cmd.CombinedOutput() // its exit code is looked at
		require.NotNil(t, cmd.ProcessState, "pg_ctl of PostgreSQL 15 is needed")
		return string(out), cmd.ProcessState.ExitCode()
	}
	out, code := status()
	require.Equal(t, 0, code, out)
	require.Contains(t, out, "server is running (PID: "+strconv.Itoa(server.Process.Pid)+")")
	require.Contains(t, out, `/opt/waypost/bin/postmaster "-D" "`+dir+`"`)
	end(server)
	out, code = status()
	require.Equal(t, 3, code, out)
	require.Contains(t, out, "no server running")
}

func TestSecondPostmasterIsRefusedWhateverThePidFileSays(t *testing.T) {
	dir := newDir(t)
	server := sleeper(t, dir, nil)
	first, err := Acquire(infoFor(dir, server.Process.Pid), 0o600)
	require.NoError(t, err)
	path := filepath.Join(dir, PidFile)
	_, err = Acquire(infoFor(dir, 1), 0o600)
	refused(t, err, `lock file "postmaster.pid" already exists`,
		`Is another postmaster (PID `+strconv.Itoa(server.Process.Pid)+`) running in data directory "`+dir+`"?`)

	gone := sleeper(t, dir, nil)
	end(gone)
	for _, text := range []string{"", "garbage\n", strconv.Itoa(gone.Process.Pid) + "\n" + dir + "\n"} {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		_, err = Acquire(infoFor(dir, 1), 0o600)
		refused(t, err, `data directory "`+dir+`" is still in use`,
			`Terminate any old server processes associated with data directory "`+dir+`".`)
	}
	require.NoError(t, os.Remove(path))
	_, err = Acquire(infoFor(dir, 1), 0o600)
	require.Error(t, err, "a removed postmaster.pid does not open the door")
	require.Error(t, first.Recheck(), "and the first one notices")
	require.NoError(t, first.Release())
	second, err := Acquire(infoFor(dir, os.Getpid()), 0o600)
	require.NoError(t, err)
	require.NoError(t, second.Release())
}

func TestDirectoryStaysLockedUntilTheLastChildIsGone(t *testing.T) {
	dir := newDir(t)
	l, err := Acquire(infoFor(dir, os.Getpid()), 0o600)
	require.NoError(t, err)
	child := sleeper(t, "/", nil, l.File())
	require.NoError(t, l.Release())
	_, err = Acquire(infoFor(dir, os.Getpid()), 0o600)
	refused(t, err, `data directory "`+dir+`" is still in use`, `Terminate any old server processes associated with data directory "`+dir+`".`)
	end(child)
	l, err = Acquire(infoFor(dir, os.Getpid()), 0o600)
	require.NoError(t, err)
	require.NoError(t, l.Release())
}

// A postmaster that was killed may be a zombie for a while, or its pid another process's already. Its children, who hold
// the lock, are about to end all the same.
func TestOrphansOfADeadPostmasterAreWaitedFor(t *testing.T) {
	zombie := exec.Command("true")
	require.NoError(t, zombie.Start())
	defer zombie.Wait()
	require.Eventually(t, func() bool {
		stat, err := os.ReadFile("/proc/" + strconv.Itoa(zombie.Process.Pid) + "/stat")
		return err == nil && strings.Contains(string(stat), ") Z ")
	}, 10*time.Second, time.Millisecond)
	elsewhere := sleeper(t, "/", nil)
	for _, pid := range []int{zombie.Process.Pid, elsewhere.Process.Pid, os.Getpid(), os.Getppid()} {
		dir := newDir(t)
		orphan, err := Acquire(infoFor(dir, pid), 0o600)
		require.NoError(t, err)
		time.AfterFunc(orphansEnd/10, func() { orphan.File().Close() })
		l, err := Acquire(infoFor(dir, os.Getpid()), 0o600)
		require.NoErrorf(t, err, "pid %d", pid)
		require.NoError(t, l.Release())
	}
}

func TestStalePidFileIsReplaced(t *testing.T) {
	dir := newDir(t)
	gone := sleeper(t, dir, nil)
	end(gone)
	elsewhere := sleeper(t, "/", nil) // our pid came round again to some other process
	for _, text := range []string{"", "garbage", strconv.Itoa(gone.Process.Pid) + "\n" + dir + "\n",
		strconv.Itoa(elsewhere.Process.Pid) + "\n" + dir + "\n", strconv.Itoa(os.Getpid()) + "\n" + dir + "\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, PidFile), []byte(text), 0o600))
		l, err := Acquire(infoFor(dir, os.Getpid()), 0o600)
		require.NoError(t, err, text)
		require.NoError(t, l.Release())
	}
}

func TestLivePostgreSQLInTheDirectoryIsRespected(t *testing.T) {
	dir := newDir(t)
	server := sleeper(t, dir, nil) // as PostgreSQL: stands in its data directory, knows nothing of our lock
	for _, pid := range []int{server.Process.Pid, -server.Process.Pid} {
		text := strconv.Itoa(pid) + "\n" + dir + "\n1700000000\n5432\n"
		require.NoError(t, os.WriteFile(filepath.Join(dir, PidFile), []byte(text), 0o600))
		_, err := Acquire(infoFor(dir, os.Getpid()), 0o600)
		refused(t, err, `lock file "postmaster.pid" already exists`,
			`Is another postmaster (PID `+strconv.Itoa(server.Process.Pid)+`) running in data directory "`+dir+`"?`)
		got, err := os.ReadFile(filepath.Join(dir, PidFile))
		require.NoError(t, err)
		require.Equal(t, text, string(got))
	}
}

func TestSocketLock(t *testing.T) {
	dir := newDir(t)
	sock := filepath.Join(t.TempDir(), ".s.PGSQL.5433")
	info := infoFor(dir, os.Getpid())
	info.SocketDir = filepath.Dir(sock)
	l, err := LockSocket(sock, info)
	require.NoError(t, err)
	got, err := os.ReadFile(sock + ".lock")
	require.NoError(t, err)
	require.Equal(t, strconv.Itoa(os.Getpid())+"\n"+dir+"\n1700000000\n5433\n"+info.SocketDir+"\n", string(got))
	other := info
	other.Pid = 1
	_, err = LockSocket(sock, other)
	refused(t, err, `lock file "`+sock+`.lock" already exists`,
		`Is another postmaster (PID `+strconv.Itoa(os.Getpid())+`) using socket file "`+sock+`"?`)
	at := time.Unix(1_800_000_000, 0)
	require.NoError(t, l.Touch(at))
	stat, err := os.Stat(sock + ".lock")
	require.NoError(t, err)
	require.True(t, stat.ModTime().Equal(at))
	require.NoError(t, l.Release())
	names, err := os.ReadDir(filepath.Dir(sock))
	require.NoError(t, err)
	require.Empty(t, names)

	server := sleeper(t, dir, nil)
	require.NoError(t, os.WriteFile(sock+".lock", []byte(strconv.Itoa(server.Process.Pid)+"\n"+dir+"\n"), 0o600))
	_, err = LockSocket(sock, info)
	refused(t, err, `lock file "`+sock+`.lock" already exists`,
		`Is another postmaster (PID `+strconv.Itoa(server.Process.Pid)+`) using socket file "`+sock+`"?`)
	end(server)
	l, err = LockSocket(sock, info)
	require.NoError(t, err)
	require.NoError(t, l.Release())
}

func TestOfManyAtOneStaleSocketLockOneWins(t *testing.T) {
	dir := newDir(t)
	sock := filepath.Join(t.TempDir(), ".s.PGSQL.5433")
	require.NoError(t, os.WriteFile(sock+".lock", []byte("999999999\n"+dir+"\n"), 0o600))
	const rivals = 16
	won := make(chan *SocketLock, rivals)
	for i := range rivals {
		go func() {
			l, err := LockSocket(sock, infoFor(dir, 1_000_000_000+i))
			if err != nil {
				l = nil
			}
			won <- l
		}()
	}
	var winner *SocketLock
	for range rivals {
		if l := <-won; l != nil {
			require.Nil(t, winner, "two hold one lock")
			winner = l
		}
	}
	require.NotNil(t, winner)
	require.NoError(t, winner.Release())
}

func FuzzPidFile(f *testing.F) {
	f.Add("123\n/data\n1700000000\n5433\n/tmp\n*\n        1         2\nready   \n/dev/shm/x\n", 8, "stopping")
	f.Add("-5", 1, "x")
	f.Add("\n\n\n", 3, "")
	f.Fuzz(func(t *testing.T, text string, n int, line string) {
		if info, err := parsePidFile(text); err == nil {
			require.Positive(t, info.Pid)
		}
		if n < 1 || n > int(LineShmemPath) || strings.Contains(line, "\n") {
			return
		}
		lines := strings.Split(string(replaceLine([]byte(text), Line(n), line)), "\n")
		require.Equal(t, line, lines[n-1])
		require.Empty(t, lines[len(lines)-1], "the last line has its end")
	})
}

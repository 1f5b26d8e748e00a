package launch

import (
	"runtime"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// forbidTimerSlack has the kernel answer EPERM, in this thread and its children, to prctl(PR_SET_TIMERSLACK).
func forbidTimerSlack() error {
	const nr, arg0 = 0, 16 // of struct seccomp_data, little-endian
	load := func(at uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: at}
	}
	unless := func(value uint32, skip uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: value, Jf: skip}
	}
	answer := func(value uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: value} }
	filter := []unix.SockFilter{
		load(nr), unless(unix.SYS_PRCTL, 3), load(arg0), unless(unix.PR_SET_TIMERSLACK, 1),
		answer(unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)), answer(unix.SECCOMP_RET_ALLOW),
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

func TestChildrenStartWhereTimersMayNotBeSlack(t *testing.T) {
	type outcome struct {
		pid            int
		sandbox, start error
		slack          error
	}
	done := make(chan outcome)
	go func() {
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		var o outcome
		if o.sandbox = forbidTimerSlack(); o.sandbox == nil {
			o.slack = unix.Prctl(unix.PR_SET_TIMERSLACK, timerSlack, 0, 0, 0)
			o.pid, o.start = forkBlocked("/bin/true", []string{"true"}, &syscall.ProcAttr{})
		}
		done <- o
	}()
	o := <-done
	require.NoError(t, o.sandbox)
	require.ErrorIs(t, o.slack, unix.EPERM)
	require.NoError(t, o.start)
	var status unix.WaitStatus
	_, err := unix.Wait4(o.pid, &status, 0, nil)
	require.NoError(t, err)
	require.Zero(t, status.ExitStatus())
}

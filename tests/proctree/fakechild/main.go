// Command fakechild stands in for every child process in tests of the postmaster. It keeps the rules that the postmaster
// relies on, through the same frame as the real ones (internal/child), and breaks them when the test says so:
//
//	FAKE_STARTUP      "exit N" at once instead of serving, "recovery exit N" once the postmaster has seen PM_RECOVERY begin
//	FAKE_STUBBORN     kinds that ignore SIGQUIT
//	FAKE_LAUNCH_ONLY  a walsender waits for no client and ends at the first signal
//	FAKE_STRANGERS    a walsender's client has proved who it is only when it says "let in"
//	FAKE_TRACE        a file to which each signal is appended: "walsender 4711 user defined signal 2"
//
// Clients and tests command it afterwards: a walsender takes lines from its client ("walsender", "unmark", "let in", "exit N",
// "panic", "acceptability"), the other kinds look for a file FAKE_EXIT.<kind> when they get SIGHUP and exit with the number in it. Startup asks for a walreceiver again when it gets SIGINT.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"waypost/internal/child"
	"waypost/internal/launch"
	"waypost/internal/procsignal"
	"waypost/pmsignal"
)

func main() {
	kind, ok := map[string]procsignal.Kind{
		"startup": procsignal.Startup, "walreceiver": procsignal.WalReceiver,
		"checkpointer": procsignal.Checkpointer, "walsender": procsignal.Spare,
	}[executable()]
	if !ok {
		fmt.Fprintln(os.Stderr, "fakechild must be named as the program that it stands in for")
		os.Exit(1)
	}
	os.Exit(child.Main(kind, run))
}

func executable() string {
	self, err := os.Executable()
	if err != nil {
		return ""
	}
	return self[strings.LastIndexByte(self, '/')+1:]
}

// fake is one process.
type fake struct {
	p     *child.Process
	trace *os.File
	lines chan string // from the client; nil without one
	reply *os.File
	cac   launch.CAC
}

func run(p *child.Process) error {
	f := &fake{p: p}
	if path := os.Getenv("FAKE_TRACE"); path != "" {
		var err error
		if f.trace, err = os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
			return err
		}
	}
	if strings.Contains(os.Getenv("FAKE_STUBBORN"), executable()) {
		p.OnQuit(func() { select {} })
	}
	switch p.Kind {
	case procsignal.Startup:
		if text := os.Getenv("FAKE_STARTUP"); text != "" {
			text, inRecovery := strings.CutPrefix(text, "recovery ")
			if inRecovery {
				if err := f.beginRecovery(); err != nil {
					return err
				}
			}
			return f.exit(strings.TrimPrefix(text, "exit "))
		}
		for _, r := range []pmsignal.Reason{pmsignal.RecoveryStarted, pmsignal.BeginHotStandby, pmsignal.StartWalReceiver} {
			if err := p.PM.Send(r); err != nil {
				return err
			}
		}
	case procsignal.Spare:
		if os.Getenv("FAKE_LAUNCH_ONLY") == "" {
			if err := f.takeClient(); err != nil {
				return err
			}
		}
	}
	return f.loop()
}

// beginRecovery waits until the postmaster has taken PMSIGNAL_RECOVERY_STARTED.
func (f *fake) beginRecovery() error {
	if err := f.p.PM.Send(pmsignal.RecoveryStarted); err != nil {
		return err
	}
	for f.p.PM.Pending(pmsignal.RecoveryStarted) {
		time.Sleep(time.Millisecond)
	}
	return nil
}

func (f *fake) takeClient() error {
	taken := make(chan error, 1)
	var fd int
	go func() {
		var err error
		fd, f.cac, err = launch.ReceiveClient()
		taken <- err
	}()
	select {
	case err := <-taken:
		if err != nil {
			return err
		}
	case sig := <-f.p.Signals:
		f.note(sig)
		return errors.New("a signal has come before a client")
	}
	if os.Getenv("FAKE_STRANGERS") == "" {
		launch.LetIn()
	}
	f.reply = os.NewFile(uintptr(fd), "client")
	f.lines = make(chan string)
	go func() {
		for s := bufio.NewScanner(f.reply); s.Scan(); {
			f.lines <- s.Text()
		}
		close(f.lines)
	}()
	return nil
}

func (f *fake) note(what any) {
	if f.trace != nil {
		fmt.Fprintf(f.trace, "%s %d %v\n", executable(), os.Getpid(), what)
	}
}

// loop obeys signals and the client as the real processes do.
func (f *fake) loop() error {
	for {
		select {
		case sig := <-f.p.Signals:
			f.note(sig)
			if done, err := f.obey(sig); done {
				return err
			}
		case line, ok := <-f.lines:
			if !ok {
				return nil
			}
			if err := f.command(line); err != nil {
				return err
			}
			fmt.Fprintln(f.reply, "done")
		}
	}
}

func (f *fake) obey(sig os.Signal) (done bool, err error) {
	if os.Getenv("FAKE_LAUNCH_ONLY") != "" {
		return true, errors.New("a signal has come")
	}
	switch sig {
	case unix.SIGTERM:
		if f.p.Kind == procsignal.Checkpointer {
			return false, nil
		}
		return true, errors.New("terminating on request")
	case unix.SIGINT:
		if f.p.Kind == procsignal.Startup {
			return false, f.p.PM.Send(pmsignal.StartWalReceiver)
		}
	case unix.SIGUSR2:
		return f.p.Kind == procsignal.Checkpointer || f.lines != nil, nil
	case unix.SIGHUP:
		if b, err := os.ReadFile("FAKE_EXIT." + executable()); err == nil {
			return true, f.exit(string(b))
		}
	}
	return false, nil
}

func (f *fake) command(line string) error {
	switch {
	case line == "walsender":
		f.p.PM.MarkWalSender(f.p.ChildSlot)
	case line == "unmark":
		f.p.PM.UnmarkWalSender(f.p.ChildSlot)
	case line == "acceptability":
		fmt.Fprintln(f.reply, f.cac)
	case line == "let in":
		launch.LetIn()
	case line == "panic":
		panic("as the test wants")
	case strings.HasPrefix(line, "exit "):
		return f.exit(strings.TrimPrefix(line, "exit "))
	}
	return nil
}

// exit ends the process with a code, in good order for 0 and 1 as the frame does it.
func (f *fake) exit(code string) error {
	n, err := strconv.Atoi(strings.TrimSpace(code))
	switch {
	case err != nil:
		return err
	case n == 0:
		f.p.Proc.Leave()
		f.p.PM.MarkInactive(f.p.ChildSlot)
		os.Exit(0)
	case n == 1:
		return errors.New("as the test wants")
	}
	os.Exit(n)
	return nil
}

package authquery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// run has the program ask. The program is gone when run returns.
func (s *Source) run(ctx context.Context, name string) (Answer, error) {
	timed, cancel := context.WithTimeout(ctx, s.Patience)
	defer cancel()
	request := Request{Conninfo: s.Conninfo, Query: s.Query, Name: name, Timeout: s.Patience}.Encode()
	if len(request) > maxMessage {
		return Answer{}, errors.New("the request is too long")
	}
	p, in, out, err := s.start()
	if err != nil {
		return Answer{}, fmt.Errorf("start %q: %w", s.Program, err)
	}
	defer in.Close()
	defer out.Close()
	stop := context.AfterFunc(timed, func() { p.Kill() })
	defer stop()
	answer, err := converse(in, out, request)
	if err != nil {
		p.Kill()
	}
	state, waitErr := p.Wait()
	switch {
	case ctx.Err() != nil:
		return Answer{}, ctx.Err()
	case timed.Err() != nil:
		return Answer{}, &AwayError{"the upstream does not answer in time"}
	case err != nil:
		return Answer{}, err
	case waitErr != nil:
		return Answer{}, waitErr
	case !state.Success():
		return Answer{}, fmt.Errorf("%q: %v", s.Program, state)
	}
	return decodeAnswer(answer)
}

// start runs the program with nothing of the session's but its standard error. It ends with the session.
func (s *Source) start() (p *os.Process, in, out *os.File, err error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, nil, nil, err
	}
	defer childIn.Close()
	out, childOut, err := os.Pipe()
	if err != nil {
		in.Close()
		return nil, nil, nil, err
	}
	defer childOut.Close()
	// The client's socket, shared memory and the data directory's lock are not the program's.
	if err = closeOnExec(); err == nil {
		p, err = os.StartProcess(s.Program, []string{s.Program}, &os.ProcAttr{
			Env: environment(os.Environ()), Files: []*os.File{childIn, childOut, os.Stderr},
			Sys: &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL}})
	}
	if err != nil {
		in.Close()
		out.Close()
		return nil, nil, nil, err
	}
	return p, in, out, nil
}

// closeOnExec keeps what the session has open from what it starts. (The system call for this is not in every kernel.)
func closeOnExec() error {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	for _, e := range open {
		// One that has been closed since, as that of the directory was, does not matter.
		if fd, err := strconv.Atoi(e.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return nil
}

// environment is what of the environment connecting to a server depends on.
func environment(all []string) []string {
	var list []string
	for _, v := range all {
		name, _, _ := strings.Cut(v, "=")
		if name == "PATH" || name == "HOME" || name == "LANG" || strings.HasPrefix(name, "PG") {
			list = append(list, v)
		}
	}
	return list
}

func converse(in, out *os.File, request []byte) ([]byte, error) {
	if _, err := in.Write(request); err != nil {
		return nil, err
	}
	if err := in.Close(); err != nil {
		return nil, err
	}
	answer, err := io.ReadAll(io.LimitReader(out, maxMessage+1))
	if err == nil && len(answer) > maxMessage {
		err = errors.New("the answer is too long")
	}
	return answer, err
}

package authquery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// run has the program ask. The program is gone when run returns.
func (s *Source) run(ctx context.Context, name string) (Answer, error) {
	timeout := patience
	if deadline, ok := ctx.Deadline(); ok {
		timeout = time.Until(deadline)
	}
	if timeout < time.Millisecond {
		return Answer{}, context.DeadlineExceeded
	}
	request := Request{Conninfo: s.Conninfo, Query: s.Query, Name: name, Timeout: timeout}.Encode()
	if len(request) > maxMessage {
		return Answer{}, errors.New("the request is too long")
	}
	p, in, out, err := s.start()
	if err != nil {
		return Answer{}, fmt.Errorf("start %q: %w", s.Program, err)
	}
	defer in.Close()
	defer out.Close()
	stop := context.AfterFunc(ctx, func() { p.Kill() })
	defer stop()
	answer, err := converse(in, out, request)
	if err != nil {
		p.Kill()
	}
	state, waitErr := p.Wait()
	switch {
	case ctx.Err() != nil:
		return Answer{}, errors.New("the upstream does not answer in time")
	case err != nil:
		return Answer{}, err
	case waitErr != nil:
		return Answer{}, waitErr
	case !state.Success():
		return Answer{}, fmt.Errorf("%q: %v", s.Program, state)
	}
	return decodeAnswer(answer)
}

// start runs the program with nothing of the session's but its standard error.
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
	if err = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC); err == nil {
		p, err = os.StartProcess(s.Program, []string{s.Program}, &os.ProcAttr{
			Env: os.Environ(), Files: []*os.File{childIn, childOut, os.Stderr}})
	}
	if err != nil {
		in.Close()
		out.Close()
		return nil, nil, nil, err
	}
	return p, in, out, nil
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

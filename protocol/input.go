package protocol

import "io"

// input is bytes that were read and not yet used: buf[start:end]. What an io.Reader says beside its bytes is kept and
// told when the bytes are used up, so that after an error which passes (a deadline, EAGAIN) reading goes on where it
// was, in mid-message too.
type input struct {
	src        io.Reader
	buf        []byte
	start, end int
	pending    error
}

// maxEmptyReads is how often a reader may give nothing and no reason before it counts as broken.
const maxEmptyReads = 100

func (in *input) buffered() int { return in.end - in.start }

func (in *input) bytes() []byte { return in.buf[in.start:in.end] }

// read reads once, as much as there is, behind what is there. There must be room.
func (in *input) read() error {
	if err := in.pending; err != nil {
		in.pending = nil
		return err
	}
	for range maxEmptyReads {
		n, err := in.src.Read(in.buf[in.end:])
		if n > 0 {
			in.end += n
			in.pending = err
			return nil
		}
		if err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// compact moves what is there to the buffer's front.
func (in *input) compact() {
	if in.start == 0 {
		return
	}
	in.end = copy(in.buf, in.buf[in.start:in.end])
	in.start = 0
}

// grow gives the buffer room for size bytes and moves what is there to its front.
func (in *input) grow(size int) {
	buf := make([]byte, size)
	in.end = copy(buf, in.bytes())
	in.start = 0
	in.buf = buf
}

package startup

import (
	"bytes"
	"errors"
	"io"

	"waypost/walfile"
	"waypost/xlog"
)

// takeSwitchTail decides whether the rest of a segment after a segment switch is held, and if so moves end behind it. A
// server fills that rest with zeros. No CRC covers them, and in a recycled segment something else may stand there instead,
// so beyond what was flushed they are looked at.
func (w *walk) takeSwitchTail(trusted xlog.LSN) (*walfile.Stop, error) {
	from := max(w.end, trusted)
	if from < w.last.next {
		if w.limited {
			return nil, nil // the reader will say that it needs more
		}
		zero, err := allZero(w.s.src, w.history.TLIOf(w.last.start), from, w.last.next)
		if err != nil {
			return w.s.asStop(w.reader, err)
		}
		if !zero {
			return &walfile.Stop{Kind: walfile.Garbage, LSN: w.end, Record: w.end, Held: w.end, TLI: w.tli,
				Segment: w.s.control.segSize.SegNo(w.end), Detail: "the rest of a segment after its switch is not zeros"}, nil
		}
	}
	w.end = w.last.next
	return nil, nil
}

// allZero says whether the bytes [from, to) of one segment are zeros; a file that is too short has none.
func allZero(src walfile.Source, tli xlog.TimeLineID, from, to xlog.LSN) (bool, error) {
	var buf, zeros [64 << 10]byte
	for from < to {
		p := buf[:min(to-from, xlog.LSN(len(buf)))]
		n, err := src.ReadAt(p, tli, from)
		if !bytes.Equal(p[:n], zeros[:n]) {
			return false, nil
		}
		if n < len(p) {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return false, nil
			}
			return false, err
		}
		from += xlog.LSN(n)
	}
	return true, nil
}

package nodeinit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"waypost/transport"
	"waypost/walfile"
)

// probeTimeout bounds the wait for WAL that the upstream says it has.
const probeTimeout = time.Minute

// probe asks the upstream for the first page of WAL that the relay will ask for. A position that is not held any
// more, or another server than it claims to be, must come out now and not after the node was built.
func (up *upstream) probe(ctx context.Context, s start) error {
	if s.lsn == up.identity.XLogPos {
		return nil // nothing there yet
	}
	doing := fmt.Sprintf("get WAL from %s on timeline %d", s.lsn, s.tli)
	page, err := up.firstBytes(ctx, s)
	if err != nil {
		e := upstreamError(doing, err)
		if server := new(transport.ServerError); errors.As(err, &server) && server.Code == "58P01" { // undefined_file
			e.Hint = "The upstream does not hold that WAL any more. Take a later --start-lsn, or none; a slot or wal_keep_size holds WAL back."
		}
		return e
	}
	var header walfile.PageHeader
	if !header.Decode(page) {
		return &Error{Message: fmt.Sprintf("could not %s: too little came", doing)}
	}
	check := walfile.PageCheck{Version: up.wal, SystemID: up.identity.SystemID, SegSize: up.segSize}
	if fault := check.Check(&header, s.lsn); fault != walfile.PageOK {
		return &Error{Message: fmt.Sprintf("the upstream's WAL at %s does not fit what the upstream says of itself", s.lsn),
			Detail: fmt.Sprintf("Page header: magic %04X, flags %04X, system identifier %d, segment size %d, address %s.",
				header.Magic, uint16(header.Info), header.SystemID, header.SegSize, header.Addr)}
	}
	return nil
}

// firstBytes streams the bytes of the first page's header, or all there is if that is less.
func (up *upstream) firstBytes(ctx context.Context, s start) ([]byte, error) {
	res, err := up.conn.StartStreaming(ctx, transport.StreamOptions{StartPoint: s.lsn, TLI: s.tli})
	if err != nil {
		return nil, err
	}
	if !res.Streaming {
		return nil, fmt.Errorf("timeline %d ends before", s.tli)
	}
	stop := context.AfterFunc(ctx, up.conn.Interrupt)
	defer stop()
	enough := int(min(walfile.LongPageHeaderSize, up.identity.XLogPos-s.lsn))
	deadline := time.Now().Add(probeTimeout)
	var page []byte
	for len(page) < enough {
		event, err := up.conn.Receive(deadline)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil, ctx.Err()
		case err != nil:
			return nil, err
		case event.Kind == transport.EndOfCopy:
			return nil, transport.ErrServerClosed
		case event.Kind == transport.XLogData:
			page = append(page, event.Data[:min(len(event.Data), walfile.LongPageHeaderSize)]...)
		}
	}
	_, err = up.conn.EndStreaming(ctx)
	return page, err
}

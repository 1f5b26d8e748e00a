package walreceiver

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"waypost/internal/durable"
	"waypost/protocol"
	"waypost/transport"
	"waypost/walfile"
	"waypost/xlog"
)

// compareHistories fetches the history files of timelines first to last that the node does not have, and compares the
// others with the upstream's. All are fetched, also those that lead elsewhere, so that a promotion of this node takes no
// number that is taken.
func (r *Receiver) compareHistories(conn transport.Conn, first, last xlog.TimeLineID) error {
	for tli := max(first, 2); tli <= last && tli != 0; tli++ { // timeline 1 has no history file
		held, err := os.ReadFile(filepath.Join(r.Dir.Path, walfile.HistoryName(tli)))
		switch {
		case errors.Is(err, os.ErrNotExist):
			err = r.fetchHistory(conn, tli)
			if tli < last && isRemoved(err) && survives(err) {
				err = nil // a number that was skipped, or whose server the upstream never followed; the last one's tells the way
			}
		case err == nil:
			err = r.compareHistory(conn, tli, held)
		default:
			err = fmt.Errorf("read timeline history: %w", err)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Receiver) readHistory(conn transport.Conn, tli xlog.TimeLineID) ([]byte, *walfile.History, error) {
	file, err := conn.ReadTimelineHistoryFile(r.ctx, tli)
	if err != nil {
		return nil, nil, upstreamError("could not receive timeline history file from the primary server", err)
	}
	if file.Name != walfile.HistoryName(tli) {
		return nil, nil, errorf(protocol.CodeProtocolViolation,
			"primary reported unexpected file name for timeline history file of timeline %d", tli)
	}
	history, err := walfile.ParseHistory(tli, file.Content)
	if err != nil {
		return nil, nil, fmt.Errorf("read timeline history file of the upstream: %w", err)
	}
	return file.Content, history, nil
}

// fetchHistory puts a history file of the upstream in place. Its name is durable before anything of the timeline is asked
// for.
func (r *Receiver) fetchHistory(conn transport.Conn, tli xlog.TimeLineID) error {
	r.log().Info().Msgf("fetching timeline history file for timeline %d from primary server", tli)
	text, _, err := r.readHistory(conn, tli)
	if err != nil {
		return err
	}
	err = r.Dir.WriteHistory(tli, text)
	if durable.IsSyncError(err) {
		return r.syncFailed(err)
	}
	return err
}

// compareHistory refuses an upstream whose timeline of that number came about in another way than ours.
func (r *Receiver) compareHistory(conn transport.Conn, tli xlog.TimeLineID, text []byte) error {
	ours, err := walfile.ParseHistory(tli, text)
	if err != nil {
		return fmt.Errorf("read timeline history: %w", err)
	}
	_, theirs, err := r.readHistory(conn, tli)
	if isRemoved(err) && survives(err) {
		return nil // an upstream that skipped this timeline need not have its history
	}
	if err != nil {
		return err
	}
	relation, common := ours.Compare(theirs)
	if relation == walfile.Same {
		return nil
	}
	return errorf(protocol.CodeObjectNotInPrerequisiteState, "the upstream's timeline %d is not this node's timeline %d", tli, tli).
		withDetail("The two histories are %v; they have WAL in common up to %v.", relation, common).
		withHint("Two servers were promoted apart from each other and took the same number. Point primary_conninfo at the one " +
			`to follow; if this node followed the other, make it anew with "waypost init".`)
}

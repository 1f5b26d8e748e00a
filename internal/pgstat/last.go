package pgstat

// In an orderly shutdown the checkpointer ends before the walsenders do, which send what is left. So that what they count is
// not lost, the last of them saves once more: each flushes its counters, frees its WalSnd, and looks whether another one is
// still in use. The last to free finds none, and all the others have flushed before it. Two that end at the same moment may
// both find none; either may save then, and one of them does.
const (
	notStopping   = iota
	leftToSenders // the checkpointer has saved for the last time
	savedLast
)

// LeaveToSenders is for the checkpointer, after its last Save.
func (s *Stats) LeaveToSenders() { s.final.Store(leftToSenders) }

// TakeLastSave says whether the calling walsender, which has found no other one left, is to save.
func (s *Stats) TakeLastSave() bool { return s.final.CompareAndSwap(leftToSenders, savedLast) }

package guc

// check names what is looked at in a value beside its type and range. What is refused, and what brought into another
// form, is what PostgreSQL's check hooks refuse and change.
type check uint8

const (
	noCheck        check = iota
	checkPrintable       // bytes beyond printable ASCII become '?'
	checkSlotName
	checkTimeline
	checkDateStyle
)

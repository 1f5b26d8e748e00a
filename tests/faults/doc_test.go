// Package faults gives real Waypost nodes bad input and broken surroundings: clients that speak nonsense or nothing, an
// upstream that lies, stalls or is the wrong one, disks that are full and files that are damaged. What is asserted is
// always the same three things: the node says what is wrong, everybody else is served on, and no byte is lost, altered
// or vouched for without reason.
//
// To be ended by a signal is tests/relay's matter, what is synced when tests/durability's.
//
// Clocks are not set here, which would harm everybody on the machine. That a step of the clock changes no timeout
// follows from the code: deadlines are net.Conn's or compare time.Time values that carry a monotonic reading.
package faults

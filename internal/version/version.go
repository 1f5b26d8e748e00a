// Package version says which Waypost this is. It is apart so that a tool need not link a process to know.
package version

// Version is Waypost's own version, not that of the WAL it carries.
const Version = "0.1"

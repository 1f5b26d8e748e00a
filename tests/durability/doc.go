// Package durability tests on built binaries that nothing is vouched for which a power cut could take away.
//
// The evidence is the system calls that a node makes, as strace records them, and nothing that the node says of itself.
// parse.go reads such a trace. disk.go makes a model of the data directory from it: for each write and each change of a
// name, when it was made and when a sync that covers it had returned. claims.go holds every position that the node
// reported against that model, cut.go builds from it a directory as a power cut could leave it.
//
// The model is harsher than any file system: what was not synced may be there or not, write by write and, within a
// write, sector by sector; a file's sync says nothing of its name; names that were changed one after the other may
// survive in any selection.
package durability

// Command checkpointer is the checkpointer process. The postmaster starts it; see internal/checkpointer.
package main

import (
	"os"

	"waypost/internal/checkpointer"
	"waypost/internal/child"
	"waypost/internal/procsignal"
)

func main() { os.Exit(child.Main(procsignal.Checkpointer, checkpointer.Main)) }

// Command postmaster runs a Waypost node on a data directory. See internal/postmaster for what it does with signals.
package main

import (
	"os"

	"waypost/internal/postmaster"
)

func main() { os.Exit(postmaster.Main(os.Args)) }

// Command authquery asks the upstream for a role (setting auth_query). A session starts it; see package authquery.
package main

import (
	"os"

	"waypost/internal/authquery/ask"
	"waypost/transport/pgwire"
)

func main() { os.Exit(ask.Main(&pgwire.Transport{}, os.Stdin, os.Stdout)) }

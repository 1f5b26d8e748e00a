package guc

// Flags say what is special about a setting. Those that PostgreSQL has are GUC_… there.
type Flags uint32

// Flags that others than this package ask for.
const (
	FlagExplain         Flags = 1 << iota // EXPLAIN (SETTINGS) shows it
	FlagReport                            // the client is told of its value
	FlagListInput                         // SET takes several values
	FlagListQuote                         // the elements of the list are names, quoted where they must be
	FlagNoShowAll                         // left out of SHOW ALL and pg_settings
	FlagNoReset                           // RESET does not take it
	FlagNoResetAll                        // RESET ALL leaves it alone
	FlagNotInSample                       // not in postgresql.conf.sample
	FlagSuperuserOnly                     // shown to those alone who may read all settings
	FlagRuntimeComputed                   // known once the node is being set up
	FlagInert                             // has no effect on a node without tables
	FlagOwn                               // Waypost's own

	flagLater         // would have an effect on a node without tables, and does not have it yet
	flagName          // an identifier: cut to 63 bytes
	flagNotInFile     // no file may set it
	flagNotInAutoFile // postgresql.auto.conf may not set it
	flagNoBoot        // has no default at all: NULL in pg_settings
	flagOctal         // shown as 0700
	flagSecret        // may hold a password: its value stays out of messages
)

// Texts that complete the description of a setting without effect.
const (
	inertText = "Has no effect on a node without tables; its value is checked and kept."
	laterText = "Has no effect in this version of Waypost; its value is checked and kept."
)

// Has says whether all of flags are set.
func (f Flags) Has(flags Flags) bool { return f&flags == flags }

// Effective says whether Waypost acts on the setting, or shows a fact by it.
func (p *Param) Effective() bool { return p.Flags&(FlagInert|flagLater) == 0 }

// Long completes the short description; "" where there is no more to say.
func (p *Param) Long() string {
	switch {
	case p.Flags&FlagInert != 0:
		return inertText
	case p.Flags&flagLater != 0:
		return laterText
	}
	return ""
}

// MayBeSecret says whether a setting's value may hold a password: as far as the table says, or can say.
func MayBeSecret(name string) bool {
	id, known := Find(name)
	return name != "" && (!known || params[id].Flags&flagSecret != 0)
}

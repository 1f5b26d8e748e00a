package wire

// sqlDifferences are the lines in which a relay's answer to SQL is not that of a standby of the version.
func sqlDifferences(version int) []difference {
	all := []difference{
		{"refused", `E S=ERROR; V=ERROR; C=42P01; M=relation "t" does not exist; P=13`,
			"E S=ERROR; V=ERROR; C=25006; M=cannot execute INSERT in a read-only transaction", false,
			"A relay does not know the upstream's tables: it answers as a standby does where there is one of the name."},
		{"parameter of an unknown type", "E S=ERROR; V=ERROR; C=XX000; M=cache lookup failed for type 99999",
			"E S=ERROR; V=ERROR; C=0A000; M=a parameter of type ??? is not supported", false,
			"PostgreSQL's answer is that of an internal error, which this is not."},
		{"portals of nothing", "E S=ERROR; V=ERROR; C=XX000; M=unsupported portal strategy",
			`E S=ERROR; V=ERROR; C=55000; M=portal "e" cannot be run`, false,
			"PostgreSQL's answer is that of an internal error, which this is not."},
	}
	swapped := func(script, postgres, relay string) {
		const reason = "PostgreSQL tells several changed settings in the order in which its lists happen to have them."
		all = append(all, difference{script, "S " + postgres, "S " + relay, false, reason},
			difference{script, "S " + relay, "S " + postgres, false, reason})
	}
	if version == 16 || version == 17 || version == 18 {
		swapped("the client is told", "TimeZone = GMT", "DateStyle = ISO, MDY")
	}
	if version == 18 {
		swapped("SET", `search_path = "$user", public`, "application_name = wire")
	}
	if version < 17 {
		all = append(all, difference{"SET",
			`E S=ERROR; V=ERROR; C=22023; M=1 kB is outside the valid range for parameter "work_mem" (64 .. 2147483647)`,
			`E S=ERROR; V=ERROR; C=22023; M=1 kB is outside the valid range for parameter "work_mem" (64 kB .. 2147483647 kB)`, false, wordedAs17})
	}
	if version == 15 {
		swapped("roles", "is_superuser = off", "session_authorization = pg_monitor")
		swapped("roles", "is_superuser = on", "session_authorization = postgres")
		const escapes = "From 16 on, bytes beyond ASCII are shown by their numbers, which loses nothing."
		all = append(all,
			difference{"roles",
				"E S=ERROR; V=ERROR; C=42501; M=must be superuser or have privileges of pg_checkpoint to do CHECKPOINT",
				`E S=ERROR; V=ERROR; C=42501; M=permission denied to execute CHECKPOINT command; D=Only roles with privileges of the "pg_checkpoint" role may execute this command.`, false, wordedAs17},
			difference{"SET", "S application_name = ??", `S application_name = \xc3\xa9`, false, escapes},
			difference{"SET", `D "\x00\x01\x00\x00\x00\x02??"`, `D "\x00\x01\x00\x00\x00\b\\xc3\\xa9"`, false, escapes})
	}
	return all
}

const wordedAs17 = "A relay words its messages as PostgreSQL 17 does, whatever its upstream's version."

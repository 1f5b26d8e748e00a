package wire

// sqlDifferences are the lines in which a relay's answer to SQL is not a standby's.
var sqlDifferences = []difference{
	{"refused", `E S=ERROR; V=ERROR; C=42P01; M=relation "t" does not exist; P=13`,
		"E S=ERROR; V=ERROR; C=25006; M=cannot execute INSERT in a read-only transaction", false,
		"A relay does not know the upstream's tables: it answers as a standby does where there is one of the name."},
	{"parameter of an unknown type", "E S=ERROR; V=ERROR; C=XX000; M=cache lookup failed for type 99999",
		"E S=ERROR; V=ERROR; C=0A000; M=a parameter of type ??? is not supported", false,
		"PostgreSQL's answer is that of an internal error, which this is not."},
	{"the client is told", "S TimeZone = GMT", "S DateStyle = ISO, MDY", false, settingOrder},
	{"the client is told", "S DateStyle = ISO, MDY", "S TimeZone = GMT", false, settingOrder},
}

const settingOrder = "PostgreSQL tells several changed settings in the order in which its lists happen to have them."

package guc

import "strings"

// check names what is looked at in a value beside its type and range. What is refused, and what brought into another form,
// is what PostgreSQL's check hooks refuse and change.
type check uint8

const (
	noCheck        check = iota
	checkPrintable       // bytes beyond printable ASCII are shown as \x…
	checkSlotName
	checkTimeline
	checkDateStyle
	checkTimeZone
	checkLogTimeZone
	checkEncoding
	checkNames           // a list of identifiers
	checkLogDestination  //
	checkTarget          // recovery_target
	checkTargetName      //
	checkTargetLSN       //
	checkTargetTime      //
	checkTargetXID       //
	checkStandbyNames    // synchronous_standby_names
	checkSlotNames       // a list of slots
	checkNotOff          // only off is possible
	checkSixteen         // a multiple of 16
	checkRing            // vacuum_buffer_usage_limit
	checkStack           // max_stack_depth
	checkWalBuffers      //
	checkWorkMem         // autovacuum_work_mem
	checkAccessMethod    // default_table_access_method
	checkResourceManager // wal_consistency_checking
	checkDirectIO        // debug_io_direct
	checkGrants          // createrole_self_grant
	checkKinds           // restrict_nonsystem_relation_kind
	checkFunctions       // backtrace_functions
	checkAbbreviations   // timezone_abbreviations
	checkListen          // host:port
	checkAspects         // log_connections, also as 18 has it
)

// accept reads text as a value of p and looks at it as PostgreSQL does before it takes it.
func (p *Param) accept(text string) (value, *Error) {
	v, err := p.parse(text)
	if err != nil && p.check == checkAspects {
		return p.aspects(text)
	}
	if err != nil || p.check == noCheck || p.check == checkAspects {
		return v, err
	}
	switch p.Type {
	case Int:
		return p.acceptInt(v)
	case Bool:
		if v.num != 0 {
			return v, p.impossible()
		}
		return v, nil
	}
	return p.acceptString(v)
}

func (p *Param) acceptString(v value) (value, *Error) {
	var err *Error
	switch p.check {
	case checkPrintable:
		v.str = printable(v.str)
	case checkSlotName:
		err = p.checkSlotName(v.str)
	case checkTimeline:
		err = p.checkTimeline(v.str)
	case checkDateStyle:
		return p.parseDateStyle(v.str, p.Boot, p.Boot)
	case checkTimeZone, checkLogTimeZone:
		v.str, err = p.checkZone(v.str)
	case checkEncoding:
		name, ok := EncodingName(v.str)
		if !ok {
			return v, p.invalid(v.str, "")
		}
		v.str = name
	case checkTarget, checkTargetName, checkTargetLSN, checkTargetTime, checkTargetXID:
		err = p.checkTarget(v.str)
	case checkStandbyNames:
		err = p.checkStandbyNames(v.str)
	case checkAccessMethod:
		err = p.checkAccessMethod(v.str)
	case checkFunctions:
		if i := strings.IndexFunc(v.str, func(r rune) bool { return !isFunctionChar(r) }); i >= 0 {
			err = p.refuse(v.str, "Invalid character")
		}
	case checkAbbreviations:
		if strings.IndexFunc(v.str, func(r rune) bool { return r > 127 || !isAlpha(byte(r)) }) >= 0 {
			err = p.invalid(v.str, "")
		}
	case checkListen:
		err = p.checkListen(v.str)
	default:
		err = p.checkList(v.str)
	}
	return v, err
}

func isFunctionChar(r rune) bool {
	return r < 128 && (isLetterOrDigit(byte(r)) || strings.ContainsRune(", \n\t", r))
}

// refuse is invalid with PostgreSQL's reason.
func (p *Param) refuse(text, detail string) *Error {
	e := p.invalid(text, "")
	e.Detail = detail
	return e
}

// refuseNumber is refuse for a number, or a Bool, which the message has as it is kept.
func (p *Param) refuseNumber(v value, detail string) *Error {
	return &Error{SQLSTATE: codeInvalidValue, Detail: detail,
		Message: "invalid value for parameter " + quote(p.Name) + ": " + itoa(int(v.int()))}
}

// impossible is why a Bool with a check cannot be on.
func (p *Param) impossible() *Error {
	if p == &params[DefaultWithOids] {
		return &Error{SQLSTATE: codeUnsupported, Message: "tables declared WITH OIDS are not supported"}
	}
	return &Error{SQLSTATE: codeInvalidValue, Message: "Bonjour is not supported by this build"}
}

func (p *Param) acceptInt(v value) (value, *Error) {
	n := v.int()
	switch p.check {
	case checkSixteen:
		if n%16 != 0 {
			return v, p.refuseNumber(v, quote(p.Name)+" must be a multiple of 16.")
		}
	case checkRing:
		if n != 0 && n < 128 {
			return v, p.refuseNumber(v, quote(p.Name)+" must be 0 or between 128 kB and 16777216 kB")
		}
	case checkStack:
		if limit := stackLimit(); n > limit {
			e := p.refuseNumber(v, quote(p.Name)+" must not exceed "+itoa(int(limit))+"kB.")
			e.Hint = `Increase the platform's stack depth limit via "ulimit -s" or local equivalent.`
			return v, e
		}
	case checkWalBuffers:
		if n != -1 && n < 4 {
			return value{num: 4}, nil
		}
	case checkWorkMem:
		if n != -1 && n < 64 {
			return value{num: 64}, nil
		}
	}
	return v, nil
}

func (p *Param) checkAccessMethod(s string) *Error {
	switch {
	case s == "":
		return p.refuse(s, quote(p.Name)+" cannot be empty.")
	case len(s) > maxNameLen:
		return p.refuse(s, quote(p.Name)+" is too long (maximum 63 characters).")
	}
	return nil
}

// aspects reads log_connections of PostgreSQL 18, which lists what is to be logged of a connection: anything is on.
func (p *Param) aspects(text string) (value, *Error) {
	err := p.checkList(text)
	if err != nil {
		_, err = p.parse(text) // for the words that there have been before 18
	}
	if err != nil || trimSpace(text) == "" {
		return value{}, err
	}
	return value{num: 1}, nil
}

// checkListen wants host:port, where the host may be left out.
func (p *Param) checkListen(s string) *Error {
	if s == "" {
		return nil
	}
	colon := strings.LastIndexByte(s, ':')
	if colon < 0 {
		return p.refuse(s, "The address must have the form host:port.")
	}
	if host := s[:colon]; strings.IndexByte(host, ':') >= 0 && (host[0] != '[' || host[len(host)-1] != ']') {
		return p.refuse(s, "An IPv6 address must stand in square brackets.")
	}
	if port, rest, ok := scanInteger(s[colon+1:]); !ok || rest != "" || port < 1 || port > 65535 {
		return p.refuse(s, "The port must be a number from 1 to 65535.")
	}
	return nil
}

// fits looks at what depends on other settings.
func (s *Settings) fits(id ID, v value, a attempt) *Error {
	switch id {
	case TransactionReadOnly:
		if v.num == 0 && a.source >= SourceInteractive && s.values[InHotStandby].num != 0 {
			return &Error{SQLSTATE: codeUnsupported, Message: "cannot set transaction read-write mode during recovery"}
		}
	case TransactionIsolation:
		if params[id].option(v) == "serializable" && a.source >= SourceInteractive && s.values[InHotStandby].num != 0 {
			return &Error{SQLSTATE: codeUnsupported, Message: "cannot use serializable mode in a hot standby",
				Hint: "You can use REPEATABLE READ instead."}
		}
	case LogParserStats, LogPlannerStats, LogExecutorStats:
		if v.num != 0 && s.values[LogStatementStats].num != 0 {
			return params[id].refuseNumber(v, `Cannot enable parameter when "log_statement_stats" is true.`)
		}
	case LogStatementStats:
		if v.num != 0 && (s.Bool(LogParserStats) || s.Bool(LogPlannerStats) || s.Bool(LogExecutorStats)) {
			return params[id].refuseNumber(v, `Cannot enable "log_statement_stats" when "log_parser_stats", `+
				`"log_planner_stats", or "log_executor_stats" is true.`)
		}
	}
	return nil
}

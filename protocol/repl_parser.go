package protocol

import (
	"strconv"

	"waypost/xlog"
)

// ParseReplicationCommand parses a replication command by PostgreSQL 17's grammar (repl_gram.y). The error is
// ErrNotReplicationCommand, or an *Error with PostgreSQL's code and words. The notices, about names that were cut to
// 63 bytes, are for the client, whatever the error is.
//
// What needs more than 32 bits differs from PostgreSQL on purpose: half a position, a timeline or an option's number
// that does is refused, where PostgreSQL goes on with its lower 32 bits.
func ParseReplicationCommand(query string) (ReplicationCommand, []*Error, error) {
	p := replParser{scan: replScanner{rest: query}}
	cmd := p.command()
	if cmd != nil {
		p.accept(";")
		p.expect(tokenEnd)
	}
	switch {
	case p.err != nil:
		return nil, p.scan.notices, p.err
	case cmd == nil:
		return nil, p.scan.notices, ErrNotReplicationCommand
	default:
		return cmd, p.scan.notices, nil
	}
}

// replParser descends through the grammar with one token of lookahead, scanned only when it is needed: so of two
// errors in a command the same one is reported as by PostgreSQL. After the first error nothing is accepted any more.
type replParser struct {
	scan   replScanner
	tok    token
	peeked bool
	err    *Error
}

func (p *replParser) peek() tokenKind {
	if !p.peeked && p.err == nil {
		p.tok, p.err = p.scan.next()
		p.peeked = true
	}
	if p.err != nil {
		return ""
	}
	return p.tok.kind
}

func (p *replParser) accept(kind tokenKind) bool {
	if p.peek() != kind {
		return false
	}
	p.peeked = false
	return true
}

func (p *replParser) expect(kind tokenKind) token {
	if !p.accept(kind) {
		p.syntaxError()
		return token{}
	}
	return p.tok
}

func (p *replParser) syntaxError() { p.fail(Errorf(CodeSyntaxError, "syntax error")) }

func (p *replParser) fail(e *Error) {
	if p.err == nil {
		p.err = e
	}
}

// command is nil where the first word begins no replication command.
func (p *replParser) command() ReplicationCommand {
	switch {
	case p.accept(kwIdentifySystem):
		return &IdentifySystemCmd{}
	case p.accept(kwUploadManifest):
		return &UploadManifestCmd{}
	case p.accept(kwShow):
		return &VariableShowStmt{Name: p.dottedName()}
	case p.accept(kwReadReplicationSlot):
		return &ReadReplicationSlotCmd{SlotName: p.dottedName()}
	case p.accept(kwTimelineHistory):
		return &TimeLineHistoryCmd{Timeline: p.timeline()}
	case p.accept(kwStartReplication):
		return p.startReplication()
	case p.accept(kwCreateReplicationSlot):
		return p.createReplicationSlot()
	case p.accept(kwDropReplicationSlot):
		return &DropReplicationSlotCmd{SlotName: p.expect(tokenIdent).text, Wait: p.accept(kwWait)}
	case p.accept(kwAlterReplicationSlot):
		return &AlterReplicationSlotCmd{SlotName: p.expect(tokenIdent).text, Options: p.options()}
	case p.accept(kwBaseBackup):
		cmd := &BaseBackupCmd{}
		if p.peek() == "(" {
			cmd.Options = p.options()
		}
		return cmd
	default:
		return nil
	}
}

func (p *replParser) dottedName() string {
	name := p.expect(tokenIdent).text
	for p.accept(".") {
		name += "." + p.expect(tokenIdent).text
	}
	return name
}

func (p *replParser) timeline() xlog.TimeLineID {
	digits := p.expect(tokenNumber).text
	if p.err != nil {
		return 0
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n == 0 {
		p.fail(Errorf(CodeSyntaxError, "invalid timeline %s", digits))
	}
	return xlog.TimeLineID(n)
}

func (p *replParser) startReplication() ReplicationCommand {
	cmd := &StartReplicationCmd{}
	if p.accept(kwSlot) {
		cmd.HasSlot = true
		cmd.SlotName = p.expect(tokenIdent).text
		if p.accept(kwLogical) {
			cmd.Kind = LogicalReplication
			cmd.StartPoint = p.expect(tokenLSN).lsn
			cmd.Options = p.pluginOptions()
			return cmd
		}
	}
	p.accept(kwPhysical)
	cmd.StartPoint = p.expect(tokenLSN).lsn
	if p.accept(kwTimeline) {
		cmd.Timeline = p.timeline()
	}
	return cmd
}

func (p *replParser) createReplicationSlot() ReplicationCommand {
	cmd := &CreateReplicationSlotCmd{SlotName: p.expect(tokenIdent).text, Temporary: p.accept(kwTemporary)}
	if p.accept(kwLogical) {
		cmd.Kind = LogicalReplication
		cmd.Plugin = p.expect(tokenIdent).text
	} else {
		p.expect(kwPhysical)
	}
	if p.peek() == "(" {
		cmd.Options = p.options()
		return cmd
	}
	for o := p.legacySlotOption(); o.Name != ""; o = p.legacySlotOption() {
		cmd.Options = append(cmd.Options, o)
	}
	return cmd
}

// legacySlotOption takes an option that older clients write as a bare word; one without a name is none.
func (p *replParser) legacySlotOption() DefElem {
	switch {
	case p.accept(kwExportSnapshot):
		return DefElem{Name: "snapshot", Kind: StringValue, Text: "export"}
	case p.accept(kwNoexportSnapshot):
		return DefElem{Name: "snapshot", Kind: StringValue, Text: "nothing"}
	case p.accept(kwUseSnapshot):
		return DefElem{Name: "snapshot", Kind: StringValue, Text: "use"}
	case p.accept(kwReserveWAL):
		return DefElem{Name: "reserve_wal", Kind: StringValue, Text: "true"}
	case p.accept(kwTwoPhase):
		return DefElem{Name: "two_phase", Kind: StringValue, Text: "true"}
	default:
		return DefElem{}
	}
}

// options takes a list in parentheses, of at least one option, each a word and perhaps a value.
func (p *replParser) options() []DefElem {
	p.expect("(")
	list := []DefElem{p.option()}
	for p.accept(",") {
		list = append(list, p.option())
	}
	p.expect(")")
	return list
}

func (p *replParser) option() DefElem {
	o := DefElem{Name: p.identOrKeyword()}
	switch {
	case p.accept(tokenIdent), p.accept(tokenString):
		o.Kind, o.Text = StringValue, p.tok.text
	case p.accept(tokenNumber):
		o.Kind, o.Text = IntegerValue, p.tok.text
	}
	return o
}

// identOrKeyword takes an option's name. READ_REPLICATION_SLOT is the one keyword that the grammar forgot there.
func (p *replParser) identOrKeyword() string {
	if kind := p.peek(); isKeyword(string(kind)) && kind != kwReadReplicationSlot {
		p.accept(kind)
		return lowerASCII(string(kind))
	}
	return p.expect(tokenIdent).text
}

// pluginOptions takes the options of an output plugin, if there are any: identifiers, each perhaps with a string.
func (p *replParser) pluginOptions() []DefElem {
	if !p.accept("(") {
		return nil
	}
	list := []DefElem{p.pluginOption()}
	for p.accept(",") {
		list = append(list, p.pluginOption())
	}
	p.expect(")")
	return list
}

func (p *replParser) pluginOption() DefElem {
	o := DefElem{Name: p.expect(tokenIdent).text}
	if p.accept(tokenString) {
		o.Kind, o.Text = StringValue, p.tok.text
	}
	return o
}

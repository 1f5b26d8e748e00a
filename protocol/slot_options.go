package protocol

// SnapshotAction says what becomes of the snapshot that goes with a new logical slot.
type SnapshotAction string

const (
	ExportSnapshot   SnapshotAction = "export" // the default
	NoexportSnapshot SnapshotAction = "nothing"
	UseSnapshot      SnapshotAction = "use"
)

// CreateSlotOptions are the options of CREATE_REPLICATION_SLOT.
type CreateSlotOptions struct {
	ReserveWAL bool // physical: hold WAL from now on, not from the first use on
	Snapshot   SnapshotAction
	TwoPhase   bool // logical: decode prepared transactions
	Failover   bool // logical: to be synchronised to standbys
}

// AlterSlotOptions are the options of ALTER_REPLICATION_SLOT; nil is "leave it".
type AlterSlotOptions struct {
	Failover *bool
	TwoPhase *bool // since PostgreSQL 18
}

// ParseOptions reads the options in either syntax. Errors are PostgreSQL's.
func (cmd *CreateReplicationSlotCmd) ParseOptions() (CreateSlotOptions, error) {
	o := CreateSlotOptions{Snapshot: ExportSnapshot}
	given := map[string]bool{}
	for _, d := range cmd.Options {
		kind := LogicalReplication
		var err error
		switch d.Name {
		case "reserve_wal":
			kind = PhysicalReplication
			fallthrough
		case "snapshot", "two_phase", "failover":
			if given[d.Name] || cmd.Kind != kind {
				return o, errConflictingOptions()
			}
			given[d.Name] = true
			err = o.set(d)
		default:
			err = errUnrecognizedOption(d)
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

func (o *CreateSlotOptions) set(d DefElem) (err error) {
	switch d.Name {
	case "reserve_wal":
		o.ReserveWAL, err = d.Boolean()
	case "two_phase":
		o.TwoPhase, err = d.Boolean()
	case "failover":
		o.Failover, err = d.Boolean()
	default:
		o.Snapshot, err = d.snapshotAction()
	}
	return err
}

func (d DefElem) snapshotAction() (SnapshotAction, error) {
	s, err := d.Value()
	if err != nil {
		return "", err
	}
	switch a := SnapshotAction(s); a {
	case ExportSnapshot, NoexportSnapshot, UseSnapshot:
		return a, nil
	}
	return "", Errorf(CodeInvalidParameterValue,
		"unrecognized value for CREATE_REPLICATION_SLOT option \"%s\": \"%s\"", d.Name, s)
}

// ParseOptions reads the options. Errors are PostgreSQL's.
func (cmd *AlterReplicationSlotCmd) ParseOptions() (AlterSlotOptions, error) {
	var o AlterSlotOptions
	for _, d := range cmd.Options {
		var field **bool
		switch d.Name {
		case "failover":
			field = &o.Failover
		case "two_phase":
			field = &o.TwoPhase
		default:
			return o, errUnrecognizedOption(d)
		}
		if *field != nil {
			return o, errConflictingOptions()
		}
		v, err := d.Boolean()
		if err != nil {
			return o, err
		}
		*field = &v
	}
	return o, nil
}

func errConflictingOptions() *Error {
	return Errorf(CodeSyntaxError, "conflicting or redundant options")
}

func errUnrecognizedOption(d DefElem) *Error {
	return Errorf(CodeInternalError, "unrecognized option: %s", d.Name)
}

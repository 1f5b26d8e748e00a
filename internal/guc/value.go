package guc

import "math"

// value is what a setting has at one time: num for Bool (0, 1), Int, Enum (Option.Value) and Real (the float's bits), str
// for String; and where that came from.
type value struct {
	num    uint64
	str    string
	line   int32  // of the file; 0 for none
	file   uint16 // 1 + index into Settings.files; 0 for none
	source Source
}

func (v value) int() int64    { return int64(v.num) }
func (v value) real() float64 { return math.Float64frombits(v.num) }
func (v value) same(w value) bool {
	return v.num == w.num && v.str == w.str
}

// custom describes the settings of other programs: two identifiers with a dot between them.
var custom = Param{Type: String, Context: User, Flags: FlagNoShowAll | FlagNotInSample, Category: "Customized Options"}

// other is a setting of another program. Its ID is numParams + its index.
type other struct {
	name string
	value
}

// param describes a setting, of another program or of the table.
func param(id ID) *Param {
	if id >= numParams {
		return &custom
	}
	return &params[id]
}

// at gives the place of a setting's current value.
func (s *Settings) at(id ID) *value {
	if id >= numParams {
		return &s.others[id-numParams].value
	}
	return &s.values[id]
}

// name is the name as the table spells it, or as the setting of another program was first named.
func (s *Settings) name(id ID) string {
	if id >= numParams {
		return s.others[id-numParams].name
	}
	return params[id].Name
}

// find looks a setting up by name, those of other programs included.
func (s *Settings) find(name string) (ID, bool) {
	if id, ok := Find(name); ok {
		return id, true
	}
	for i := range s.others {
		if compareFold(s.others[i].name, name) == 0 {
			return numParams + ID(i), true
		}
	}
	return 0, false
}

// maxOthers bounds how many settings of other programs there can be: an ID has 16 bits, and each takes memory for as long
// as the session lasts.
const maxOthers = 10000

// findOrMake is find, and takes a name of another program's form for a new setting.
func (s *Settings) findOrMake(name string) (ID, *Error) {
	if id, ok := s.find(name); ok {
		return id, nil
	}
	switch {
	case !isQualified(name):
		return 0, unrecognized(name)
	case !isCustom(name):
		return 0, invalidName(name)
	case len(s.others) == maxOthers:
		return 0, &Error{SQLSTATE: codeLimit, Message: "too many custom parameters"}
	}
	s.others = append(s.others, other{name: name})
	return numParams + ID(len(s.others)-1), nil
}

// bootValue is a setting's default.
func bootValue(id ID) value {
	if id >= numParams {
		return value{}
	}
	v, err := params[id].parse(params[id].Boot)
	if err != nil {
		panic("guc: default of " + params[id].Name + ": " + err.Message)
	}
	return v
}

// defaultValue is what a setting has that nobody has set: its default, or what stands for it in this node.
func (s *Settings) defaultValue(id ID) value {
	if id == ClientEncoding {
		return value{str: s.values[ServerEncoding].str, source: SourceDynamicDefault}
	}
	return bootValue(id)
}

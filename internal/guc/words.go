package guc

// Word is one value of a SET, as the statement has it.
type Word struct {
	Text   string
	Number bool // a numeric constant, not a name or a string
}

// Join makes one text of a SET's values, as flatten_set_variable_args does: only a list takes several. quoteIdent puts a
// name between double quotes where SQL needs that.
func Join(name string, words []Word, quoteIdent func(string) string) (string, error) {
	var flags Flags
	if id, ok := Find(name); ok {
		flags = params[id].Flags
	}
	if len(words) != 1 && flags&FlagListInput == 0 {
		return "", &Error{SQLSTATE: codeInvalidValue, Message: "SET " + name + " takes only one argument"}
	}
	text := ""
	for i, w := range words {
		if i > 0 {
			text += ", "
		}
		if flags&FlagListQuote != 0 && !w.Number {
			text += quoteIdent(w.Text)
		} else {
			text += w.Text
		}
	}
	return text, nil
}

package engine

// Plan finds the errors that PostgreSQL finds before it begins to run a statement: those of expressions that come to the
// same value whatever the rows are (eval_const_expressions() in clauses.c), and that the user may not do this. It matters to
// a client because it is told the result's shape in between. What stands where it may never be evaluated is left for then.
func (b *Bound) Plan() (err error) {
	defer caught(&err)
	f := b.r.frame(b.st.plan.width, nil)
	b.st.plan.each(func(e *expr, _ int) {
		if err == nil {
			err = foldable(f, *e)
		}
	})
	if err == nil {
		err = b.st.ask(b.r)
	}
	return told(err)
}

// foldable evaluates what is constant in an expression.
func foldable(f *frame, e expr) (err error) {
	switch e.(type) {
	case nil, *boolOp, *choose, *coalesce, *minMax, *subselect, *anyAll:
		return nil
	}
	if isConstant(e) {
		mark := f.call.Mark()
		defer f.call.Release(mark)
		_, err = e.eval(f)
		return err
	}
	e.parts(func(part *expr) {
		if err == nil && *part != nil {
			err = foldable(f, *part)
		}
	})
	return err
}

func isConstant(e expr) bool {
	switch x := e.(type) {
	case *constant, *param:
		return true
	case *apply:
		if x.stable {
			return false
		}
	case *relabel, *fit:
	default:
		return false
	}
	same := true
	e.parts(func(part *expr) { same = same && *part != nil && isConstant(*part) })
	return same
}

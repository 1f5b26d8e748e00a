package views

import "waypost/internal/roles"

// The relations that PostgreSQL does not let everybody read, and who may.
func readers(relation string) (role string, restricted bool) {
	switch relation {
	case "pg_backend_memory_contexts", "pg_shmem_allocations", "pg_shmem_allocations_numa", "pg_aios":
		return roles.ReadAllStats, true
	case "pg_authid", "pg_shadow", "pg_hba_file_rules", "pg_ident_file_mappings", "pg_file_settings", "pg_config", "pg_statistic",
		"pg_statistic_ext_data", "pg_user_mapping", "pg_replication_origin_status", "pg_largeobject":
		return "", true
	}
	return "", false
}

// mayRead says whether current_user may read a relation; the error is PostgreSQL's.
func (n *node) mayRead(r *relationRow) error {
	role, restricted := readers(r.name)
	switch {
	case !restricted, n.CurrentRole().Superuser, role != "" && n.may(role):
		return nil
	case r.kind == 'v':
		return denied("view", r.name)
	}
	return denied("table", r.name)
}

// mayCall says the same of a function that only superusers and members of a role may call ("" for superusers alone).
func (n *node) mayCall(function, role string) error {
	if n.CurrentRole().Superuser || role != "" && n.may(role) {
		return nil
	}
	return denied("function", function)
}

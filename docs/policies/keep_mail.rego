# What holds mail, or leads it to us, is never deleted by a pipeline: a person does that.
# Judged on the plan in Terraform's shape: reconcile show --format terraform PLAN
package main

import rego.v1

holds_mail := {"m365_mailbox", "m365_domain", "mail_copy"}

deny contains sprintf("may not be deleted: %s", [change.address]) if {
	some change in input.resource_changes
	"delete" in change.change.actions
	change.type in holds_mail
}

deny contains sprintf("an MX may not be deleted: %s", [change.address]) if {
	some change in input.resource_changes
	"delete" in change.change.actions
	change.type == "dns_record_set"
	endswith(change.index, "/MX")
}

# A plan that could not see everything is not one to be applied by a pipeline.
deny contains sprintf("plan again, for this could not be read: %s", [deferred.resource_change.address]) if {
	some deferred in input.deferred_changes
	deferred.reason != "deferred_prereq"
}

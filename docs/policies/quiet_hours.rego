# What waits for its federation's own moment is left alone: that moment was agreed with its people.
# Everything else is changed from Monday to Friday, between 8:00 and 18:00 in Paris, when somebody is there to answer.
# Judged on the plan in Terraform's shape: reconcile show --format terraform PLAN
package main

import rego.v1

zone := "Europe/Paris"

made := time.parse_rfc3339_ns(input.timestamp)

office_hours if {
	not time.weekday([made, zone]) in {"Saturday", "Sunday"}
	[hour, _, _] := time.clock([made, zone])
	hour >= 8
	hour < 18
}

waits(change) if not change.reconcile.scheduled

waits(change) if {
	change.reconcile.due != null
	time.parse_rfc3339_ns(change.reconcile.due) > made
}

deny contains sprintf("outside office hours: %s", [change.address]) if {
	not office_hours
	some change in input.resource_changes
	change.change.actions != ["no-op"]
	not waits(change)
}

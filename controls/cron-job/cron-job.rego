# METADATA
# title: Cron jobs are known
# description: A cron job is a way to run a program again and again without being noticed.
# scope: package
# custom:
#   id: C-0026
#   severity: low
#   since: 0.1.0
#   fix: never
#   enabled: false
#   kinds: [CronJob.batch]
package plimsoll.cron_job

import data.lib.workload

deny contains violation if {
	schedule := workload.text(workload.map(input.resource, "spec").schedule, "?")
	violation := {
		"path": ["spec", "schedule"],
		"message": sprintf("a program is run again and again, at `%s`", [schedule]),
	}
}

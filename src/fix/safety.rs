//! Whether a fix may be applied unseen, and what could go wrong where it may not.

use super::Safety;
use crate::finding::{Finding, FixClass, Suggestion};
use crate::yaml::Step;

/// What the workload would miss, by the field that changes.
const REASONS: [(&str, &str); 16] = [
    (
        "allowPrivilegeEscalation",
        "set-user-ID programs such as sudo no longer gain rights",
    ),
    (
        "automountServiceAccountToken",
        "a program that asks the API server loses its token",
    ),
    ("add", "a program that needs the capability fails"),
    (
        "capabilities",
        "a program that needs one of the capabilities fails",
    ),
    ("drop", "a program that needs one of the capabilities fails"),
    (
        "hostIPC",
        "a program that shares memory with the node fails",
    ),
    (
        "hostNetwork",
        "the pod is no longer reached at its node's address, and does not see the node's network",
    ),
    (
        "hostPID",
        "a program that watches the node's processes fails",
    ),
    (
        "hostPort",
        "the pod is no longer reached at its node's port",
    ),
    (
        "limits",
        "a program that needs more is slowed down or killed",
    ),
    (
        "privileged",
        "a program that needs the node's devices or kernel fails",
    ),
    (
        "readOnlyRootFilesystem",
        "a program that writes outside its volumes fails",
    ),
    (
        "requests",
        "the pod may no longer find a node with room for it",
    ),
    (
        "runAsNonRoot",
        "an image that runs as root, or that names its user, does not start",
    ),
    (
        "runAsUser",
        "files that belong to another user may no longer be readable",
    ),
    (
        "seccompProfile",
        "a system call that the runtime's profile leaves out fails",
    ),
];

/// The most that the control allows to claim.
pub(super) fn of(finding: &Finding, suggestion: &Suggestion) -> Safety {
    if finding.fix == FixClass::Safe {
        return Safety::Safe;
    }
    let keys = finding
        .path
        .steps()
        .iter()
        .rev()
        .filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        });
    let reason = keys
        .filter_map(|key| REASONS.iter().find(|(field, _)| *field == key))
        .map(|(_, reason)| *reason)
        .next();
    Safety::Unsafe(reason.map_or_else(
        || match suggestion {
            Suggestion::Set(_) => "the workload may depend on the value it has now".to_owned(),
            Suggestion::Remove => "the workload may depend on what is removed".to_owned(),
        },
        str::to_owned,
    ))
}

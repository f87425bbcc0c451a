//! `Location`: a descriptor that only points to others.

use crate::exchange::{
    diagnostics::Problems,
    fields::{Fields, Spot},
    sources::{Source, Sources},
};

/// Adds the files that a `Location` names.
pub(super) fn follow(
    spec: &mut Fields<'_>,
    source: &Source,
    sources: &mut Sources,
    problems: &mut Problems,
) {
    let kind = spec.text("type", problems);
    let optional = spec
        .text("presence", problems)
        .is_some_and(|presence| presence.value == "optional");
    let mut targets: Vec<Spot<&str>> = spec.text("target", problems).into_iter().collect();
    targets.extend(spec.texts("targets", problems));
    if let Some(kind) = kind.filter(|kind| !["file", "url"].contains(&kind.value)) {
        problems.warning(
            kind.at,
            format!(
                "a location of type `{}` is not followed; `file` and `url` are",
                kind.value
            ),
        );
        return;
    }
    for target in targets {
        sources.follow(source, target.value, optional, &target.at, problems);
    }
}

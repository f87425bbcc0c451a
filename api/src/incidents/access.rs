//! Who sees incidents: all of them, or none.

use crate::auth::Viewer;
use crate::shared::subject::{SubjectType, WorkType};

/// Whether a viewer sees incidents.
pub fn sees_incidents(viewer: &Viewer) -> bool {
    viewer.sees(SubjectType::Work(WorkType::Incident))
}

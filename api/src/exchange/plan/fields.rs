//! The fields through which objects point to each other, by the names under which the catalog remembers what is wanted.

use crate::{
    catalog::{
        capabilities::rules::{Capability, CapabilityPatch},
        customers::rules::{Customer, CustomerPatch},
        offerings::rules::{Offering, OfferingPatch},
        people::rules::{Person, PersonPatch},
        services::rules::{Dependency, Service, ServicePatch},
        teams::rules::{Team, TeamPatch},
    },
    demand::shadow_it::rules::{Sighting, SightingPatch},
    outcomes::rules::{Outcome, OutcomePatch},
    shared::{
        edit::Editable,
        form::HeaderPatch,
        ids::{Id, ObjectRef},
        patch::Patch,
        record::Unresolved,
    },
    slas::{
        agreements::rules::{Agreement, AgreementPatch},
        calendars::rules::{Calendar, CalendarPatch},
    },
};

/// The object above.
pub const PARENT: &str = "parentId";
/// A customer's spokesperson.
pub const REPRESENTATIVE: &str = "representativeId";
/// The customer of a person or an outcome.
pub const CUSTOMER: &str = "customerId";
/// Who answers for an outcome.
pub const OWNER: &str = "ownerId";
/// Who answers for a service towards the business.
pub const BUSINESS_OWNER: &str = "businessOwnerId";
/// Who answers for a service's delivery.
pub const SERVICE_OWNER: &str = "serviceOwnerId";
/// Who delivers a service.
pub const TEAM: &str = "teamId";
/// A person's teams.
pub const TEAMS: &str = "teamIds";
/// What a service makes the business able to do.
pub const CAPABILITY: &str = "capabilityId";
/// The service of an offering.
pub const SERVICE: &str = "serviceId";
/// The demand that a sighting covers.
pub const DEMAND: &str = "demandId";
/// The calendar of an agreement.
pub const CALENDAR: &str = "calendarId";
/// What a service needs.
pub const DEPENDENCIES: &str = "dependencies";
/// Which outcomes rest on a service.
pub const CONTRIBUTIONS: &str = "contributions";

/// Fields that fill a field of the object that they point to.
pub const REVERSE: [&str; 3] = [DEPENDENTS, MEMBERS, CHILDREN];
/// Which services need this one.
pub const DEPENDENTS: &str = "dependents";
/// Who is in a team.
pub const MEMBERS: &str = "members";
/// Which teams stand below a team.
pub const CHILDREN: &str = "children";

/// A type of object that imports bring.
pub trait Importable: Editable<Patch: Clone> {
    /// The part of a change that all types have.
    fn header_patch(patch: &mut Self::Patch) -> &mut HeaderPatch;

    /// Takes a plain field out of a change; false where there is no such field.
    fn leave_out(patch: &mut Self::Patch, field: &str) -> bool;

    /// Makes a change empty a plain field.
    fn empty(patch: &mut Self::Patch, field: &str);

    /// Points a field at `target`.
    fn point(&mut self, wanted: &Unresolved, target: ObjectRef);

    /// Points a field nowhere, if that can be.
    fn point_nowhere(&mut self, field: &str);

    /// Whether the object could be what Backstage has under `kind`.
    fn could_be(&self, _kind: &str) -> bool {
        true
    }
}

impl Importable for Team {
    fn header_patch(patch: &mut TeamPatch) -> &mut HeaderPatch {
        &mut patch.header
    }

    fn leave_out(patch: &mut TeamPatch, field: &str) -> bool {
        field == "description" && keep(&mut patch.description)
    }

    fn empty(patch: &mut TeamPatch, field: &str) {
        if field == "description" {
            patch.description = Patch::Clear;
        }
    }

    fn point(&mut self, wanted: &Unresolved, target: ObjectRef) {
        if wanted.field == PARENT {
            self.parent_id = Some(Id::new(target.id));
        }
    }

    fn point_nowhere(&mut self, field: &str) {
        if field == PARENT {
            self.parent_id = None;
        }
    }
}

impl Importable for Customer {
    fn header_patch(patch: &mut CustomerPatch) -> &mut HeaderPatch {
        &mut patch.header
    }

    fn leave_out(_: &mut CustomerPatch, _: &str) -> bool {
        false
    }

    fn empty(_: &mut CustomerPatch, _: &str) {}

    fn point(&mut self, wanted: &Unresolved, target: ObjectRef) {
        match wanted.field.as_str() {
            PARENT => self.parent_id = Some(Id::new(target.id)),
            REPRESENTATIVE => self.representative_id = Some(Id::new(target.id)),
            _ => {}
        }
    }

    fn point_nowhere(&mut self, field: &str) {
        match field {
            PARENT => self.parent_id = None,
            REPRESENTATIVE => self.representative_id = None,
            _ => {}
        }
    }
}

impl Importable for Person {
    fn header_patch(patch: &mut PersonPatch) -> &mut HeaderPatch {
        &mut patch.header
    }

    fn leave_out(patch: &mut PersonPatch, field: &str) -> bool {
        field == "email" && keep(&mut patch.email)
    }

    fn empty(patch: &mut PersonPatch, field: &str) {
        if field == "email" {
            patch.email = Patch::Clear;
        }
    }

    fn point(&mut self, wanted: &Unresolved, target: ObjectRef) {
        match wanted.field.as_str() {
            CUSTOMER => self.customer_id = Some(Id::new(target.id)),
            TEAMS => {
                self.team_ids.insert(Id::new(target.id));
            }
            _ => {}
        }
    }

    fn point_nowhere(&mut self, field: &str) {
        if field == CUSTOMER {
            self.customer_id = None;
        }
    }
}

impl Importable for Capability {
    fn header_patch(patch: &mut CapabilityPatch) -> &mut HeaderPatch {
        &mut patch.header
    }

    fn leave_out(patch: &mut CapabilityPatch, field: &str) -> bool {
        field == "description" && keep(&mut patch.description)
    }

    fn empty(patch: &mut CapabilityPatch, field: &str) {
        if field == "description" {
            patch.description = Patch::Clear;
        }
    }

    fn point(&mut self, wanted: &Unresolved, target: ObjectRef) {
        if wanted.field == PARENT {
            self.parent_id = Some(Id::new(target.id));
        }
    }

    fn point_nowhere(&mut self, field: &str) {
        if field == PARENT {
            self.parent_id = None;
        }
    }
}

impl Importable for Outcome {
    fn header_patch(patch: &mut OutcomePatch) -> &mut HeaderPatch {
        &mut patch.header
    }

    fn leave_out(_: &mut OutcomePatch, _: &str) -> bool {
        false
    }

    fn empty(_: &mut OutcomePatch, _: &str) {}

    fn point(&mut self, wanted: &Unresolved, target: ObjectRef) {
        match wanted.field.as_str() {
            CUSTOMER => self.customer_id = Id::new(target.id),
            OWNER => self.owner_id = Some(Id::new(target.id)),
            _ => {}
        }
    }

    fn point_nowhere(&mut self, field: &str) {
        if field == OWNER {
            self.owner_id = None;
        }
    }
}

impl Importable for Service {
    fn header_patch(patch: &mut ServicePatch) -> &mut HeaderPatch {
        &mut patch.header
    }

    fn leave_out(patch: &mut ServicePatch, field: &str) -> bool {
        match field {
            "description" => keep(&mut patch.description),
            "tags" => keep(&mut patch.tags),
            "links" => keep(&mut patch.links),
            _ => false,
        }
    }

    fn empty(patch: &mut ServicePatch, field: &str) {
        match field {
            "description" => patch.description = Patch::Clear,
            "tags" => patch.tags = Patch::Clear,
            "links" => patch.links = Patch::Clear,
            _ => {}
        }
    }

    fn point(&mut self, wanted: &Unresolved, target: ObjectRef) {
        match wanted.field.as_str() {
            BUSINESS_OWNER => self.business_owner_id = Some(Id::new(target.id)),
            SERVICE_OWNER => self.service_owner_id = Some(Id::new(target.id)),
            TEAM => self.team_id = Some(Id::new(target.id)),
            CAPABILITY => self.capability_id = Some(Id::new(target.id)),
            DEPENDENCIES => self.need(Id::new(target.id), wanted),
            CONTRIBUTIONS => {
                self.contributions
                    .insert(Id::new(target.id), share(wanted).unwrap_or(1.0));
            }
            _ => {}
        }
    }

    fn point_nowhere(&mut self, field: &str) {
        match field {
            BUSINESS_OWNER => self.business_owner_id = None,
            SERVICE_OWNER => self.service_owner_id = None,
            TEAM => self.team_id = None,
            CAPABILITY => self.capability_id = None,
            _ => {}
        }
    }

    fn could_be(&self, kind: &str) -> bool {
        crate::exchange::backstage::service_kind(kind) == Some(self.kind)
    }
}

impl Service {
    /// Adds a dependency that a document states, beside those that others state.
    pub(super) fn need(&mut self, target: Id<Self>, wanted: &Unresolved) {
        if target.key() == self.header.id {
            return;
        }
        let stated = Dependency {
            strength: share(wanted).unwrap_or(1.0),
            origin: wanted.origin.clone(),
        };
        self.dependencies
            .entry(target)
            .and_modify(|there| {
                // Where several documents state the same, the first by name keeps it, whichever comes first. One that a
                // person added stays that person's.
                if there.origin > stated.origin {
                    there.origin.clone_from(&stated.origin);
                }
            })
            .or_insert(stated);
    }
}

impl Importable for Offering {
    fn header_patch(patch: &mut OfferingPatch) -> &mut HeaderPatch {
        &mut patch.header
    }

    fn leave_out(patch: &mut OfferingPatch, field: &str) -> bool {
        match field {
            "description" => keep(&mut patch.description),
            "inputSchema" => keep(&mut patch.input_schema),
            _ => false,
        }
    }

    fn empty(patch: &mut OfferingPatch, field: &str) {
        match field {
            "description" => patch.description = Patch::Clear,
            "inputSchema" => patch.input_schema = Patch::Clear,
            _ => {}
        }
    }

    fn point(&mut self, wanted: &Unresolved, target: ObjectRef) {
        if wanted.field == SERVICE {
            self.service_id = Id::new(target.id);
        }
    }

    fn point_nowhere(&mut self, _: &str) {}
}

impl Importable for Calendar {
    fn header_patch(patch: &mut CalendarPatch) -> &mut HeaderPatch {
        &mut patch.header
    }

    fn leave_out(_: &mut CalendarPatch, _: &str) -> bool {
        false
    }

    fn empty(_: &mut CalendarPatch, _: &str) {}

    fn point(&mut self, _: &Unresolved, _: ObjectRef) {}

    fn point_nowhere(&mut self, _: &str) {}
}

impl Importable for Agreement {
    fn header_patch(patch: &mut AgreementPatch) -> &mut HeaderPatch {
        &mut patch.header
    }

    fn leave_out(_: &mut AgreementPatch, _: &str) -> bool {
        false
    }

    fn empty(_: &mut AgreementPatch, _: &str) {}

    fn point(&mut self, wanted: &Unresolved, target: ObjectRef) {
        match wanted.field.as_str() {
            SERVICE => self.service_id = Id::new(target.id),
            CUSTOMER => self.customer_id = Some(Id::new(target.id)),
            CALENDAR => self.calendar_id = Id::new(target.id),
            _ => {}
        }
    }

    fn point_nowhere(&mut self, field: &str) {
        if field == CUSTOMER {
            self.customer_id = None;
        }
    }
}

impl Importable for Sighting {
    fn header_patch(patch: &mut SightingPatch) -> &mut HeaderPatch {
        &mut patch.header
    }

    fn leave_out(_: &mut SightingPatch, _: &str) -> bool {
        false
    }

    fn empty(_: &mut SightingPatch, _: &str) {}

    fn point(&mut self, wanted: &Unresolved, target: ObjectRef) {
        match wanted.field.as_str() {
            CUSTOMER => self.customer_id = Id::new(target.id),
            SERVICE => self.service_id = Some(Id::new(target.id)),
            _ => {}
        }
    }

    fn point_nowhere(&mut self, field: &str) {
        if field == SERVICE {
            self.service_id = None;
        }
    }
}

/// The number that a wanted reference carries.
fn share(wanted: &Unresolved) -> Option<f64> {
    wanted
        .strength
        .as_deref()
        .and_then(|text| text.parse().ok())
}

fn keep<T>(patch: &mut Patch<T>) -> bool {
    let there = !matches!(patch, Patch::Keep);
    *patch = Patch::Keep;
    there
}

//! One document of an import, in whatever format it came: what it is, what it says and how that meets the catalog.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::{
    catalog::{
        capabilities::rules::CapabilityPatch, customers::rules::CustomerPatch,
        offerings::rules::OfferingPatch, people::rules::PersonPatch, services::rules::ServicePatch,
        teams::rules::TeamPatch,
    },
    demand::shadow_it::rules::SightingPatch,
    exchange::{diagnostics::Place, ics::Event},
    outcomes::rules::OutcomePatch,
    shared::{ids::ObjectType, record::Unresolved},
    slas::{agreements::rules::AgreementPatch, calendars::rules::CalendarPatch},
};

/// What a document says about one object.
#[derive(Clone, Debug)]
pub struct Item {
    /// Where its name stands.
    pub at: Place,
    /// Which object it is.
    pub identity: Identity,
    /// How it meets what the catalog has.
    pub manner: Manner,
    /// Its plain fields.
    pub change: Change,
    /// Its references to other objects.
    pub stated: Vec<Stated>,
    /// References that only matter to be told where they lead nowhere.
    pub mentions: Vec<Stated>,
    /// Where its fields stand, by their API names; what stands in a list by its path, `targets.0`.
    pub places: BTreeMap<Cow<'static, str>, Place>,
}

impl Item {
    /// Where a path into the object stands, or what is nearest above it; the document's name where it is not known better.
    pub fn place_of(&self, path: &[String]) -> &Place {
        (1..=path.len())
            .rev()
            .find_map(|depth| self.places.get(&*path[..depth].join(".")))
            .unwrap_or(&self.at)
    }

    /// The origin of what the document states in lists, which several documents fill.
    pub fn is_merged(&self) -> bool {
        matches!(self.manner, Manner::Merge(_))
    }
}

/// How a document's object is recognised.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Where it comes from; unique among objects of its type.
    pub origin: Option<String>,
    /// The slug that it has, or would have best.
    pub slug: String,
    /// What is added to a wished-for slug that another object has: `application`.
    pub suffix: &'static str,
}

/// How a document meets an object that is there already.
#[derive(Clone, Debug)]
pub enum Manner {
    /// It is all there is to know: the object becomes what it says.
    Replace,
    /// It knows some fields; the others are left alone.
    Merge(Merge),
    /// It says what to make where nothing is there; what is there is left as it is.
    Found(Found),
}

/// What a merging document knows.
#[derive(Clone, Debug)]
pub struct Merge {
    /// The optional fields that it says something on. One that an earlier state of the document said something on and
    /// this one does not is emptied.
    pub said: BTreeSet<&'static str>,
    /// What to call the object where its name cannot be taken over.
    pub fallback_name: String,
}

/// How it comes that a document speaks of an object that it does not want to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// It describes the object.
    Described,
    /// It only names it, so that it is worth a word where the object has to be made.
    Named,
}

/// The plain fields of an object, by type.
#[derive(Clone, Debug)]
pub enum Change {
    /// A team.
    Team(TeamPatch),
    /// A customer.
    Customer(CustomerPatch),
    /// A person.
    Person(PersonPatch),
    /// A capability.
    Capability(CapabilityPatch),
    /// An outcome.
    Outcome(OutcomePatch),
    /// A service, and when its ownership was confirmed where the document knows that.
    Service(Box<ServicePatch>, Option<Timestamp>),
    /// An offering.
    Offering(OfferingPatch),
    /// A calendar.
    Calendar(CalendarPatch),
    /// An agreement.
    Agreement(AgreementPatch),
    /// A sighting of shadow IT.
    Sighting(Box<SightingPatch>),
    /// Holidays of a calendar that is there, beside those that it has.
    Holidays(Vec<Festival>),
}

impl Change {
    /// The type of the object.
    pub fn object_type(&self) -> ObjectType {
        match self {
            Self::Team(_) => ObjectType::Team,
            Self::Customer(_) => ObjectType::Customer,
            Self::Person(_) => ObjectType::Person,
            Self::Capability(_) => ObjectType::BusinessCapability,
            Self::Outcome(_) => ObjectType::BusinessOutcome,
            Self::Service(..) => ObjectType::Service,
            Self::Offering(_) => ObjectType::ServiceOffering,
            Self::Calendar(_) | Self::Holidays(_) => ObjectType::SupportCalendar,
            Self::Agreement(_) => ObjectType::ServiceLevelAgreement,
            Self::Sighting(_) => ObjectType::ShadowItSighting,
        }
    }
}

/// Days that somebody else's calendar has, and where it says so.
#[derive(Clone, Debug)]
pub struct Festival {
    /// The days.
    pub event: Event,
    /// Where the event begins.
    pub at: Place,
}

/// A reference as a document states it.
#[derive(Clone, Debug)]
pub struct Stated {
    /// What it points to, in the form in which the catalog remembers what is not there yet.
    pub wanted: Unresolved,
    /// Where it stands.
    pub at: Place,
    /// The field's name in the document.
    pub field: String,
}

//! From a value that names a type to code for that type.

/// Runs an expression for the record type that an [`ObjectType`](crate::shared::ids::ObjectType) names.
///
/// ```ignore
/// let slug = for_type!(object.kind, T => catalog.get(Id::<T>::new(object.id)).map(|record| record.header().slug.clone()));
/// ```
#[macro_export]
macro_rules! for_type {
    ($kind:expr, $T:ident => $body:expr) => {
        match $kind {
            $crate::shared::ids::ObjectType::Team => {
                type $T = $crate::catalog::teams::rules::Team;
                $body
            }
            $crate::shared::ids::ObjectType::Customer => {
                type $T = $crate::catalog::customers::rules::Customer;
                $body
            }
            $crate::shared::ids::ObjectType::Person => {
                type $T = $crate::catalog::people::rules::Person;
                $body
            }
            $crate::shared::ids::ObjectType::BusinessCapability => {
                type $T = $crate::catalog::capabilities::rules::Capability;
                $body
            }
            $crate::shared::ids::ObjectType::BusinessOutcome => {
                type $T = $crate::outcomes::rules::Outcome;
                $body
            }
            $crate::shared::ids::ObjectType::Service => {
                type $T = $crate::catalog::services::rules::Service;
                $body
            }
            $crate::shared::ids::ObjectType::ServiceOffering => {
                type $T = $crate::catalog::offerings::rules::Offering;
                $body
            }
            $crate::shared::ids::ObjectType::SupportCalendar => {
                type $T = $crate::slas::calendars::rules::Calendar;
                $body
            }
            $crate::shared::ids::ObjectType::ServiceLevelAgreement => {
                type $T = $crate::slas::agreements::rules::Agreement;
                $body
            }
            $crate::shared::ids::ObjectType::ShadowItSighting => {
                type $T = $crate::demand::shadow_it::rules::Sighting;
                $body
            }
        }
    };
}

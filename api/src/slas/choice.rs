//! Which of several targets holds for a request or an incident.

use jiff::SignedDuration;

/// A target of an agreement of kind SLA that is valid on the day on which the clock starts, the day of its own calendar's zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate<Customer, Priority, Target> {
    /// With whom the agreement is made; none: every customer of the service.
    pub customer: Option<Customer>,
    /// What the target is for; none: every priority.
    pub priority: Option<Priority>,
    /// The most open time that it may take.
    pub within: SignedDuration,
    /// The target. Where nothing else decides, the least is chosen.
    pub target: Target,
}

/// Of the targets of one metric, the one that holds: the customer's own before a general one, then one of this priority before
/// one of every priority, then the shortest. None where nothing was promised.
pub fn choose<Customer: PartialEq, Priority: PartialEq, Target: Ord>(
    candidates: impl IntoIterator<Item = Candidate<Customer, Priority, Target>>,
    customer: Option<&Customer>,
    priority: &Priority,
) -> Option<Candidate<Customer, Priority, Target>> {
    let holds = |candidate: &Candidate<Customer, Priority, Target>| {
        let is_theirs = candidate.customer.is_none() || candidate.customer.as_ref() == customer;
        is_theirs && candidate.priority.as_ref().is_none_or(|of| of == priority)
    };
    candidates.into_iter().filter(holds).min_by(|one, other| {
        let rank = |it: &Candidate<Customer, Priority, Target>| {
            (it.customer.is_none(), it.priority.is_none(), it.within)
        };
        let by_rank = rank(one).cmp(&rank(other));
        by_rank.then_with(|| one.target.cmp(&other.target))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    type Target = Candidate<&'static str, u8, &'static str>;

    fn target(
        customer: Option<&'static str>,
        priority: Option<u8>,
        hours: i64,
        target: &'static str,
    ) -> Target {
        Candidate {
            customer,
            priority,
            within: SignedDuration::from_hours(hours),
            target,
        }
    }

    fn chosen(candidates: &[Target], customer: Option<&'static str>) -> Option<&'static str> {
        let forwards = choose(candidates.to_vec(), customer.as_ref(), &2);
        let backwards = choose(candidates.iter().rev().cloned(), customer.as_ref(), &2);
        assert_eq!(forwards, backwards);
        forwards.map(|candidate| candidate.target)
    }

    #[test]
    fn the_customers_own_goes_before_the_general_one_even_if_it_is_longer() {
        let candidates = [
            target(None, Some(2), 1, "general"),
            target(Some("ward"), None, 8, "own"),
        ];
        assert_eq!(chosen(&candidates, Some("ward")), Some("own"));
        assert_eq!(chosen(&candidates, Some("lab")), Some("general"));
        assert_eq!(chosen(&candidates, None), Some("general"));
    }

    #[test]
    fn a_target_of_the_priority_goes_before_one_of_every_priority() {
        let candidates = [
            target(None, None, 1, "every"),
            target(None, Some(2), 8, "this"),
            target(None, Some(1), 1, "another"),
        ];
        assert_eq!(chosen(&candidates, None), Some("this"));
    }

    #[test]
    fn an_own_agreement_that_says_nothing_about_the_priority_leaves_it_to_the_general_one() {
        let candidates = [
            target(Some("ward"), Some(1), 1, "own"),
            target(None, None, 8, "general"),
        ];
        assert_eq!(chosen(&candidates, Some("ward")), Some("general"));
    }

    #[test]
    fn then_the_shortest_is_chosen_and_then_the_least() {
        let candidates = [
            target(None, None, 8, "a"),
            target(None, None, 4, "c"),
            target(None, None, 4, "b"),
        ];
        assert_eq!(chosen(&candidates, None), Some("b"));
    }

    #[test]
    fn where_nothing_fits_nothing_is_promised() {
        let candidates = [
            target(Some("lab"), None, 8, "theirs"),
            target(None, Some(3), 8, "another"),
        ];
        assert_eq!(chosen(&candidates, Some("ward")), None);
        assert_eq!(chosen(&[], None), None);
    }
}

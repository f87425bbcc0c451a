//! Open requests in the ranking.
//!
//! They may be many, so they are never read one by one. Requests of the same service and priority are worth the same: one count by
//! both says how many there are of each, the impact of the services says in which order these groups come, and only of the first
//! groups are requests read, each from its index.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use uuid::Uuid;

use super::ranking::{Candidate, Cause, Ranking, TURN};
use super::rules::{Kind, Rank, Worth};
use super::store::{FirstOfAll, FirstOfGroup, Group, OpenGroups, OpenRequest};
use crate::incidents::rules::Severity;
use crate::insight::impact::known::Brief;
use crate::shared::ids::Id;
use crate::shared::loads::LoadError;
use crate::slas::priority::Priority;

/// How many requests are looked at in one go where they are looked for among all.
const LOOK: u64 = 500;

/// Requests that are worth the same.
struct Class {
    /// Not before this due instant and number.
    from: Option<(i64, i64)>,
    groups: Vec<Group>,
    count: u64,
}

impl Class {
    /// Whether so many of its requests are found sooner among all that are open than in one group after the other.
    fn is_dense(&self, enough: u64, open: u64) -> bool {
        let groups = self.groups.len() as u64;
        let in_groups = groups + self.count.min(groups * enough);
        let among_all = LOOK + enough.saturating_mul(open) / self.count.max(1);
        among_all < in_groups
    }
}

impl Ranking<'_> {
    /// The first requests after a place, not in order, and how many there are in all.
    pub(super) async fn requests(
        &self,
        after: Option<Rank>,
        count: usize,
    ) -> Result<(Vec<Candidate>, u64), LoadError> {
        if !self.wants(Kind::Request) {
            return Ok((Vec::new(), 0));
        }
        let customer = self.wanted.customer.map(Id::key);
        let mut groups = self.loads.ask(OpenGroups { customer }, ()).await?;
        let open = groups.iter().map(|(_, count)| count).sum();
        groups.retain(|((service, _), _)| self.is_of_team(Id::new(*service)));
        let total = groups.iter().map(|(_, count)| count).sum();
        let outages = self.outages(&groups).await;
        let classes = self.classes(groups, &outages, after);
        let found = self.read(classes, count, open).await?;
        let candidates = found
            .into_iter()
            .filter_map(|request| self.request(&request, &outages));
        Ok((candidates.collect(), total))
    }

    /// What outages of the groups' services cost.
    async fn outages(&self, groups: &[(Group, u64)]) -> HashMap<Uuid, Arc<Brief>> {
        let mut outages = HashMap::new();
        for (place, ((service, _), _)) in groups.iter().enumerate() {
            if place % TURN == TURN - 1 {
                tokio::task::yield_now().await;
            }
            outages.entry(*service).or_insert_with(|| {
                self.catalog
                    .impact_in_brief(&[Id::new(*service)], Severity::Outage)
            });
        }
        outages
    }

    /// The groups that may have something after a place, those together that are worth the same, the most valuable first.
    fn classes(
        &self,
        groups: Vec<(Group, u64)>,
        outages: &HashMap<Uuid, Arc<Brief>>,
        after: Option<Rank>,
    ) -> Vec<Class> {
        let mut classes: BTreeMap<Reverse<Worth>, Class> = BTreeMap::new();
        for (group, count) in groups {
            let (service, priority) = group;
            let Some(outage) = outages.get(&service) else {
                continue;
            };
            let value = self.wanted.weights.value(priority, outage.value_per_hour);
            let worth = Reverse(Worth::per_hour(value));
            if after.is_some_and(|after| worth < after.worth) {
                continue;
            }
            let class = classes.entry(worth).or_insert_with(|| Class {
                from: after
                    .filter(|after| after.worth == worth)
                    .map(|after| (after.due_at, after.number)),
                groups: Vec::new(),
                count: 0,
            });
            class.groups.push(group);
            class.count += count;
        }
        classes.into_values().collect()
    }

    /// Reads the first classes, until there are so many requests. `open` says how many there are of all classes.
    async fn read(
        &self,
        classes: Vec<Class>,
        count: usize,
        open: u64,
    ) -> Result<Vec<OpenRequest>, LoadError> {
        let mut found = Vec::new();
        // One more, since the first of a page may be the last of the page before.
        let enough = count as u64 + 1;
        let is_dense =
            |class: &Class| self.wanted.customer.is_none() && class.is_dense(enough, open);
        let mut classes = classes.into_iter().peekable();
        while (found.len() as u64) < enough && classes.peek().is_some() {
            let mut batch: Vec<Group> = Vec::new();
            let mut expected = found.len() as u64;
            while let Some(class) = classes
                .next_if(|class| class.from.is_none() && !is_dense(class) && expected < enough)
            {
                expected += class.count;
                batch.extend(class.groups);
            }
            found.extend(self.first_of(batch, None, enough).await?);
            if (found.len() as u64) < enough
                && let Some(class) =
                    classes.next_if(|class| class.from.is_some() || is_dense(class))
            {
                let more = if is_dense(&class) {
                    self.first_among_all(class.groups, class.from, enough)
                        .await?
                } else {
                    self.first_of(class.groups, class.from, enough).await?
                };
                found.extend(more);
            }
        }
        Ok(found)
    }

    async fn first_of(
        &self,
        groups: Vec<Group>,
        from: Option<(i64, i64)>,
        limit: u64,
    ) -> Result<Vec<OpenRequest>, LoadError> {
        let customer = self.wanted.customer.map(Id::key);
        let question = FirstOfGroup {
            customer,
            from,
            limit,
        };
        let found = self.loads.ask_all(&question, groups).await?;
        Ok(found.into_iter().flatten().collect())
    }

    /// The first requests of groups that have a good part of all, by what is due first: all are looked through.
    async fn first_among_all(
        &self,
        groups: Vec<Group>,
        mut from: Option<(i64, i64)>,
        limit: u64,
    ) -> Result<Vec<OpenRequest>, LoadError> {
        let groups: HashSet<(Uuid, i16)> = groups
            .into_iter()
            .map(|(service, priority)| (service, priority.number()))
            .collect();
        let mut found = Vec::new();
        loop {
            let question = FirstOfAll { from, limit: LOOK };
            let looked_at = self.loads.ask(question, ()).await?;
            let last = looked_at.last().map(|last| (last.due_at, last.number));
            let is_all = (looked_at.len() as u64) < LOOK;
            let wanted = looked_at
                .into_iter()
                .filter(|it| groups.contains(&it.group()));
            found.extend(wanted);
            match last {
                Some((due_at, number)) if !is_all && (found.len() as u64) < limit => {
                    from = Some((due_at, number.saturating_add(1)));
                }
                _ => return Ok(found),
            }
        }
    }

    fn request(
        &self,
        request: &OpenRequest,
        outages: &HashMap<Uuid, Arc<Brief>>,
    ) -> Option<Candidate> {
        let priority = Priority::from_number(request.priority)?;
        let impact = Arc::clone(outages.get(&request.service_id)?);
        let value = self.wanted.weights.value(priority, impact.value_per_hour);
        Some(Candidate {
            rank: Rank {
                worth: Reverse(Worth::per_hour(value)),
                due_at: request.due_at,
                number: request.number,
                kind: Kind::Request,
            },
            key: request.id,
            cause: Cause::Request {
                service: Id::new(request.service_id),
                priority,
                impact,
            },
        })
    }
}

impl OpenRequest {
    fn group(&self) -> (Uuid, i16) {
        (self.service_id, self.priority)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_looked_for_among_all_only_where_a_good_part_of_all_is_wanted() {
        let class = |groups: usize, count| Class {
            from: None,
            groups: vec![(Uuid::nil(), Priority::P1); groups],
            count,
        };
        // Half of all open requests, of services that nothing rests on.
        assert!(class(4_000, 100_000).is_dense(26, 200_000));
        // A small team's in a large company: those of everybody else would be looked through.
        assert!(!class(104, 100).is_dense(26, 1_000_000));
        assert!(!class(1, 1_000_000).is_dense(26, 1_000_000));
    }
}

//! What the server said that it has done.

use serde_json::Value;

/// What is known of one submission.
#[derive(Clone, Debug, Default)]
pub(crate) struct Entry {
    /// The request that it became; none before it is acknowledged.
    pub(crate) request: Option<Known>,
    /// How many steps were taken with it: the first starts work, the second fulfils.
    pub(crate) steps: usize,
}

/// A request as the server named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Its id.
    pub(crate) id: String,
    /// Its number for people.
    pub(crate) number: String,
}

/// How much of what happened.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Answers that did not come, or were not waited for.
    pub(crate) unanswered: usize,
    /// Submissions that turned out to have been done, though their answer was lost.
    pub(crate) found_done: usize,
    /// What was acknowledged and submitted again.
    pub(crate) replayed: usize,
    /// Keys that were used with another input.
    pub(crate) conflicts: usize,
    /// Steps that were taken.
    pub(crate) steps: usize,
}

/// What the server said that it has done, by the submissions' own numbers.
#[derive(Debug)]
pub(crate) struct Ledger {
    /// Each submission.
    pub(crate) entries: Vec<Entry>,
    /// How much of what happened.
    pub(crate) tally: Tally,
    acknowledged: Vec<usize>,
}

impl Ledger {
    /// For so many submissions.
    pub(crate) fn new(requests: usize) -> Self {
        Self {
            entries: vec![Entry::default(); requests],
            tally: Tally::default(),
            acknowledged: Vec::with_capacity(requests),
        }
    }

    /// Notes that a submission was answered by this request, which has to be the one that it was answered by before; how many
    /// were answered by now.
    pub(crate) fn acknowledge(&mut self, number: usize, request: &Value) -> usize {
        let text = |field: &str| request[field].as_str().unwrap_or_default().to_owned();
        let known = Known {
            id: text("id"),
            number: text("number"),
        };
        let entry = &mut self.entries[number];
        if let Some(before) = &entry.request {
            assert_eq!(before, &known, "submission {number} is another request");
        } else {
            entry.request = Some(known);
            self.acknowledged.push(number);
        }
        self.acknowledged.len()
    }

    /// The numbers that were acknowledged, in that order.
    pub(crate) fn acknowledged(&self) -> &[usize] {
        &self.acknowledged
    }
}

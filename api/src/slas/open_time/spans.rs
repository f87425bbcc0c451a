//! Stretches of time in whole seconds, and lists of them.

use super::NANOS;

/// From one second until another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: i64,
    pub(super) until: i64,
}

impl Span {
    /// Both ends in nanoseconds.
    pub(super) fn nanos(self) -> (i128, i128) {
        (
            i128::from(self.from) * NANOS,
            i128::from(self.until) * NANOS,
        )
    }
}

/// The second that an instant is in.
pub(super) fn whole_second(nanos: i128) -> i64 {
    let second = nanos.div_euclid(NANOS);
    i64::try_from(second).unwrap_or(if second < 0 { i64::MIN } else { i64::MAX })
}

/// Spans in order that neither overlap nor touch.
#[derive(Clone, Debug, Default)]
pub(super) struct SpanList(Vec<Span>);

impl SpanList {
    /// The spans in whatever order, each second once.
    pub(super) fn of(mut spans: Vec<Span>) -> Self {
        spans.sort_unstable_by_key(|span| span.from);
        let mut list = Self(Vec::with_capacity(spans.len()));
        for span in spans {
            list.push(span);
        }
        list
    }

    /// Adds a span that starts no earlier than the last one; what is there already is not added again.
    pub(super) fn push(&mut self, span: Span) {
        match self.0.last_mut() {
            Some(last) if span.from <= last.until => last.until = last.until.max(span.until),
            _ if span.from < span.until => self.0.push(span),
            _ => {}
        }
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Span> {
        self.0.iter()
    }

    /// The spans that are not over at this second.
    pub(super) fn ending_after(&self, second: i64) -> &[Span] {
        &self.0[self.0.partition_point(|span| span.until <= second)..]
    }

    /// What is left of the spans outside the others.
    pub(super) fn without(&self, others: &Self) -> Self {
        let mut left = Vec::with_capacity(self.0.len());
        for span in &self.0 {
            let mut from = span.from;
            for other in others.ending_after(span.from) {
                if other.from >= span.until {
                    break;
                }
                if from < other.from {
                    left.push(Span {
                        from,
                        until: other.from,
                    });
                }
                from = other.until;
            }
            if from < span.until {
                left.push(Span {
                    from,
                    until: span.until,
                });
            }
        }
        Self(left)
    }
}

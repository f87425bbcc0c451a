//! What people of the demo looked for and did not find.

use jiff::{SignedDuration, Timestamp};

use crate::search::store::{self, Misses};
use crate::snapshot::Replica;

/// Texts, how often they were looked for, and how many hours ago for the last time.
const MISSED: [(&str, i64, i64); 8] = [
    ("parkausweis", 23, 5),
    ("whatsapp", 17, 20),
    ("speech recognition", 14, 52),
    ("dienstplan app", 9, 31),
    ("translation service", 8, 120),
    ("3d printer", 4, 190),
    ("chatgpt for letters", 4, 9),
    ("fax to e-mail", 2, 700),
];

/// Remembers them, as if they had been searched for.
pub(super) async fn play(replica: &Replica, now: Timestamp) -> anyhow::Result<()> {
    let misses: Misses = MISSED
        .into_iter()
        .map(|(text, count, hours)| {
            let last = now.saturating_sub(SignedDuration::from_hours(hours))?;
            Ok((text.to_owned(), (count, last.as_microsecond())))
        })
        .collect::<Result<_, jiff::Error>>()?;
    store::remember(&replica.database().write, &misses).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::missed::remembered;

    #[test]
    fn they_are_texts_that_would_be_remembered() {
        for (text, ..) in MISSED {
            assert_eq!(remembered(text).as_deref(), Some(text));
        }
    }
}

//! Reading the database for many objects at once.
//!
//! Fields of an answer that need rows ask for them one by one; the rows come in rounds. While anything in the answer can go on
//! without the database, what is asked for is only collected. When nothing can, everything collected is read: one statement
//! for each kind of question, whoever asked and however many. So a list of a hundred runs as many statements as a list of ten,
//! and nobody waits for a timer. (Haxl and Sangria's deferred resolvers work like this.)

use std::any::{Any, TypeId};
use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::hash::Hash;
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use foldhash::{HashMap as FastMap, HashMapExt};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, join_all};
use sea_orm::{DatabaseConnection, DbErr};
use tokio::sync::oneshot;

/// A question that can be asked for many keys in one statement. Its own fields are what all of them have in common: filters,
/// orders, the window of a page.
pub trait Question: Clone + Eq + Hash + Send + Sync + 'static {
    /// What it is asked for.
    type Key: Clone + Eq + Hash + Send + Sync + 'static;
    /// What the answer for one key is; a key without one gets the default.
    type Answer: Clone + Default + Send + Sync + 'static;

    /// Answers it for these keys, each of which is there once.
    fn answer(
        &self,
        database: &DatabaseConnection,
        keys: Vec<Self::Key>,
    ) -> impl Future<Output = Result<HashMap<Self::Key, Self::Answer>, DbErr>> + Send;
}

/// Why there is no answer. Shared, because all who asked together get it.
pub type LoadError = Arc<DbErr>;

/// What one request wants to read, until its next round.
#[derive(Clone)]
pub struct Loads {
    shared: Arc<Shared>,
}

type ByQuestion = FastMap<TypeId, Box<dyn Wanted>>;

struct Shared {
    database: DatabaseConnection,
    /// By the questions' types.
    wanted: Mutex<ByQuestion>,
    /// How many times anything was asked.
    asked: AtomicU64,
    /// How many parts of the answering only let others have a turn.
    pausing: AtomicU64,
}

type Asker<A> = oneshot::Sender<Result<A, LoadError>>;

/// Who asked a question, by key.
type Askers<Q> = HashMap<<Q as Question>::Key, Vec<Asker<<Q as Question>::Answer>>>;

/// The questions of one type that have been asked.
struct Asked<Q: Question>(HashMap<Q, Askers<Q>>);

trait Wanted: Any + Send {
    /// Reads everything; whoever asked is told.
    fn read(self: Box<Self>, database: DatabaseConnection) -> Vec<BoxFuture<'static, ()>>;
}

impl<Q: Question> Wanted for Asked<Q> {
    fn read(self: Box<Self>, database: DatabaseConnection) -> Vec<BoxFuture<'static, ()>> {
        let questions = self.0.into_iter();
        questions
            .map(|(question, askers)| tell(database.clone(), question, askers).boxed())
            .collect()
    }
}

async fn tell<Q: Question>(database: DatabaseConnection, question: Q, askers: Askers<Q>) {
    let keys = askers.keys().cloned().collect();
    let mut answers = question.answer(&database, keys).await.map_err(Arc::new);
    for (key, mut askers) in askers {
        let answer = match &mut answers {
            Ok(answers) => Ok(answers.remove(&key).unwrap_or_default()),
            Err(error) => Err(Arc::clone(error)),
        };
        // Whoever no longer listens has given up the request. Most answers have one asker, who gets them without a copy.
        let last = askers.pop();
        for asker in askers {
            let _ = asker.send(answer.clone());
        }
        if let Some(asker) = last {
            let _ = asker.send(answer);
        }
    }
}

/// A part of a request that lets others have a turn. The request may be woken for another of its parts before this one goes on,
/// so what counts is not whether anything began to pause lately.
struct Pausing<'a>(&'a AtomicU64);

impl<'a> Pausing<'a> {
    fn begin(pausing: &'a AtomicU64) -> Self {
        pausing.fetch_add(1, Ordering::Relaxed);
        Self(pausing)
    }
}

impl Drop for Pausing<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Loads {
    /// Nothing wanted yet of this database.
    pub fn new(database: DatabaseConnection) -> Self {
        Self {
            shared: Arc::new(Shared {
                database,
                wanted: Mutex::new(FastMap::new()),
                asked: AtomicU64::new(0),
                pausing: AtomicU64::new(0),
            }),
        }
    }

    /// The answer for one key, with the next round.
    pub async fn ask<Q: Question>(&self, question: Q, key: Q::Key) -> Result<Q::Answer, LoadError> {
        let (asker, answer) = oneshot::channel();
        self.want(question, key, asker);
        let lost = |_| Err(Arc::new(DbErr::Custom("a round was given up".to_owned())));
        answer.await.unwrap_or_else(lost)
    }

    /// The answers for several keys, in their order, with the next round.
    pub async fn ask_all<Q: Question>(
        &self,
        question: &Q,
        keys: impl IntoIterator<Item = Q::Key>,
    ) -> Result<Vec<Q::Answer>, LoadError> {
        let keys: Vec<Q::Key> = keys.into_iter().collect();
        let distinct: HashSet<&Q::Key> = keys.iter().collect();
        let asked = distinct.into_iter().map(|key| async move {
            let answer = self.ask(question.clone(), key.clone()).await?;
            Ok((key.clone(), answer))
        });
        let answers: Result<HashMap<_, _>, LoadError> = join_all(asked).await.into_iter().collect();
        let answers = answers?;
        let of = |key| answers.get(key).cloned().unwrap_or_default();
        Ok(keys.iter().map(of).collect())
    }

    fn want<Q: Question>(&self, question: Q, key: Q::Key, teller: Asker<Q::Answer>) {
        let mut wanted = self.wanted();
        let asked = wanted
            .entry(TypeId::of::<Q>())
            .or_insert_with(|| Box::new(Asked::<Q>(HashMap::new())));
        let asked: &mut dyn Any = asked.as_mut();
        // Always so: they are kept by their types.
        if let Some(Asked(questions)) = asked.downcast_mut::<Asked<Q>>() {
            let keys = questions.entry(question).or_default();
            keys.entry(key).or_default().push(teller);
        }
        self.shared.asked.fetch_add(1, Ordering::Relaxed);
    }

    /// Nothing can go wrong while it is held that would leave it half done.
    fn wanted(&self) -> MutexGuard<'_, ByQuestion> {
        let wanted = self.shared.wanted.lock();
        wanted.unwrap_or_else(PoisonError::into_inner)
    }

    /// How many times anything was asked so far.
    pub(super) fn asked(&self) -> u64 {
        self.shared.asked.load(Ordering::Relaxed)
    }

    /// Lets others have a turn, without starting a round: there may be more to ask for.
    pub async fn pause(&self) {
        let _pausing = Pausing::begin(&self.shared.pausing);
        tokio::task::yield_now().await;
    }

    /// Runs the answering of a request, and a round whenever it can't go on without.
    pub async fn drive<F: Future>(&self, answering: F) -> F::Output {
        // By its own budget tokio would have a part wait that could go on, and the round would begin without what it asks for.
        let mut answering = pin!(tokio::task::unconstrained(answering));
        let mut round: Option<BoxFuture<'static, ()>> = None;
        poll_fn(|context| {
            loop {
                if let Poll::Ready(answer) = answering.as_mut().poll(context) {
                    return Poll::Ready(answer);
                }
                let is_pausing = self.shared.pausing.load(Ordering::Relaxed) > 0;
                if round.is_none() && !is_pausing {
                    round = self.next_round();
                }
                let Some(running) = &mut round else {
                    return Poll::Pending;
                };
                if running.poll_unpin(context).is_pending() {
                    return Poll::Pending;
                }
                round = None;
            }
        })
        .await
    }

    fn next_round(&self) -> Option<BoxFuture<'static, ()>> {
        let wanted = std::mem::take(&mut *self.wanted());
        if wanted.is_empty() {
            return None;
        }
        let database = &self.shared.database;
        let reads: Vec<_> = wanted
            .into_values()
            .flat_map(|asked| asked.read(database.clone()))
            .collect();
        Some(join_all(reads).map(drop).boxed())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;

    /// Doubles its keys, and counts how often it is asked to.
    #[derive(Clone)]
    struct Double(&'static str, Arc<AtomicUsize>);

    impl PartialEq for Double {
        fn eq(&self, other: &Self) -> bool {
            self.0 == other.0
        }
    }
    impl Eq for Double {}
    impl Hash for Double {
        fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
            self.0.hash(state);
        }
    }

    impl Question for Double {
        type Key = u32;
        type Answer = u32;

        async fn answer(
            &self,
            _: &DatabaseConnection,
            keys: Vec<u32>,
        ) -> Result<HashMap<u32, u32>, DbErr> {
            self.1.fetch_add(1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            if keys.contains(&13) {
                return Err(DbErr::Custom("unlucky".to_owned()));
            }
            Ok(keys.into_iter().map(|key| (key, 2 * key)).collect())
        }
    }

    fn loads() -> Loads {
        Loads::new(DatabaseConnection::default())
    }

    #[tokio::test]
    async fn however_many_ask_there_is_one_statement_a_level() {
        let (loads, rounds) = (loads(), Arc::new(AtomicUsize::new(0)));
        let double = Double("all", Arc::clone(&rounds));
        let one = |key: u32| {
            let (loads, double) = (loads.clone(), double.clone());
            async move {
                let first = loads.ask(double.clone(), key).await.unwrap();
                loads.ask(double, first).await.unwrap()
            }
        };
        let answers = loads.drive(join_all((20..120).map(one))).await;
        assert_eq!(answers, (20..120).map(|key| 4 * key).collect::<Vec<_>>());
        assert_eq!(rounds.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn no_round_begins_without_those_who_let_others_have_a_turn() {
        let (loads, rounds) = (loads(), Arc::new(AtomicUsize::new(0)));
        let double = Double("all", Arc::clone(&rounds));
        let one = |key: u32| {
            let (loads, double) = (loads.clone(), double.clone());
            async move {
                for _ in 0..key % 5 {
                    loads.pause().await;
                }
                loads.ask(double, key).await.unwrap()
            }
        };
        // As many as one poll of theirs takes, after which they ask for another one.
        let answers = loads.drive(join_all((20..120).map(one))).await;
        assert_eq!(answers, (20..120).map(|key| 2 * key).collect::<Vec<_>>());
        assert_eq!(rounds.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn different_questions_are_asked_apart_and_equal_ones_once() {
        let (loads, rounds) = (loads(), Arc::new(AtomicUsize::new(0)));
        let ask = |name, key| loads.ask(Double(name, Arc::clone(&rounds)), key);
        let asked = join_all([ask("a", 1), ask("b", 1), ask("a", 1), ask("a", 2)]);
        let answers = loads.drive(asked).await;
        let answers: Vec<u32> = answers.into_iter().map(Result::unwrap).collect();
        assert_eq!(answers, [2, 2, 2, 4]);
        assert_eq!(rounds.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn a_failure_reaches_all_who_asked_together() {
        let (loads, rounds) = (loads(), Arc::new(AtomicUsize::new(0)));
        let ask = |key| loads.ask(Double("a", Arc::clone(&rounds)), key);
        let answers = loads.drive(join_all([ask(12), ask(13)])).await;
        assert!(answers.iter().all(Result::is_err));
    }

    #[tokio::test]
    async fn several_keys_are_answered_in_their_order() {
        let (loads, rounds) = (loads(), Arc::new(AtomicUsize::new(0)));
        let double = Double("a", Arc::clone(&rounds));
        let answers = loads.drive(loads.ask_all(&double, [3, 1, 3])).await;
        assert_eq!(answers.unwrap(), [6, 2, 6]);
        assert_eq!(rounds.load(Ordering::SeqCst), 1);
    }
}

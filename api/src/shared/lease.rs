//! Jobs that one replica at a time may do.
//!
//! A job is a row of the table `lease`: who does it, until when, and a generation that grows each time it changes hands. Its
//! holder puts the end off again and again; once it is past, because the holder is gone or cannot reach the database,
//! another replica takes the job over. Only the database's clock is asked, so the replicas' own may differ; each of them
//! only measures with it how long ago it put the end off.
//!
//! A holder stops its job before the end that it knows of has come. That alone is not enough: a process that was
//! suspended does not notice that its time is up. So whatever a job commits has to be committed in a transaction that has
//! asked [`Held::is_held`]: it finds the generation that the job was taken over with, and keeps the row from changing until
//! the transaction has ended.

use std::fmt::{self, Debug, Formatter};
use std::time::{Duration, Instant};

use entity::lease::{Column, Entity};
use sea_orm::sea_query::{Expr, ExprTrait, LockType, OnConflict, Query};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DatabaseConnection, DbErr, EntityTrait, QueryFilter, QuerySelect,
};
use tokio::time::{sleep, sleep_until, timeout_at};
use uuid::Uuid;

use super::dialect;

/// A job that this process may do, as long as it has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    name: &'static str,
    holder: Uuid,
    generation: i64,
}

impl Held {
    /// Whether the job is still this process's, and then it stays so until the transaction has ended. To be asked in every
    /// transaction of the job that writes; where the answer is no nothing must be committed.
    ///
    /// # Errors
    /// The database can't be read.
    #[must_use = "what another replica does now must not be committed"]
    pub async fn is_held<C: ConnectionTrait>(&self, transaction: &C) -> Result<bool, DbErr> {
        let found = Entity::find_by_id(self.name)
            .select_only()
            .column(Column::Generation)
            .filter(Column::Holder.eq(self.holder))
            .filter(Column::Generation.eq(self.generation))
            .lock(LockType::Share)
            .into_tuple::<i64>()
            .one(transaction)
            .await?;
        Ok(found.is_some())
    }
}

/// How long a job stays with a replica that is not heard of any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    lasts: Duration,
}

impl Terms {
    /// A lease lasts so long, is renewed after a third of it, and others look as often whether it is free.
    pub fn lasting(lasts: Duration) -> Self {
        Self { lasts }
    }

    fn pause(self) -> Duration {
        self.lasts / 3
    }
}

/// One job, and this process as one of those that would do it.
#[derive(Clone)]
pub struct Job {
    database: DatabaseConnection,
    name: &'static str,
    terms: Terms,
    holder: Uuid,
}

impl Debug for Job {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("name", &self.name)
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}

impl Job {
    /// The job of this name, of which no other may have the name. `database` commits its leases.
    pub fn new(database: DatabaseConnection, name: &'static str, terms: Terms) -> Self {
        Self {
            database,
            name,
            terms,
            holder: Uuid::now_v7(),
        }
    }

    /// Does the job whenever it is this replica's, until `stop` is ready. Then it is given up, so that another takes it
    /// over at once.
    ///
    /// `work` is called each time the job becomes this replica's. What it returns is dropped, at whatever it waits for, when
    /// the job is lost or `stop` is ready; where it ends by itself, after an error say, the job is up for anybody.
    pub async fn run<W: Future<Output = ()>>(
        &self,
        work: impl Fn(Held) -> W,
        stop: impl Future<Output = ()>,
    ) {
        tokio::pin!(stop);
        loop {
            let asked = Instant::now();
            let taken = tokio::select! {
                taken = self.take() => taken,
                () = &mut stop => return,
            };
            let Some(held) = taken.unwrap_or_else(|error| {
                let error: &dyn std::error::Error = &error;
                tracing::warn!(error, job = self.name, "can't ask whether a job is free");
                None
            }) else {
                tokio::select! {
                    () = sleep(self.terms.pause()) => continue,
                    () = &mut stop => return,
                }
            };
            tracing::info!(
                job = self.name,
                generation = held.generation,
                "this replica does a job from now on"
            );
            let has_to_stop = tokio::select! {
                () = work(held) => false,
                () = self.keep(held, asked) => {
                    tracing::warn!(job = self.name, "another replica does the job now, or may");
                    false
                }
                () = &mut stop => true,
            };
            self.give_up(held).await;
            if has_to_stop {
                return;
            }
            // Whatever ended the job may end it again.
            tokio::select! {
                () = sleep(self.terms.pause()) => {}
                () = &mut stop => return,
            }
        }
    }

    /// Takes the job where it is nobody's.
    ///
    /// # Errors
    /// The database can't be written.
    pub async fn take(&self) -> Result<Option<Held>, DbErr> {
        let clock = || dialect::clock(self.database.get_database_backend());
        let mut insert = Query::insert();
        insert
            .into_table(Entity)
            .columns([
                Column::Name,
                Column::Holder,
                Column::Generation,
                Column::ExpiresAt,
            ])
            .values_panic([
                self.name.into(),
                self.holder.into(),
                Expr::val(1_i64),
                self.end(),
            ])
            .on_conflict(
                OnConflict::column(Column::Name)
                    .value(Column::Holder, Expr::val(self.holder))
                    .value(
                        Column::Generation,
                        Expr::col((Entity, Column::Generation)).add(1_i64),
                    )
                    .value(Column::ExpiresAt, self.end())
                    .action_and_where(Expr::col((Entity, Column::ExpiresAt)).lte(clock()))
                    .to_owned(),
            )
            .returning_col(Column::Generation);
        let taken = self.database.query_one(&insert).await?;
        taken
            .map(|row| {
                Ok(Held {
                    name: self.name,
                    holder: self.holder,
                    generation: row.try_get("", "generation")?,
                })
            })
            .transpose()
    }

    /// Puts the end off for as long as it lasts; returns once the job is lost, or has to be taken for lost.
    async fn keep(&self, held: Held, mut renewed: Instant) {
        loop {
            sleep(self.terms.pause()).await;
            let end = tokio::time::Instant::from_std(renewed + self.terms.lasts);
            let asked = Instant::now();
            match timeout_at(end, self.renew(held)).await {
                Ok(Ok(true)) => renewed = asked,
                Ok(Ok(false)) | Err(_) => return,
                Ok(Err(error)) => {
                    tracing::warn!(%error, job = self.name, "can't tell that a job is still done");
                    // Another try, as long as there is time for one.
                    if Instant::now() + self.terms.pause() >= renewed + self.terms.lasts {
                        sleep_until(end).await;
                        return;
                    }
                }
            }
        }
    }

    /// Puts the end off.
    ///
    /// # Errors
    /// The database can't be written.
    pub async fn renew(&self, held: Held) -> Result<bool, DbErr> {
        self.move_end(held, self.end()).await
    }

    /// Lets another replica take the job at once.
    async fn give_up(&self, held: Held) {
        if let Err(error) = self.move_end(held, Expr::val(0_i64)).await {
            tracing::warn!(%error, job = self.name, "a job stays taken until its lease ends");
        }
    }

    async fn move_end(&self, held: Held, end: Expr) -> Result<bool, DbErr> {
        let moved = Entity::update_many()
            .col_expr(Column::ExpiresAt, end)
            .filter(Column::Name.eq(held.name))
            .filter(Column::Holder.eq(held.holder))
            .filter(Column::Generation.eq(held.generation))
            .exec(&self.database)
            .await?;
        Ok(moved.rows_affected == 1)
    }

    /// When a lease ends that begins now.
    fn end(&self) -> Expr {
        let lasts = i64::try_from(self.terms.lasts.as_micros()).unwrap_or(i64::MAX / 2);
        dialect::clock(self.database.get_database_backend()).add(lasts)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tempfile::TempDir;
    use tokio::sync::oneshot;

    use super::*;
    use crate::server::metrics::Metrics;
    use crate::shared::database::Database;

    const LASTS: Duration = Duration::from_secs(6);
    /// Longer than any test takes.
    const LONG: Duration = Duration::from_mins(10);

    /// Counts itself as long as it is there.
    struct Working<'a>(&'a AtomicUsize);
    impl Drop for Working<'_> {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::SeqCst);
        }
    }

    async fn database() -> (Database, TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/catalog.db", folder.path().display());
        let database = Database::connect(&url, 2, Metrics::default().statement_counts())
            .await
            .unwrap();
        database.migrate().await.unwrap();
        (database, folder)
    }

    fn job(database: &Database, lasts: Duration) -> Job {
        Job::new(database.job.clone(), "test", Terms::lasting(lasts))
    }

    /// Has the lease's end come nearer, as it does when so much time passes.
    async fn pass(database: &Database, time: Duration) {
        let time = i64::try_from(time.as_micros()).unwrap();
        let sooner = Expr::col(Column::ExpiresAt).sub(time);
        let passing = Entity::update_many().col_expr(Column::ExpiresAt, sooner);
        passing.exec(&database.job).await.unwrap();
    }

    /// When the lease ends, microseconds.
    async fn end(database: &Database) -> i64 {
        let lease = Entity::find().one(&database.job).await.unwrap().unwrap();
        lease.expires_at
    }

    /// Waits until something is so.
    async fn eventually(is_so: impl AsyncFn() -> bool) {
        let wait = async {
            while !is_so().await {
                sleep(Duration::from_millis(10)).await;
            }
        };
        tokio::time::timeout(LONG / 10, wait).await.unwrap();
    }

    async fn until(stopped: oneshot::Receiver<()>) {
        stopped.await.unwrap_or_default();
    }

    #[tokio::test]
    async fn a_job_is_one_replicas_until_its_lease_ends() {
        let (database, _folder) = database().await;
        let (first, second) = (job(&database, LONG), job(&database, LONG));
        let held = first.take().await.unwrap().unwrap();
        assert_eq!(second.take().await.unwrap(), None);
        assert_eq!(
            first.take().await.unwrap(),
            None,
            "nor a second time the same one's"
        );
        pass(&database, LONG / 2).await;
        assert!(first.renew(held).await.unwrap());
        pass(&database, LONG / 2 + LONG / 6).await;
        assert_eq!(
            second.take().await.unwrap(),
            None,
            "it lasts from when it was renewed"
        );
        pass(&database, LONG / 2).await;
        let taken_over = second.take().await.unwrap().unwrap();
        assert!(!held.is_held(&database.job).await.unwrap());
        assert!(taken_over.is_held(&database.job).await.unwrap());
        assert!(!first.renew(held).await.unwrap());
    }

    #[tokio::test]
    async fn only_one_of_many_works_as_long_as_it_lets_itself_be_heard() {
        let (database, _folder) = database().await;
        let (working, started) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let work = |_| async {
            started.fetch_add(1, Ordering::SeqCst);
            assert_eq!(working.fetch_add(1, Ordering::SeqCst), 0);
            let _working = Working(&working);
            std::future::pending::<()>().await;
        };
        let ((stop_first, first), (stop_second, second)) = (oneshot::channel(), oneshot::channel());
        let (first_job, second_job) = (job(&database, LASTS), job(&database, LASTS));
        let watch = async {
            eventually(async || started.load(Ordering::SeqCst) == 1).await;
            let after = end(&database).await + i64::try_from(LASTS.as_micros()).unwrap();
            eventually(async || end(&database).await > after).await;
            assert_eq!(working.load(Ordering::SeqCst), 1, "it is kept");
            assert_eq!(started.load(Ordering::SeqCst), 1, "by whoever had it first");
            drop((stop_first, stop_second));
        };
        tokio::join!(
            first_job.run(work, until(first)),
            second_job.run(work, until(second)),
            watch
        );
        assert_eq!(working.load(Ordering::SeqCst), 0);
    }

    #[tokio::test]
    async fn another_takes_over_at_once_from_one_that_stops() {
        let (database, _folder) = database().await;
        let holders = Mutex::new(Vec::new());
        let work = async |held: Held| {
            holders.lock().unwrap().push(held.holder);
            std::future::pending::<()>().await;
        };
        let have_worked = |count| holders.lock().unwrap().len() >= count;
        let ((stop_first, first), (stop_second, second)) = (oneshot::channel(), oneshot::channel());
        // The lease of the first would end in minutes only; the second looks every second.
        let (first_job, second_job) = (job(&database, LONG), job(&database, LASTS / 2));
        let next = async {
            eventually(async || have_worked(1)).await;
            second_job.run(&work, until(second)).await;
        };
        let watch = async {
            eventually(async || have_worked(1)).await;
            drop(stop_first);
            eventually(async || have_worked(2)).await;
            drop(stop_second);
        };
        tokio::join!(first_job.run(&work, until(first)), next, watch);
        let holders = holders.into_inner().unwrap();
        assert_eq!(holders[..2], [first_job.holder, second_job.holder]);
    }
}

//! Stopping in good order.

use std::sync::Arc;

use tokio::sync::watch;

/// Tells every part of the process that it is about to stop. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Shutdown {
    begun: watch::Receiver<bool>,
    /// How many parts of the process have something to finish that no request waits for.
    busy: Arc<watch::Sender<usize>>,
}

impl Shutdown {
    /// A shutdown that begins when what is returned beside it says so, or is dropped.
    pub fn manual() -> (ShutdownTrigger, Self) {
        let (sender, receiver) = watch::channel(false);
        let shutdown = Self {
            begun: receiver,
            busy: Arc::new(watch::Sender::new(0)),
        };
        (ShutdownTrigger(sender), shutdown)
    }

    /// A shutdown that begins when the process is told to stop: SIGINT (Ctrl-C) or SIGTERM. A second signal ends the
    /// process at once.
    ///
    /// # Errors
    /// The process may not listen to signals.
    pub fn on_signals() -> std::io::Result<Self> {
        let mut signals = Signals::new()?;
        let (trigger, shutdown) = Self::manual();
        tokio::spawn(async move {
            let name = signals.next().await;
            tracing::info!(
                signal = name,
                "stopping: running requests are finished first"
            );
            trigger.begin();
            signals.next().await;
            tracing::warn!("stopped at once");
            std::process::exit(1);
        });
        Ok(shutdown)
    }

    /// Returns as soon as the shutdown begins.
    pub async fn begun(&self) {
        // An error means that the trigger is gone, which is a reason to stop as well.
        let _: Result<_, _> = self.begun.clone().wait_for(|has_begun| *has_begun).await;
    }

    /// Lets the process live until what is returned is dropped, or its patience is at an end.
    pub fn busy(&self) -> Busy {
        self.busy.send_modify(|count| *count += 1);
        Busy(Arc::clone(&self.busy))
    }

    /// Returns once nothing is [`busy`](Self::busy).
    pub async fn all_done(&self) {
        // The sender is here, so there is no error.
        let _: Result<_, _> = self.busy.subscribe().wait_for(|count| *count == 0).await;
    }
}

/// Something that wants to finish before the process ends.
#[derive(Debug)]
pub struct Busy(Arc<watch::Sender<usize>>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}

/// Begins a [`Shutdown`].
#[derive(Debug)]
pub struct ShutdownTrigger(watch::Sender<bool>);

impl ShutdownTrigger {
    /// Begins it.
    pub fn begin(&self) {
        self.0.send_replace(true);
    }
}

#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "SIGINT",
            _ = self.terminate.recv() => "SIGTERM",
        }
    }
}

#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere it can fail")]
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    async fn next(&mut self) -> &'static str {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "Ctrl-C"
    }
}

//! Where a test process keeps what it makes, so that nothing outlives it.

use std::fs::{self, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// A directory of this process and a watchdog that outlives the process: it stops what was started and removes the
/// directory when the process ends, be it by a signal that nobody can catch.
#[derive(Debug)]
pub(crate) struct Sandbox {
    directory: PathBuf,
    watchdog: Mutex<ChildStdin>,
    names: AtomicU32,
}

/// How the watchdog stops a process that is left over.
#[derive(Clone, Copy, Debug)]
pub(crate) enum LastSignal {
    /// At once.
    Kill,
    /// PostgreSQL's immediate shutdown, which frees its shared memory.
    Quit,
}

impl Sandbox {
    /// This process's sandbox, made at the first call.
    pub(crate) fn get() -> &'static Self {
        static SANDBOX: OnceLock<Sandbox> = OnceLock::new();
        SANDBOX.get_or_init(Self::create)
    }

    #[expect(
        clippy::zombie_processes,
        reason = "the watchdog outlives this process"
    )]
    fn create() -> Self {
        let directory = tempfile::Builder::new()
            .prefix("kundig-tests-")
            // PostgreSQL runs as another user where the tests run as root, and has to get through.
            .permissions(Permissions::from_mode(0o711))
            .tempdir()
            .expect("a temporary directory can be made")
            .keep();
        let mut watchdog = Command::new("sh")
            .args(["-c", include_str!("watchdog.sh"), "watchdog"])
            .arg(&directory)
            .current_dir("/")
            // A Ctrl-C in the terminal is for the tests, not for who tidies up after them.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh can be started");
        let watchdog = watchdog.stdin.take().expect("its input is a pipe");
        Self {
            directory,
            watchdog: Mutex::new(watchdog),
            names: AtomicU32::new(1),
        }
    }

    /// The directory that goes when the process does.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// A new, empty directory in the sandbox.
    pub(crate) fn new_directory(&self, purpose: &str) -> PathBuf {
        let path = self.directory.join(self.new_name(purpose));
        fs::create_dir(&path).expect("the sandbox can be written to");
        path
    }

    /// A name that this process has not used yet.
    pub(crate) fn new_name(&self, purpose: &str) -> String {
        format!("{purpose}_{}", self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// Has the watchdog stop this process if it outlives ours.
    pub(crate) fn watch(&self, pid: u32, signal: LastSignal) {
        let signal = match signal {
            LastSignal::Kill => "KILL",
            LastSignal::Quit => "QUIT",
        };
        self.tell(&format!("watch {signal} {pid}\n"));
    }

    /// Tells the watchdog that this process is gone, before its number is given to another.
    pub(crate) fn forget(&self, pid: u32) {
        self.tell(&format!("forget {pid}\n"));
    }

    fn tell(&self, line: &str) {
        let mut watchdog = self.watchdog.lock().unwrap_or_else(PoisonError::into_inner);
        watchdog
            .write_all(line.as_bytes())
            .expect("the watchdog lives as long as this process");
    }
}

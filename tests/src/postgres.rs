//! A throw-away PostgreSQL server for the tests of one process.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;

use crate::SETUP_HINT;
use crate::sandbox::{LastSignal, Sandbox};

/// PostgreSQL's superuser there.
const ROLE: &str = "kundig";

/// The one throw-away server of this process.
#[derive(Debug)]
pub(crate) struct Postgres {
    programs: PathBuf,
    port: u16,
}

impl Postgres {
    /// This process's server, started at the first call. Panics with what to do where PostgreSQL is not installed.
    pub(crate) fn get() -> &'static Self {
        static POSTGRES: OnceLock<Postgres> = OnceLock::new();
        POSTGRES.get_or_init(Self::start)
    }

    fn start() -> Self {
        let programs = programs();
        let account = Account::for_postgres();
        let home = Sandbox::get().new_directory("postgres");
        account.give(&home);
        let data = home.join("data");
        account.run(
            Command::new(programs.join("initdb"))
                .args(["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8"])
                .args(["--no-sync", "--username", ROLE, "--pgdata"])
                .arg(&data),
        );
        configure(&data);
        let port = start_on_a_free_port(&programs, &account, &home);
        let pid = fs::read_to_string(data.join("postmaster.pid"))
            .ok()
            .and_then(|text| text.lines().next()?.parse().ok())
            .expect("a running PostgreSQL leaves its process number in postmaster.pid");
        Sandbox::get().watch(pid, LastSignal::Quit);
        Self { programs, port }
    }

    /// The address of one of its databases.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{ROLE}@127.0.0.1:{}/{database}", self.port)
    }

    /// Runs one statement outside of any test's database. Panics where it fails.
    pub(crate) fn execute(&self, statement: &str) {
        let mut psql = self.psql(statement);
        let output = output(&mut psql);
        check(&psql, &output);
    }

    /// Runs one statement outside of any test's database; whether it succeeds.
    pub(crate) fn try_execute(&self, statement: &str) -> bool {
        output(&mut self.psql(statement)).status.success()
    }

    fn psql(&self, statement: &str) -> Command {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args(["--no-psqlrc", "--quiet", "--dbname"])
            .arg(self.url("postgres"))
            .args(["--command", statement]);
        psql
    }
}

/// Where the newest PostgreSQL of this machine has its programs.
fn programs() -> PathBuf {
    let newest_of_debian = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .filter(|(_, programs)| programs.join("initdb").exists())
        .max();
    newest_of_debian
        .map(|(_, programs)| programs)
        .or_else(configured_programs)
        .unwrap_or_else(|| panic!("PostgreSQL's server programs were not found: {SETUP_HINT}"))
}

fn configured_programs() -> Option<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").output().ok()?;
    let programs = PathBuf::from(String::from_utf8(output.stdout).ok()?.trim());
    programs.join("initdb").exists().then_some(programs)
}

/// Fast rather than safe: the data need not survive a power failure. In its file rather than on its command line, so
/// that who wants it otherwise can `ALTER SYSTEM`.
fn configure(data: &Path) {
    const SETTINGS: &str = "
        listen_addresses = '127.0.0.1'
        unix_socket_directories = ''
        max_connections = 1000
        shared_buffers = 256MB
        fsync = off
        synchronous_commit = off
        full_page_writes = off
    ";
    let mut file = OpenOptions::new()
        .append(true)
        .open(data.join("postgresql.conf"))
        .expect("initdb leaves a configuration");
    file.write_all(SETTINGS.as_bytes())
        .expect("it can be added to");
}

/// A port that was free a moment ago may be taken by now, so a failed start is tried again on another.
fn start_on_a_free_port(programs: &Path, account: &Account, home: &Path) -> u16 {
    let mut last = String::new();
    for _ in 0..5 {
        let port = free_port();
        let mut start = Command::new(programs.join("pg_ctl"));
        start
            .args(["start", "--wait", "--silent", "--pgdata"])
            .arg(home.join("data"))
            .arg("--log")
            .arg(home.join("log"))
            .args(["--options", &format!("-c port={port}")]);
        if account.output(&start).status.success() {
            return port;
        }
        last = fs::read_to_string(home.join("log")).unwrap_or_default();
    }
    panic!("PostgreSQL did not start:\n{last}");
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .expect("the loopback interface has a free port")
        .port()
}

/// Who runs PostgreSQL, which refuses to run as root.
#[derive(Debug)]
enum Account {
    Ourselves,
    Other { name: &'static str, uid: u32 },
}

impl Account {
    fn for_postgres() -> Self {
        let ours = fs::metadata("/proc/self").expect("/proc is there").uid();
        if ours != 0 {
            return Self::Ourselves;
        }
        ["postgres", "nobody"]
            .into_iter()
            .find_map(|name| {
                let output = Command::new("id").args(["-u", name]).output().ok()?;
                let uid = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
                Some(Self::Other { name, uid })
            })
            .unwrap_or_else(|| {
                panic!("there is no user postgres to run PostgreSQL as: {SETUP_HINT}")
            })
    }

    /// Makes it the owner of a path.
    fn give(&self, path: &Path) {
        if let Self::Other { uid, .. } = self {
            chown(path, Some(*uid), None).expect("root may give a directory away");
        }
    }

    fn run(&self, command: &mut Command) {
        check(command, &self.output(command));
    }

    fn output(&self, command: &Command) -> Output {
        let mut command = match self {
            Self::Ourselves => clone(Command::new(command.get_program()), command),
            Self::Other { name, .. } => {
                let mut switch = Command::new("runuser");
                switch.args(["-u", name, "--"]).arg(command.get_program());
                clone(switch, command)
            }
        };
        output(command.current_dir("/"))
    }
}

fn clone(mut to: Command, from: &Command) -> Command {
    to.args(from.get_args());
    to
}

fn output(command: &mut Command) -> Output {
    // A C locale keeps its messages in English; PostgreSQL's own variables of the caller are not meant for this server.
    for variable in [
        "PGHOST",
        "PGPORT",
        "PGUSER",
        "PGDATABASE",
        "PGOPTIONS",
        "PGSERVICE",
        "PGDATA",
    ] {
        command.env_remove(variable);
    }
    command
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}. {SETUP_HINT}"))
}

fn check(command: &Command, output: &Output) {
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
}

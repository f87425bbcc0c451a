//! How a command fails.

use std::{io::Write, process::ExitCode};

use crate::config::ConfigError;

/// Why a command did not do what it was asked to, and so with which code the process exits.
#[derive(Debug)]
pub enum Failure {
    /// It went wrong: exit code 1.
    Failed(anyhow::Error),
    /// The settings are wrong: exit code 2.
    Settings(ConfigError),
    /// The input of an import is wrong, and nothing was written: exit code 3. One message for each thing that is wrong.
    Refused(Vec<String>),
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::Failed(error)
    }
}

impl Failure {
    /// The code that scripts see.
    pub fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.code())
    }

    fn code(&self) -> u8 {
        match self {
            Self::Failed(_) => 1,
            Self::Settings(_) => 2,
            Self::Refused(_) => 3,
        }
    }

    /// Says what is wrong, for a person to read.
    pub fn print(&self, out: &mut impl Write) {
        let lines: Vec<String> = match self {
            Self::Failed(error) => {
                let causes = error
                    .chain()
                    .skip(1)
                    .map(|cause| format!("  because: {cause}"));
                std::iter::once(format!("error: {error}"))
                    .chain(causes)
                    .collect()
            }
            Self::Settings(error) => error
                .problems
                .iter()
                .map(|problem| format!("error: {problem}"))
                .collect(),
            Self::Refused(problems) => problems
                .iter()
                .map(|problem| format!("error: {problem}"))
                .collect(),
        };
        for line in lines {
            // Where standard error is closed there is nobody left to tell.
            let _: Result<(), _> = writeln!(out, "{}", line.trim_end());
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use anyhow::anyhow;

    use super::*;

    fn printed(failure: &Failure) -> String {
        let mut out = Vec::new();
        failure.print(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_failure_is_told_with_its_causes_and_without_a_backtrace() {
        let failure =
            Failure::from(anyhow!("connection refused").context("cannot open the database"));
        assert_eq!(
            printed(&failure),
            "error: cannot open the database\n  because: connection refused\n"
        );
        assert_eq!(failure.code(), 1);
    }

    #[test]
    fn every_problem_has_a_line_and_each_kind_its_code() {
        let failure = Failure::Refused(vec!["a.yaml:1:2: no".into(), "b.yaml:3:4: no".into()]);
        assert_eq!(
            printed(&failure),
            "error: a.yaml:1:2: no\nerror: b.yaml:3:4: no\n"
        );
        assert_eq!(failure.code(), 3);
        assert_eq!(
            Failure::Settings(ConfigError {
                problems: vec!["x".into()]
            })
            .code(),
            2
        );
    }
}

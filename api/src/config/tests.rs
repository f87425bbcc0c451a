#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod issuers;

use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// Loads settings from flags, variables and the text of a `kundig.toml`.
fn load(
    flags: &Flags,
    variables: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Config, Vec<String>> {
    let directory = TempDir::new().unwrap();
    if let Some(text) = file {
        std::fs::write(directory.path().join("kundig.toml"), text).unwrap();
    }
    let environment = variables
        .iter()
        .map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Config::from_sources(flags, environment, directory.path()).map_err(|error| error.problems)
}

fn problem(flags: &Flags, variables: &[(&str, &str)], file: Option<&str>) -> String {
    let problems = load(flags, variables, file).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.into_iter().next().unwrap()
}

#[test]
fn without_any_source_the_defaults_hold() {
    let config = load(&Flags::default(), &[("PATH", "/bin")], None).unwrap();
    assert_eq!(config.listen, "127.0.0.1:8080".parse().unwrap());
    assert_eq!(config.database.expose(), "sqlite://kundig.db");
    assert_eq!(config.currency.code(), "EUR");
    assert_eq!(config.poll_interval, Duration::from_secs(1));
    assert_eq!(config.lease_time, Duration::from_secs(15));
    assert_eq!(config.log_format, LogFormat::Human);
    assert!(config.migrate);
}

#[test]
fn flags_win_over_variables_and_variables_over_the_file() {
    let file =
        "listen = \"127.0.0.1:1\"\ncurrency = \"USD\"\nlog_format = \"json\"\nmigrate = true\n";
    let variables = [("KUNDIG_LISTEN", "127.0.0.1:2"), ("KUNDIG_CURRENCY", "CHF")];
    let flags = Flags {
        listen: Some("127.0.0.1:3".into()),
        no_migrate: true,
        ..Flags::default()
    };
    let config = load(&flags, &variables, Some(file)).unwrap();
    assert_eq!(config.listen.port(), 3);
    assert_eq!(config.currency.code(), "CHF");
    assert_eq!(config.log_format, LogFormat::Json);
    assert!(!config.migrate);
}

#[test]
fn database_url_counts_less_than_our_own_variable_and_more_than_the_file() {
    let file = Some("database = \"sqlite://file.db\"");
    let url = ("DATABASE_URL", "postgres://host/url");
    let database =
        |variables: &[(&str, &str)]| load(&Flags::default(), variables, file).unwrap().database;
    assert_eq!(database(&[]).expose(), "sqlite://file.db");
    assert_eq!(database(&[url]).expose(), "postgres://host/url");
    let own = ("KUNDIG_DATABASE", "postgres://host/own");
    assert_eq!(database(&[url, own]).expose(), "postgres://host/own");
    assert_eq!(database(&[own, url]).expose(), "postgres://host/own");
}

#[test]
fn an_unknown_key_of_the_file_is_refused_with_its_place() {
    let message = problem(
        &Flags::default(),
        &[],
        Some("currency = \"EUR\"\nlissten = \"127.0.0.1:1\"\n"),
    );
    assert!(message.starts_with("kundig.toml: "), "{message}");
    assert!(message.contains("unknown field `lissten`"), "{message}");
    assert!(message.contains("line 2"), "{message}");
    assert!(message.contains("`listen`"), "{message}");
}

#[test]
fn a_value_of_the_wrong_type_in_the_file_is_refused_with_its_place() {
    let message = problem(&Flags::default(), &[], Some("[migrate]\nnow = true\n"));
    assert!(
        message.contains("line 1") && message.contains("expected text, a number"),
        "{message}"
    );
}

#[test]
fn an_unknown_variable_is_refused_and_the_known_ones_are_named() {
    let message = problem(&Flags::default(), &[("KUNDIG_LISTN", "127.0.0.1:1")], None);
    assert!(
        message.starts_with("KUNDIG_LISTN (environment)"),
        "{message}"
    );
    assert!(message.contains("KUNDIG_LISTEN"), "{message}");
}

#[test]
fn variables_that_kubernetes_sets_for_a_service_named_kundig_are_left_alone() {
    let links = [
        ("KUNDIG_SERVICE_HOST", "10.0.0.1"),
        ("KUNDIG_SERVICE_PORT", "80"),
        ("KUNDIG_SERVICE_PORT_HTTP", "80"),
        ("KUNDIG_PORT", "tcp://10.0.0.1:80"),
        ("KUNDIG_PORT_80_TCP_ADDR", "10.0.0.1"),
    ];
    assert!(load(&Flags::default(), &links, None).is_ok());
}

#[test]
fn a_bad_value_names_its_key_and_where_it_came_from() {
    let flags = Flags {
        currency: Some("Euro".into()),
        ..Flags::default()
    };
    let message = problem(&flags, &[], None);
    assert!(
        message.starts_with("--currency: \"Euro\"") && message.contains("ISO 4217"),
        "{message}"
    );
    let message = problem(&Flags::default(), &[("KUNDIG_POLL_INTERVAL", "fast")], None);
    assert!(
        message.starts_with("KUNDIG_POLL_INTERVAL (environment)") && message.contains("500ms"),
        "{message}"
    );
    let message = problem(&Flags::default(), &[], Some("log_format = \"xml\""));
    assert!(
        message.starts_with("log_format in kundig.toml") && message.contains("human or json"),
        "{message}"
    );
    let message = problem(&Flags::default(), &[("KUNDIG_LOG", "a=b=c")], None);
    assert!(message.starts_with("KUNDIG_LOG (environment)"), "{message}");
}

#[test]
fn a_limit_out_of_range_is_refused_with_the_range() {
    for (name, value, expected) in [
        ("KUNDIG_MAX_DEPTH", "31", "from 1 to 30"),
        ("KUNDIG_MAX_COST", "0", "from 1 to 1000000000"),
        ("KUNDIG_SUBJECT_RATE", "-1", "from 0 to 1000000"),
        ("KUNDIG_MAX_BODY", "1GB", "such as 65536, 64KiB or 1MiB"),
        (
            "KUNDIG_MAX_BODY",
            "99999999999999999999MiB",
            "up to 1024MiB",
        ),
        ("KUNDIG_TRUSTED_DOCUMENTS", "", "name is missing"),
    ] {
        let message = problem(&Flags::default(), &[(name, value)], None);
        assert!(message.starts_with(name), "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn a_limit_can_be_given_as_a_flag() {
    let flags = Flags {
        limits: LimitFlags {
            max_cost: Some("7".into()),
            address_rate: Some("0".into()),
            ..LimitFlags::default()
        },
        ..Flags::default()
    };
    let limits = load(&flags, &[("KUNDIG_MAX_COST", "8")], None)
        .unwrap()
        .limits;
    assert_eq!((limits.max_cost, limits.address_rate.per_second), (7, 0));
}

#[test]
fn all_problems_are_reported_at_once() {
    let flags = Flags {
        listen: Some("nowhere".into()),
        ..Flags::default()
    };
    let problems = load(
        &flags,
        &[("KUNDIG_MIGRATE", "perhaps"), ("KUNDIG_X", "1")],
        Some("colour = 1"),
    )
    .unwrap_err();
    assert_eq!(problems.len(), 4, "{problems:?}");
}

#[test]
fn an_address_that_other_machines_reach_is_refused_without_an_issuer() {
    let message = problem(&Flags::default(), &[("KUNDIG_LISTEN", "0.0.0.0:80")], None);
    assert!(
        message.starts_with("KUNDIG_LISTEN (environment): \"0.0.0.0:80\"")
            && message.contains("`issuer`"),
        "{message}"
    );
}

#[test]
fn a_certificate_and_its_key_come_together() {
    for (key, other) in [
        ("tls_certificate", "tls_key"),
        ("tls_key", "tls_certificate"),
    ] {
        let message = problem(&Flags::default(), &[], Some(&format!("{key} = \"x.pem\"")));
        assert!(
            message.starts_with(&format!("{key} in kundig.toml")) && message.contains(other),
            "{message}"
        );
    }
    let both = "tls_certificate = \"a.pem\"\ntls_key = \"b.pem\"";
    let tls = load(&Flags::default(), &[], Some(both))
        .unwrap()
        .transport
        .tls
        .unwrap();
    assert_eq!(tls.certificate, Path::new("a.pem"));
    assert_eq!(tls.key, Path::new("b.pem"));
}

#[test]
fn a_password_is_never_shown() {
    let config = load(
        &Flags::default(),
        &[("DATABASE_URL", "postgres://kundig:hunter2@db/kundig")],
        None,
    )
    .unwrap();
    assert!(!format!("{} {config:?}", config.database).contains("hunter2"));
    assert!(config.database.expose().contains("hunter2"));
    let message = problem(
        &Flags::default(),
        &[("DATABASE_URL", "mysql://kundig:hunter2@db/kundig")],
        None,
    );
    assert!(
        message.contains("mysql") && !message.contains("hunter2"),
        "{message}"
    );
}

#[test]
fn a_file_that_is_named_has_to_exist() {
    let flags = Flags {
        config: Some("other.toml".into()),
        ..Flags::default()
    };
    let message = problem(&flags, &[], Some("currency = \"USD\""));
    assert!(
        message.starts_with("other.toml: there is no such file"),
        "{message}"
    );
}

#[test]
fn every_key_can_be_set_by_variable_and_by_file() {
    // Those come only together, which has tests of its own.
    let together = [
        "tls_certificate",
        "tls_key",
        "issuer",
        "audience",
        "jwks_url",
    ];
    let is_alone = |key: &&str| !together.contains(key);
    for key in sources::KEYS.iter().copied().filter(is_alone) {
        let (value, in_file) = match key {
            "listen" => ("127.0.0.1:9", "\"127.0.0.1:9\""),
            "database" => ("sqlite://x.db", "\"sqlite://x.db\""),
            "database_connections" => ("3", "3"),
            "migrate" | "introspection" | "persisted_queries" => ("false", "false"),
            "poll_interval" | "lease_time" => ("20ms", "\"20ms\""),
            "currency" => ("CHF", "\"CHF\""),
            "log" => ("debug", "\"debug\""),
            "log_format" => ("json", "\"json\""),
            "data_dir" => ("/var/lib/kundig", "\"/var/lib/kundig\""),
            "max_document" | "max_body" | "max_import_body" => ("7KiB", "7168"),
            "time_limit" | "send_timeout" | "webhook_timeout" => ("2s", "\"2s\""),
            "anonymous_read" | "suggestions" | "webhook_allow_http" => ("true", "true"),
            "trusted_documents" => ("documents.json", "\"documents.json\""),
            "trusted_proxies" => ("10.0.0.0/8,::1", "[\"10.0.0.0/8\", \"::1\"]"),
            "forwarded_header" => ("forwarded", "\"forwarded\""),
            "webhook_allow_networks" => ("10.0.0.0/8", "[\"10.0.0.0/8\"]"),
            "webhook_retries" => ("1s,2h", "[\"1s\", \"2h\"]"),
            "webhook_log_age" => ("7d", "\"7d\""),
            "webhook_source" => ("urn:a", "\"urn:a\""),
            "cors_origins" => ("https://a.example", "[\"https://a.example\"]"),
            "worklist_p1" | "worklist_p2" | "worklist_p3" | "worklist_p4" => ("0.25", "0.25"),
            "ownership_valid_days" => ("90", "90"),
            limit if limits::KEYS.contains(&limit) => ("12", "12"),
            _ => unreachable!("a key without a test value: {key}"),
        };
        let defaults = load(&Flags::default(), &[], None).unwrap();
        let by_variable = load(
            &Flags::default(),
            &[(&format!("KUNDIG_{}", key.to_uppercase()), value)],
            None,
        )
        .unwrap();
        let by_file = load(&Flags::default(), &[], Some(&format!("{key} = {in_file}"))).unwrap();
        assert_ne!(by_variable, defaults, "{key}");
        assert_eq!(by_variable, by_file, "{key}");
    }
}

proptest! {
    #[test]
    fn no_value_makes_loading_panic(value in "[^\\x00]*", key in proptest::sample::select(sources::KEYS.as_slice())) {
        let name = format!("KUNDIG_{}", key.to_uppercase());
        // Most values are refused; what matters is that each refusal names the variable.
        if let Err(problems) = load(&Flags::default(), &[(&name, &value)], None) {
            prop_assert!(problems.iter().all(|problem| problem.starts_with(&name)));
        }
    }
}

#[test]
fn a_bucket_holds_what_every_request_pays_at_least() {
    for key in ["SUBJECT_BURST", "ADDRESS_BURST"] {
        let variable = format!("KUNDIG_{key}");
        let message = problem(&Flags::default(), &[(&variable, "9")], None);
        assert!(message.starts_with(&variable), "{message}");
        assert!(message.contains("from 10 to"), "{message}");
        assert!(load(&Flags::default(), &[(&variable, "10")], None).is_ok());
    }
}

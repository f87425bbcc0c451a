//! The key that a server makes for itself.

use std::fs;

use tempfile::TempDir;

use super::*;
use crate::auth::{LocalKey, LocalKeyError, Scope};

fn open(folder: &TempDir) -> Result<Authenticator, Vec<crate::auth::KeyProblem>> {
    Authenticator::open(&AuthSettings {
        anonymous_read: false,
        data_dir: folder.path().join("data"),
        issuers: Vec::new(),
    })
}

#[tokio::test]
async fn a_local_token_is_accepted_by_the_servers_of_its_key_and_by_no_others() {
    let folder = tempfile::tempdir().unwrap();
    let server = open(&folder).unwrap();
    let key = LocalKey::open(&folder.path().join("data")).unwrap();
    assert_eq!(key.made(), None, "the server has made it");
    let token = key
        .sign(
            "amara",
            &[Scope::CatalogWrite, Scope::InsightRead],
            SignedDuration::from_hours(1),
            now(),
        )
        .unwrap();
    let identity = verify(&server, &token).await.unwrap();
    assert_eq!(&*identity.subject, "amara");
    assert_eq!(
        identity.scopes.to_string(),
        "catalog:read catalog:write insight:read"
    );
    assert_eq!(identity.client_id.as_deref(), Some("kundig-cli"));
    assert_eq!(identity.expires_at, after(3600));
    assert!(identity.token_id.is_some());

    let other = open(&tempfile::tempdir().unwrap()).unwrap();
    assert_eq!(verify(&other, &token).await, Err(Reason::WrongSignature));
    let configured = authenticator(vec![settings(keys_of(&[Pair::Rsa1]))]);
    assert_eq!(
        verify(&configured, &token).await,
        Err(Reason::UnknownIssuer)
    );
}

#[tokio::test]
async fn processes_that_start_at_once_get_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("data");
    let sign = || {
        let key = LocalKey::open(&directory).unwrap();
        let lifetime = SignedDuration::from_hours(1);
        key.sign("amara", &[], lifetime, now()).unwrap()
    };
    let tokens: Vec<String> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16).map(|_| scope.spawn(sign)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let server = open(&folder).unwrap();
    for token in tokens {
        assert!(verify(&server, &token).await.is_ok());
    }
    let files = fs::read_dir(&directory).unwrap().count();
    assert_eq!(files, 1, "nothing is left of the attempts");
}

#[cfg(unix)]
#[test]
fn the_key_is_for_its_owner_only_and_refused_where_others_can_read_it() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let key = LocalKey::open(folder.path()).unwrap();
    let file = folder.path().join("local-key.json");
    assert_eq!(key.made(), Some(file.as_path()));
    let mode = fs::metadata(&file).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    for mode in [0o640, 0o604, 0o666, 0o610] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let refused = LocalKey::open(folder.path());
        let Err(error @ LocalKeyError::Open { .. }) = refused else {
            panic!("{mode:o} was accepted");
        };
        assert!(error.to_string().contains("chmod 600"), "{error}");
        assert!(error.to_string().contains(&format!("{mode:o}")), "{error}");
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(LocalKey::open(folder.path()).is_ok());
}

#[cfg(unix)]
#[test]
fn a_file_that_is_no_key_is_refused_and_left_alone() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("local-key.json");
    for text in [
        "",
        "{}",
        "secret",
        r#"{"kty":"oct","alg":"HS256","k":"c2hvcnQ"}"#,
        r#"{"kty":"RSA"}"#,
    ] {
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        let refused = LocalKey::open(folder.path())
            .err()
            .map(|error| error.to_string());
        assert!(
            refused.is_some_and(|message| message.contains("remove it")),
            "{text}"
        );
        assert_eq!(fs::read_to_string(&file).unwrap(), text);
    }
}

#[test]
fn a_data_directory_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("data"), "a file").unwrap();
    let problems = open(&folder).err().unwrap();
    assert!(problems[0].to_string().contains("data"), "{problems:?}");
}

//! Documents by hash, and lists of trusted ones.

use sha2::{Digest, Sha256};

use super::*;
use crate::server::EngineError;

fn hash(text: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(text)
        .iter()
        .fold(String::new(), |mut hash, byte| {
            write!(hash, "{byte:02x}").unwrap();
            hash
        })
}

fn persisted(hash: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": hash } })
}

const ACCEPT: [(&str, &str); 1] = [("accept", "application/graphql-response+json")];
const QUERY: &str = "query ($t: String!) { echo(text: $t) }";

impl Server {
    async fn ask_by_hash(&self, hash: &str) -> Answer {
        let body = json!({ "extensions": persisted(hash), "variables": { "t": "a" } });
        self.post(&body, &ACCEPT).await
    }

    async fn teach(&self, query: &str, hash: &str) -> Answer {
        let body =
            json!({ "query": query, "extensions": persisted(hash), "variables": { "t": "a" } });
        self.post(&body, &ACCEPT).await
    }
}

#[tokio::test]
async fn a_document_is_sent_once_and_asked_for_by_its_hash_from_then_on() {
    let server = Server::start().await;
    let hash = hash(QUERY);
    server.ask_by_hash(&hash).await.assert_refused(
        400,
        "PERSISTED_QUERY_NOT_FOUND",
        "PersistedQueryNotFound",
    );
    assert_eq!(
        server.teach(QUERY, &hash).await.data(),
        json!({ "echo": "a" })
    );
    assert_eq!(
        server.ask_by_hash(&hash).await.data(),
        json!({ "echo": "a" })
    );
    let by_get = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("extensions", &persisted(&hash).to_string())
        .append_pair("variables", "{\"t\": \"b\"}")
        .finish();
    assert_eq!(
        server.get_graphql(&by_get).await.data(),
        json!({ "echo": "b" })
    );
}

#[tokio::test]
async fn clients_that_know_only_json_are_told_with_200_that_the_hash_is_unknown() {
    let server = Server::start().await;
    let body = json!({ "extensions": persisted(&hash("{ a }")) });
    server.post(&body, &[]).await.assert_refused(
        200,
        "PERSISTED_QUERY_NOT_FOUND",
        "PersistedQueryNotFound",
    );
}

#[tokio::test]
async fn a_hash_of_another_document_is_refused_and_not_kept() {
    let server = Server::start().await;
    let other = hash("{ __typename }");
    server
        .teach(QUERY, &other)
        .await
        .assert_refused(400, "BAD_USER_INPUT", &hash(QUERY));
    server
        .ask_by_hash(&other)
        .await
        .assert_refused(400, "PERSISTED_QUERY_NOT_FOUND", "");
    server.teach(QUERY, "no hash").await.assert_refused(
        400,
        "BAD_USER_INPUT",
        "64 hexadecimal digits",
    );
}

#[tokio::test]
async fn a_document_that_does_not_fit_the_schema_is_not_kept() {
    let server = Server::start().await;
    let wrong = "{ nothing }";
    server.teach(wrong, &hash(wrong)).await.assert_refused(
        400,
        "GRAPHQL_VALIDATION_FAILED",
        "nothing",
    );
    server
        .ask_by_hash(&hash(wrong))
        .await
        .assert_refused(400, "PERSISTED_QUERY_NOT_FOUND", "");
}

#[tokio::test]
async fn a_mutation_does_not_run_by_get_whatever_it_is_called() {
    let server = Server::start().await;
    let mutation = "mutation { advance }";
    let hash = hash(mutation);
    let body = json!({ "query": mutation, "extensions": persisted(&hash) });
    assert_eq!(server.post(&body, &ACCEPT).await.status(), StatusCode::OK);
    let by_get = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("extensions", &persisted(&hash).to_string())
        .finish();
    server
        .get_graphql(&by_get)
        .await
        .assert_refused(405, "BAD_USER_INPUT", "POST");
}

#[tokio::test]
async fn persisted_queries_can_be_turned_off() {
    let server = Server::with(LimitSettings {
        persisted_queries: false,
        ..LimitSettings::default()
    })
    .await;
    for answer in [
        server.ask_by_hash(&hash(QUERY)).await,
        server.teach(QUERY, &hash(QUERY)).await,
    ] {
        answer.assert_refused(
            400,
            "PERSISTED_QUERY_NOT_SUPPORTED",
            "PersistedQueryNotSupported",
        );
    }
}

/// Settings with this file as the list of trusted documents, and the folder that it is in.
fn trusting(file: &str) -> (TempDir, LimitSettings) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("documents.json");
    std::fs::write(&path, file).unwrap();
    let limits = LimitSettings {
        trusted_documents: Some(path),
        ..LimitSettings::default()
    };
    (folder, limits)
}

#[tokio::test]
async fn only_trusted_documents_run_by_hash_by_id_and_by_text() {
    let hash = hash(QUERY);
    let file = json!({ hash.as_str(): QUERY, "by-name": "{ __typename }" }).to_string();
    let (_folder, limits) = trusting(&file);
    let server = Server::with(limits).await;
    let echo = json!({ "echo": "a" });
    assert_eq!(server.ask_by_hash(&hash).await.data(), echo);
    assert_eq!(server.teach(QUERY, &hash).await.data(), echo);
    assert_eq!(server.ask(QUERY, json!({ "t": "a" })).await.data(), echo);
    let by_id = server
        .post(&json!({ "documentId": "by-name" }), &ACCEPT)
        .await;
    assert_eq!(by_id.data(), json!({ "__typename": "Query" }));
    let by_id = server.get_graphql("documentId=by-name").await;
    assert_eq!(by_id.data(), json!({ "__typename": "Query" }));

    for other in [
        "{ nested { __typename } }",
        "{ __schema { types { name } } }",
        "{ __typename  }",
    ] {
        for answer in [
            server.ask(other, json!({})).await,
            server.ask_by_get(other, &[]).await,
        ] {
            answer.assert_refused(403, "FORBIDDEN", "list of trusted documents");
        }
    }
    let unknown = json!({ "documentId": "nobody" });
    server
        .post(&unknown, &ACCEPT)
        .await
        .assert_refused(400, "PERSISTED_QUERY_NOT_FOUND", "");
}

#[tokio::test]
async fn without_a_list_there_are_no_ids() {
    let server = Server::start().await;
    server
        .post(&json!({ "documentId": "a" }), &ACCEPT)
        .await
        .assert_refused(400, "PERSISTED_QUERY_NOT_FOUND", "send the text");
}

#[tokio::test]
async fn a_list_of_no_use_stops_the_start_with_what_is_wrong() {
    for (file, expected) in [
        ("{", "not valid JSON"),
        (r#"{"a": "{ nothing }"}"#, "\"a\""),
        (r#"{"a": "{ nothing }"}"#, "nothing"),
    ] {
        let (_folder, limits) = trusting(file);
        let problem = super::super::graphql::Engine::new(schema::builder, &Arc::new(limits)).await;
        let Err(problem @ EngineError::Untrusted(_)) = problem else {
            panic!("{file} is no list of documents");
        };
        assert!(problem.to_string().contains(expected), "{problem}");
    }
}

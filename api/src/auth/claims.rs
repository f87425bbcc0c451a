//! Where an issuer's tokens say what they allow, and in which words.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Scope, Scopes, token::Claims};

/// The way to a claim: `realm_access`, `roles`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath(Vec<String>);

impl ClaimPath {
    /// A path of these names.
    ///
    /// # Errors
    /// There is none, or one is empty.
    pub fn new(names: Vec<String>) -> Result<Self, String> {
        if names.is_empty() || names.iter().any(String::is_empty) {
            return Err(
                "a claim's path has an empty name; it is \"roles\" or \"realm_access.roles\""
                    .to_owned(),
            );
        }
        Ok(Self(names))
    }

    /// A path with dots between its names.
    ///
    /// # Errors
    /// A name is empty, or it looks as if a dot were part of a name.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.contains("://") {
            return Err(format!(
                "\"{text}\" has dots in a name; put the names of its path into a list: [\"{text}\"]"
            ));
        }
        Self::new(text.split('.').map(str::to_owned).collect())
    }

    fn find<'a>(&self, claims: &'a Claims) -> Option<&'a Value> {
        let (first, rest) = self.0.split_first()?;
        rest.iter()
            .try_fold(claims.get(first)?, |value, name| value.get(name))
    }
}

/// How the scopes of an issuer's tokens are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeRules {
    /// Where they are, beside `scope` and `scp`.
    pub claims: Vec<ClaimPath>,
    /// What the issuer's words mean. In `scope` and `scp`, which are about this server, one that is not here may still be
    /// the name of a scope. Elsewhere it is not: a role `admin` may well be another application's.
    pub words: BTreeMap<String, Vec<Scope>>,
}

impl ScopeRules {
    /// What the claims allow. Words that mean nothing here are for somebody else.
    pub(super) fn read(&self, claims: &Claims) -> Scopes {
        let usual = ["scope", "scp"]
            .into_iter()
            .filter_map(|name| claims.get(name));
        let configured = self.claims.iter().filter_map(|path| path.find(claims));
        let mut scopes = Scopes::default();
        for word in usual.flat_map(words) {
            match self.words.get(word) {
                Some(meaning) => scopes.extend(meaning.iter().copied()),
                None => scopes.extend(word.parse::<Scope>()),
            }
        }
        for meaning in configured
            .flat_map(words)
            .filter_map(|word| self.words.get(word))
        {
            scopes.extend(meaning.iter().copied());
        }
        scopes
    }
}

/// The words of a claim, be it text or a list.
fn words(claim: &Value) -> impl Iterator<Item = &str> {
    let (text, list) = match claim {
        Value::String(text) => (text.as_str(), [].as_slice()),
        Value::Array(list) => ("", list.as_slice()),
        _ => ("", [].as_slice()),
    };
    text.split_ascii_whitespace()
        .chain(list.iter().filter_map(Value::as_str))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    fn granted(rules: &ScopeRules, claims: &Value) -> String {
        rules.read(claims.as_object().unwrap()).to_string()
    }

    #[test]
    fn scope_and_scp_are_read_as_text_and_as_lists() {
        let rules = ScopeRules::default();
        for claims in [
            json!({ "scope": "openid catalog:read  insight:read" }),
            json!({ "scp": "catalog:read insight:read" }),
            json!({ "scp": ["catalog:read", "insight:read", 7] }),
            json!({ "scope": "catalog:read", "scp": ["insight:read"] }),
        ] {
            assert_eq!(
                granted(&rules, &claims),
                "catalog:read insight:read",
                "{claims}"
            );
        }
    }

    #[test]
    fn what_is_no_text_and_no_list_grants_nothing() {
        for scope in [
            json!(null),
            json!(1),
            json!(true),
            json!({ "admin": true }),
            json!([["admin"]]),
        ] {
            assert_eq!(
                granted(&ScopeRules::default(), &json!({ "scope": scope })),
                ""
            );
        }
    }

    #[test]
    fn a_configured_path_leads_to_nested_claims_and_to_names_with_dots() {
        let rules = ScopeRules {
            claims: vec![
                ClaimPath::parse("realm_access.roles").unwrap(),
                ClaimPath::new(vec!["https://kundig.example/roles".to_owned()]).unwrap(),
            ],
            words: BTreeMap::from([
                ("desk".to_owned(), vec![Scope::RequestsWork]),
                ("board".to_owned(), vec![Scope::InsightRead]),
            ]),
        };
        assert_eq!(
            granted(&rules, &json!({ "realm_access": { "roles": ["desk"] } })),
            "requests:work"
        );
        assert_eq!(
            granted(&rules, &json!({ "https://kundig.example/roles": "board" })),
            "insight:read"
        );
        assert_eq!(
            granted(
                &rules,
                &json!({ "realm_access.roles": ["desk"], "realm_access": "desk" })
            ),
            ""
        );
    }

    #[test]
    fn names_of_scopes_are_taken_from_scope_and_scp_only() {
        let rules = ScopeRules {
            claims: vec![ClaimPath::parse("roles").unwrap()],
            words: BTreeMap::from([("desk".to_owned(), vec![Scope::RequestsWork])]),
        };
        let elsewhere = json!({ "roles": ["admin", "catalog:write", "desk"] });
        assert_eq!(granted(&rules, &elsewhere), "requests:work");
        let here = json!({ "scope": "catalog:write", "roles": ["admin"] });
        assert_eq!(granted(&rules, &here), "catalog:read catalog:write");
    }

    #[test]
    fn a_mapped_word_means_what_the_table_says_and_only_that() {
        let rules = ScopeRules {
            words: BTreeMap::from([
                (
                    "Service Desk".to_owned(),
                    vec![Scope::RequestsWork, Scope::InsightRead],
                ),
                ("admin".to_owned(), vec![Scope::CatalogRead]),
            ]),
            ..ScopeRules::default()
        };
        let claims = json!({ "scp": ["Service Desk", "admin", "requests:submit"] });
        assert_eq!(
            granted(&rules, &claims),
            "catalog:read requests:submit requests:work insight:read"
        );
    }

    #[test]
    fn a_path_that_cannot_be_meant_is_refused() {
        assert!(ClaimPath::parse("").is_err());
        assert!(ClaimPath::parse("a..b").is_err());
        assert!(ClaimPath::new(vec![]).is_err());
        let message = ClaimPath::parse("https://kundig.example/roles").unwrap_err();
        assert!(
            message.ends_with("[\"https://kundig.example/roles\"]"),
            "{message}"
        );
    }
}

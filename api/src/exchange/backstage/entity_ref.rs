//! Backstage's references: `[kind:][namespace/]name`, compared without regard to case.

use std::fmt::{self, Display};

/// An entity's identity in Backstage, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntityRef {
    /// `component`, `group`, …
    pub kind: String,
    /// `default` unless the entity says otherwise.
    pub namespace: String,
    /// The entity's `metadata.name`.
    pub name: String,
}

impl EntityRef {
    /// An identity from its parts, in any case.
    pub fn new(kind: &str, namespace: &str, name: &str) -> Self {
        Self {
            kind: kind.to_lowercase(),
            namespace: namespace.to_lowercase(),
            name: name.to_lowercase(),
        }
    }

    /// Reads a reference; what it leaves out comes from the field it stands in and the entity it stands on.
    ///
    /// # Errors
    /// In words, when the text is no reference.
    pub fn parse(text: &str, default_kind: &str, default_namespace: &str) -> Result<Self, String> {
        let (kind, rest) = text
            .split_once(':')
            .map_or((default_kind, text), |(kind, rest)| (kind, rest));
        let (namespace, name) = rest
            .split_once('/')
            .map_or((default_namespace, rest), |(namespace, name)| {
                (namespace, name)
            });
        if [kind, namespace, name].into_iter().all(is_part) {
            Ok(Self::new(kind, namespace, name))
        } else {
            Err(format!(
                "`{text}` is no reference of the form `kind:namespace/name`"
            ))
        }
    }

    /// How Kundig remembers where a record came from: `backstage:component:default/foo`.
    pub fn origin(&self) -> String {
        format!("backstage:{self}")
    }

    /// The reference that an origin holds, if it is one of Backstage's.
    pub fn from_origin(origin: &str) -> Option<Self> {
        let text = origin.strip_prefix("backstage:")?;
        Self::parse(text, "", "").ok()
    }
}

impl Display for EntityRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}/{}", self.kind, self.namespace, self.name)
    }
}

fn is_part(part: &str) -> bool {
    !part.is_empty()
        && part
            .chars()
            .all(|c| !c.is_whitespace() && !c.is_control() && !matches!(c, ':' | '/' | '{' | '}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<String> {
        EntityRef::parse(text, "Group", "default")
            .ok()
            .map(|reference| reference.to_string())
    }

    #[test]
    fn what_a_reference_leaves_out_comes_from_its_field() {
        assert_eq!(parsed("Team-A").as_deref(), Some("group:default/team-a"));
        assert_eq!(parsed("user:Jane").as_deref(), Some("user:default/jane"));
        assert_eq!(parsed("ops/team-a").as_deref(), Some("group:ops/team-a"));
        assert_eq!(parsed("API:Ops/x.y_z").as_deref(), Some("api:ops/x.y_z"));
    }

    #[test]
    fn what_is_no_reference_is_refused() {
        for text in [
            "",
            ":",
            "a:",
            "/a",
            "a/",
            "a:b:c",
            "a/b/c",
            "a b",
            "${{ values.owner }}",
        ] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn an_origin_leads_back_to_its_entity() {
        let reference = EntityRef::new("Component", "default", "Foo");
        assert_eq!(reference.origin(), "backstage:component:default/foo");
        assert_eq!(EntityRef::from_origin(&reference.origin()), Some(reference));
        assert_eq!(EntityRef::from_origin("openslo:foo"), None);
    }
}

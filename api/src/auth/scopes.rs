//! What a token allows.

use std::{
    fmt::{self, Debug, Display, Formatter},
    str::FromStr,
};

use strum::{EnumIter, IntoEnumIterator, IntoStaticStr};

/// One thing that a token may allow, by the name that it has in tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EnumIter, IntoStaticStr)]
pub enum Scope {
    /// Read the catalog.
    #[strum(serialize = "catalog:read")]
    CatalogRead,
    /// Write the catalog, import.
    #[strum(serialize = "catalog:write")]
    CatalogWrite,
    /// Submit requests, and read and change one's own.
    #[strum(serialize = "requests:submit")]
    RequestsSubmit,
    /// Read everybody's requests and move them.
    #[strum(serialize = "requests:work")]
    RequestsWork,
    /// Read what decisions are made from: worklist, gaps, reviews, impact.
    #[strum(serialize = "insight:read")]
    InsightRead,
    /// Everything.
    #[strum(serialize = "admin")]
    Admin,
}

impl Scope {
    /// Its name: `catalog:read`.
    pub fn as_str(self) -> &'static str {
        self.into()
    }

    /// What it allows, itself included.
    fn closure(self) -> Scopes {
        match self {
            Self::Admin => Scopes::all(),
            Self::CatalogWrite => Scopes(self.bit() | Self::CatalogRead.bit()),
            _ => Scopes(self.bit()),
        }
    }

    fn bit(self) -> u8 {
        1 << self as u8
    }
}

impl Display for Scope {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A name that no scope has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" is no scope; scopes are {known}", known = Scopes::all().names().join(", "))]
pub struct UnknownScope(String);

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(name: &str) -> Result<Self, UnknownScope> {
        Self::iter()
            .find(|scope| scope.as_str() == name)
            .ok_or_else(|| UnknownScope(name.to_owned()))
    }
}

/// A set of scopes. Whatever a member includes is a member too: all of them for `admin`, `catalog:read` for `catalog:write`.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Scopes(u8);

impl Scopes {
    /// Every scope there is.
    pub fn all() -> Self {
        Self(Scope::iter().fold(0, |bits, scope| bits | scope.bit()))
    }

    /// Whether this scope is granted, by itself or by one that includes it.
    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    /// Whether nothing is granted.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Grants a scope and all that it includes.
    pub fn insert(&mut self, scope: Scope) {
        self.0 |= scope.closure().0;
    }

    /// The scopes that are granted, in the order of their declaration.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::iter().filter(move |scope| self.contains(*scope))
    }

    fn names(self) -> Vec<&'static str> {
        self.iter().map(Scope::as_str).collect()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut set = Self::default();
        set.extend(scopes);
        set
    }
}

impl Extend<Scope> for Scopes {
    fn extend<I: IntoIterator<Item = Scope>>(&mut self, scopes: I) {
        for scope in scopes {
            self.insert(scope);
        }
    }
}

impl Display for Scopes {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(&self.names().join(" "))
    }
}

impl Debug for Scopes {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        write!(out, "Scopes({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_read_as_it_is_written() {
        for scope in Scope::iter() {
            assert_eq!(scope.to_string().parse(), Ok(scope));
        }
    }

    #[test]
    fn an_unknown_name_is_refused_and_the_known_ones_are_named() {
        let message = "catalog:wirte"
            .parse::<Scope>()
            .map_err(|error| error.to_string());
        assert_eq!(
            message,
            Err("\"catalog:wirte\" is no scope; scopes are catalog:read, catalog:write, requests:submit, \
                 requests:work, insight:read, admin"
                .to_owned())
        );
    }

    #[test]
    fn admin_includes_everything_and_writing_the_catalog_reading_it_and_nothing_else_includes_anything()
     {
        let granted = |scope: Scope| Scopes::from_iter([scope]).to_string();
        for scope in Scope::iter() {
            let expected = match scope {
                Scope::Admin => Scopes::all().to_string(),
                Scope::CatalogWrite => "catalog:read catalog:write".to_owned(),
                other => other.to_string(),
            };
            assert_eq!(granted(scope), expected);
        }
        assert!(Scopes::default().is_empty());
    }
}

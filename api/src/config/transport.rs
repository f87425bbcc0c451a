//! How the server meets the network.

use std::{
    net::{IpAddr, SocketAddr},
    path::PathBuf,
};

use axum::http::HeaderValue;
use ipnet::IpNet;
use url::Url;

use super::{
    Picker,
    flags::flags,
    values::{parse_list, parse_path},
};

flags! {
    "Network"
    /// How the server meets the network, on the command line.
    TransportFlags

    /// Networks whose proxies are believed about the client's address: 10.0.0.0/8,192.168.1.7 [default: none]
    trusted_proxies "trusted-proxies" "NETWORKS",
    /// The header in which they name it: x-forwarded-for or forwarded [default: x-forwarded-for]
    forwarded_header "forwarded-header" "HEADER",
    /// Serve HTTPS with the certificate chain in this PEM file, which is read again when it changes
    tls_certificate "tls-certificate" "PATH",
    /// Its private key, a PEM file
    tls_key "tls-key" "PATH",
    /// Origins whose pages may use the API, with commas between, or * [default: none]
    cors_origins "cors-origins" "ORIGINS",
}

/// How the server meets the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransportSettings {
    /// Whom the server believes about where a request comes from.
    pub proxies: TrustedProxies,
    /// What HTTPS is served with; none: HTTP.
    pub tls: Option<TlsFiles>,
    /// Whose pages may use the API.
    pub cors: CorsOrigins,
}

impl TransportSettings {
    pub(super) fn pick(pick: &mut Picker<'_>) -> Self {
        Self {
            proxies: TrustedProxies {
                networks: pick.setting("trusted_proxies", Vec::new(), |text| {
                    parse_list(text, parse_network)
                }),
                header: pick.setting(
                    "forwarded_header",
                    ForwardedHeader::default(),
                    ForwardedHeader::parse,
                ),
            },
            tls: TlsFiles::pick(pick),
            cors: pick.setting("cors_origins", CorsOrigins::default(), CorsOrigins::parse),
        }
    }
}

/// Whether the server may listen there. Whoever reaches it from another machine has to show a token, and tokens of the local
/// development key do not count: they are for the person at this machine.
///
/// # Errors
/// What to do instead.
pub(super) fn check_listen(listen: SocketAddr, has_authentication: bool) -> Result<(), String> {
    if listen.ip().is_loopback() || has_authentication {
        return Ok(());
    }
    Err(format!(
        "\"{listen}\" can be reached from other machines, and no issuer of access tokens is configured; name one \
         (`issuer` and `audience`), or listen on a loopback address, such as 127.0.0.1:{}",
        listen.port()
    ))
}

/// The files that HTTPS is served with, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The server's certificate, then those between it and its authority.
    pub certificate: PathBuf,
    /// The private key of the server's certificate.
    pub key: PathBuf,
}

impl TlsFiles {
    fn pick(pick: &mut Picker<'_>) -> Option<Self> {
        let certificate = pick.optional("tls_certificate", parse_path);
        let key = pick.optional("tls_key", parse_path);
        match (pick.has("tls_certificate"), pick.has("tls_key")) {
            (true, false) => pick.problem("tls_certificate", "a certificate needs its tls_key"),
            (false, true) => pick.problem("tls_key", "a key needs its tls_certificate"),
            _ => {}
        }
        Some(Self {
            certificate: certificate?,
            key: key?,
        })
    }
}

/// The origins whose pages may use the API from a browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Every one.
    Any,
    /// These, none by default.
    These(Vec<HeaderValue>),
}

impl Default for CorsOrigins {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

impl CorsOrigins {
    fn parse(text: &str) -> Result<Self, String> {
        match text.trim() {
            "*" => Ok(Self::Any),
            text => parse_list(text, parse_origin).map(Self::These),
        }
    }

    /// Whether a browser's `Origin` is one of them.
    pub fn contain(&self, origin: &HeaderValue) -> bool {
        match self {
            Self::Any => true,
            Self::These(origins) => origins.contains(origin),
        }
    }
}

/// An origin exactly as browsers send it.
fn parse_origin(text: &str) -> Result<HeaderValue, String> {
    const EXPECTED: &str = "an origin is a scheme and a host, and a port where it is not the usual one, such as \
                            https://portal.example.com or http://localhost:3000";
    let no_origin = || format!("\"{text}\" is no origin; {EXPECTED}");
    if text == "*" {
        return Err("\"*\" stands for every origin and cannot be one of several".to_owned());
    }
    let url = Url::parse(text).map_err(|_| no_origin())?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(no_origin());
    }
    let origin = url.origin().ascii_serialization();
    if origin != text {
        return Err(format!("{}; do you mean {origin}?", no_origin()));
    }
    HeaderValue::from_str(&origin).map_err(|_| no_origin())
}

/// The proxies that are believed about where a request comes from; none by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    /// Where they are.
    pub networks: Vec<IpNet>,
    /// What they write.
    pub header: ForwardedHeader,
}

impl TrustedProxies {
    /// Whether an address is one of theirs.
    pub fn contain(&self, address: IpAddr) -> bool {
        self.networks
            .iter()
            .any(|network| network.contains(&address))
    }
}

/// The header in which proxies name the address that a request came to them from. Only one is read: the other would pass
/// through a proxy that does not know it just as the client has written it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, which nearly every proxy writes.
    #[default]
    XForwardedFor,
    /// `Forwarded`, RFC 7239.
    Forwarded,
}

impl ForwardedHeader {
    fn parse(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "x-forwarded-for" => Ok(Self::XForwardedFor),
            "forwarded" => Ok(Self::Forwarded),
            _ => Err(format!(
                "\"{text}\" is no such header; it is x-forwarded-for or forwarded"
            )),
        }
    }
}

pub(super) fn parse_network(text: &str) -> Result<IpNet, String> {
    let network = text
        .parse::<IpNet>()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map(|network| network.trunc()).map_err(|_| {
        format!("\"{text}\" is no network, such as 10.0.0.0/8, fd00::/8 or 192.168.1.7")
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_network_may_be_one_address() {
        let networks = parse_list("10.1.2.3/8, ::1,,192.0.2.7", parse_network).unwrap();
        let texts: Vec<_> = networks.iter().map(ToString::to_string).collect();
        assert_eq!(texts, ["10.0.0.0/8", "::1/128", "192.0.2.7/32"]);
    }

    #[test]
    fn other_machines_are_let_in_only_where_they_have_to_show_who_they_are() {
        for open in ["0.0.0.0:8080", "[::]:8080", "192.168.1.1:80"] {
            let listen = open.parse().unwrap();
            let problem = check_listen(listen, false).unwrap_err();
            assert!(
                problem.contains(open) && problem.contains("issuer"),
                "{problem}"
            );
            assert_eq!(check_listen(listen, true), Ok(()));
        }
        for local in ["127.0.0.1:0", "127.8.9.1:1", "[::1]:8080"] {
            assert_eq!(check_listen(local.parse().unwrap(), false), Ok(()));
        }
    }

    #[test]
    fn an_origin_is_taken_only_as_browsers_send_it() {
        let origins = CorsOrigins::parse("https://a.example, http://localhost:3000").unwrap();
        for (origin, expected) in [
            ("https://a.example", true),
            ("http://localhost:3000", true),
            ("http://a.example", false),
            ("https://a.example:8443", false),
            ("https://a.example.evil.example", false),
            ("null", false),
        ] {
            let header = HeaderValue::from_static(origin);
            assert_eq!(origins.contain(&header), expected, "{origin}");
            assert!(!CorsOrigins::default().contain(&header));
            assert!(CorsOrigins::parse("*").unwrap().contain(&header));
        }
        for (wrong, expected) in [
            ("https://a.example/", "mean https://a.example?"),
            ("HTTPS://A.example", "mean https://a.example?"),
            ("https://a.example:443", "mean https://a.example?"),
            (
                "https://bücher.example",
                "mean https://xn--bcher-kva.example?",
            ),
            ("https://user@a.example", "mean https://a.example?"),
            ("a.example", "an origin is a scheme and a host"),
            ("file:///x", "an origin is a scheme and a host"),
            ("null", "an origin is a scheme and a host"),
            ("https://a.example,*", "every origin"),
        ] {
            let problem = CorsOrigins::parse(wrong).unwrap_err();
            assert!(problem.contains(expected), "{wrong}: {problem}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused_with_an_example() {
        for wrong in ["10.0.0.0/33", "example.com", "10.0.0.0/8 ::1"] {
            let problem = parse_list(wrong, parse_network).unwrap_err();
            assert!(problem.contains(wrong) && problem.contains("10.0.0.0/8"));
        }
    }
}

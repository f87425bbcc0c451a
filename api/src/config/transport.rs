//! How the server meets the network.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Picker, flags::flags, values::parse_list};

flags! {
    "Network"
    /// How the server meets the network, on the command line.
    TransportFlags

    /// Networks whose proxies are believed about the client's address: 10.0.0.0/8,192.168.1.7 [default: none]
    trusted_proxies "trusted-proxies" "NETWORKS",
    /// The header in which they name it: x-forwarded-for or forwarded [default: x-forwarded-for]
    forwarded_header "forwarded-header" "HEADER",
}

/// How the server meets the network.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TransportSettings {
    /// Whom the server believes about where a request comes from.
    pub proxies: TrustedProxies,
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
        }
    }
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

fn parse_network(text: &str) -> Result<IpNet, String> {
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
    fn what_is_no_network_is_refused_with_an_example() {
        for wrong in ["10.0.0.0/33", "example.com", "10.0.0.0/8 ::1"] {
            let problem = parse_list(wrong, parse_network).unwrap_err();
            assert!(problem.contains(wrong) && problem.contains("10.0.0.0/8"));
        }
    }
}

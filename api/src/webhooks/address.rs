//! Which addresses events may be sent to.
//!
//! Whoever may set up endpoints must not reach by them what only this server reaches: its own machine, the network that it
//! stands in, a cloud's metadata service. So only public addresses are called, unless a setting allows others. It is the address
//! that is connected to that counts, whatever a name resolved to before.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use url::{Host, Url};

/// How long an address may be, bytes.
const MAX_LENGTH: usize = 2_000;

/// Which addresses are called beside public ones by https.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Allowed {
    /// These networks too.
    pub networks: Vec<IpNet>,
    /// Also by plain http.
    pub http: bool,
}

impl Allowed {
    /// Whether this address may be connected to.
    pub fn permits(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        is_public(address)
            || self
                .networks
                .iter()
                .any(|network| network.contains(&address))
    }

    /// The address of an endpoint, as it is written.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(&self, text: &str) -> Result<Url, String> {
        if text.len() > MAX_LENGTH {
            return Err(format!(
                "has {} bytes; at most {MAX_LENGTH} are allowed",
                text.len()
            ));
        }
        let url = Url::parse(text).map_err(|error| {
            format!("is no address ({error}); it is like https://hooks.example.com/kundig")
        })?;
        match url.scheme() {
            "https" => {}
            "http" if self.http => {}
            "http" => return Err("has to be https: what is sent by http can be read by anybody on the way (setting webhook_allow_http)".to_owned()),
            other => return Err(format!("has to be https, not {other}")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "must not hold a user name or a password: events are signed instead".to_owned(),
            );
        }
        self.check_literal(&url)?;
        Ok(url)
    }

    /// Refuses an address that names a host by its number and must not be called. A host with a name is looked at once it is
    /// resolved.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn check_literal(&self, url: &Url) -> Result<(), String> {
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address),
            Some(Host::Ipv6(address)) => IpAddr::V6(address),
            Some(Host::Domain(_)) => return Ok(()),
            None => return Err("names no host".to_owned()),
        };
        if self.permits(literal) {
            Ok(())
        } else {
            Err("is not a public address (setting webhook_allow_networks)".to_owned())
        }
    }
}

/// Whether an address is one that anybody on the internet could call.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

/// All but what IANA lists as special.
fn is_public_v4(address: Ipv4Addr) -> bool {
    const SPECIAL: [([u8; 4], u32); 15] = [
        ([0, 0, 0, 0], 8),
        ([10, 0, 0, 0], 8),
        ([100, 64, 0, 0], 10),
        ([127, 0, 0, 0], 8),
        ([169, 254, 0, 0], 16),
        ([172, 16, 0, 0], 12),
        ([192, 0, 0, 0], 24),
        ([192, 0, 2, 0], 24),
        ([192, 88, 99, 0], 24),
        ([192, 168, 0, 0], 16),
        ([198, 18, 0, 0], 15),
        ([198, 51, 100, 0], 24),
        ([203, 0, 113, 0], 24),
        ([224, 0, 0, 0], 4),
        ([240, 0, 0, 0], 4),
    ];
    !SPECIAL.iter().any(|&(network, length)| {
        let mask = u32::MAX << (32 - length);
        address.to_bits() & mask == Ipv4Addr::from(network).to_bits()
    })
}

/// Global unicast, but for what IANA lists as special in it, and what carries an IPv4 address.
fn is_public_v6(address: Ipv6Addr) -> bool {
    const GLOBAL: (u128, u32) = (0x2000 << 112, 3);
    const SPECIAL: [(u128, u32); 4] = [
        (0x2001 << 112, 23),
        (0x2001_0db8 << 96, 32),
        (0x2002 << 112, 16),
        (0x3fff << 112, 20),
    ];
    let bits = address.to_bits();
    let is_in = |(network, length): (u128, u32)| bits & (u128::MAX << (128 - length)) == network;
    is_in(GLOBAL) && !SPECIAL.into_iter().any(is_in)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_called() {
        let allowed = Allowed::default();
        for public in [
            "1.1.1.1",
            "8.8.8.8",
            "93.184.216.34",
            "100.63.255.255",
            "100.128.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.1",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2606:4700:4700::1111",
            "2a00:1450:4001:81b::200e",
            "2003::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(allowed.permits(public.parse().unwrap()), "{public}");
        }
        for special in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::ffff:169.254.169.254",
            "::7f00:1",
            "64:ff9b::a00:1",
            "64:ff9b:1::1",
            "100::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001::1",
            "2001:0:53aa:64c:0:7e::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "2002:a00:1::1",
            "3fff::1",
            "4000::1",
        ] {
            assert!(!allowed.permits(special.parse().unwrap()), "{special}");
        }
    }

    #[test]
    fn networks_that_are_allowed_are_called_and_no_others() {
        let allowed = Allowed {
            networks: vec!["10.1.0.0/16".parse().unwrap(), "::1/128".parse().unwrap()],
            http: false,
        };
        for (address, expected) in [
            ("10.1.2.3", true),
            ("::ffff:10.1.2.3", true),
            ("10.2.0.1", false),
            ("::1", true),
            ("127.0.0.1", false),
        ] {
            assert_eq!(allowed.permits(address.parse().unwrap()), expected);
        }
    }

    #[test]
    fn an_address_is_https_without_secrets_and_not_a_private_one() {
        let strict = Allowed::default();
        for good in [
            "https://hooks.example.com/kundig?team=1",
            "https://hooks.example.com:8443",
            "https://8.8.8.8/x",
            "https://[2606:4700:4700::1111]/",
        ] {
            assert!(strict.parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("hooks.example.com", "is no address"),
            ("http://hooks.example.com", "has to be https"),
            ("ftp://hooks.example.com", "not ftp"),
            ("file:///etc/passwd", "not file"),
            ("https://user@hooks.example.com", "user name"),
            ("https://:secret@hooks.example.com", "password"),
            ("https://127.0.0.1/", "public"),
            ("https://2130706433/", "public"),
            ("https://0x7f.1/", "public"),
            ("https://0177.0.0.1/", "public"),
            ("https://[::1]/", "public"),
            ("https://[::ffff:169.254.169.254]/", "public"),
            ("https://169.254.169.254/latest/meta-data", "public"),
        ] {
            let problem = strict.parse(bad).unwrap_err();
            assert!(problem.contains(why), "{bad}: {problem}");
        }
        let long = format!("https://example.com/{}", "x".repeat(MAX_LENGTH));
        assert!(strict.parse(&long).is_err());
        let http = Allowed {
            http: true,
            ..Allowed::default()
        };
        assert!(http.parse("http://hooks.example.com").is_ok());
        assert!(http.parse("http://127.0.0.1").is_err());
    }
}

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::http::{HeaderName, HeaderValue};
use proptest::prelude::*;

use super::*;

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const FORWARDED: HeaderName = HeaderName::from_static("forwarded");

fn proxies(header: ForwardedHeader) -> TrustedProxies {
    let networks = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
    TrustedProxies {
        networks: networks.to_vec(),
        header,
    }
}

fn client(proxies: &TrustedProxies, peer: &str, header: &HeaderName, lines: &[&str]) -> String {
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append(header, HeaderValue::from_bytes(line.as_bytes()).unwrap());
    }
    client_address(peer.parse().unwrap(), &headers, proxies).to_string()
}

fn by_x_forwarded_for(peer: &str, lines: &[&str]) -> String {
    let proxies = proxies(ForwardedHeader::XForwardedFor);
    client(&proxies, peer, &X_FORWARDED_FOR, lines)
}

fn by_forwarded(peer: &str, lines: &[&str]) -> String {
    let proxies = proxies(ForwardedHeader::Forwarded);
    client(&proxies, peer, &FORWARDED, lines)
}

#[test]
fn nobody_is_believed_by_default() {
    let nobody = TrustedProxies::default();
    for peer in ["127.0.0.1", "10.0.0.1", "::1"] {
        let address = client(&nobody, peer, &X_FORWARDED_FOR, &["192.0.2.1"]);
        assert_eq!(address, peer);
    }
}

#[test]
fn whoever_is_no_trusted_proxy_is_the_client_whatever_it_says() {
    assert_eq!(by_x_forwarded_for("192.0.2.9", &["10.0.0.1"]), "192.0.2.9");
    assert_eq!(by_forwarded("192.0.2.9", &["for=10.0.0.1"]), "192.0.2.9");
}

#[test]
fn the_last_address_that_is_no_trusted_proxy_is_the_client() {
    for (lines, expected) in [
        (&["192.0.2.1"][..], "192.0.2.1"),
        (&["198.51.100.1, 192.0.2.1"], "192.0.2.1"),
        (&["198.51.100.1, 192.0.2.1, 10.0.0.2"], "192.0.2.1"),
        (
            &["198.51.100.1", "192.0.2.1,10.0.0.2", "fd00::2"],
            "192.0.2.1",
        ),
        (&["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (&["192.0.2.1:4711"], "192.0.2.1"),
        (&["[2001:db8::1]:4711"], "2001:db8::1"),
        (&["[2001:db8::1]"], "2001:db8::1"),
        (&["2001:db8::1"], "2001:db8::1"),
        (&["::ffff:192.0.2.1"], "192.0.2.1"),
        (&[], "10.0.0.1"),
    ] {
        assert_eq!(by_x_forwarded_for("10.0.0.1", lines), expected, "{lines:?}");
    }
}

#[test]
fn a_peer_in_the_ipv6_form_of_an_ipv4_address_is_the_same_peer() {
    assert_eq!(
        by_x_forwarded_for("::ffff:10.0.0.1", &["192.0.2.1"]),
        "192.0.2.1"
    );
    assert_eq!(by_x_forwarded_for("::ffff:192.0.2.9", &[]), "192.0.2.9");
}

#[test]
fn what_is_no_address_leaves_the_last_trusted_proxy() {
    for (line, expected) in [
        ("unknown", "10.0.0.1"),
        ("", "10.0.0.1"),
        ("192.0.2.1, ", "10.0.0.1"),
        ("192.0.2.1, x, 10.0.0.2", "10.0.0.2"),
        ("192.0.2.1.5, 10.0.0.2", "10.0.0.2"),
        ("192.0.2.1 10.0.0.2", "10.0.0.1"),
        ("[192.0.2.1]", "10.0.0.1"),
        ("é", "10.0.0.1"),
    ] {
        assert_eq!(by_x_forwarded_for("10.0.0.1", &[line]), expected, "{line}");
    }
}

#[test]
fn forwarded_is_read_after_its_rfc() {
    for (lines, expected) in [
        (&["for=192.0.2.1"][..], "192.0.2.1"),
        (&["For=\"[2001:db8::1]:4711\""], "2001:db8::1"),
        (&["proto=http;for=192.0.2.1;by=203.0.113.43"], "192.0.2.1"),
        (
            &["for=198.51.100.1, for=192.0.2.1 , for=10.0.0.2"],
            "192.0.2.1",
        ),
        (
            &["for=198.51.100.1", "for=192.0.2.1;proto=https"],
            "192.0.2.1",
        ),
        (
            &["for=\"192.0.2.1:4711\"; secret=\"a\\\"b, for=6.6.6.6\""],
            "192.0.2.1",
        ),
        (&["for=unknown"], "10.0.0.1"),
        (&["for=_hidden, for=10.0.0.2"], "10.0.0.2"),
        (&["proto=https"], "10.0.0.1"),
    ] {
        assert_eq!(by_forwarded("10.0.0.1", lines), expected, "{lines:?}");
    }
}

#[test]
fn a_quote_that_a_client_leaves_open_invents_nobody() {
    for start in [
        "x=\"",
        "for=\"6.6.6.6",
        "for=6.6.6.6;x=\"\\",
        "for=6.6.6.6, \"",
        "=",
        "for",
    ] {
        for appended in ["for=192.0.2.1", "for=\"[2001:db8::1]:1\";proto=\"https\""] {
            let line = format!("{start}, {appended}");
            assert_eq!(by_forwarded("10.0.0.1", &[&line]), "10.0.0.1", "{line}");
        }
        let address = by_forwarded("10.0.0.1", &[start, "for=192.0.2.1"]);
        assert_eq!(address, "192.0.2.1", "{start}");
    }
}

#[test]
fn only_the_header_of_the_settings_is_read() {
    let by_the_other = proxies(ForwardedHeader::Forwarded);
    let address = client(&by_the_other, "10.0.0.1", &X_FORWARDED_FOR, &["6.6.6.6"]);
    assert_eq!(address, "10.0.0.1");
}

fn address_of_anyone() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<[u8; 4]>().prop_map(IpAddr::from),
        any::<[u8; 16]>().prop_map(IpAddr::from)
    ]
    .prop_map(|address| address.to_canonical())
}

proptest! {
    #[test]
    fn what_a_client_sends_never_changes_what_its_proxy_says(
        sent in "[ -~]{0,40}",
        client_is in address_of_anyone(),
        separate in any::<bool>(),
    ) {
        prop_assume!(!proxies(ForwardedHeader::Forwarded).contain(client_is));
        let expected = client_is.to_string();
        let element = format!("for=\"{}\"", match client_is {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        });
        let lines = if separate { vec![sent.clone(), element] } else { vec![format!("{sent}, {element}")] };
        let lines: Vec<_> = lines.iter().map(String::as_str).collect();
        let address = by_forwarded("10.0.0.1", &lines);
        // A line that the client has spoilt leaves the proxy.
        prop_assert!(address == expected || (address == "10.0.0.1" && !separate), "{address}");

        let line = format!("{sent}, {expected}");
        prop_assert_eq!(by_x_forwarded_for("10.0.0.1", &[&line]), expected);
    }

    #[test]
    fn no_header_makes_it_panic(line in prop_oneof!["[for=\",;:. 0-9a-f\\[\\]\\\\é]{0,60}", "[ -~é€]{0,60}"]) {
        let line = HeaderValue::from_bytes(line.as_bytes()).unwrap();
        let headers = [X_FORWARDED_FOR, FORWARDED].map(|name| (name, line.clone()));
        let headers = headers.into_iter().collect();
        let peer: IpAddr = "10.0.0.1".parse().unwrap();
        for header in [ForwardedHeader::XForwardedFor, ForwardedHeader::Forwarded] {
            let address = client_address(peer, &headers, &proxies(header));
            prop_assert_eq!(address, address.to_canonical());
        }
    }
}

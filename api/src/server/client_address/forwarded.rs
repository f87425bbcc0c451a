//! What proxies write into headers. Each function gives the addresses of one line, the last one first, and `None` for what is no
//! address.

use std::net::{IpAddr, SocketAddr};

/// A line of `X-Forwarded-For`: addresses with commas between, some proxies add ports.
pub(super) fn x_forwarded_for(line: &str) -> Vec<Option<IpAddr>> {
    line.rsplit(',').map(|item| address(item.trim())).collect()
}

/// A line of `Forwarded`, RFC 7239. One that is malformed anywhere names nobody: a quote that a client leaves open reaches
/// into what a proxy has appended.
pub(super) fn forwarded(line: &str) -> Vec<Option<IpAddr>> {
    let mut rest = line.trim_start();
    let mut elements = vec![None];
    while !rest.is_empty() {
        let Some((name, value, after)) = pair(rest) else {
            return vec![None];
        };
        if name.eq_ignore_ascii_case("for")
            && let Some(element) = elements.last_mut()
        {
            *element = address(&value);
        }
        let after = after.trim_start();
        rest = match after.as_bytes().first() {
            None => "",
            Some(b';') => &after[1..],
            Some(b',') => {
                elements.push(None);
                &after[1..]
            }
            Some(_) => return vec![None],
        }
        .trim_start();
    }
    elements.reverse();
    elements
}

/// `name=value`, and what stands behind it.
fn pair(text: &str) -> Option<(&str, String, &str)> {
    let (name, text) = text.split_once('=')?;
    is_token(name).then_some(())?;
    if let Some(quoted) = text.strip_prefix('"') {
        let (value, rest) = unquote(quoted)?;
        return Some((name, value, rest));
    }
    let end = text.find([';', ',', ' ', '\t']).unwrap_or(text.len());
    let (value, rest) = text.split_at(end);
    is_token(value).then(|| (name, value.to_owned(), rest))
}

/// The text up to the closing quote, and what stands behind that.
fn unquote(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            _ => value.push(character),
        }
    }
    None
}

fn is_token(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}

/// An address, with or without port, IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    if let Some(bare) = bare {
        return bare.parse().ok().map(IpAddr::V6);
    }
    let with_port = || text.parse().ok().map(|address: SocketAddr| address.ip());
    text.parse().ok().or_else(with_port)
}

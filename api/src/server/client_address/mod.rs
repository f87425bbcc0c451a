//! Where a request comes from: its peer, or whom a trusted proxy names.

mod forwarded;

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::Arc,
};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};

use crate::config::{ForwardedHeader, TrustedProxies};

/// The client's address, in the extensions of every request. An IPv4 address is never in its IPv6 form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

/// Wraps the whole router, so that everything in it finds a [`ClientAddress`].
pub(crate) async fn identify(
    State(proxies): State<Arc<TrustedProxies>>,
    mut request: Request,
    next: Next,
) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    // A request without a connection is one of a test's; no network has this address.
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.0.ip());
    let client = client_address(peer, request.headers(), &proxies);
    request.extensions_mut().insert(ClientAddress(client));
    next.run(request).await
}

/// Goes from the peer towards the client, as far as proxies can be trusted: each appends whom it heard, so what stands
/// left of an address that is not a trusted proxy's may be the invention of whoever is there. Where a proxy names nobody,
/// or nobody that can be understood, the request counts as its own.
fn client_address(peer: IpAddr, headers: &HeaderMap, proxies: &TrustedProxies) -> IpAddr {
    let mut hop = peer.to_canonical();
    let mut named = named(headers, proxies.header);
    while proxies.contain(hop) {
        match named.next() {
            Some(Some(address)) => hop = address.to_canonical(),
            Some(None) | None => break,
        }
    }
    hop
}

/// The addresses that proxies name, the last one first; `None` for what is no address.
fn named(headers: &HeaderMap, header: ForwardedHeader) -> impl Iterator<Item = Option<IpAddr>> {
    let name = match header {
        ForwardedHeader::XForwardedFor => "x-forwarded-for",
        ForwardedHeader::Forwarded => "forwarded",
    };
    // One line at a time and from the last: a client's malformed line does not spoil what a proxy adds below it.
    headers
        .get_all(name)
        .iter()
        .rev()
        .flat_map(move |line| match (line.to_str(), header) {
            (Ok(line), ForwardedHeader::XForwardedFor) => forwarded::x_forwarded_for(line),
            (Ok(line), ForwardedHeader::Forwarded) => forwarded::forwarded(line),
            (Err(_), _) => vec![None],
        })
}

#[cfg(test)]
mod tests;

//! How many connections each address has.

use std::{
    collections::{HashMap, hash_map::Entry},
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{config::TrustedProxies, server::rate_limit::network};

/// The connections that there are, by the address of their peer.
pub(super) struct Peers {
    at_most: usize,
    /// Their connections are not counted.
    proxies: TrustedProxies,
    counts: Mutex<HashMap<IpAddr, usize>>,
}

/// A connection's place among those of its peer; free once it is dropped.
pub(super) struct PeerPlace {
    peers: Arc<Peers>,
    counted_as: Option<IpAddr>,
}

impl Peers {
    pub(super) fn new(at_most: usize, proxies: TrustedProxies) -> Self {
        Self {
            at_most,
            proxies,
            counts: Mutex::default(),
        }
    }

    /// A place for one more connection of this address, where it may have one.
    pub(super) fn admit(self: &Arc<Self>, address: IpAddr) -> Option<PeerPlace> {
        let address = address.to_canonical();
        let place = |counted_as| PeerPlace {
            peers: Arc::clone(self),
            counted_as,
        };
        if self.proxies.contain(address) {
            return Some(place(None));
        }
        let owner = network(address);
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(owner).or_default();
        if *count == self.at_most {
            return None;
        }
        *count += 1;
        Some(place(Some(owner)))
    }
}

impl Drop for PeerPlace {
    fn drop(&mut self) {
        let Some(owner) = self.counted_as else {
            return;
        };
        let counts = self.peers.counts.lock();
        let mut counts = counts.unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = counts.entry(owner) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ForwardedHeader;

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_has_so_many_places_and_no_more_until_one_is_free() {
        let peers = Arc::new(Peers::new(2, TrustedProxies::default()));
        let admit = |text| peers.admit(address(text));
        let first = admit("192.0.2.1");
        let second = admit("::ffff:192.0.2.1");
        assert!(first.is_some() && second.is_some());
        assert!(admit("192.0.2.1").is_none());
        assert!(admit("192.0.2.2").is_some(), "somebody else has places");
        drop(first);
        let third = admit("192.0.2.1");
        assert!(third.is_some() && admit("192.0.2.1").is_none());
        drop((second, third));
        assert!(peers.counts.lock().is_ok_and(|counts| counts.is_empty()));
    }

    #[test]
    fn a_network_of_ipv6_is_one_peer() {
        let peers = Arc::new(Peers::new(1, TrustedProxies::default()));
        let _place = peers.admit(address("2001:db8::1"));
        assert!(peers.admit(address("2001:db8::ffff:1")).is_none());
        assert!(peers.admit(address("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn a_trusted_proxy_has_as_many_as_it_wants() {
        let proxies = TrustedProxies {
            networks: vec!["10.0.0.0/8".parse().expect("a network")],
            header: ForwardedHeader::default(),
        };
        let peers = Arc::new(Peers::new(1, proxies));
        let places: Vec<_> = (0..3).map(|_| peers.admit(address("10.1.2.3"))).collect();
        assert!(places.iter().all(Option::is_some));
    }
}

//! What counts as one place on the network.
//!
//! Whoever has one address of the 64 bits in front of an IPv6 address has all of them, and many a customer gets 65,536 such
//! networks at once (RFC 6177), so what these have in common is counted as well.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
};

/// An IPv4 address, or the 64 bits in front of an IPv6 address.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Network {
    /// An IPv4 address, also where it was written as an IPv6 address.
    V4([u8; 4]),
    /// The first half of an IPv6 address.
    V6(u64),
    /// Nobody knows; all of these are one.
    Unknown,
}

impl Network {
    /// The network of an address as a request's origin names it.
    pub fn of(ip: Option<&str>) -> Self {
        match ip.and_then(|ip| ip.parse::<IpAddr>().ok()).map(|ip| ip.to_canonical()) {
            Some(IpAddr::V4(ip)) => Self::V4(ip.octets()),
            Some(IpAddr::V6(ip)) => Self::V6((ip.to_bits() >> 64) as u64),
            None => Self::Unknown,
        }
    }

    /// The 48 bits in front of an IPv6 address.
    pub(super) fn site(self) -> Option<Site> {
        match self {
            Self::V6(half) => Some(Site(half >> 16)),
            Self::V4(_) | Self::Unknown => None,
        }
    }
}

/// The 48 bits in front of an IPv6 address: 65,536 networks, which may be one customer's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Site(u64);

/// How much of the world a window counts for. Each has a rate and a table of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Breadth {
    /// What is nowhere in particular: an account, a key, a workspace.
    One,
    /// A network.
    Network,
    /// All networks of a site.
    Site,
}

impl Breadth {
    /// How many there are.
    pub(super) const COUNT: usize = Self::Site as usize + 1;
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::V4(octets) => IpAddr::from(octets).fmt(f),
            Self::V6(half) => write!(f, "{}/64", Ipv6Addr::from_bits(u128::from(half) << 64)),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/48", Ipv6Addr::from_bits(u128::from(self.0) << 80))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(ip: &str) -> String {
        Network::of(Some(ip)).to_string()
    }

    #[test]
    fn one_network_is_an_ipv4_address_or_64_bits_of_ipv6() {
        assert_eq!(network("192.0.2.7"), "192.0.2.7");
        assert_ne!(network("192.0.2.7"), network("192.0.2.8"));
        assert_eq!(network("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
        assert_eq!(network("2001:db8:1:2:ffff::1"), network("2001:DB8:1:2::"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
    }

    #[test]
    fn a_site_is_48_bits_of_ipv6_and_nothing_else_has_one() {
        let site = |ip| Network::of(Some(ip)).site().map(|site| site.to_string());
        assert_eq!(site("2001:db8:1:2:3:4:5:6").as_deref(), Some("2001:db8:1::/48"));
        assert_eq!(site("2001:db8:1:ffff::1"), site("2001:db8:1::1"));
        assert_ne!(site("2001:db8:1::1"), site("2001:db8:2::1"));
        assert_eq!([site("192.0.2.7"), site("::ffff:192.0.2.7"), site("somewhere")], [None, None, None]);
    }

    #[test]
    fn an_ipv4_address_in_an_ipv6_coat_is_the_ipv4_address() {
        assert_eq!(network("::ffff:192.0.2.7"), "192.0.2.7");
        assert_eq!(network("::ffff:c000:207"), "192.0.2.7");
        assert_ne!(network("::ffff:192.0.2.7"), network("::ffff:192.0.2.8"));
        // Not mapped: an address of its own.
        assert_eq!(network("::1"), "::/64");
    }

    #[test]
    fn what_is_no_address_is_one_network() {
        assert_eq!(Network::of(None), Network::Unknown);
        assert_eq!(Network::of(Some("somewhere")), Network::Unknown);
    }
}
